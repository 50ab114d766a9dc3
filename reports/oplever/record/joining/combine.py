"""One record of the records of several runs: machines, steps, tests, controls, faults and hours together. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

from msgspec import structs

from oplever.record import figures, snapshots
from oplever.record.calls import Call
from oplever.record.drift import SUITE
from oplever.record.entries.test import is_by_hand
from oplever.record.identity import TestKey, latest
from oplever.record.joining.faults import number, over_runs
from oplever.record.joining.members import Member, Readable, counted, readable, worked_on
from oplever.record.model import (
    Assignment,
    Baseline,
    Component,
    Control,
    Document,
    EarlierResult,
    Escalation,
    ExceptionGrant,
    Handover,
    Hours,
    JoinedRun,
    Person,
    PlanStep,
    Proposal,
    Proposals,
    Reason,
    Record,
    RestPoint,
    RestPoints,
    Scope,
    Step,
    System,
    Test,
)
from oplever.record.snapshots import Pair

_Part = TypeVar("_Part", Assignment, Handover)

COMPUTED = frozenset(
    {
        "no_hosts", "nothing_done", "nothing_stated", "stated", "hand_steps_failed", "tests_failed", "faults_open",
        "faults_escalated", "controls_failed", "drift_accepted", "failures_ignored", "no_tests", "hosts_untested",
        "snapshots_missing", "rest_points_open", "accepted_with_rest_points",
    }
)  # fmt: skip
"""Reasons of a run that the record of several runs has from its own rows."""
LASTING = frozenset({"journal_lines_lost", "journal_lines_differ", "clock_set"})
"""Reasons that hold however well later runs went: of what an earlier one recorded some is not known."""


def joined(record: Record, members: Sequence[Member]) -> Record:
    """`record`, as its first line opened it, with all that its runs say."""
    runs = readable(members)
    states = counted(runs)
    pairs = first_and_last(members)
    changes = snapshots.changes_of_all(pairs)
    return structs.replace(
        record,
        work_process=_last(run.record.work_process for run in runs) or record.work_process,
        document=_document(record, runs),
        assignment=_last_values(Assignment(), (record.assignment, *(run.record.assignment for run in runs))),
        people=_people(record, runs),
        scope=_scope(runs),
        systems=_systems(states, pairs),
        components=(*changes.components, *_material(runs)),
        settings=tuple(changes.settings),
        plan=tuple(_plan(runs)),
        steps=tuple(_steps(runs)),
        tests=tuple(_tests(states)),
        baseline=_baseline(states),
        faults=over_runs(states),
        escalations=tuple(_escalations(runs)),
        rest_points=RestPoints(tuple(_rest_points(runs))),
        consequences=tuple(row for run in runs for row in run.record.consequences),
        proposals=Proposals(tuple(_proposals(runs))),
        hours=_hours(runs),
        handover=_last_values(Handover(), [run.record.handover for run in runs]),
        annexes=tuple(row for run in runs for row in run.record.annexes),
        runs=tuple(_rows(members, runs, states)),
    )


def checks(members: Sequence[Member]) -> list[Call]:
    """Results of the check engine of all runs that say what state machines are in, in their order."""
    return [call for run in counted(readable(members)) for call in run.run.checks]


def first_and_last(members: Sequence[Member]) -> dict[str, Pair]:
    """Of each machine the snapshot before the first run that got to it and the one after the last. When that run made
    none there is none: an earlier or later snapshot does not show the state before or after the work."""
    pairs: dict[str, Pair] = {}
    for run in counted(readable(members)):
        of_run = snapshots.first_and_last(run.run.snapshots)
        for system in run.record.systems:
            if worked_on(system):
                pair = of_run.get(system.name, Pair())
                first = pairs.get(system.name, pair)
                pairs[system.name] = Pair(first.before, pair.after)
    return pairs


def _material(runs: Iterable[Readable]) -> Iterator[Component]:
    """Material that was used, as people wrote it down."""
    return (row for run in runs for row in run.record.components if row.by != "machine")


def _escalations(runs: Iterable[Readable]) -> Iterator[Escalation]:
    for run in runs:
        for row in run.record.escalations:
            fault = row.fault and number(run.number, row.fault)
            yield structs.replace(row, id=number(run.number, row.id), fault=fault)


def _rest_points(runs: Iterable[Readable]) -> Iterator[RestPoint]:
    for run in runs:
        for row in run.record.rest_points.items:
            yield structs.replace(row, id=number(run.number, row.id))


def _proposals(runs: Iterable[Readable]) -> Iterator[Proposal]:
    """Those that people made; candidates of the record are found anew in the runs together."""
    for run in runs:
        for row in run.record.proposals.items:
            if not row.candidate:
                yield structs.replace(row, id=number(run.number, row.id))


def _last(values: Iterable[str]) -> str:
    return next(iter([value for value in values if value][::-1]), "")


def _last_values(empty: _Part, parts: Iterable[_Part]) -> _Part:
    """Field by field the last value that was filled in."""
    values: dict[str, Any] = {}
    for part in parts:
        filled = ((name, getattr(part, name)) for name in part.__struct_fields__)
        values |= {name: value for name, value in filled if value not in ("", (), None, False)}
    return structs.replace(empty, **values)


def _document(record: Record, runs: Sequence[Readable]) -> Document:
    """Document control: from the first start to the last end, with the time in runs added up."""
    documents = [run.record.document for run in runs]
    if not documents:
        return record.document
    last = documents[-1]
    return structs.replace(
        record.document,
        started=documents[0].started,
        ended=last.ended,
        duration=round(sum(document.duration for document in documents), 6),
        journal_version=max(document.journal_version for document in documents),
        tool_versions=last.tool_versions,
        playbooks=_once(document.playbooks for document in documents),
        check_mode=all(document.check_mode for document in documents),
        inventories=_once(document.inventories for document in documents),
        commit=last.commit,
        dirty=last.dirty,
    )


def _once(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(groups)))


def _people(record: Record, runs: Sequence[Readable]) -> tuple[Person, ...]:
    """Everybody once for each role. Who took the runs together is an executor only if no run has one."""
    of_runs = {
        (person.name, person.role, person.account): person
        for run in runs
        for person in run.record.people
        if person.name or person.account
    }
    has_executor = any(role == "executor" and name for name, role, _ in of_runs)
    return (*(() if has_executor else record.people), *of_runs.values())


def _scope(runs: Sequence[Readable]) -> Scope:
    """All machines of all runs. To what one run was limited, its row says."""
    scopes = [run.record.scope for run in runs]
    exclusions = {row.system: row for scope in scopes for row in scope.exclusions}
    systems = _once(scope.systems for scope in scopes)
    return Scope(systems, _once(s.work_processes for s in scopes), exclusions=tuple(exclusions.values()))


def _systems(runs: Sequence[Readable], pairs: Mapping[str, Pair]) -> tuple[System, ...]:
    by_host: dict[str, list[System]] = {}
    for run in runs:
        for system in run.record.systems:
            by_host.setdefault(system.name, []).append(system)
    return tuple(_system(rows, pairs.get(host, Pair())) for host, rows in by_host.items())


_UNSAID = ("", (), None)


def _system(rows: Sequence[System], pair: Pair) -> System:
    """As the last run left it, with its counts. What that run does not say is as the run before it has it."""
    last = rows[-1]
    earlier = rows[-2::-1] if len(rows) > 1 else ()
    values: dict[str, Any] = {
        name: next((value for row in earlier if (value := getattr(row, name)) not in _UNSAID), getattr(last, name))
        for name in System.__struct_fields__
        if getattr(last, name) in _UNSAID
    }
    values |= {
        "roles": _once(row.roles for row in rows),
        "handout": tuple(dict.fromkeys(line for row in reversed(rows) for line in row.handout)),
        "machine_seconds": round(sum(row.machine_seconds for row in rows), 6),
        "snapshot_before": pair.before.t if pair.before else None,
        "snapshot_after": pair.after.t if pair.after else None,
    }
    return structs.replace(last, **values)


def _plan(runs: Sequence[Readable]) -> Iterator[PlanStep]:
    """The plays of all runs in their order. Plays that a run did not begin count as long as the run decides."""
    steps = ((run, step) for run in runs for step in run.record.plan if step.started or run.deciding)
    for place, (run, step) in enumerate(steps, 1):
        yield structs.replace(step, number=place, run=run.number)


def _steps(runs: Sequence[Readable]) -> Iterator[Step]:
    steps = ((run, step) for run in runs for step in run.record.steps)
    for place, (run, step) in enumerate(steps, 1):
        yield structs.replace(step, number=place, run=run.number)


def _tests(runs: Sequence[Readable]) -> Iterator[Test]:
    """Of each test at each stage the last result, with those of earlier runs. One that a later run does not have stays
    as it was: nobody knows how it would end now. What differed from a delivery and does no longer is the exception."""
    last: dict[tuple[TestKey, str], Test] = {}
    for run in runs:
        compared = {test.host for test in run.record.tests if test.suite == SUITE}
        gone = [key for key, test in last.items() if test.suite == SUITE and test.host in compared]
        for key in gone:
            del last[key]
        for test in _with_own_names(run):
            place = (TestKey.of(test), test.stage)
            last[place] = structs.replace(_retest(last.get(place), test), run=run.number)
    yield from last.values()


def _with_own_names(run: Readable) -> Iterator[Test]:
    """The tests of a run. Those by hand have the number of the run before theirs: each run counts its own, and the
    first of one is about something else than the first of another."""
    for test in run.record.tests:
        yield structs.replace(test, id=number(run.number, test.id)) if is_by_hand(test) else test


def _retest(before: Test | None, test: Test) -> Test:
    """A test with the results that it had in earlier runs, the last of which is `before`."""
    if before is None:
        return structs.replace(test, earlier=())
    result = EarlierResult(before.run, before.status, before.found, before.at)
    return structs.replace(test, attempt=test.attempt + before.attempt, earlier=(*before.earlier, result))


def _baseline(runs: Sequence[Readable]) -> Baseline:
    """Controls as the first run found them and the last one left them."""
    controls: dict[tuple[str, str], Control] = {}
    grants: dict[tuple[str, str], ExceptionGrant] = {}
    measured = [_with_numbers(run.number, run.record.baseline) for run in runs if run.record.baseline.controls]
    for baseline in measured:
        for control in baseline.controls:
            earlier = controls.get((control.id, control.host))
            controls[control.id, control.host] = _control(earlier, control) if earlier else control
        grants |= {(grant.id, grant.control): grant for grant in baseline.exceptions}
    reports = {(o.tool, o.host): run for run in runs for o in run.record.baseline.opinions}
    return Baseline(
        profile=_last(baseline.profile for baseline in measured),
        version=_last(baseline.version for baseline in measured),
        controls=tuple(controls.values()),
        exceptions=tuple(grants.values()),
        opinions=tuple(
            opinion
            for run in runs
            for opinion in run.record.baseline.opinions
            if reports[opinion.tool, opinion.host] is run
        ),
    )


def _with_numbers(run: int, baseline: Baseline) -> Baseline:
    """The exceptions that people entered with the number of their run: each record counts its own from X1 on. Those of
    a file have the names that the file gives them, in every run."""
    numbers = {grant.id: number(run, grant.id) for grant in baseline.exceptions if grant.stated_by}
    if not numbers:
        return baseline
    return structs.replace(
        baseline,
        controls=tuple(
            structs.replace(control, exception=numbers.get(control.exception, control.exception))
            for control in baseline.controls
        ),
        exceptions=tuple(structs.replace(grant, id=numbers.get(grant.id, grant.id)) for grant in baseline.exceptions),
    )


def _control(earlier: Control, later: Control) -> Control:
    """The state before is the first one that was measured; the state after is of the last run that measured it."""
    if earlier.before is not None:
        later = structs.replace(later, before=earlier.before, found_before=earlier.found_before)
    if later.after is not None:
        return later
    return structs.replace(earlier, before=later.before, found_before=later.found_before)


def _hours(runs: Sequence[Readable]) -> Hours:
    lines = tuple(structs.replace(line, run=run.number) for run in runs for line in run.record.hours.lines)
    sums = [run.record.hours for run in runs]
    norms = [hours.norm for hours in sums if hours.norm is not None]
    return Hours(
        lines,
        machine=round(sum(hours.machine for hours in sums), 4),
        hands_on=round(sum(hours.hands_on for hours in sums), 4),
        other=round(sum(hours.other for hours in sums), 4),
        norm=norms[-1] if norms else None,
    )


def _rows(members: Sequence[Member], runs: Sequence[Readable], states: Sequence[Readable]) -> Iterator[JoinedRun]:
    by_number = {member.number: member for member in members}
    deciding = {run.number for run in states}
    for run in runs:
        yield _row(by_number[run.number], run, is_counted=run.number in deciding)
    for member in members:
        if member.record is None:
            yield structs.replace(_citation(member), problem=member.problem)


def _citation(member: Member) -> JoinedRun:
    """The row of a run with what names it, and nothing of what is in its record."""
    return JoinedRun(member.number, member.name, member.revision, member.fingerprint, member.digest)


def _row(member: Member, run: Readable, *, is_counted: bool) -> JoinedRun:
    record = run.record
    passed, measured = figures.passed_and_measured(latest(record.tests))
    completeness = record.completeness
    return structs.replace(
        _citation(member),
        started=record.document.started,
        ended=record.document.ended,
        duration=record.document.duration,
        playbooks=record.document.playbooks,
        limit=record.scope.limit,
        tags=record.scope.tags,
        check_mode=record.document.check_mode,
        verdict=record.verdict,
        stage=record.stage,
        hosts=tuple(system.name for system in record.systems),
        deciding=tuple(s.name for s in record.systems if is_counted and s.name in run.deciding),
        reasons=tuple(_holding(run, is_counted=is_counted)),
        passed=passed,
        measured=measured,
        lines=completeness.lines,
        is_whole=completeness.journal_complete,
    )


def _holding(run: Readable, *, is_counted: bool) -> Iterator[Reason]:
    """The reasons of a run that still hold: of machines that no later run did as much for, by their names."""
    for reason in run.record.document.reasons:
        if reason.code in LASTING:
            yield reason
        elif reason.code in COMPUTED or not is_counted or not run.deciding:
            continue
        elif "hosts" not in reason.params:
            hosts = [system.name for system in run.record.systems if system.name in run.deciding]
            yield structs.replace(reason, params={**reason.params, "decides_for": hosts})
        elif hosts := [host for host in reason.params["hosts"] if host in run.deciding]:
            yield structs.replace(reason, params={**reason.params, "hosts": hosts})
