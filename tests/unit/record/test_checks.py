"""What the check engine returned becomes tests of the work and controls of the baseline, whatever its shape."""

from __future__ import annotations

from typing import Any

import pytest
from journals import Journal
from oplever.record import model
from oplever.record.checks import bilingual
from oplever.record.model import Record, Text

CHECK: dict[str, Any] = {"id": "x.y", "title": {"nl": "n", "en": "e"}, "status": "pass"}


def record(*calls: dict[str, Any]) -> Record:
    """The record of one call after another of the check engine on machine `a`."""
    journal = Journal()
    for number, call in enumerate(calls):
        journal.task(f"check {number}", data=call)
    return journal.finish().record()


def called(*checks: Any, **call: Any) -> Record:
    return record({"checks": list(checks), **call})


@pytest.mark.parametrize(
    ("value", "nl", "en"),
    [
        ({"nl": "n", "en": "e"}, "n", "e"),
        ({"nl": "n"}, "n", ""),
        ({"en": "e", "nl": None}, "", "e"),
        ({}, "otherwise", "otherwise"),
        ("both", "both", "both"),
        (7, "7", "7"),
        (None, "otherwise", "otherwise"),
    ],
)
def test_a_text_keeps_the_languages_that_it_has(value: Any, nl: str, en: str) -> None:
    assert bilingual(value, "otherwise") == Text(nl, en)
    assert bilingual(None) == Text("", "")


def test_a_test_holds_what_the_check_said() -> None:
    check = {
        **CHECK, "status": "fail", "expected": "200", "found": 502, "source": "http", "reason": "no answer",
        "evidence": "GET / 502", "duration": 2,
    }  # fmt: skip
    assert called(check, suite="web", stage="after").tests == (
        model.Test("x.y", "a", "after", "fail", "200", "502", Text("n", "e"), "web", "http", "no answer", "GET / 502",
                   "2026-11-23T10:00:05.000000Z", 2.0, 1, path="site.yml:check 0"),
    )  # fmt: skip


def test_what_a_check_does_not_say_stays_empty() -> None:
    (test,) = called({"id": 7, "status": "pass", "duration": "long"}).tests
    assert (test.id, test.title, test.stage, test.suite, test.duration) == ("7", Text("7", "7"), "after", "", 0.0)
    assert (test.expected, test.found, test.source, test.reason, test.evidence) == ("",) * 5


@pytest.mark.parametrize(
    ("check", "name"),
    [
        ("x", "check 1"),
        ({"status": "pass"}, "check 1"),
        ({"id": "", "status": "pass"}, "check 1"),
        ({"id": "x"}, "x"),
        ({**CHECK, "status": "good"}, "x.y"),
        ({**CHECK, "status": ["pass"]}, "x.y"),
        ({**CHECK, "status": {"pass": 1}}, "x.y"),
    ],
)
def test_a_check_of_which_nobody_can_read_how_it_ended_is_an_error(check: Any, name: str) -> None:
    actual = called(check, {**CHECK, "id": "z.z"})
    assert [(test.id, test.status) for test in actual.tests] == [(name, "error"), ("z.z", "pass")]
    assert actual.tests[0].reason == "how this check ended cannot be read in the journal"
    assert "tests_failed" in {reason.code for reason in actual.document.reasons}
    assert [(fault.kind, fault.location) for fault in actual.faults] == [("test_failed", name)]


def test_a_control_of_which_nobody_can_read_how_it_ended_is_an_error() -> None:
    (control,) = called({**CHECK, "severity": "high", "status": "unheard"}).baseline.controls
    assert (control.after, control.reason) == ("error", "how this check ended cannot be read in the journal")


def test_a_machine_that_tells_of_endless_time_says_nothing_of_it() -> None:
    assert [test.duration for test in called({**CHECK, "duration": 10**400}).tests] == [0.0]


@pytest.mark.parametrize(
    ("stage", "kept"), [("before", "during"), ("during", "during"), ("after", "after"), (None, "after"), ("x", "after")]
)
def test_a_test_from_before_the_work_was_ready_is_one_during_it(stage: str | None, kept: str) -> None:
    assert [test.stage for test in called(CHECK, stage=stage).tests] == [kept]


def test_the_last_result_of_a_stage_counts_and_says_how_often_it_was_tried() -> None:
    calls = [{"checks": [{**CHECK, "status": status}], "stage": stage, "suite": suite} for status, stage, suite in (
        ("fail", "before", "one"), ("error", "during", "one"), ("fail", "after", "one"), ("pass", "after", "one"),
        ("pass", "after", "one"), ("fail", "after", "two"),
    )]  # fmt: skip
    assert [(test.suite, test.stage, test.status, test.attempt) for test in record(*calls).tests] == [
        ("one", "during", "error", 2),
        ("one", "after", "pass", 3),
        ("two", "after", "fail", 1),
    ]


def control(status: str = "pass", severity: str = "high", **keys: Any) -> dict[str, Any]:
    return {**CHECK, "id": "SSH-001", "status": status, "severity": severity, **keys}


def test_a_check_with_a_severity_is_a_control_and_no_test() -> None:
    refs = {"cis": ["5.1", 2], "odd": "5.1"}
    full = control(
        "fail", area="SSH", expected="no", found="yes", reason="r", evidence="v", remedy="set it", refs=refs,
        exception="X1",
    )  # fmt: skip
    actual = called(CHECK, full)
    assert [test.id for test in actual.tests] == ["x.y"]
    assert actual.baseline.controls == (
        model.Control("SSH-001", "a", Text("n", "e"), "high", "SSH", None, "fail", "no", "yes", "", "r", "v",
                      Text("set it", "set it"), {"cis": ("5.1", "2")}, "X1", "site.yml:check 0"),
    )  # fmt: skip


