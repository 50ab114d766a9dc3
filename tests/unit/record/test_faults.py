"""Faults: what failed where, how often, and what shows that it was solved."""

from __future__ import annotations

from typing import Any

import pytest
from journals import Journal
from oplever.record.model import Fault

ASSERT = "ansible.builtin.assert"


def faults(journal: Journal) -> tuple[Fault, ...]:
    return journal.finish().record().faults


def retry(
    journal: Journal, name: str, status: str, *, path: str = "site.yml:1", host: str = "a", **keys: Any
) -> Journal:
    """The task at `path` in a later play: another task for Ansible, the same one for a reader."""
    task = f"{name} {len(journal.lines)}"
    journal.add("task_start", task=task, play="p", name=name, path=path, action="x.y.z")
    return journal.add("result", task=task, host=host, status=status, **keys)


def test_a_task_that_failed_is_a_fault_with_where_when_and_what_it_said() -> None:
    assert faults(Journal().task("install", "failed", message="no such package")) == (
        Fault("F-001", "a", "task_failed", "install (site.yml:install)", "no such package",
              "2026-11-23T10:00:05.000000Z", "open"),
    )  # fmt: skip


def test_a_task_without_a_place_is_named_alone_and_what_is_secret_says_so() -> None:
    journal = Journal().add("task_start", task="t", play="p", name="set password", action="x.y.z")
    (fault,) = faults(journal.add("result", task="t", host="a", status="failed", censored=True))
    assert (fault.location, fault.symptom) == ("set password", "(no_log)")
    assert faults(Journal().task("x", "failed"))[0].symptom == ""
    assert faults(Journal().task("x", "failed", message="no", censored=True))[0].symptom == "no"


def test_faults_are_numbered_in_order_of_time() -> None:
    journal = Journal().check("fail").task("one", "failed", host="b").task("two", "unreachable").check("fail", id="z.z")
    assert [(item.id, item.kind) for item in faults(journal)] == [
        ("F-001", "test_failed"),
        ("F-002", "task_failed"),
        ("F-003", "unreachable"),
        ("F-004", "test_failed"),
    ]


@pytest.mark.parametrize("status", ["ok", "changed"])
def test_a_task_that_succeeds_later_solves_its_fault(status: str) -> None:
    journal = retry(retry(Journal(), "install", "failed"), "install", status)
    assert [(item.status, item.retest) for item in faults(journal)] == [
        ("solved", "install 2026-11-23T10:00:06.000000Z")
    ]


def test_a_task_that_was_skipped_later_solves_nothing() -> None:
    assert [item.status for item in faults(retry(retry(Journal(), "x", "failed"), "x", "skipped"))] == ["open"]


@pytest.mark.parametrize("other", [{"path": "site.yml:2"}, {"host": "b"}])
def test_another_task_or_machine_solves_nothing(other: dict[str, str]) -> None:
    journal = retry(retry(Journal(), "install", "failed"), "install", "ok", **other)
    assert [item.status for item in faults(journal)] == ["open"]


def test_attempts_add_up_until_it_is_solved() -> None:
    journal = retry(Journal(), "x", "failed", attempts=3, message="first")
    journal = retry(retry(journal, "x", "failed", message="second"), "x", "ok")
    (fault,) = faults(retry(journal, "other", "ok", path="site.yml:2"))
    assert (fault.attempts, fault.symptom, fault.status) == (4, "first", "solved")


def test_what_fails_again_after_it_was_solved_is_a_new_fault() -> None:
    journal = retry(retry(retry(Journal(), "x", "failed"), "x", "ok"), "x", "failed")
    assert [(item.status, item.attempts) for item in faults(journal)] == [("solved", 1), ("open", 1)]


def test_a_failure_that_was_ignored_stays_a_fault_of_its_own() -> None:
    journal = retry(retry(Journal(), "x", "ignored"), "x", "failed")
    assert [item.status for item in faults(journal)] == ["ignored", "open"]
    journal = retry(retry(Journal(), "x", "failed"), "x", "ignored")
    assert [item.status for item in faults(journal)] == ["open", "ignored"]
    assert [item.status for item in faults(retry(retry(Journal(), "x", "ignored"), "x", "ok"))] == ["ignored"]


def test_a_rescued_failure_is_solved_by_what_took_over() -> None:
    journal = Journal()
    journal.lines[0] = journal.lines[0].replace(b'"version": 1', b'"version": 2')
    journal.add("task_start", task="t", play="p", name="try", action="x.y.z")
    journal.add("result", task="t", host="a", status="failed", rescued_by="B")
    (alone,) = journal.record().faults[:1]
    assert (alone.status, alone.fix) == ("solved", "")
    journal.add("task_start", task="r", play="p", name="repair", action="x.y.z", rescues="B")
    (rescued,) = faults(journal.add("result", task="r", host="a", status="ok"))
    assert (rescued.status, rescued.fix) == ("solved", "repair")


