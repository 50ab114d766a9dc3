"""What an installation cannot do without, who must supply it and how. Codes are listed in docs/reference/record.md."""

from __future__ import annotations

from oplever.kinds.base import Rule
from oplever.record import figures
from oplever.record.identity import is_measured
from oplever.record.model import Record
from oplever.record.start import is_stated


def _procedures(record: Record) -> bool:
    return not record.assignment.procedures


def _work_process(record: Record) -> bool:
    return not record.work_process


def _executor(record: Record) -> bool:
    return not any(person.role == "executor" and person.name for person in record.people)


def _components(record: Record) -> bool:
    """For work by hand an entry gives what a snapshot shows for other work."""
    return is_stated(record) and not record.components


def _snapshots(record: Record) -> bool:
    if is_stated(record):
        return False
    return not record.systems or any(not (s.snapshot_before and s.snapshot_after) for s in record.systems)


def _tests(record: Record, stage: str) -> bool:
    return not any(test.stage == stage and is_measured(test) for test in record.tests)


def _during(record: Record) -> bool:
    """Where nothing changed there was no work to test during it; the tests after it are asked for all the same."""
    return not is_stated(record) and _tests(record, "during") and not figures.changed_nothing(record)


def _after(record: Record) -> bool:
    return not is_stated(record) and _tests(record, "after")


def _during_by_hand(record: Record) -> bool:
    return is_stated(record) and _tests(record, "during")


def _after_by_hand(record: Record) -> bool:
    return is_stated(record) and _tests(record, "after")


def _baseline(record: Record) -> bool:
    return not any(control.after for control in record.baseline.controls)


def _acceptance(record: Record) -> bool:
    return record.acceptance.verdict is None


def _rest_points(record: Record) -> bool:
    return not (record.rest_points.items or record.rest_points.none_stated)


def _proposals(record: Record) -> bool:
    return not (record.proposals.none_stated or any(not p.candidate for p in record.proposals.items))


def _hours(record: Record) -> bool:
    return not record.hours.hands_on


def _report(record: Record) -> bool:
    return record.accountability.form is None


def _decision(record: Record) -> bool:
    """A report after a rejection asks for a new one."""
    return record.accountability.decision is None or record.status == "submitted"


RULES = (
    Rule(
        "scope",
        "work_process_missing",
        "executor",
        (),
        "assignment",
        _work_process,
        fields=("work_process",),
    ),
    Rule(
        "assignment",
        "procedures_missing",
        "executor",
        ("1.3-10", "1.3-16"),
        "assignment",
        _procedures,
        fields=("procedures",),
    ),
    Rule("people", "people_missing", "executor", ("1.3-22",), "assignment", _executor, fields=("executor",)),
    Rule("systems", "snapshots_missing", "toolkit", ("1.3-13", "1.3-14", "1.3-19"), "", _snapshots),
    Rule("components", "components_missing", "executor", ("1.3-13",), "component", _components),
    Rule("tests", "tests_during_missing", "toolkit", ("1.3-06", "1.3-15"), "", _during),
    Rule(
        "tests",
        "tests_during_missing",
        "executor",
        ("1.3-06", "1.3-15"),
        "test",
        _during_by_hand,
        preset={"stage": "during"},
    ),
    Rule("tests", "tests_after_missing", "toolkit", ("1.3-07", "1.3-15"), "", _after),
    Rule(
        "tests",
        "tests_after_missing",
        "executor",
        ("1.3-07", "1.3-15"),
        "test",
        _after_by_hand,
        preset={"stage": "after"},
    ),
    Rule("baseline", "baseline_missing", "toolkit", ("1.3-12",), "", _baseline),
    Rule("acceptance", "acceptance_missing", "user", ("1.3-11",), "acceptance", _acceptance),
    Rule(
        "rest_points",
        "rest_points_missing",
        "executor",
        ("3.3-02",),
        "rest-point",
        _rest_points,
        fields=("item", "owner", "due"),
    ),
    Rule("proposals", "proposals_missing", "executor", ("1.3-17", "1.3-18"), "proposal", _proposals),
    Rule(
        "hours",
        "hands_on_hours_missing",
        "executor",
        ("1.3-20",),
        "hours",
        _hours,
        preset={"kind": "hands_on"},
    ),
    Rule("accountability", "report_missing", "executor", ("1.3-22",), "report", _report),
    Rule("accountability", "decision_missing", "supervisor", ("1.3-22",), "decision", _decision),
)
"""In the order in which they are listed."""
