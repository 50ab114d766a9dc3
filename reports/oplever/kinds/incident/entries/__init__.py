"""The events of a case, in the order in which they are listed."""

from __future__ import annotations

from oplever.kinds.incident.entries.base import Event
from oplever.kinds.incident.entries.closing import (
    ClosedEntry,
    ConfirmedEntry,
    MergedEntry,
    ReopenedEntry,
    RetestedEntry,
    SolvedEntry,
)
from oplever.kinds.incident.entries.handling import (
    AssignedEntry,
    ContactEntry,
    MaterialEntry,
    PassedOnEntry,
    ResumedEntry,
    TakenEntry,
    WaitingEntry,
    WorkedEntry,
)
from oplever.kinds.incident.entries.intake import (
    AssessedEntry,
    ClassifiedEntry,
    LinkedEntry,
    ReportedEntry,
    RulesEntry,
)
from oplever.kinds.incident.entries.leak import DataLeakEntry, LeakToldEntry
from oplever.kinds.incident.entries.mail import MailReadEntry, MailReceivedEntry, MailReturnedEntry, MailSentEntry
from oplever.kinds.incident.states import COMMANDS

__all__ = ["COMMANDS", "EVENTS", "Event"]

EVENTS: tuple[type[Event], ...] = (
    RulesEntry,
    ReportedEntry,
    ClassifiedEntry,
    AssessedEntry,
    AssignedEntry,
    TakenEntry,
    PassedOnEntry,
    WaitingEntry,
    ResumedEntry,
    ContactEntry,
    WorkedEntry,
    MaterialEntry,
    SolvedEntry,
    RetestedEntry,
    ConfirmedEntry,
    ClosedEntry,
    ReopenedEntry,
    MergedEntry,
    LinkedEntry,
    DataLeakEntry,
    LeakToldEntry,
    MailReceivedEntry,
    MailSentEntry,
    MailReturnedEntry,
    MailReadEntry,
)
