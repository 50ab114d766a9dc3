# Copyright: The Oplever team; MIT licence
"""oplever.lab.snapshot on the controller: adds what the roles of this collection own, then runs the module."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

ROLES = Path(__file__).resolve().parents[2] / "roles"
KEYS = frozenset({"trees", "leave_out", "tables"})
OPTIONS = {"files": "trees", "exclude": "leave_out", "tables": "tables", "show": "show", "hide": "hide"}
"""Option of the module -> what the roles declare for it."""


class ActionModule(ActionBase):
    """Each role says in vars/watch.yml, in `__<role>_watch`, which `trees` it owns, which patterns in them to
    `leave_out` because the application itself changes them, and which `tables` of accounts and rights it manages. A
    tree with `diff` true shows lines of files that not everybody may read, one with `diff` false shows none."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        declared = declarations(self._loader, sorted(ROLES.glob("*/vars/watch.yml")))
        arguments = dict(self._task.args)
        trees = [tree if isinstance(tree, dict) else {"path": tree} for tree in declared["trees"]]
        declared["trees"] = [tree["path"] for tree in trees]
        declared["show"] = [tree["path"] for tree in trees if tree.get("diff") is True]
        declared["hide"] = [tree["path"] for tree in trees if tree.get("diff") is False]
        for option, key in OPTIONS.items():
            arguments[option] = [*(arguments.get(option) or []), *declared[key]]
        result.update(
            self._execute_module(module_name="oplever.lab.snapshot", module_args=arguments, task_vars=task_vars)
        )
        return result


def declarations(loader: Any, paths: Iterable[Path]) -> dict[str, list[Any]]:
    """What the files declare together. Raises AnsibleError when one has a key that is not known."""
    declared: dict[str, list[Any]] = {key: [] for key in sorted(KEYS)}
    for path in paths:
        content = loader.load_from_file(str(path))
        for watch in content.values():
            if unknown := set(watch) - KEYS:
                raise AnsibleError(f"{path}: {', '.join(sorted(unknown))}: use {', '.join(sorted(KEYS))}")
            for key in watch:
                declared[key] += watch[key]
    return declared