@pytest.mark.parametrize("severity", ["high", "medium", "low"])
def test_a_control_keeps_its_severity(severity: str) -> None:
    assert [item.severity for item in called(control(severity=severity)).baseline.controls] == [severity]


def test_an_unknown_severity_makes_a_test() -> None:
    actual = called(control(severity="urgent"))
    assert ([test.id for test in actual.tests], actual.baseline.controls) == (["SSH-001"], ())


@pytest.mark.parametrize("refs", [None, [], "CIS 5.1"])
def test_references_of_another_shape_are_left_out(refs: Any) -> None:
    assert called(control(refs=refs, title=None)).baseline.controls[0].refs == {}
    assert called(control(refs=refs, title=None)).baseline.controls[0].title == Text("SSH-001", "SSH-001")


def stages(*results: tuple[str, str, str]) -> model.Control:
    """The one control of these results: stage, status and what was found."""
    calls = [{"checks": [control(status, found=actual)], "stage": stage} for stage, status, actual in results]
    (only,) = record(*calls).baseline.controls
    return only


def test_a_control_is_judged_before_and_after() -> None:
    def judged(*results: tuple[str, str, str]) -> tuple[str | None, str, str | None, str]:
        actual = stages(*results)
        return actual.before, actual.found_before, actual.after, actual.found

    before, after = ("before", "fail", "yes"), ("after", "pass", "no")
    assert judged(before) == ("fail", "yes", None, "")
    assert judged(after) == (None, "", "pass", "no")
    assert judged(before, after) == ("fail", "yes", "pass", "no")
    assert judged(before, ("during", "error", "?"), after) == ("fail", "yes", "pass", "no")
    # A state that was measured again before the work, and an order that no playbook of ours has.
    assert judged(before, ("before", "error", "?")) == ("error", "?", None, "")
    assert judged(after, before) == ("fail", "yes", "pass", "no")


def test_a_control_of_two_machines_is_two_controls() -> None:
    journal = Journal().task("check a", data={"checks": [control()]})
    actual = journal.task("check b", host="b", data={"checks": [control("fail")]}).finish().record()
    assert [(item.host, item.after) for item in actual.baseline.controls] == [("a", "pass"), ("b", "fail")]


def test_the_last_profile_is_the_one_of_the_record() -> None:
    actual = record(
        {"checks": [control()], "profile": "basis", "profile_version": "1"},
        {"checks": [control()], "profile": "strict", "profile_version": 2},
        {"checks": [CHECK]},
    ).baseline
    assert (actual.profile, actual.version) == ("strict", "2")
    without = called(control(), profile="basis").baseline
    assert (without.profile, without.version) == ("basis", "")
    assert (called(control()).baseline.profile, called(control(), profile_version="3").baseline.version) == ("", "")


ROW: dict[str, Any] = {
    "id": "E1", "control": "SSH-001", "hosts": ["a"], "reason": "r", "owner": "o", "approver": "p",
    "expires": "2027-01-01", "compensating": "c", "valid": True, "problem": "none",
}  # fmt: skip


def granted(*rows: Any) -> tuple[model.ExceptionGrant, ...]:
    """The exceptions of the record when each call brings one list of them."""
    return record(*({"checks": [], "profile": "p", "exceptions": item} for item in rows)).baseline.exceptions


def test_an_exception_holds_what_the_file_states() -> None:
    assert granted([ROW]) == (
        model.ExceptionGrant("E1", "SSH-001", ("a",), "r", "o", "p", "2027-01-01", "c", True, "none"),
    )


def test_what_an_exception_does_not_state_stays_empty_and_it_is_not_valid_by_that() -> None:
    (grant,) = granted([{"control": "SSH-001", "owner": None, "hosts": "a"}])
    assert grant == model.ExceptionGrant("", "SSH-001", (), "", "", "", "", "", False, "")
    assert [item.valid for item in granted([{**ROW, "valid": "yes"}])] == [False]


@pytest.mark.parametrize("rows", [None, "x", 7, {"control": "SSH-001"}, ["x"], [{"id": "E1"}], [{"control": ""}]])
def test_exceptions_of_another_shape_are_none(rows: Any) -> None:
    assert granted(rows) == ()
    assert [item.id for item in granted([*(rows if isinstance(rows, list) else []), ROW])] == ["E1"]


def test_one_exception_of_many_machines_is_one_with_all_of_them_as_the_last_one_states_it() -> None:
    other = {**ROW, "id": "E2"}
    actual = granted([ROW, other], [{**ROW, "hosts": ["b", "a"], "reason": "again"}])
    assert [(item.id, item.hosts, item.reason) for item in actual] == [("E1", ("a", "b"), "again"), ("E2", ("a",), "r")]


def test_exceptions_without_a_profile_are_of_no_baseline() -> None:
    assert called(exceptions=[ROW]).baseline.exceptions == ()


def test_two_exceptions_of_one_id_are_two() -> None:
    rows = [{"id": "X", "control": control, "reason": control, "valid": True} for control in ("A-1", "A-2")]
    grants = called(profile="p", exceptions=rows).baseline.exceptions
    assert [(grant.id, grant.control, grant.reason) for grant in grants] == [("X", "A-1", "A-1"), ("X", "A-2", "A-2")]
