# Copyright: The Oplever team; MIT licence
"""oplever.lab.rollback: a change is kept only when Ansible can log in again after it, over a new connection."""

from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.oplever.lab.plugins.plugin_utils import login

ATTEMPTS = 3
PAUSE = 2  # seconds between attempts
CONNECT_SECONDS = 8  # for one attempt to connect
DEFAULTS = {"seconds": 45, "armed_seconds": 900}  # as in the options of the module
USUAL_TIMEOUT = (
    20  # of a connection; where Ansible waits longer for a slow machine, all of this takes as many times longer
)
GRACE = 30  # seconds after the timer of the machine within which it must answer again


class ActionModule(ActionBase):
    """Runs on the controller, because only the controller can tell whether it still gets in."""

    _VALID_ARGS = frozenset(
        {"name", "state", "files", "outputs", "restore", "apply", "force", "armed_seconds", "seconds"}
    )

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._variables = task_vars or {}
        self._slowness = max(1.0, self._timeout() / USUAL_TIMEOUT)
        if self._play_context.check_mode or self._task.check_mode:
            return {**result, "skipped": True, "changed": False, "msg": "nothing is changed in check mode"}
        if problem := login.cannot_renew(self._connection):
            return {**result, "failed": True, "changed": False, "msg": problem}
        if self._task.args.get("state") != "confirmed":
            return {**result, **self._step(str(self._task.args.get("state")))}
        return {**result, **self._applied_and_confirmed()}

    def _applied_and_confirmed(self) -> dict[str, Any]:
        changed = bool(self._task.args.get("apply"))  # else the tasks before told that they changed something
        started = time.monotonic()
        applied = self._answer("applied")
        if "step" not in applied:  # the change took this connection, or the way to root
            login.renew(self._connection, round(CONNECT_SECONDS * self._slowness))
            applied = self._answer("applied")
        # Where the module did not answer at all, the timer of `armed` still runs.
        answered = "step" in applied
        if answered and (applied.get("failed") or not applied["changed"]):
            return {"new_connection": False, **applied}
        if answered and not login.is_remote(self._connection):
            return {**self._step("confirmed"), "changed": changed, "new_connection": False}
        login.renew(self._connection, round(CONNECT_SECONDS * self._slowness))
        problem = self._problem_of_new_connection()
        if not problem:
            return {"changed": changed, "new_connection": True}
        seconds = self._seconds("seconds")
        if not answered and "armed_seconds" in self._task.args:
            seconds = self._seconds("armed_seconds")
        return {"failed": True, "changed": False, "msg": self._after_the_timer(problem, started + seconds)}

    def _timeout(self) -> int:
        """Seconds that Ansible waits for a connection to this machine; 0 where it makes none."""
        try:
            return int(self._connection.get_option("timeout"))
        except KeyError:
            return 0

    def _seconds(self, option: str) -> int:
        return round(int(self._task.args.get(option) or DEFAULTS[option]) * self._slowness)

    def _problem_of_new_connection(self) -> str:
        """Why the change could not be confirmed over a new connection; empty where it was."""
        failed = ""
        for attempt in range(ATTEMPTS):
            time.sleep(PAUSE if attempt else 0)
            answer, problem = self._attempt()
            if answer and answer["confirmed"]:
                return ""
            if answer:  # the timer was first
                return failed or "the connection in use gave no answer in time"
            failed = f"a new connection failed: {problem}"
        return failed

    def _after_the_timer(self, problem: str, deadline: float) -> str:
        """Wait until the machine has gone back to the former state, and say how it is then."""
        about = f"After this change Ansible could no longer log in: {problem}."
        time.sleep(max(0.0, deadline + 1 - time.monotonic()))
        last = deadline + GRACE
        while time.monotonic() < last:
            answer, _ = self._attempt()
            if answer:
                return f"{about} The machine went back to the former state, and answers again."
            time.sleep(PAUSE)
        latest = self._seconds("armed_seconds")
        return (
            f"{about} It does not answer yet. It goes back to the former state by itself, at the latest {latest} s"
            " after the change began; if it does not answer then either, use its console."
        )

    def _attempt(self) -> tuple[dict[str, Any] | None, str]:
        """The answer to `confirmed` over a new connection, or why there is none."""
        answer = self._answer("confirmed")
        if "confirmed" in answer:
            return answer, ""
        return None, login.one_line(answer.get("module_stderr") or answer.get("msg") or "no answer")

    def _answer(self, state: str) -> dict[str, Any]:
        """What the module answers; without `step` where it did not run at all."""
        try:
            return self._step(state)
        except AnsibleError as error:
            return {"failed": True, "msg": str(error)}

    def _step(self, state: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._execute_module(
            module_name="oplever.lab.rollback",
            module_args={**self._task.args, "state": state, **{option: self._seconds(option) for option in DEFAULTS}},
            task_vars=self._variables,
        )
        return answer