def checked(journal: Journal, message: str, checks: Any, action: str = ASSERT, host: str = "a") -> Journal:
    journal.add("task_start", task=f"t{len(journal.lines)}", play="p", name="verify", action=action)
    task = f"t{len(journal.lines) - 1}"
    return journal.add("result", task=task, host=host, status="failed", message=message, data={"checks": checks})


@pytest.mark.parametrize("status", ["fail", "error"])
def test_a_task_that_failed_because_tests_failed_is_told_by_the_tests(status: str) -> None:
    journal = checked(Journal(), "1 of 1 failed", [{"id": "x.y", "status": status}], "oplever.lab.checks")
    assert [item.kind for item in faults(journal)] == ["test_failed"]


@pytest.mark.parametrize("checks", [None, [], "fail", [{"id": "x.y", "status": "pass"}]])
def test_a_task_that_failed_for_another_reason_is_a_fault(checks: Any) -> None:
    journal = checked(Journal(), "the module broke", checks, "oplever.lab.checks")
    assert [item.kind for item in faults(journal)] == ["task_failed"]


def test_an_assertion_that_names_what_drifted_is_no_fault_since_the_test_tells_it() -> None:
    def kinds(message: str, host: str = "a") -> list[str]:
        look = {"format": 2, "digest_key": "k", "state": {"file": {"/etc/motd": "aa"}}}
        journal = Journal().task("1", data={"stage": "before", "snapshot": look, "reference": "r"})
        now = {**look, "state": {"file": {"/etc/motd": "bb"}}}
        journal.task("2", data={"stage": "after", "snapshot": now})
        return [item.kind for item in faults(checked(journal, message, None, host=host))]

    assert kinds("0 tests did not pass; 1 differences with the delivery: drift.file./etc/motd") == []
    assert kinds("0 tests did not pass; 1 differences with the delivery: drift.file./etc/issue") == ["task_failed"]
    assert kinds("1 differences with the delivery: drift.file./etc/motd", host="b") == ["task_failed"]


def test_an_assertion_that_repeats_a_failed_test_of_its_machine_is_no_second_fault() -> None:
    def kinds(action: str = ASSERT, message: str = "x.y failed", host: str = "a") -> list[str]:
        return [item.kind for item in faults(checked(Journal().check("fail"), message, None, action, host))]

    assert kinds() == ["test_failed"]
    assert kinds(message="the disk is full") == ["test_failed", "task_failed"]
    assert kinds(action="ansible.builtin.command") == ["test_failed", "task_failed"]
    assert kinds(host="b") == ["test_failed", "task_failed"]


def test_a_test_that_fails_is_a_fault_until_it_passes() -> None:
    (fault,) = faults(Journal().check("fail").check("error").check("pass"))
    assert fault == Fault(
        "F-001", "a", "test_failed", "x.y", "expected 1, found 2", "2026-11-23T10:00:05.000000Z", "solved",
        attempts=2, retest="x.y 2026-11-23T10:00:11.000000Z",
    )  # fmt: skip
    assert faults(Journal().check("fail", reason="masked"))[0].symptom == "masked"


@pytest.mark.parametrize("status", ["not_applicable", "waived"])
def test_a_test_that_was_not_carried_out_or_let_go_solves_nothing(status: str) -> None:
    assert [item.status for item in faults(Journal().check("fail").check(status))] == ["open"]


def test_a_test_that_fails_again_is_a_new_fault() -> None:
    journal = Journal().check("fail").check("pass").check("fail")
    assert [(item.status, item.attempts) for item in faults(journal)] == [("solved", 1), ("open", 1)]


def test_a_control_is_no_fault() -> None:
    assert faults(Journal().check("fail", severity="high")) == ()
    journal = Journal().check("fail", severity="high").check("fail", id="z.z")
    assert [item.location for item in faults(journal)] == ["z.z"]


def under_way(*running: tuple[str, str]) -> Journal:
    journal = Journal()
    for name, host in running:
        journal.add("task_start", task=name, play="p", name=name, action="x.y.z")
        journal.add("host_start", task=name, host=host)
    return journal


def test_an_interruption_names_what_was_under_way_and_where() -> None:
    assert under_way(("one", "a"), ("two", "b")).record().faults == (
        Fault("F-001", "", "interrupted", "", "one (a), two (b)", "2026-11-23T10:00:06.000000Z", "open"),
    )
    assert [item.symptom for item in under_way().record().faults] == [""]


def test_a_run_that_ended_itself_was_not_interrupted() -> None:
    assert faults(under_way(("one", "a"))) == ()
    stopped = under_way(("one", "a"))
    stopped.add("run_end", lines=len(stopped.lines), reason="stopped")
    assert [item.symptom for item in stopped.record().faults] == ["one (a)"]
    between = under_way()
    assert between.add("run_end", lines=len(between.lines), reason="stopped").record().faults == ()
