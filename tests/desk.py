"""A case in memory, with a clock that the test sets: every event is checked as the commands check it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from oplever import clock
from oplever.app.add import with_entry
from oplever.kinds import registry
from oplever.kinds.incident.rules_file import defaults, digest
from oplever.record.entries import Entry
from oplever.record.fold import Run
from oplever.record.model import Incident, Record
from oplever.record.model.incident_rules import Rules
from oplever.store import Sources

TECHNICIAN, COLLEAGUE, USER, SUPERVISOR = "S. Yilmaz", "P. Visser", "J. Bakker", "M. de Wit"
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""Nine o'clock in Amsterdam."""
NAME = "20261123T080000Z-incident-ca5e01"
REPORT: dict[str, Any] = {"channel": "counter", "reporter": USER, "text": "De printer doet niets", "place": "0.14"}


class Desk:
    """One case; `minute` is how far its clock is from Monday nine o'clock, where it begins unless `begun` says so."""

    def __init__(self, rules: Rules | None = None, begun: float = 0.0, **report: Any) -> None:
        self.minute = begun
        opened = {"record": NAME, "kind": "incident", "title": "Printer", "work_process": "3.2", "systems": ["print1"]}
        self.sources = Sources(Run(), "", (registry.LOG.make("opened", TECHNICIAN, self.now(), opened),))
        rules = rules or defaults()
        self.add("rules", digest=digest(rules), rules=msgspec.to_builtins(rules))
        self.add("reported", **(REPORT | report))

    def now(self) -> str:
        return clock.written(MONDAY + timedelta(minutes=self.minute))

    def entry(self, kind: str, by: str = TECHNICIAN, **data: Any) -> Entry:
        return registry.LOG.make(kind, by, self.now(), data)

    def add(self, kind: str, by: str = TECHNICIAN, *, after: float = 1, **data: Any) -> Desk:
        """Add an event, so many minutes later. Raises OpleverError, as the command does."""
        self.minute += after
        self.sources = with_entry(self.sources, self.entry(kind, by, **data))
        return self

    def add_all(self, *kinds: str) -> Desk:
        for kind in kinds:
            self.add(kind, **EVENTS[kind])
        return self

    @property
    def record(self) -> Record:
        return self.sources.record()

    @property
    def case(self) -> Incident:
        case = self.record.incident
        assert case is not None
        return case


EVENTS: dict[str, dict[str, Any]] = {
    "classified": {"impact": "2", "urgency": "2"},
    "assessed": {"can_solve": "yes", "reason": "bekend probleem"},
    "assigned": {"to": COLLEAGUE},
    "taken": {},
    "passed-on": {"to": COLLEAGUE, "ground": "beheert de printers"},
    "waiting": {"on": "parts", "reason": "nieuwe toner besteld"},
    "resumed": {},
    "contact": {"how": "we vervangen de toner", "when": "2026-11-24"},
    "worked": {"activity": "toner vervangen"},
    "material": {"name": "toner", "quantity": "1"},
    "hours": {"hours": "0.5", "activity": "toner"},
    "solved": {"solution": "toner vervangen", "guideline": "W-14", "version": "3", "cause": "toner leeg"},
    "retested": {"result": "pass", "reason": "testpagina afgedrukt"},
    "confirmed": {"satisfied": "yes"},
    "closed": {},
    "reopened": {"reason": "weer streperig"},
    "merged": {"into": "20261123T090000Z-incident-0ther1", "reason": "dezelfde printer"},
    "linked": {"relation": "problem", "target": "PRB-3"},
    "data-leak": {"what": "cijferlijst van 5V naar een vreemde gemaild", "risk": "risk", "reason": "cijfers"},
    "leak-told": {"to": "authority", "who": "AP", "reference": "Z-1"},
    "mail-received": {
        "message_id": "<1@user.example>",
        "address": "j.bakker@school.example",
        "sender": USER,
        "digest": "ab" * 32,
        "size_bytes": 812,
        "subject": "Printer",
        "text": "nog steeds",
    },
    "mail-sent": {
        "message_id": "<2@school.example>",
        "address": "j.bakker@school.example",
        "subject": "Re: Printer",
        "text": "we komen",
        "digest": "cd" * 32,
        "size_bytes": 700,
    },
    "mail-returned": {"message_id": "<2@school.example>", "digest": "ef" * 32, "reason": "550 no such user"},
    "mail-read": {"meaning": "bedankje"},
    "escalation": {"to": SUPERVISOR, "message": "printer is op", "type": "hierarchical"},
}
"""Each event as it is when nothing is the matter."""
UNTIL_SOLVED = ("classified", "assessed", "taken", "contact", "worked", "material", "hours", "solved")
UNTIL_CLOSED = (*UNTIL_SOLVED, "retested", "confirmed", "closed")
