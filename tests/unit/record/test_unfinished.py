"""What a run set going and did not see through: handlers and background jobs, by name."""

from __future__ import annotations

from typing import Any

import pytest
from journals import Journal
from oplever.record.model import Record


def params(record: Record, *codes: str) -> dict[str, Any]:
    return {reason.code: reason.params for reason in record.document.reasons if reason.code in codes}


class Play(Journal):
    def __init__(self) -> None:
        super().__init__()
        self.lines.pop()
        self.add("play_start", play="p", name="All", hosts="all", targets=["a", "b"], groups={})

    def step(self, name: str, *hosts: str, start: dict[str, Any] | None = None, **result: Any) -> Play:
        self.add("task_start", task=name, play="p", name=name, action="ansible.builtin.command", **(start or {}))
        for host in hosts:
            self.add("result", task=name, host=host, **{"status": "changed", "changed": True, **result})
        return self

    def handlers(self) -> dict[str, Any]:
        return params(self.finish().record(), "handlers_not_run")

    def jobs(self) -> dict[str, Any]:
        return params(self.finish().record(), "jobs_not_awaited")


HANDLER = {"handler": True}


def lost(*hosts: str, handlers: tuple[str, ...] = ("restart",)) -> dict[str, Any]:
    return {"handlers_not_run": {"handlers": list(handlers), "hosts": list(hosts)}}


def test_a_handler_that_was_told_and_did_not_run_is_named_with_its_machines() -> None:
    play = Play().step("write", "a", "b", notify=["restart"]).step("restart", "b", start=HANDLER)
    assert play.handlers() == lost("a")


def test_what_is_told_after_a_handler_ran_is_told_anew() -> None:
    play = Play().step("write", "a", notify=["restart"]).step("restart", "a", start=HANDLER)
    assert play.step("write more", "a", notify=["restart"]).handlers() == lost("a")


@pytest.mark.parametrize(
    ("topic", "start"),
    [
        ("restart", {"handler": True}),
        ("topic", {"handler": True, "listen": ["topic"]}),
        ("web : restart", {"handler": True}),
    ],
)
def test_a_handler_answers_to_its_name_and_to_what_it_listens_to(topic: str, start: dict[str, Any]) -> None:
    play = Play().step("write", "a", notify=[topic]).step("restart", "a", start=start, status="skipped")
    assert play.handlers() == {}


def test_a_handler_that_runs_once_answers_for_all_machines_of_the_play() -> None:
    once = Play().step("write", "a", "b", notify=["restart"]).step("restart", "a", start={**HANDLER, "fatal": True})
    assert once.handlers() == {}
    per_host = Play().step("write", "a", "b", notify=["restart"]).step("restart", "a", start=HANDLER)
    assert per_host.handlers() == lost("b")


def test_a_task_with_the_name_of_a_handler_is_none() -> None:
    assert Play().step("write", "a", notify=["restart"]).step("restart", "a").handlers() == lost("a")


@pytest.mark.parametrize(
    ("end", "waits"),
    [
        ({"job": {"id": "j1", "finished": True}}, False),
        ({"job": {"id": "j1", "finished": False}}, True),
        ({"job": {"id": "j1", "finished": False}, "status": "failed"}, False),
        ({"job": {"id": "j2", "finished": True}}, True),
        ({}, True),
    ],
)
def test_a_job_waits_until_a_step_saw_its_end(end: dict[str, Any], waits: bool) -> None:
    play = Play().step("update", "a", job={"id": "j1", "finished": False})
    play.add("task_start", task="look", play="p", name="look", action="ansible.builtin.async_status")
    play.add("result", task="look", host="a", **{"status": "ok", **end})
    reasons = play.jobs()
    assert reasons.keys() == ({"jobs_not_awaited"} if waits else set())
    assert not waits or "a" in reasons["jobs_not_awaited"]["hosts"]


def test_a_job_of_another_machine_is_another_job() -> None:
    play = Play().step("update", "a", "b", job={"id": "j1", "finished": False})
    play.step("look", "b", job={"id": "j1", "finished": True})
    assert play.jobs() == {"jobs_not_awaited": {"steps": ["update"], "hosts": ["a"]}}


def test_a_run_from_a_task_on_says_so() -> None:
    journal = Journal(start_at="second").task("second")
    assert params(journal.finish().record(), "started_at") == {"started_at": {"step": "second"}}
    assert params(Journal().task("second").finish().record(), "started_at") == {}


def test_a_notice_that_is_kept_beside_the_result_does_not_come_after_the_handler() -> None:
    """The callback keeps both; the line of its own is read with the next result of the machine."""
    play = Play().step("write", "a", notify=["restart"])
    play.add("notify", host="a", handler="restart")
    assert play.step("restart", "a", start=HANDLER).handlers() == {}
