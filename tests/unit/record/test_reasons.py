"""Each reason for a verdict with what it names: hosts, steps, tests, faults, people and numbers."""

from __future__ import annotations

from typing import Any

import pytest
from journals import ZERO, Journal, complete
from oplever.kinds.derive import derive
from oplever.kinds.installation import verdict
from oplever.page.reasons import reason_text
from oplever.page.translator import Translator
from oplever.record.entries import make
from oplever.record.model import Record

ASSERT = "ansible.builtin.assert"


def derived(journal: Journal, *statements: tuple[str, dict[str, Any]]) -> Record:
    entries = [
        make(kind, "M. de Wit", f"2026-11-24T12:{n:02d}:00.000000Z", data) for n, (kind, data) in enumerate(statements)
    ]
    return derive(journal.events(), "digest", entries)


def reasons(record: Record) -> dict[str, dict[str, Any]]:
    return {reason.code: reason.params for reason in record.document.reasons}


def of(journal: Journal, *statements: tuple[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return reasons(derived(journal, *statements))


def ended(
    journal: Journal, *, reason: str = "finished", recap: dict[str, dict[str, int]] | None = None, **end: Any
) -> Journal:
    journal.add("stats", recap={host: {**ZERO, **counts} for host, counts in (recap or {"a": {"ok": 5}}).items()})
    return journal.add("run_end", lines=len(journal.lines), reason=reason, **end)


def test_a_run_without_an_end_was_interrupted_at_its_last_line() -> None:
    assert of(complete())["interrupted"] == {"at": "2026-11-23T10:00:17.000000Z"}
    assert derived(complete()).verdict == "interrupted"


def test_a_run_that_was_stopped_says_why() -> None:
    record = derived(ended(complete(), reason="stopped by the user"))
    assert (record.verdict, reasons(record)) == ("interrupted", {"stopped": {"reason": "stopped by the user"}})


def test_machines_that_failed_or_did_not_answer_are_named() -> None:
    recap = {"a": {"failed": 1}, "b": {"unreachable": 1}, "c": {"ok": 1}, "d": {"failed": 2, "unreachable": 1}}
    actual = of(ended(complete(), recap=recap))
    assert actual["hosts_failed"] == {"hosts": ["a", "d"]}
    assert actual["hosts_unreachable"] == {"hosts": ["b", "d"]}


def test_a_journal_without_a_machine() -> None:
    journal = Journal()
    journal.lines[2:] = []
    record = derived(journal.add("run_end", lines=2))
    assert (record.verdict, list(reasons(record))) == ("not_delivered", ["no_hosts", "no_tests"])


def test_tests_alone_are_work_too() -> None:
    test = ("test", {"host": "a", "title": "start page", "status": "pass"})
    assert "nothing_done" in of(Journal().finish())
    assert "nothing_done" not in of(Journal().finish(), test)


def hand(status: str, host: str = "a", name: str = "place the disk") -> tuple[str, dict[str, Any]]:
    return "step", {"host": host, "name": name, "status": status}


def test_work_by_hand_that_failed_is_named_with_its_machine() -> None:
    actual = of(
        complete().finish(ok=5), hand("failed"), hand("failed", "b"), hand("changed", name="label"), hand("changed")
    )
    assert actual == {"hand_steps_failed": {"steps": ["place the disk (b)"]}}


def test_a_step_of_the_machine_is_not_one_by_hand() -> None:
    journal = ended(complete().task("breaks", "failed").task("breaks", "failed"), recap={"a": {"failed": 1}})
    assert list(of(journal)) == ["hosts_failed"]


def test_a_trial_run_says_so() -> None:
    journal = Journal(check_mode=True).task("install", "changed", check_mode=True).check("pass")
    assert of(journal.finish(ok=2))["check_mode"] == {}
    assert "check_mode" not in of(complete().finish(ok=5))


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        ({"outcome": "error"}, "error"),
        ({"exit_code": 1}, "exit code 1"),
        ({"exit_code": 3}, "exit code 3"),
        ({"exit_code": 2}, "exit code 2"),
        ({"exit_code": 16, "outcome": "failed"}, "failed, exit code 16"),
    ],
)
def test_a_tool_that_failed_is_named_with_its_words(end: dict[str, Any], outcome: str) -> None:
    assert of(ended(complete(), **end)) == {"tool_failed": {"tool": "", "outcome": outcome}}


@pytest.mark.parametrize("code", [2, 4, 6, 8, 10, 12, 14])
def test_a_sum_of_failures_is_explained_by_the_machines(code: int) -> None:
    for counts in ({"failed": 1}, {"unreachable": 1}):
        assert "tool_failed" not in of(ended(complete(), exit_code=code, recap={"a": counts}))


