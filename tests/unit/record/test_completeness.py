"""What a record lacks, by whom and with which command it comes; and what is enough."""

from __future__ import annotations

from typing import Any

import pytest
from journals import Journal, complete
from oplever.kinds.derive import derive
from oplever.record.entries import make
from oplever.record.model import Record

ASSIGNMENT = {"procedures": ["P-12"], "people": [{"name": "S. Yilmaz", "role": "executor"}]}
CONTROL = {"severity": "high", "id": "SSH-001"}
FULL: dict[str, tuple[str, dict[str, Any]]] = {
    "acceptance_missing": ("acceptance", {"user": "J. Bakker", "verdict": "accepted"}),
    "rest_points_missing": ("none", {"what": "rest_points"}),
    "proposals_missing": ("none", {"what": "proposals"}),
    "hands_on_hours_missing": ("hours", {"hours": 1.0, "activity": "cabling"}),
    "report_missing": ("report", {"to": "M. de Wit"}),
    "decision_missing": ("decision", {"decision": "approved"}),
}


def journal(**start: Any) -> Journal:
    events = complete()
    head = Journal(**{"work_process": "1.3", "assignment": ASSIGNMENT, **start})
    events.lines[0] = head.lines[0]
    return events.check("pass", **CONTROL)


def record(events: Journal | None = None, *left_out: str, more: tuple[tuple[str, dict[str, Any]], ...] = ()) -> Record:
    statements = [entry for code, entry in FULL.items() if code not in left_out] + list(more)
    entries = [
        make(kind, "M. de Wit", f"2026-11-24T09:{n:02d}:00.000000Z", data) for n, (kind, data) in enumerate(statements)
    ]
    return derive((events or journal()).finish(ok=6).events(), "", entries)


def codes(actual: Record) -> list[str]:
    return [item.code for item in actual.completeness.missing]


def test_a_record_with_everything_is_complete() -> None:
    actual = record()
    assert (codes(actual), actual.completeness.complete) == ([], True)


@pytest.mark.parametrize("code", FULL)
def test_what_people_have_not_said_is_missing(code: str) -> None:
    actual = record(None, code)
    assert (codes(actual), actual.completeness.complete) == ([code], False)


ROWS = {
    "acceptance_missing": ("acceptance", "user", ("1.3-11",), "oplever add acceptance"),
    "rest_points_missing": (
        "rest_points",
        "executor",
        ("3.3-02",),
        "oplever add rest-point / oplever add none rest-points",
    ),
    "proposals_missing": (
        "proposals",
        "executor",
        ("1.3-17", "1.3-18"),
        "oplever add proposal / oplever add none proposals",
    ),
    "hands_on_hours_missing": ("hours", "executor", ("1.3-20",), "oplever add hours"),
    "report_missing": ("accountability", "executor", ("1.3-22",), "oplever add report"),
    "decision_missing": ("accountability", "supervisor", ("1.3-22",), "oplever add decision"),
    "tests_during_missing": ("tests", "toolkit", ("1.3-06", "1.3-15"), ""),
    "tests_after_missing": ("tests", "toolkit", ("1.3-07", "1.3-15"), ""),
    "snapshots_missing": ("systems", "toolkit", ("1.3-13", "1.3-14", "1.3-19"), ""),
    "baseline_missing": ("baseline", "toolkit", ("1.3-12",), ""),
    "procedures_missing": ("assignment", "executor", ("1.3-10", "1.3-16"), "oplever add assignment"),
    "work_process_missing": ("scope", "executor", (), "oplever add assignment"),
    "people_missing": ("people", "executor", ("1.3-22",), "oplever add assignment"),
}
"""Code -> section, who, the obligations of the work process, the command that supplies it."""


def test_of_a_record_with_nothing_everything_is_missing_with_who_and_how() -> None:
    nothing = Journal(work_process="1.3").finish().record().completeness.missing
    actual = {item.code: (item.section, item.who, item.obligations, item.command) for item in nothing}
    assert actual == {code: row for code, row in ROWS.items() if code != "work_process_missing"}


@pytest.mark.parametrize("process", ["1.4", ""])
def test_obligations_are_of_the_work_process_that_has_them(process: str) -> None:
    actual = Journal(work_process=process).finish().record().completeness.missing
    assert {item.obligations for item in actual} == {()}
    expected = [*ROWS] if not process else [code for code in ROWS if code != "work_process_missing"]
    assert sorted(item.code for item in actual) == sorted(expected)


@pytest.mark.parametrize(
    ("start", "lacks"),
    [
        ({"assignment": {**ASSIGNMENT, "procedures": []}}, ["procedures_missing"]),
        ({"assignment": {**ASSIGNMENT, "people": []}}, ["people_missing"]),
        ({"assignment": {**ASSIGNMENT, "people": [{"name": "A. Vos", "role": "user"}]}}, ["people_missing"]),
        ({"assignment": {**ASSIGNMENT, "people": []}, "person": "S. Yilmaz"}, []),
        ({"work_process": None}, ["work_process_missing"]),
    ],
)
def test_what_the_assignment_does_not_say_is_missing(start: dict[str, Any], lacks: list[str]) -> None:
    assert codes(record(journal(**start))) == lacks


