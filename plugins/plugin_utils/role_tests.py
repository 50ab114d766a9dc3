"""The tests of a role as its own tasks declare them, without a run of these tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible.playbook.role import Role
from ansible.playbook.role.include import RoleInclude

PREFLIGHT, CHECKS = "oplever.lab.preflight", "oplever.lab.checks"
PLAIN = frozenset({"name", "collections", PREFLIGHT, CHECKS})
"""What such a task says. Ansible itself adds `collections` to the tasks of a role in a collection."""


@dataclass(frozen=True)
class RoleTests:
    """Tasks of one entry point of a role: what is asked beforehand, where it is, and the checks."""

    preflight: Any
    checks: Any

    @property
    def role(self) -> str:
        return str(self.checks._role.get_name())

    @property
    def path(self) -> str:
        """File and line of the task with the checks."""
        return str(self.checks.get_path() or "")


def of_role(name: str, entry: str, task: Any, loader: Any) -> RoleTests | None:
    """Those of `entry` of the role, loaded beside `task`; None where they are more than checks after a preflight: a
    condition, another machine, a task of another kind."""
    play = task.get_play()
    include = RoleInclude.load(
        name, play=play, variable_manager=task.get_variable_manager(), loader=loader, collection_list=task.collections
    )
    role = Role.load(include, play, from_files={"tasks": entry}, from_include=True, validate=False, static=False)
    if role.get_direct_dependencies():
        return None
    tasks: list[Any] = []
    for block in role.compile(play=play, dep_chain=[]):
        tasks += block.block
    tasks = [step for step in tasks if not (step.action == "meta" and step.implicit)]
    names = [step.resolved_action or step.action for step in tasks]
    if names not in ([PREFLIGHT, CHECKS], [CHECKS]) or not all(_is_plain(step) for step in tasks):
        return None
    return RoleTests(tasks[0] if len(tasks) > 1 else None, tasks[-1])


def _is_plain(task: Any) -> bool:
    """Whether a task says nothing but what to do, so that its arguments are all there is to it."""
    return set(task.get_ds() or {}) <= PLAIN


def variables_of(task: Any, host: str, more: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that `task` has on `host`, with `more` above them."""
    manager = task.get_variable_manager()
    machine = manager._inventory.get_host(host)
    variables = dict(manager.get_vars(play=task.get_play(), host=machine, task=task))
    return {**variables, **more, "ansible_search_path": task.get_search_path()}


def plain(value: Any) -> Any:
    """`value` with all its templates filled in, which happens when its parts are looked at."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value
