# Copyright: The Oplever team; MIT licence
"""oplever.lab.inputs: values that cannot be are refused before anything happens, also in check mode."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.oplever.lab.plugins.plugin_utils import inputs


class ActionModule(ActionBase):
    """Runs on the controller alone: the machine is not asked anything."""

    _VALID_ARGS = frozenset({"kinds", "unique"})
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        kinds: dict[str, str] = self._task.args.get("kinds") or {}
        unique: list[list[str]] = self._task.args.get("unique") or []
        names = {path.split(".")[0] for path in [*kinds, *(path for paths in unique for path in paths)]}
        values = {name: self._templar.template(variables[name]) for name in sorted(names) if name in variables}
        try:
            wrong = inputs.problems(values, kinds, unique)
        except KeyError as error:
            return {**result, "failed": True, "msg": f"oplever.lab.inputs has no kind {error}."}
        result["changed"] = False
        return {**result, "failed": True, "msg": " ".join(wrong)} if wrong else result
