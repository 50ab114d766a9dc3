"""Faults over the runs of one record: in which one each was found, and which one showed that it was solved. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec import structs

from oplever.record.identity import TestKey
from oplever.record.joining.members import Readable, covers, worked_on
from oplever.record.model import BAD, Fault, Record, Step


class _Place(NamedTuple):
    """What went wrong where: the same in every run. `what` is a step with its role, or a test; a step that moved to
    another line of its file is the same step. Of several faults of one run that have one place, as tests of two suites
    with one id, `copy` tells them apart."""

    kind: str
    host: str
    what: str = ""
    copy: int = 0


def over_runs(runs: Sequence[Readable]) -> tuple[Fault, ...]:
    """All faults in order of time; one that came back is one fault, with its attempts counted over the runs."""
    waiting: dict[_Place, Fault] = {}
    faults: list[Fault] = []
    for run in runs:
        _solve(run, runs, waiting, faults)
        for place, fault in _faults_by_place(run.record):
            numbered = structs.replace(fault, id=number(run.number, fault.id), run=run.number)
            if fault.status == "solved":
                numbered = structs.replace(numbered, solved_in=run.number)
            if fault.status == "solved" or fault.kind == "reported":
                faults.append(numbered)
            else:
                waiting[place] = _again(waiting[place], numbered) if place in waiting else numbered
    return tuple(sorted((*faults, *waiting.values()), key=lambda fault: (fault.at, fault.id)))


def number(run: int, name: str) -> str:
    """The number of something in a record of several runs: each run numbers its own."""
    return f"{run}.{name}"


def _again(earlier: Fault, later: Fault) -> Fault:
    """A fault that came back; who ignores it in one run has not solved it in another."""
    status = "open" if "open" in (earlier.status, later.status) else later.status
    return structs.replace(earlier, attempts=earlier.attempts + later.attempts, status=status)


def _faults_by_place(record: Record) -> Iterator[tuple[_Place, Fault]]:
    count: Counter[_Place] = Counter()
    for fault in record.faults:
        place = _place(record, fault)
        yield place._replace(copy=count[place]), fault
        count[place] += 1


def _place(record: Record, fault: Fault) -> _Place:
    if fault.kind == "task_failed":
        step = _step(record, fault)
        return _Place(fault.kind, fault.host, f"{step.role} : {step.name}" if step else fault.location)
    return _Place(fault.kind, fault.host, fault.location if fault.kind == "test_failed" else "")


def _step(record: Record, fault: Fault) -> Step | None:
    """The step at which a fault was found."""
    return next((step for step in record.steps if fault.location in (step.name, f"{step.name} ({step.path})")), None)


def _solve(run: Readable, runs: Sequence[Readable], waiting: dict[_Place, Fault], faults: list[Fault]) -> None:
    """What this run shows to be solved of all that was open before it."""
    failed = {place for place, fault in _faults_by_place(run.record) if fault.status != "solved"}
    steps, passed = _well(run.record), _passed_tests(run.record)
    origins = {other.number: other for other in runs}
    for place, fault in list(waiting.items()):
        if place in failed:
            continue
        if retest := _retest(run, place, steps, passed) or _did_all(run, origins[fault.run], place):
            faults.append(structs.replace(fault, status="solved", retest=retest, solved_in=run.number))
            del waiting[place]


def _well(record: Record) -> dict[_Place, str]:
    """Steps that went well on a machine, with name and moment."""
    return {
        _Place("task_failed", result.host, f"{step.role} : {step.name}"): f"{step.name} {result.started}"
        for step in record.steps
        if step.by == "machine" and not step.check_mode
        for result in step.results
        if result.status in ("ok", "changed")
    }


def _passed_tests(record: Record) -> dict[_Place, str]:
    """Tests that passed, in every suite that has them."""
    last = {TestKey.of(test): test for test in record.tests}
    failing = {(test.host, test.id) for test in last.values() if test.status in BAD}
    return {
        _Place("test_failed", test.host, test.id): f"{test.id} {test.at}"
        for test in last.values()
        if test.status == "pass" and (test.host, test.id) not in failing
    }


def _retest(run: Readable, place: _Place, steps: dict[_Place, str], passed: dict[_Place, str]) -> str:
    """What of this run shows it; empty when nothing does."""
    if place.kind == "unreachable":
        is_there = any(s.name == place.host and s.reachable and worked_on(s) for s in run.record.systems)
        return f"{_playbooks(run.record)} {run.record.document.started}" if is_there else ""
    place = place._replace(copy=0)
    return steps.get(place, "") or passed.get(place, "")


def _did_all(run: Readable, origin: Readable, place: _Place) -> str:
    """A run that was to do all that the one with the fault was to do, and came to its end on the machine: the step is
    gone, or has another name. Of a test that is not there any more nobody knows how it would end."""
    record = run.record
    if place.kind not in ("task_failed", "interrupted") or not covers(record, origin.record, origin.run):
        return ""
    hosts = {place.host} if place.host else {system.name for system in origin.record.systems}
    whole = {system.name for system in record.systems if worked_on(system)} - _unfinished_machines(record)
    return f"{_playbooks(record)} {record.document.started}" if hosts and hosts <= whole else ""


def _unfinished_machines(record: Record) -> set[str]:
    """Machines of which a run, by its own record, did not do everything."""
    hosts = {system.name for system in record.systems if system.recap.failed or system.recap.unreachable}
    for reason in record.document.reasons:
        if reason.code in ("interrupted", "stopped", "tool_failed", "plays_not_begun", "plays_ended"):
            return {system.name for system in record.systems}
        if reason.code in ("hosts_stopped", "hosts_left", "hosts_not_reached", "hosts_ended"):
            hosts.update(reason.params["hosts"])
    return hosts


def _playbooks(record: Record) -> str:
    return ", ".join(record.document.playbooks)
