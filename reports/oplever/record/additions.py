"""What entries make of the parts of a record that no machine can know. Pure: one function for each part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from msgspec import Struct, structs

from oplever.record import entries as kinds
from oplever.record.entries import Entry
from oplever.record.model import (
    Acceptance,
    AcceptanceItem,
    Accountability,
    Assignment,
    Baseline,
    Component,
    Consequence,
    Control,
    DocumentStatus,
    Escalation,
    ExceptionGrant,
    Fault,
    Handover,
    History,
    HostResult,
    Hours,
    HoursLine,
    Proposal,
    Proposals,
    RestPoint,
    RestPoints,
    Signature,
    Step,
    Test,
    Text,
)

Kind = TypeVar("Kind", bound=Struct)


def _of(entries: Sequence[Entry], kind: type[Kind]) -> Iterator[tuple[Entry, Kind]]:
    for entry in entries:
        if isinstance(entry.entry, kind):
            yield entry, entry.entry


def status(entries: Sequence[Entry]) -> DocumentStatus:
    """concept, submitted by a report, then what the supervisor decided; a new report submits it again."""
    found: DocumentStatus = "concept"
    for entry in entries:
        if isinstance(entry.entry, kinds.ReportEntry):
            found = "submitted"
        elif isinstance(entry.entry, kinds.DecisionEntry):
            found = entry.entry.decision
    return found


def history(entries: Sequence[Entry]) -> tuple[History, ...]:
    """A revision for each entry; the run itself is number 1."""
    return tuple(History(number, entry.at, entry.by, _what(entry)) for number, entry in enumerate(entries, 2))


def _what(entry: Entry) -> str:
    said = entry.entry
    return f"correction: {said.field}" if isinstance(said, kinds.CorrectionEntry) else entry.kind


def exceptions(known: Baseline, entries: Sequence[Entry], day: str) -> Baseline:
    """The baseline with exceptions that were approved after the run: a failing control they cover is waived.

    `day` is that of the run (ISO): an exception that had expired by then does not count.
    """
    grants = [
        ExceptionGrant(
            id=f"X{number}",
            control=said.control,
            hosts=said.hosts,
            reason=said.reason,
            owner=said.owner,
            approver=said.approver,
            expires=said.expires,
            compensating=said.compensating,
            valid=said.expires >= day,
            problem="" if said.expires >= day else f"expired on {said.expires}",
            stated_by=entry.by,
        )
        for number, (entry, said) in enumerate(_of(entries, kinds.ExceptionEntry), 1)
    ]
    if not grants:
        return known
    controls = tuple(_waived(control, grants) for control in known.controls)
    return structs.replace(known, controls=controls, exceptions=(*known.exceptions, *grants))


def _waived(control: Control, grants: Sequence[ExceptionGrant]) -> Control:
    for grant in grants:
        covers = grant.control == control.id and (not grant.hosts or control.host in grant.hosts)
        if grant.valid and covers and control.after == "fail":
            return structs.replace(control, after="waived", exception=grant.id, reason=grant.reason)
    return control


def assignment(known: Assignment, entries: Sequence[Entry]) -> Assignment:
    for _, said in _of(entries, kinds.AssignmentEntry):
        given = {key: value for key, value in structs.asdict(said).items() if value and key != "work_process"}
        known = structs.replace(known, **given)
    return known


def work_process(known: str, entries: Sequence[Entry]) -> str:
    """The last one that was assigned; empty when nobody did."""
    return next(
        (said.work_process for _, said in reversed([*_of(entries, kinds.AssignmentEntry)]) if said.work_process), known
    )


def acceptance(entries: Sequence[Entry]) -> Acceptance:
    """The last one counts: a user who rejected may accept after the repair."""
    found = Acceptance()
    for entry, said in _of(entries, kinds.AcceptanceEntry):
        items = [AcceptanceItem(item, True) for item in said.as_wanted]
        items += [AcceptanceItem(item, False) for item in said.not_as_wanted]
        found = Acceptance(said.user, entry.at, said.verdict, tuple(items), said.remarks, said.instructed, entry.by)
    return found


def rest_points(entries: Sequence[Entry]) -> RestPoints:
    points: dict[str, RestPoint] = {}
    for entry, said in _of(entries, kinds.RestPointEntry):
        if said.done:
            if said.done in points:
                points[said.done] = structs.replace(points[said.done], status="done")
            continue
        identifier = f"R{len(points) + 1}"
        points[identifier] = RestPoint(identifier, said.item, said.owner, said.due, "open", entry.by, entry.at)
    stated = any(said.what == "rest_points" for _, said in _of(entries, kinds.NoneEntry))
    return RestPoints(tuple(points.values()), stated and not points)


def proposals(entries: Sequence[Entry], candidates: Sequence[Proposal] = ()) -> Proposals:
    """What people proposed, then what the record itself found, unless somebody stated that there is nothing."""
    found = tuple(
        Proposal(f"V{number}", said.observation, said.proposal, said.process, said.gain, by=entry.by, at=entry.at)
        for number, (entry, said) in enumerate(_of(entries, kinds.ProposalEntry), 1)
    )
    stated = any(said.what == "proposals" for _, said in _of(entries, kinds.NoneEntry))
    return Proposals((*found, *(() if stated else candidates)), stated and not found)


def consequences(entries: Sequence[Entry]) -> tuple[Consequence, ...]:
    return tuple(
        Consequence(said.solution, said.maintenance, said.information_system, entry.by, entry.at)
        for entry, said in _of(entries, kinds.ConsequenceEntry)
    )


def escalations(entries: Sequence[Entry]) -> tuple[Escalation, ...]:
    """What was handed to others. An answer about a fault that waits for the same person closes that escalation."""
    rows: list[Escalation] = []
    for entry, said in _of(entries, kinds.EscalationEntry):
        waiting = next((n for n, row in enumerate(rows) if said.fault and _waits_for(row, said)), None)
        if said.answer and waiting is not None:
            rows[waiting] = structs.replace(rows[waiting], answer=said.answer, closed=True)
            continue
        rows.append(
            Escalation(
                id=f"E{len(rows) + 1}",
                to=said.to,
                at=entry.at,
                why=said.why,
                type=said.type,
                fault=said.fault,
                message=said.message,
                answer=said.answer,
                closed=bool(said.answer),
                by=entry.by,
            )
        )
    return tuple(rows)


def _waits_for(escalation: Escalation, said: kinds.EscalationEntry) -> bool:
    return not escalation.closed and (escalation.fault, escalation.to) == (said.fault, said.to)


def faults(known: Sequence[Fault], entries: Sequence[Entry]) -> tuple[Fault, ...]:
    """Cause and fix for known faults, faults that people reported, and what was handed to others."""
    found = {fault.id: fault for fault in known}
    for entry, said in _of(entries, kinds.FaultEntry):
        if said.id in found:
            fault = found[said.id]
            fixed = "solved" if said.fix and fault.status == "open" else fault.status
            found[said.id] = structs.replace(
                fault, cause=said.cause or fault.cause, fix=said.fix or fault.fix, status=fixed
            )
        elif said.symptom:
            identifier = f"M{sum(fault.kind == 'reported' for fault in found.values()) + 1}"
            found[identifier] = Fault(
                id=identifier,
                host=said.host,
                kind="reported",
                location=entry.by,
                symptom=said.symptom,
                at=entry.at,
                status="solved" if said.fix else "open",
                cause=said.cause,
                fix=said.fix,
            )
    for escalation in escalations(entries):
        escalated = found.get(escalation.fault)
        if escalated is not None and escalated.status == "open" and not escalation.closed:
            found[escalated.id] = structs.replace(escalated, status="escalated")
    return tuple(found.values())


def steps(count: int, entries: Sequence[Entry]) -> tuple[Step, ...]:
    """Work by hand, numbered after the `count` steps of the run."""
    return tuple(
        Step(
            number=number,
            name=said.name,
            play="",
            role="",
            action="",
            path="",
            started=entry.at,
            results=(HostResult(said.host, said.status, entry.at, 0.0, said.message),),
            by=entry.by,
        )
        for number, (entry, said) in enumerate(_of(entries, kinds.StepEntry), count + 1)
    )


def tests(entries: Sequence[Entry]) -> tuple[Test, ...]:
    by_hand = (
        Test(
            id=f"hand.{number}",
            host=said.host,
            stage=said.stage,
            status=said.status,
            expected=said.expected,
            found=said.found,
            title=Text(said.title, said.title),
            at=entry.at,
            by=entry.by,
        )
        for number, (entry, said) in enumerate(_of(entries, kinds.TestEntry), 1)
    )
    by_tool = (_of_tool(entry, said, case) for entry, said in _of(entries, kinds.ResultsEntry) for case in said.tests)
    return (*by_hand, *by_tool)


def _of_tool(entry: Entry, said: kinds.ResultsEntry, case: kinds.CaseResult) -> Test:
    skipped = case.status == "not_applicable"
    return Test(
        id=case.id,
        host=said.host,
        stage=said.stage,
        status=case.status,
        expected="",
        found="" if skipped else case.message,
        title=Text(case.title, case.title),
        suite=said.file,
        source="junit",
        reason=case.message if skipped else "",
        evidence=f"sha256:{said.digest}",
        at=entry.at,
        duration=case.duration,
        by=entry.by,
    )


def components(entries: Sequence[Entry]) -> tuple[Component, ...]:
    return tuple(
        Component(said.host, said.kind, said.name, said.change, "", said.version, said.origin, entry.by)
        for entry, said in _of(entries, kinds.ComponentEntry)
    )


def hours(known: Hours, entries: Sequence[Entry]) -> Hours:
    lines = [
        HoursLine(entry.by, said.day or entry.at[:10], said.kind, said.activity, said.hours)
        for entry, said in _of(entries, kinds.HoursEntry)
    ]
    hands_on = round(sum(line.hours for line in lines if line.kind == "hands_on"), 4)
    other = round(sum(line.hours for line in lines if line.kind != "hands_on"), 4)
    return structs.replace(known, lines=(*known.lines, *lines), hands_on=hands_on, other=other)


def accountability(entries: Sequence[Entry]) -> Accountability:
    found = Accountability()
    for entry in entries:
        said = entry.entry
        if isinstance(said, kinds.ReportEntry):
            # A new report does away with an approval of what was there before, but only a decision with a rejection.
            earlier = found if found.decision == "rejected" else Accountability()
            found = structs.replace(earlier, form=said.form, at=entry.at, to=said.to, minutes=said.minutes)
        elif isinstance(said, kinds.DecisionEntry):
            found = structs.replace(
                found, decision=said.decision, decided_by=entry.by, decided_at=entry.at, remarks=said.remarks
            )
    return found


def handover(entries: Sequence[Entry]) -> Handover:
    found = Handover()
    for _, said in _of(entries, kinds.HandoverEntry):
        new = {key: value for key, value in structs.asdict(said).items() if value}
        found = structs.replace(found, **new)
    return found


def signatures(entries: Sequence[Entry]) -> tuple[Signature, ...]:
    """Who put a key to which revision. What people merely said, or somebody said for them, is no signature."""
    return tuple(
        Signature(entry.by, said.role, entry.at, said.role, said.statement, said.revision, said.key)
        for entry, said in _of(entries, kinds.SignatureEntry)
    )
