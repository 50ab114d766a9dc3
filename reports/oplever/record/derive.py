"""The record from the journal: pure, the same lines always give the same record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import structs

from oplever import clock
from oplever.journal.events import JournalEvent
from oplever.record import additions, checks, completeness, corrections, drift, opinions, reach, score, snapshots
from oplever.record.candidates import candidates
from oplever.record.entries import Entry
from oplever.record.faults import faults
from oplever.record.fold import Run, fold
from oplever.record.model import (
    SCHEMA_VERSION,
    Assignment,
    Completeness,
    Document,
    History,
    Hours,
    HoursLine,
    Person,
    Recap,
    Record,
    Scope,
    System,
)
from oplever.record.stage import stage
from oplever.record.steps import counts, rescued, steps
from oplever.record.verdict import Grounds, verdict

ROLES = frozenset(("executor", "verifier", "supervisor", "principal", "user"))


def derive(events: Iterable[JournalEvent], digest: str = "", entries: Sequence[Entry] = ()) -> Record:
    """`events` of one journal in order, `digest` the SHA-256 of its file, `entries` what people added.

    What nobody said stays empty.
    """
    return conclude(fold(events), digest, entries)


def conclude(run: Run, digest: str, entries: Sequence[Entry]) -> Record:
    """As `derive`, for a journal that was folded already."""
    saved = rescued(run)
    found = list(checks.outcomes(run.checks))
    pairs = snapshots.first_and_last(run.snapshots)
    tests = (*checks.tests(found), *drift.tests(pairs), *additions.tests(entries))
    known = additions.exceptions(checks.baseline(run.checks, found), entries, run.last[:10])
    baseline = opinions.joined(score.scored(known, run.checks), entries)
    fault_list = additions.faults(faults(run, saved, found), entries)
    acceptance, rest_points = additions.acceptance(entries), additions.rest_points(entries)
    systems = _systems(run, pairs)
    both = {h: (b.data["snapshot"], a.data["snapshot"]) for h, (b, a) in pairs.items() if b and a}
    assignment = additions.assignment(_assignment(run), entries)
    done = steps(run, saved)
    all_steps = (*done, *additions.steps(len(done), entries))
    accountability, signatures = additions.accountability(entries), additions.signatures(entries)
    grounds = Grounds(
        run=run,
        saved=frozenset(saved),
        systems=systems,
        steps=all_steps,
        tests=tests,
        baseline=baseline,
        faults=fault_list,
        acceptance=acceptance,
        accountability=accountability,
        rest_points=rest_points,
    )
    process = additions.work_process((run.start and run.start.work_process) or "", entries)
    conclusion, reasons = verdict(grounds)
    record = Record(
        schema=SCHEMA_VERSION,
        id=run.start.id if run.start else "",
        work_process=process,
        status=additions.status(entries),
        verdict=conclusion,
        stage=stage(
            reasons,
            has_passed=bool(grounds.measured) and not grounds.failing,
            acceptance=acceptance,
            accountability=accountability,
            signatures=signatures,
        ),
        document=_revised(structs.replace(_document(run, digest), reasons=reasons), entries),
        assignment=assignment,
        people=_people(run),
        scope=_scope(run, process),
        systems=systems,
        components=(
            *(c for host, (old, new) in both.items() for c in snapshots.components(host, old, new)),
            *additions.components(entries),
        ),
        settings=tuple(s for host, (old, new) in both.items() for s in snapshots.settings(host, old, new)),
        plan=(*run.plan.values(), *reach.plays_not_begun(run)),
        steps=all_steps,
        tests=tests,
        baseline=baseline,
        faults=fault_list,
        escalations=additions.escalations(entries),
        acceptance=acceptance,
        rest_points=rest_points,
        consequences=additions.consequences(entries),
        proposals=additions.proposals(entries, candidates(fault_list)),
        hours=additions.hours(_hours(run, assignment.norm_hours), entries),
        accountability=accountability,
        handover=additions.handover(entries),
        annexes=(),
        signatures=signatures,
        completeness=Completeness(complete=False),
    )
    record = corrections.apply(record, entries)
    lacking = completeness.missing(record)
    lost = run.gaps + (run.end.lost if run.end else 0)
    whole = run.end is not None and not lost and not run.surplus
    return structs.replace(record, completeness=Completeness(not lacking and whole, lacking, whole, run.lines))


def _revised(document: Document, entries: Sequence[Entry]) -> Document:
    history = (*document.history, *additions.history(entries))
    return structs.replace(document, revision=len(history), history=history)


def _document(run: Run, digest: str) -> Document:
    start = run.start
    return Document(
        revision=1,
        created=run.last,
        started=run.started,
        ended=run.end.t if run.end else None,
        duration=round((clock.moment(run.last) - clock.moment(run.started)).total_seconds(), 6) if start else 0.0,
        journal_version=start.version if start else 0,
        journal_digest=digest,
        tool_versions={key: value for key, value in ((start and start.versions) or {}).items() if value},
        playbooks=tuple(playbook.name for playbook in run.playbooks),
        command=tuple(start.command) if start else (),
        check_mode=bool(start and start.check_mode),
        inventories=tuple((start and start.inventories) or ()),
        commit=start.commit if start else None,
        dirty=start.dirty if start else None,
        reasons=(),
        history=(History(1, run.last, "machine", "run"),),
    )


def _systems(run: Run, pairs: Mapping[str, tuple[Any, Any]]) -> tuple[System, ...]:
    recaps = counts(run)
    seconds: dict[str, float] = {}
    roles: dict[str, dict[str, None]] = {}
    for result in run.results:
        seconds[result.host] = seconds.get(result.host, 0.0) + (result.duration or 0.0)
        if (role := run.tasks[result.task].start.role) and result.status != "skipped":
            roles.setdefault(result.host, {})[role] = None
    return tuple(
        _system(
            run,
            host,
            recap=recaps.get(host, Recap()),
            pair=pairs.get(host, (None, None)),
            roles=roles.get(host, {}),
            seconds=seconds.get(host, 0.0),
        )
        for host in run.hosts
    )


def _system(
    run: Run, host: str, *, recap: Recap, pair: tuple[Any, Any], roles: Iterable[str], seconds: float
) -> System:
    before, after = pair
    last = after or before
    return System(
        name=host,
        recap=recap,
        groups=tuple(run.groups.get(host, ())),
        reachable=not recap.unreachable,
        roles=tuple(roles),
        machine_seconds=round(seconds, 6),
        snapshot_before=before.t if before else None,
        snapshot_after=after.t if after else None,
        **(snapshots.describe(last.data["snapshot"]) if last else {}),
    )


def _assignment(run: Run) -> Assignment:
    said = run.start.assignment if run.start and isinstance(run.start.assignment, dict) else {}
    texts = ("id", "title", "principal", "location", "requested_by", "reason", "planned_start", "planned_end")
    norm, procedures = said.get("norm_hours"), said.get("procedures")
    return Assignment(
        **{key: str(said[key]) for key in texts if said.get(key)},
        norm_hours=float(norm) if isinstance(norm, (int, float)) else None,
        prescribed_order=said.get("prescribed_order") is True,
        procedures=tuple(map(str, procedures)) if isinstance(procedures, list) else (),
    )


def _people(run: Run) -> tuple[Person, ...]:
    """Who the assignment names; else the account that ran it."""
    start = run.start
    if start is None:
        return ()
    account, controller = start.account or "", start.controller or ""
    said = start.assignment.get("people") if isinstance(start.assignment, dict) else None
    named = [p for p in said if isinstance(p, dict) and p.get("role") in ROLES] if isinstance(said, list) else []
    people = [Person(str(p.get("name") or ""), p["role"], str(p.get("level") or "")) for p in named]
    if not any(person.role == "executor" for person in people):
        people.insert(0, Person(start.person or "", "executor"))
    return tuple(
        structs.replace(person, account=account, controller=controller) if person.role == "executor" else person
        for person in people
    )


def _scope(run: Run, work_process: str) -> Scope:
    start = run.start
    if start is None:
        return Scope(tuple(run.hosts), ())
    limit = start.limit or ""
    return Scope(
        systems=tuple(run.hosts),
        work_processes=(work_process,) if work_process else (),
        limit=limit if isinstance(limit, str) else ",".join(limit),
        tags=tuple(start.tags or ()),
        skip_tags=tuple(start.skip_tags or ()),
    )


def _hours(run: Run, norm: float | None) -> Hours:
    """Wall time of the run, a line for each day (UTC) it touched."""
    if run.start is None:
        return Hours(norm=norm)
    lines = [
        HoursLine("machine", day.isoformat(), "machine", "ansible-playbook", round(seconds / 3600, 4))
        for day, seconds in clock.seconds_by_day(clock.moment(run.started), clock.moment(run.last))
    ]
    return Hours(tuple(lines), machine=round(sum(line.hours for line in lines), 4), norm=norm)
