"""Which kinds of records there are."""

from __future__ import annotations

from collections.abc import Sequence

from oplever.kinds.base import RecordKind
from oplever.kinds.faq.kind import KIND as FAQ
from oplever.kinds.incident.kind import KIND as INCIDENT
from oplever.kinds.installation.kind import KIND as INSTALLATION
from oplever.kinds.instruction.kind import KIND as INSTRUCTION
from oplever.record.entries import Entry, EntryKind, Log, OpenedEntry
from oplever.record.model import Record

KINDS: dict[str, RecordKind] = {kind.id: kind for kind in (INSTALLATION, INCIDENT, INSTRUCTION, FAQ)}
"""By the name that record.json has for them."""

LOG = Log(tuple(entry for kind in KINDS.values() for entry in kind.entries))
"""Reads and writes the entries of every kind."""


def entry_kind(tag: str) -> type[EntryKind]:
    """The kind of entry with this name, of any kind of record. Raises StopIteration for another name."""
    return next(kind for kind in LOG.kinds if kind.tag() == tag)


def of_name(name: str) -> RecordKind:
    """The kind with this name; a kind that this version does not have is an installation."""
    return KINDS.get(name, INSTALLATION)


def of(record: Record) -> RecordKind:
    """The kind of a record."""
    return of_name(record.kind)


def of_entries(entries: Sequence[Entry]) -> RecordKind:
    """The kind of the record with these entries: what its first line opened, else an installation."""
    opened = entries[0].entry if entries else None
    return of_name(opened.kind) if isinstance(opened, OpenedEntry) else INSTALLATION
