# Copyright: The Oplever team; MIT licence
"""oplever.lab.reference: the state of a machine at its last delivery, from the records on the controller."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.oplever.lab.plugins.plugin_utils import delivered


class ActionModule(ActionBase):
    """Runs on the controller alone: the machine is not asked anything."""

    _VALID_ARGS = frozenset()

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        host = str(variables["inventory_hostname"])
        result["changed"] = False
        least = delivered.least_stage()
        for record, content in delivered.newest_first(delivered.directory()):
            if (
                delivered.is_delivery(content, host, least)
                and (snapshot := delivered.last_snapshot(record, host)) is not None
            ):
                return {**result, **_named(record.name), "stage": "before", "snapshot": snapshot}
        return {**result, **_named(""), "msg": f"{host} was never delivered: there is nothing to compare it with"}


def _named(reference: str) -> dict[str, Any]:
    """The name is a fact too, for the task that compares at the end: the snapshot is too large to register."""
    return {"reference": reference, "ansible_facts": {"oplever_reference": reference}}