@pytest.mark.parametrize("end", [{"exit_code": 1}, {"exit_code": 3}, {"exit_code": 16}, {"outcome": "error"}])
def test_another_end_is_not_explained_by_the_machines(end: dict[str, Any]) -> None:
    assert "tool_failed" in of(ended(complete(), recap={"a": {"failed": 1}}, **end))


def test_tests_that_fail_are_counted_on_every_machine_and_named_once() -> None:
    journal = complete().check("fail").check("error", id="z.z")
    journal.task("on b", host="b", data={"suite": "x", "checks": [{"id": "x.y", "status": "fail"}]})
    assert of(journal.finish(ok=5))["tests_failed"] == {"count": 3, "tests": ["x.y", "z.z"]}


def fault(host: str = "a", **keys: Any) -> tuple[str, dict[str, Any]]:
    return "fault", {"symptom": "slow", "host": host, **keys}


def test_faults_that_nothing_else_tells_of_are_named() -> None:
    assert of(complete().finish(ok=5), fault(), fault("b"), fault(fix="done")) == {
        "faults_open": {"faults": ["M1", "M2"]}
    }
    escalated = ("escalation", {"to": "supplier", "message": "see", "fault": "M2"})
    actual = of(complete().finish(ok=5), fault(), fault("b"), escalated)
    assert actual == {"faults_open": {"faults": ["M1"]}, "faults_escalated": {"faults": ["M2"]}}


def test_a_fault_that_machines_or_tests_tell_of_is_told_once() -> None:
    assert list(of(ended(complete().task("x", "failed"), recap={"a": {"failed": 1}}))) == ["hosts_failed"]
    assert list(of(ended(complete().task("x", "unreachable"), recap={"a": {"unreachable": 1}}))) == [
        "hosts_unreachable"
    ]
    assert list(of(complete().check("fail").finish(ok=5))) == ["tests_failed"]
    assert "faults_open" not in of(complete().add("task_start", task="t", name="t"))


def test_a_machine_that_failed_because_of_its_tests_is_told_by_them() -> None:
    def codes(message: str) -> list[str]:
        journal = complete().check("fail").add("task_start", task="v", play="p", name="verify", action=ASSERT)
        journal.add("result", task="v", host="a", status="failed", message=message)
        return list(of(ended(journal, recap={"a": {"failed": 1}})))

    assert codes("1 tests did not pass: x.y") == ["tests_failed"]
    assert codes("the disk is full") == ["hosts_failed", "tests_failed"]
    unseen = ended(complete().check("fail"), recap={"a": {"failed": 1}})
    assert list(of(unseen)) == ["hosts_failed", "tests_failed"], "the journal does not say which step failed"


def test_an_audit_that_failed_is_told_by_its_controls() -> None:
    checks = [{"id": "SSH-001", "severity": "high", "status": "fail"}]
    journal = complete().task("audit", "failed", data={"stage": "after", "suite": "harden", "checks": checks})
    assert list(of(ended(journal, recap={"a": {"failed": 1}}))) == ["controls_failed"]


@pytest.mark.parametrize("status", ["failed", "unreachable"])
def test_a_failure_that_the_recap_does_not_count_is_told_as_a_fault(status: str) -> None:
    """The recap of another machine's failure explains nothing here."""
    journal = ended(complete().task("x", status), recap={"a": {"ok": 5}, "b": {"failed": 1, "unreachable": 1}})
    assert of(journal)["faults_open"] == {"faults": ["F-001"]}


def test_a_failing_test_on_another_machine_or_of_another_id_explains_no_fault() -> None:
    journal = complete().check("fail", "before").check("pass")
    journal.task("on b", host="b", data={"suite": "x", "checks": [{"id": "x.y", "status": "fail"}]})
    actual = of(journal.finish(ok=5))
    assert actual["tests_failed"] == {"count": 1, "tests": ["x.y"]}
    assert "faults_open" not in actual
    left = complete().check("fail").check("waived").check("fail", id="z.z").finish(ok=5)
    assert of(left)["faults_open"] == {"faults": ["F-001"]}


def test_controls_that_fail_are_counted_by_severity() -> None:
    journal = complete()
    rows = (
        ("A-1", "high", "fail"), ("A-2", "high", "error"), ("A-3", "medium", "fail"), ("A-4", "low", "fail"),
        ("A-5", "low", "pass"), ("A-6", "low", "fail"), ("A-7", "low", "fail"), ("A-8", "medium", "waived"),
    )  # fmt: skip
    for name, severity, status in rows:
        journal.check(status, id=name, severity=severity)
    assert of(journal.finish(ok=5))["controls_failed"] == {"high": 2, "medium": 1, "low": 3}
    assert "controls_failed" not in of(complete().check("fail", "before", severity="high").finish(ok=5))