def work(*, stages: tuple[str, ...] = ("before", "after"), tests: tuple[str, ...] = ("during", "after")) -> Journal:
    events = Journal(work_process="1.3", assignment=ASSIGNMENT)
    for stage in stages:
        events.snapshot(stage)
    for stage in tests:
        events.check("pass", stage)
    return events


@pytest.mark.parametrize("stages", [(), ("before",), ("after",)])
def test_each_machine_needs_a_snapshot_from_before_and_one_from_after(stages: tuple[str, ...]) -> None:
    assert codes(record(work(stages=stages).check("pass", **CONTROL))) == ["snapshots_missing"]
    second = work().check("pass", **CONTROL)
    second.add("play_start", play="q", name="More", hosts="b", targets=["b"])
    assert codes(record(second)) == ["snapshots_missing"]


@pytest.mark.parametrize(
    ("tests", "lacks"),
    [
        ((), ["tests_during_missing", "tests_after_missing"]),
        (("during",), ["tests_after_missing"]),
        (("after",), ["tests_during_missing"]),
    ],
)
def test_tests_are_needed_during_the_work_and_after_it(tests: tuple[str, ...], lacks: list[str]) -> None:
    assert codes(record(work(tests=tests).task("Install", "changed").check("pass", **CONTROL))) == lacks


@pytest.mark.parametrize(
    ("status", "lacks"),
    [("ok", []), ("skipped", []), ("changed", ["tests_during_missing"]), ("ignored", ["tests_during_missing"])],
)
def test_where_nothing_changed_there_was_no_work_to_test(status: str, lacks: list[str]) -> None:
    """A task that failed can have changed something."""
    assert codes(record(work(tests=("after",)).task("Install", status).check("pass", **CONTROL))) == lacks


def test_a_test_that_does_not_apply_is_none() -> None:
    events = work(tests=("during",)).check("not_applicable").check("pass", **CONTROL)
    assert codes(record(events)) == ["tests_after_missing"]


def test_a_baseline_that_was_measured_before_the_work_alone_is_none() -> None:
    assert codes(record(work().check("pass", "before", **CONTROL))) == ["baseline_missing"]
    assert codes(record(work().check("not_applicable", **CONTROL))) == []


def test_a_rest_point_or_a_proposal_is_an_answer_too_but_a_candidate_is_none() -> None:
    point = ("rest-point", {"item": "label the cables"})
    proposal = ("proposal", {"observation": "slow", "proposal": "cache"})
    assert codes(record(None, "rest_points_missing", more=(point,))) == []
    assert codes(record(None, "proposals_missing", more=(proposal,))) == []
    troubled = journal().check("fail", id="z.z").check("fail", id="z.z").check("pass", id="z.z")
    assert record(troubled, "proposals_missing").proposals.items
    assert "proposals_missing" in codes(record(troubled, "proposals_missing"))


def test_hours_of_travel_are_no_work() -> None:
    travel = ("hours", {"hours": 1.0, "activity": "trip", "kind": "travel"})
    assert codes(record(None, "hands_on_hours_missing", more=(travel,))) == ["hands_on_hours_missing"]


def test_what_was_submitted_again_waits_for_a_decision() -> None:
    again = (("decision", {"decision": "rejected", "remarks": "no"}), ("report", {"to": "M. de Wit"}))
    assert codes(record(None, "decision_missing", more=again)) == ["decision_missing"]
    assert codes(record(None, "decision_missing", more=again[:1])) == []


def test_a_journal_with_holes_keeps_a_record_from_being_complete() -> None:
    events = journal().task("one")
    events.lines[-2] = b"{\n"
    actual = record(events)
    assert (codes(actual), actual.completeness.complete, actual.completeness.journal_complete) == ([], False, False)


def test_of_work_that_no_machine_recorded_people_supply_the_proof() -> None:
    opened = {
        "record": "r1",
        "kind": "installation",
        "title": "Wiki",
        "work_process": "1.3",
        "systems": ["a", "b", "a"],
    }
    record = derive((), "", [make("opened", "S. Yilmaz", "2026-11-24T09:00:00.000000Z", opened)])
    assert (record.scope.systems, [system.name for system in record.systems]) == (("a", "b"), ["a", "b"])
    missing = record.completeness.missing
    actual = {item.code: (item.section, item.who, item.obligations, item.command) for item in missing}
    by_hand = {
        "components_missing": ("components", "executor", ("1.3-13",), "oplever add component"),
        "tests_during_missing": ("tests", "executor", ("1.3-06", "1.3-15"), "oplever add test"),
        "tests_after_missing": ("tests", "executor", ("1.3-07", "1.3-15"), "oplever add test"),
    }
    assert {code: row for code, row in actual.items() if code in by_hand} == by_hand
    assert "snapshots_missing" not in actual
