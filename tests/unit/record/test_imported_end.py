"""What the end of an imported run, as the other tool knows it, means for the verdict."""

from __future__ import annotations

from typing import Any

import pytest
from journals import ZERO, Journal
from oplever.journal.events import RunEnd, Stop
from oplever.journal.stops import stop_of
from oplever.record.model import Record


def ended(*, failed: int = 0, unreachable: int = 0, reason: str = "finished", **end: Any) -> Record:
    journal = Journal(imported={"tool": "awx"}).check("pass")
    journal.add("stats", recap={"a": {**ZERO, "ok": 1, "failed": failed, "unreachable": unreachable}})
    return journal.add("run_end", lines=len(journal.lines), lost=0, reason=reason, **end).record()


def tool_failures(record: Record) -> list[Any]:
    return [reason.params for reason in record.document.reasons if reason.code == "tool_failed"]


@pytest.mark.parametrize("outcome", ["", "successful", "completed"])
@pytest.mark.parametrize("code", [None, 0])
def test_a_good_end_is_no_reason(outcome: str, code: int | None) -> None:
    record = ended(outcome=outcome, exit_code=code)
    assert tool_failures(record) == []
    assert record.verdict == "delivered_with_remarks"


@pytest.mark.parametrize(
    ("outcome", "code", "says"),
    [
        ("failed", None, "failed"),
        ("error", None, "error"),
        ("canceled", 254, "canceled, exit code 254"),
        ("a word to come", None, "a word to come"),
        ("", 1, "exit code 1"),
        ("successful", 2, "successful, exit code 2"),
    ],
)
def test_any_other_end_keeps_the_record_from_being_delivered(outcome: str, code: int | None, says: str) -> None:
    record = ended(outcome=outcome, exit_code=code)
    assert tool_failures(record) == [{"tool": "awx", "outcome": says}]
    assert record.verdict == "not_delivered"


@pytest.mark.parametrize("host", [{"failed": 1}, {"unreachable": 1}])
@pytest.mark.parametrize("code", [None, 2, 4, 6])
def test_what_the_hosts_explain_is_not_told_twice(host: dict[str, int], code: int | None) -> None:
    assert tool_failures(ended(outcome="failed", exit_code=code, **host)) == []


@pytest.mark.parametrize(("outcome", "code"), [("timeout", 254), ("failed", 250), ("canceled", None)])
def test_failed_hosts_do_not_explain_everything(outcome: str, code: int | None) -> None:
    assert len(tool_failures(ended(outcome=outcome, exit_code=code, failed=1))) == 1


@pytest.mark.parametrize(
    ("end", "params"),
    [
        pytest.param({}, {"reason": "SIGTERM"}, id="words alone"),
        pytest.param(
            {"stopped": {"code": "data_end"}, "outcome": "timeout", "exit_code": 254},
            {"reason": "SIGTERM", "code": "data_end", "tool": "awx", "outcome": "timeout, exit code 254"},
            id="data end",
        ),
        pytest.param(
            {"stopped": {"code": "between_playbooks", "begun": 1, "playbooks": 3}},
            {"reason": "SIGTERM", "code": "between_playbooks", "begun": 1, "playbooks": 3},
            id="between playbooks",
        ),
        pytest.param(
            {"stopped": {"code": "by_robots"}}, {"reason": "SIGTERM", "code": "by_robots"}, id="code of a newer writer"
        ),
    ],
)
def test_a_run_that_was_stopped_has_its_code(end: dict[str, Any], params: dict[str, Any]) -> None:
    (stopped,) = [reason for reason in ended(reason="SIGTERM", **end).document.reasons if reason.code == "stopped"]
    assert stopped.params == params


@pytest.mark.parametrize(
    ("words", "stop"),
    [
        ("finished", None),
        ("stopped before the recap: interrupted, or an error that Ansible reported", Stop("before_recap")),
        ("stopped after 1 of 3 playbooks", Stop("between_playbooks", 1, 3)),
        ("the data of awx end before the recap (timeout)", Stop("data_end")),
        ("SIGTERM", None),
    ],
)
def test_words_of_older_journals_have_a_code(words: str, stop: Stop | None) -> None:
    assert stop_of(RunEnd(seq=9, t="2026-11-23T10:00:00.000000Z", reason=words)) == stop


def test_a_run_that_was_stopped_has_said_so() -> None:
    record = ended(outcome="timeout", exit_code=254, reason="the data of awx end before the recap (timeout)")
    assert (record.verdict, tool_failures(record)) == ("interrupted", [])