def test_failures_that_were_ignored_are_counted() -> None:
    journal = complete().task("x", "ignored").task("y", "ignored").finish(ok=7)
    assert of(journal) == {"failures_ignored": {"count": 2}}


@pytest.mark.parametrize(("action", "is_work"), [("ansible.builtin.copy", True), ("ansible.builtin.assert", False)])
def test_work_that_stopped_at_a_failed_test_is_not_done(action: str, is_work: bool) -> None:
    """Ansible does nothing more on that machine; of a run that only looked nothing was left to do."""
    journal = complete()
    journal.add("task_start", task="w", play="p", name="w", action=action)
    journal.add("result", task="w", host="a", status="ok")
    check = {"id": "x.z", "title": "t", "status": "fail", "expected": "1", "found": "2"}
    journal.task("t", "failed", data={"stage": "during", "suite": "x", "checks": [check]})
    record = derived(journal.finish(ok=5, failed=1))
    codes = [reason.code for reason in record.document.reasons]
    assert codes == (["hosts_failed", "tests_failed"] if is_work else ["tests_failed"])
    assert record.stage == ("started" if is_work else "carried_out")


def test_machines_without_tests_or_without_both_snapshots_are_named() -> None:
    journal = complete()
    journal.add("play_start", play="q", targets=["b", "c", "d"])
    journal.task("1", host="b", data={"stage": "before", "snapshot": {}})
    journal.task("2", host="c", data={"stage": "after", "snapshot": {}})
    journal.task("3", host="b", data={"checks": [{"id": "x", "status": "pass"}]})
    journal.task("4", host="c", data={"checks": [{"id": "x", "status": "not_applicable"}]})
    actual = of(journal.finish(ok=5))
    assert actual == {"hosts_untested": {"hosts": ["c", "d"]}, "snapshots_missing": {"hosts": ["b", "c", "d"]}}


def test_what_people_said_is_named_with_who() -> None:
    rejected = ("acceptance", {"user": "J. Bakker", "verdict": "rejected"})
    points = ("acceptance", {"user": "J. Bakker", "verdict": "accepted_with_rest_points"})
    no = ("decision", {"decision": "rejected", "remarks": "no"})
    assert of(complete().finish(ok=5), rejected, no) == {
        "acceptance_rejected": {"user": "J. Bakker"},
        "decision_rejected": {"by": "M. de Wit"},
    }
    assert of(complete().finish(ok=5), points) == {"accepted_with_rest_points": {"user": "J. Bakker"}}


def test_rest_points_count_until_they_are_done() -> None:
    point = ("rest-point", {"item": "label the cables"})
    assert of(complete().finish(ok=5), point, point, point, ("rest-point", {"done": "R2"})) == {
        "rest_points_open": {"count": 2}
    }
    assert of(complete().finish(ok=5), point, ("rest-point", {"done": "R1"})) == {}


def test_lines_that_the_callback_lost_and_a_clock_that_was_set_are_told() -> None:
    assert of(ended(complete(), lost=2, clock_shift=-0.5)) == {
        "journal_lines_lost": {"count": 2},
        "clock_set": {"seconds": -0.5},
    }


def test_what_did_not_happen_is_not_certain_when_lines_are_missing() -> None:
    assert of(ended(Journal().task("work", "ok"))) == {"no_tests": {}, "snapshots_missing": {"hosts": ["a"]}}
    lost = derived(ended(Journal().task("work", "ok"), lost=2))
    assert reasons(lost) == {
        "no_tests": {"uncertain": True},
        "snapshots_missing": {"hosts": ["a"], "uncertain": True},
        "journal_lines_lost": {"count": 2},
    }
    sentence = reason_text(Translator("en"), lost.document.reasons[0])
    assert sentence == "Nothing was tested. Lines are missing: this is not certain."


def test_the_heaviest_reason_comes_first_and_decides() -> None:
    for heavy, light in (
        ("interrupted", "hosts_failed"),
        ("hosts_failed", "no_tests"),
        ("decision_rejected", "clock_set"),
    ):
        order = list(verdict.EFFECTS)
        assert order.index(heavy) < order.index(light)
    record = derived(complete().task("x", "unreachable").check("fail"))
    assert (record.verdict, [reason.code for reason in record.document.reasons]) == (
        "interrupted", ["interrupted", "hosts_unreachable", "tests_failed"],
    )  # fmt: skip
