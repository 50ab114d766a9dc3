# Copyright: The Oplever team; MIT licence
"""oplever.lab.reference: the state of a machine at its last delivery, from the records on the controller."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.oplever.lab.plugins.plugin_utils import delivered
from ansible_collections.oplever.lab.plugins.plugin_utils.shared import drift
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.drift import Acceptance

_SHAPE = "site with a suite, as 'security.debian.org bookworm-security'"


class ActionModule(ActionBase):
    """Runs on the controller alone: the machine is not asked anything."""

    _VALID_ARGS = frozenset({"origins"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        host = str(variables["inventory_hostname"])
        origins = _origins(self._task.args.get("origins"))
        result["changed"] = False
        least = delivered.least_stage()
        day = datetime.now(UTC).date().isoformat()
        accepted: list[Acceptance] = []
        for record, content in delivered.every(delivered.directory()):
            if (
                delivered.is_delivery(content, host, least)
                and (snapshot := delivered.last_snapshot(record, host)) is not None
            ):
                return {
                    **result,
                    **_compared_with(record.name, accepted, origins),
                    "stage": "before",
                    "snapshot": snapshot,
                }
            accepted += delivered.acceptances(content, record.name, host, day)
        return {
            **result,
            **_compared_with("", (), ()),
            "msg": f"{host} was never delivered: there is nothing to compare it with",
        }


def _origins(value: Any) -> list[str]:
    origins = [value] if isinstance(value, str) else value or []
    if not isinstance(origins, list):
        raise AnsibleError(f"origins: give a list of a {_SHAPE}")
    texts = [str(origin) for origin in origins]
    for text in texts:
        if len(text.split()) != 2:
            raise AnsibleError(f"origins: {text!r} is no {_SHAPE}")
    return [" ".join(text.split()) for text in texts]


def _compared_with(reference: str, accepted: Iterable[Acceptance], origins: Iterable[str]) -> dict[str, Any]:
    """What the task that compares at the end needs is a fact too: the snapshot is too large to register."""
    rules = {"accepted": drift.written(drift.latest(accepted)), "origins": list(origins)}
    return {
        "reference": reference,
        **rules,
        "ansible_facts": {"oplever_reference": reference, "oplever_reference_rules": rules},
    }
