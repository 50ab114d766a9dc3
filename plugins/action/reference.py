# Copyright: The Oplever team; MIT licence
"""oplever.lab.reference: the state of a machine at its last delivery, from the records on the controller."""

from __future__ import annotations

import json
from pathlib import Path
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
            if delivered.is_delivery(content, host, least) and (snapshot := last_snapshot(record, host)) is not None:
                return {**result, "stage": "before", "reference": record.name, "snapshot": snapshot}
        return {**result, "reference": "", "msg": f"{host} was never delivered: there is nothing to compare it with"}


def last_snapshot(record: Path, host: str) -> dict[str, Any] | None:
    """The last snapshot of `host` in the journal of `record`, when it was one after the work; else None."""
    found = None
    try:
        with (record / "journal.jsonl").open(encoding="utf-8") as journal:
            for line in journal:
                if '"snapshot"' not in line:  # most lines are not one, and they are large
                    continue
                data = _data(line, host)
                if data.get("stage") == "after" and isinstance(data.get("snapshot"), dict):
                    found = data["snapshot"]
    except (OSError, UnicodeDecodeError):
        return None
    return found


def _data(line: str, host: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    data = event.get("data") if isinstance(event, dict) and event.get("host") == host else None
    return data if isinstance(data, dict) else {}
