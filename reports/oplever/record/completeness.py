"""What the record lacks, who must supply it and how. Codes are listed in docs/reference/record.md."""

from __future__ import annotations

from collections.abc import Iterator

from oplever.record.identity import is_measured
from oplever.record.model import Missing, Record, Who

_Rule = tuple[str, str, Who, tuple[str, ...], str]
"""Section, code, who, obligations (docs/requirements.md), command."""

ACCEPTANCE: _Rule = ("acceptance", "acceptance_missing", "user", ("1.3-11",), "oplever add acceptance")
HOURS: _Rule = ("hours", "hands_on_hours_missing", "executor", ("1.3-20",), "oplever add hours")
PROPOSALS: _Rule = ("proposals", "proposals_missing", "executor", ("1.3-17", "1.3-18"), "oplever add proposal")
REST_POINTS: _Rule = ("rest_points", "rest_points_missing", "executor", ("3.3-02",), "oplever add rest-point")
REPORT: _Rule = ("accountability", "report_missing", "executor", ("1.3-22",), "oplever add report")
DECISION: _Rule = ("accountability", "decision_missing", "supervisor", ("1.3-22",), "oplever add decision")
DURING: _Rule = ("tests", "tests_during_missing", "toolkit", ("1.3-06", "1.3-15"), "")
AFTER: _Rule = ("tests", "tests_after_missing", "toolkit", ("1.3-07", "1.3-15"), "")
SNAPSHOTS: _Rule = ("systems", "snapshots_missing", "toolkit", ("1.3-13", "1.3-14", "1.3-19"), "")
BASELINE: _Rule = ("baseline", "baseline_missing", "toolkit", ("1.3-12",), "")
PROCEDURES: _Rule = ("assignment", "procedures_missing", "executor", ("1.3-10", "1.3-16"), "oplever add assignment")
WORK_PROCESS: _Rule = ("scope", "work_process_missing", "executor", (), "oplever add assignment")
PEOPLE: _Rule = ("people", "people_missing", "executor", ("1.3-22",), "")


INSTALLATION = "1.3"
"""The work process that the obligations are of."""


def missing(record: Record) -> tuple[Missing, ...]:
    """Every rule that is not met; it names obligations only where the record is of the work process that has them."""
    bound = record.work_process == INSTALLATION
    return tuple(
        Missing(section, code, who, obligations if bound else (), command)
        for section, code, who, obligations, command in _rules(record)
    )


def _rules(record: Record) -> Iterator[_Rule]:
    yield from _of_the_work(record)
    yield from _of_people(record)


def _of_the_work(record: Record) -> Iterator[_Rule]:
    if not record.work_process:
        yield WORK_PROCESS
    if not record.assignment.procedures:
        yield PROCEDURES
    if not any(person.role == "executor" and person.name for person in record.people):
        yield PEOPLE
    if not record.systems or any(not (s.snapshot_before and s.snapshot_after) for s in record.systems):
        yield SNAPSHOTS
    stages = {test.stage for test in record.tests if is_measured(test)}
    if "during" not in stages:
        yield DURING
    if "after" not in stages:
        yield AFTER
    if not any(control.after for control in record.baseline.controls):
        yield BASELINE


def _of_people(record: Record) -> Iterator[_Rule]:
    if record.acceptance.verdict is None:
        yield ACCEPTANCE
    if not (record.rest_points.items or record.rest_points.none_stated):
        yield REST_POINTS
    if not (record.proposals.none_stated or any(not p.candidate for p in record.proposals.items)):
        yield PROPOSALS
    if not record.hours.hands_on:
        yield HOURS
    if record.accountability.form is None:
        yield REPORT
    if record.accountability.decision is None or record.status == "submitted":  # submitted again after a rejection
        yield DECISION
