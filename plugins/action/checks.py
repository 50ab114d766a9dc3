# Copyright: The Oplever team; MIT licence
"""oplever.lab.checks on the controller: the tests of several roles in one exchange with the machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.template import Templar
from ansible_collections.oplever.lab.plugins.plugin_utils import role_tests
from ansible_collections.oplever.lab.plugins.plugin_utils.role_tests import RoleTests

MODULE = "oplever.lab.checks"
Place = tuple[str, str]
"""A role and its entry point."""

_answers: dict[tuple[str, str], dict[Place, dict[str, Any]]] = {}
"""Answers by task and machine. The items of a loop are done by one process, and the first asks for all of them."""


class ActionModule(ActionBase):
    """Without `role` the work is done by the module alone."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        arguments = dict(self._task.args)
        chosen, together = arguments.pop("role", None), arguments.pop("together", None) or []
        if chosen is None:
            wait = bool(self._task.async_val)
            answer = self._execute_module(
                module_name=MODULE, module_args=arguments, task_vars=variables, wrap_async=wait
            )
            return {**result, **answer}
        key = str(self._task._uuid), str(variables["inventory_hostname"])
        if key not in _answers:
            places = dict.fromkeys(_place(entry) for entry in [chosen, *together])
            _answers[key] = _RoleTesting(self, variables, str(arguments.get("stage") or "after")).answers(list(places))
        return {**result, **_answers[key][_place(chosen)]}

    def asked_beforehand(self, task: Any, variables: dict[str, Any]) -> dict[str, Any]:
        """What the preflight of a role says."""
        templar = self._templar_of(variables)
        step = task.copy()
        step.args = role_tests.plain(templar.template(task.args))
        action = self._shared_loader_obj.action_loader.get(
            role_tests.PREFLIGHT,
            task=step,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        answer: dict[str, Any] = action.run(task_vars=variables)
        return answer

    def arguments_of(self, task: Any, variables: dict[str, Any]) -> dict[str, Any]:
        templar = self._templar_of(variables)
        arguments: dict[str, Any] = role_tests.plain(templar.template(task.args))
        return arguments

    def _templar_of(self, variables: dict[str, Any]) -> Templar:
        """No copy of that of this task: until ansible-core 2.18 lookups of a copy see the variables of the task."""
        return Templar(loader=self._loader, variables=variables)

    def tests_of(self, place: Place) -> RoleTests | None:
        return role_tests.of_role(*place, self._task, self._loader)

    def evaluated(self, suites: list[dict[str, Any]], stage: str, variables: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._execute_module(
            module_name=MODULE, module_args={"suites": suites, "stage": stage, "fail": False}, task_vars=variables
        )
        return answer


class _RoleTesting:
    """The tests of several roles on one machine: their preflights and arguments here, their checks in one exchange."""

    def __init__(self, action: ActionModule, variables: dict[str, Any], stage: str) -> None:
        self._action, self._variables, self._stage = action, variables, stage
        self._facts: dict[str, Any] = {}

    def answers(self, places: list[Place]) -> dict[Place, dict[str, Any]]:
        """For each place what the task would have returned in the role itself. `left` marks those that have to run as
        tasks."""
        answers: dict[Place, dict[str, Any]] = {}
        suites: dict[Place, tuple[RoleTests, dict[str, Any]]] = {}
        for place in places:
            tests = self._action.tests_of(place)
            if tests is None:
                answers[place] = {"skipped": True, "left": True, "skip_reason": "more than checks: runs as tasks"}
            elif failure := self._refused(tests):
                answers[place] = {**failure, "role": tests.role}
            else:
                arguments = self._action.arguments_of(tests.checks, self._variables_of(tests.checks))
                suites[place] = tests, {key: arguments[key] for key in ("checks", "suite") if key in arguments}
        return answers | self._tested(suites)

    def _tested(self, suites: dict[Place, tuple[RoleTests, dict[str, Any]]]) -> dict[Place, dict[str, Any]]:
        if not suites:
            return {}
        answer = self._action.evaluated([suite for _, suite in suites.values()], self._stage, self._variables)
        results = answer.get("suites")
        if not isinstance(results, list):  # the module did not come so far: that is the answer for each of them
            return {place: {**answer, "role": tests.role} for place, (tests, _) in suites.items()}
        return {
            place: {**result, "role": tests.role, "path": tests.path}
            for (place, (tests, _)), result in zip(suites.items(), results, strict=True)
        }

    def _refused(self, tests: RoleTests) -> dict[str, Any]:
        """Why the role cannot be tested here; empty where it can. Facts that were asked serve the roles after it."""
        if tests.preflight is None:
            return {}
        answer = self._action.asked_beforehand(tests.preflight, self._variables_of(tests.preflight))
        if answer.get("failed") or answer.get("unreachable"):
            return answer
        self._facts.update(answer.get("ansible_facts") or {})
        return {}

    def _variables_of(self, task: Any) -> dict[str, Any]:
        host = str(self._variables["inventory_hostname"])
        more = {"oplever_stage": self._stage, "oplever_checks_fail": False}
        variables = role_tests.variables_of(task, host, more)
        gathered = {name.removeprefix("ansible_"): value for name, value in self._facts.items()}
        return {**variables, "ansible_facts": {**(variables.get("ansible_facts") or {}), **gathered}}


def _place(entry: Mapping[str, Any]) -> Place:
    return str(entry["name"]), str(entry.get("tasks") or "verify")
