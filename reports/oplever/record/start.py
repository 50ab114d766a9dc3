"""A record as it is before anybody added to it: what machines said in the journal of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs

from oplever import clock
from oplever._shared.values import mapping, rows
from oplever.record import checks, drift, reach, snapshots
from oplever.record.faults import faults
from oplever.record.fold import Run, relative
from oplever.record.model import (
    SCHEMA_VERSION,
    Acceptance,
    Accountability,
    Assignment,
    Card,
    Completeness,
    Document,
    GroupTask,
    Handover,
    History,
    Hours,
    HoursLine,
    Person,
    Proposals,
    Recap,
    Record,
    RestPoints,
    Scope,
    System,
)
from oplever.record.snapshots import Pair
from oplever.record.steps import counts, rescued, steps
from oplever.text import plain_name

ROLES = frozenset(("executor", "verifier", "supervisor", "principal", "user"))
_ARGUMENT_SPEC = "ansible.builtin.validate_argument_spec"
RUN = "installation"
"""The kind of every record with a journal."""


def is_stated(record: Record) -> bool:
    """Whether the record has no journal, nor runs that have one: all of it was entered by people."""
    return not (record.document.journal_version or record.runs)


def start(run: Run, digest: str) -> Record:
    """The record of a journal alone. Verdict, stage, scores and completeness are not in it: the kind adds them."""
    saved = rescued(run)
    outcomes = list(checks.outcomes(run.checks))
    pairs = snapshots.first_and_last(run.snapshots)
    changes = snapshots.changes_of_all(pairs)
    drifted = list(drift.tests(pairs))
    assignment, systems = _assignment(run), _systems(run, pairs)
    return Record(
        schema=SCHEMA_VERSION,
        id=plain_name(run.start.id) if run.start else "",
        kind=RUN,
        work_process=(run.start.work_process or "") if run.start else "",
        status="concept",
        verdict="interrupted",
        stage="nothing_done",
        document=_document(run, digest),
        assignment=assignment,
        people=_people(run),
        scope=_scope(run),
        systems=systems,
        components=tuple(changes.components),
        settings=tuple(changes.settings),
        plan=(*run.plan.values(), *reach.plays_not_begun(run)),
        steps=steps(run, saved),
        tests=(*checks.tests(outcomes), *drifted),
        baseline=checks.baseline(run.checks, outcomes),
        faults=faults(run, saved, outcomes, drifted) if run.start else (),
        escalations=(),
        acceptance=Acceptance(),
        rest_points=RestPoints(),
        consequences=(),
        proposals=Proposals(),
        hours=_hours(run, assignment.norm_hours),
        accountability=Accountability(),
        handover=Handover(),
        annexes=(),
        signatures=(),
        completeness=Completeness(complete=False),
        cards=_cards(run, systems),
    )


def _cards(run: Run, systems: tuple[System, ...]) -> tuple[Card, ...]:
    """What the roles that did something on a machine tell people, in the order in which they ran."""
    at_work = {role for system in systems for role in system.roles}
    return tuple(card for role, cards in run.cards.items() if role in at_work for card in cards)


def _document(run: Run, digest: str) -> Document:
    start = run.start
    return Document(
        revision=1 if start else 0,
        created=run.last,
        started=run.started,
        ended=run.end.t if run.end else None,
        duration=round((clock.moment(run.last) - clock.moment(run.started)).total_seconds(), 6) if start else 0.0,
        journal_version=start.version if start else 0,
        journal_digest=digest,
        tool_versions={key: value for key, value in ((start and start.versions) or {}).items() if value},
        playbooks=tuple(playbook.name for playbook in run.playbooks),
        command=tuple(start.command) if start else (),
        check_mode=reach.is_trial(run),
        inventories=tuple((start and start.inventories) or ()),
        commit=start.commit if start else None,
        dirty=start.dirty if start else None,
        reasons=(),
        history=(History(1, run.last, "machine", "run"),) if start else (),
    )


def _systems(run: Run, pairs: Mapping[str, Pair]) -> tuple[System, ...]:
    recaps, roles, seconds, helpers = counts(run), _roles(run), _seconds(run), reach.helpers_unreachable(run)
    return tuple(
        _system(
            run,
            host,
            recap=recaps.get(host, Recap()),
            pair=pairs.get(host, Pair()),
            roles=tuple(roles.get(host, ())),
            seconds=seconds.get(host, 0.0),
            reachable=host in helpers or not recaps.get(host, Recap()).unreachable,
        )
        for host in run.hosts
    )


def _roles(run: Run) -> dict[str, dict[str, None]]:
    """By machine the roles that did something there, in the order in which they did."""
    roles: dict[str, dict[str, None]] = {}
    audits = {call.path for call in run.checks if call.data.get("profile")}
    for task in run.tasks.values():
        role = task.start.role
        # To read a machine against the baseline, or the options of a role, gives it no task.
        if not role or task.start.action == _ARGUMENT_SPEC or relative(run, task.start.path) in audits:
            continue
        for host, status in zip(task.results.hosts, task.results.statuses, strict=True):
            if status != "skipped":
                roles.setdefault(host, {})[role] = None
    for call in run.checks:  # one task tests several roles, each of which says in its result which it is
        if isinstance(call.data.get("role"), str):
            roles.setdefault(call.host, {})[call.data["role"]] = None
    return roles


def _seconds(run: Run) -> dict[str, float]:
    """By machine the time that its results took, added up."""
    seconds: dict[str, float] = {}
    for task in run.tasks.values():
        for host, duration in zip(task.results.hosts, task.results.durations, strict=True):
            seconds[host] = seconds.get(host, 0.0) + duration
    return seconds


def _system(
    run: Run, host: str, *, recap: Recap, pair: Pair, roles: Sequence[str], seconds: float, reachable: bool
) -> System:
    snapshot, groups = pair.after or pair.before, tuple(run.groups.get(host, ()))
    return System(
        name=host,
        recap=recap,
        groups=groups,
        reachable=reachable,
        roles=tuple(roles),
        machine_seconds=round(seconds, 6),
        snapshot_before=pair.before.t if pair.before else None,
        snapshot_after=pair.after.t if pair.after else None,
        handout=tuple(line for role in reversed(roles) for line in run.handouts.get(role, ())),
        tasks=tuple(GroupTask(group, run.task_words[group]) for group in groups if group in run.task_words),
        **(snapshots.describe(snapshot.snapshot) if snapshot else {}),
    )


def _assignment(run: Run) -> Assignment:
    assignment = run.start.assignment if run.start and isinstance(run.start.assignment, dict) else {}
    texts = ("id", "title", "principal", "location", "requested_by", "reason", "planned_start", "planned_end")
    norm, procedures = assignment.get("norm_hours"), assignment.get("procedures")
    return Assignment(
        **{key: str(assignment[key]) for key in texts if assignment.get(key)},
        norm_hours=float(norm) if isinstance(norm, (int, float)) else None,
        prescribed_order=assignment.get("prescribed_order") is True,
        procedures=tuple(map(str, procedures)) if isinstance(procedures, list) else (),
    )


def _people(run: Run) -> tuple[Person, ...]:
    """Who the assignment names; else the account that ran it."""
    start = run.start
    if start is None:
        return ()
    account, controller = start.account or "", start.controller or ""
    assigned = mapping(start.assignment)
    named = [person for person in rows(assigned.get("people")) if str(person.get("role")) in ROLES]
    people = [Person(str(p.get("name") or ""), p["role"], str(p.get("level") or "")) for p in named]
    if not any(person.role == "executor" for person in people):
        people.insert(0, Person(start.person or "", "executor"))
    return tuple(
        structs.replace(person, account=account, controller=controller) if person.role == "executor" else person
        for person in people
    )


def _scope(run: Run) -> Scope:
    start = run.start
    if start is None:
        return Scope(tuple(run.hosts), ())
    limit = start.limit or ""
    return Scope(
        systems=tuple(run.hosts),
        work_processes=(start.work_process,) if start.work_process else (),
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
