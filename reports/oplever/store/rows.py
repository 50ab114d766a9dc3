"""A record as rows of the index. Pure."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import PurePath
from typing import Any

import msgspec
from msgspec import structs

from oplever import clock
from oplever.kinds import registry
from oplever.record import figures
from oplever.record.compare import Looks
from oplever.record.model import Record, Score, System, Test
from oplever.store import schema
from oplever.store import states as of_machines

Row = dict[str, Any]


def record_row(record: Record) -> Row:
    document = record.document
    playbooks = ", ".join(PurePath(name).name for name in document.playbooks)
    return {
        "started": document.started,
        "ended": document.ended,
        "last": max([document.created, *(line.at for line in document.history)]),
        "title": record.assignment.title or playbooks,
        "assignment": record.assignment.id,
        "kind": record.kind,
        "due": _due(record),
        "work_process": record.work_process,
        "verdict": record.verdict,
        "stage": record.stage,
        "status": record.status,
        "revision": document.revision,
        "duration": document.duration,
        "hosts": len(record.systems),
        **_incident(record),
    }


def _incident(record: Record) -> Row:
    case = record.incident
    if case is None:
        return {}
    return {
        "priority": case.priority,
        "assignee": case.assignee,
        "category": case.category,
        "room": case.place,
        "cause": case.cause,
        "unread": case.unread,
    }


def _mails(record: Record) -> list[Row]:
    keys = ("direction", "digest", "address", "date", "returned")
    mails = record.incident.mails if record.incident else ()
    return [{"message": mail.message_id} | {key: getattr(mail, key) for key in keys} for mail in mails]


def _due(record: Record) -> str | None:
    """When it has to be ready: a day, or a moment in UTC; None when nobody said so, or in words only."""
    due = registry.of(record).due(record)
    try:
        return due if date.fromisoformat(due).isoformat() == due else None
    except ValueError:
        pass
    try:
        return clock.written(clock.moment(due))
    except (ValueError, OverflowError):
        return None


def parts(record: Record) -> dict[str, list[Row]]:
    """Rows by table, without the key of the record."""
    return {
        schema.PEOPLE: _people(record),
        schema.ROLES: [{"host": system.name, "role": role} for system in record.systems for role in system.roles],
        schema.RUNS: [{"run": run.record} for run in record.runs],
        schema.SYSTEMS: _systems(record),
        schema.FAILING: _failing(record),
        schema.CHANGES: _changes(record),
        schema.MAILS: _mails(record),
    }


def states(looks: Looks) -> tuple[list[Row], dict[str, bytes]]:
    """Which state had which body, and the bodies by digest."""
    lines: list[Row] = []
    bodies: dict[str, bytes] = {}
    for host, pair in looks.items():
        for stage, look in zip(("before", "after"), pair, strict=True):
            for kind, names in of_machines.state(look).items() if look else ():
                body = msgspec.json.encode(names, order="deterministic")
                digest = hashlib.sha256(body).hexdigest()
                bodies[digest] = body
                lines.append({"host": host, "stage": stage, "kind": kind, "digest": digest})
    return lines, bodies


def storable(row: Row) -> Row:
    """PostgreSQL takes no NUL in a text."""
    return {
        key: value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value
        for key, value in row.items()
    }


def _people(record: Record) -> list[Row]:
    names: set[tuple[str, str]] = {(person.name, person.role) for person in record.people if person.name}
    names |= {(person.account, "account") for person in record.people if person.account}
    names |= {(record.incident.reporter, "reporter")} if record.incident and record.incident.reporter else set()
    return [{"name": name, "role": role} for name, role in sorted(names)]


def _systems(record: Record) -> list[Row]:
    tests = figures.tests_of_hosts(record)
    scores = {score.host: score.after for score in record.baseline.hosts}
    return [_system(system, tests.get(system.name, []), scores.get(system.name)) for system in record.systems]


def _system(system: System, tests: list[Test], score: Score | None) -> Row:
    passed, measured = figures.passed_and_measured(tests)
    return {
        "host": system.name,
        "os": system.os,
        **structs.asdict(system.recap),
        "passed": passed,
        "ran": measured,
        "score": score.score if score else None,
        "seconds": system.machine_seconds,
    }


def _failing(record: Record) -> list[Row]:
    tests = [
        {"host": test.host, "kind": "test", "id": test.id, "status": test.status} | _values(test.expected, test.found)
        for test in figures.failing_tests(record)
    ]
    controls = [
        {"host": control.host, "kind": "control", "id": control.id, "status": control.after}
        | _values(control.expected, control.found)
        for control in figures.failing_controls(record)
    ]
    return tests + controls


def _values(expected: str, found: str) -> Row:
    return {"expected": expected, "found": found}


def _changes(record: Record) -> list[Row]:
    keys = ("host", "kind", "name", "change", "before", "after")
    sections = (("component", record.components), ("setting", record.settings))
    return [
        {"section": section} | {key: getattr(change, key) for key in keys}
        for section, changes in sections
        for change in changes
    ]
