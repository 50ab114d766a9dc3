# Copyright: The Oplever team; MIT licence
"""oplever.lab.configure on the controller: apt between two exchanges if a package is missing; handlers by file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.oplever.lab.plugins.plugin_utils import recording

APT = {"install_recommends": False, "update_cache": True, "cache_valid_time": 3600}
LISTS = ("installed", "changed_files", "changed_units", "diff")
"""What an answer tells of each exchange."""


class ActionModule(ActionBase):
    """The machine compares; only what it misses makes more than one exchange."""

    _VALID_ARGS = frozenset({"packages", "answers", "files", "only", "units"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        arguments = dict(self._task.args)
        answer = self._configured(arguments, variables)
        missing = answer.pop("to_install", [])
        if missing and not answer.get("failed"):
            answer = self._installed(answer, missing, arguments, variables)
        self._task.notify = [*(self._task.notify or []), *topics(arguments.get("files") or [], answer)]
        return {**result, **answer}

    def _installed(
        self, first: dict[str, Any], missing: list[str], arguments: dict[str, Any], variables: dict[str, Any]
    ) -> dict[str, Any]:
        """The answer of the exchange after apt, with what the one before it changed."""
        apt = self._execute_module(
            module_name="ansible.legacy.apt",
            module_args={"name": arguments["packages"], **APT},
            task_vars=variables,
        )
        if apt.get("failed") or apt.get("unreachable"):
            return {**first, **apt, "changed": first["changed"] or bool(apt.get("changed"))}
        done: dict[str, Any] = {**first, "changed": True, "installed": missing}
        if self._play_context.check_mode or self._task.check_mode:
            return done
        last = self._configured(arguments, variables)
        last.pop("to_install", None)
        lists = {key: [*done[key], *(last.get(key) or [])] for key in LISTS}
        return {**last, **lists, "changed": True}

    def _configured(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._execute_module(
            module_name="oplever.lab.configure",
            module_args={**arguments, "run": recording.name()},
            task_vars=variables,
        )
        return answer


def topics(files: list[Mapping[str, Any]], answer: Mapping[str, Any]) -> list[str]:
    """What the files that changed notify, each once."""
    if answer.get("failed"):
        return []
    changed = [*(answer.get("changed_files") or []), *(answer.get("untold") or [])]
    return list(dict.fromkeys(file["notify"] for file in files if file.get("notify") and file["path"] in changed))
