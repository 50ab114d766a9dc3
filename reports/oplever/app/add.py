"""Add entries to a record: the one way in, whichever command or page they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from oplever import clock, store
from oplever.app.build import refresh, start
from oplever.errors import OpleverError
from oplever.files import locked, unwritable, write
from oplever.kinds import registry
from oplever.messages import M_
from oplever.record import entries
from oplever.record.entries import Entry
from oplever.record.model import Record
from oplever.store import Sources, chain
from oplever.store.append import append


def add(directory: Path, kind: str, by: str, data: Mapping[str, Any], *, after: str = "") -> Record:
    """The record with one more entry, of what a person typed; `after` as of `admit`.

    Raises OpleverError: `entry-invalid` when a field is wrong, and what `admit` raises.
    """
    return admit(directory, [registry.LOG.make(kind, by, clock.now(), dict(data))], after=after)


def admit(
    directory: Path,
    added: Sequence[Entry],
    *,
    is_drawn: bool = False,
    after: str = "",
    files: Mapping[str, bytes] | None = None,
) -> Record:
    """The record with these entries, in their order: each is checked against the record with those before it, and all
    are added or none. record.json and the manifest are of the new revision; the documents are made afterwards, unless
    the caller sees to that (`is_drawn`). With `after` the record has to be what it was when that was its head
    (`store.chain.head`): what somebody read. `files` are those that the entries bring into the record, by their path
    in it; they are written before the entries, so that no entry names a file that is not there.

    Raises OpleverError: `entry-invalid` and other refusals of an entry, `record-approved`, `incident-state`,
    `record-changed`, `entries-broken`, `file-unwritable`.
    """
    try:
        with locked(directory):
            if after and chain.head(directory) != after:
                raise changed_since()
            sources = store.sources(directory)
            for entry in added:
                sources = with_entry(sources, entry)
            for place, content in (files or {}).items():
                (directory / place).parent.mkdir(mode=0o700, exist_ok=True)
                write(directory / place, content)
            append(directory, added)
            record = sources.record()
            refresh(record, directory)
    except OSError as problem:
        raise unwritable(directory / store.ENTRIES, problem) from None
    if not is_drawn:
        start(directory)
    return record


def changed_since() -> OpleverError:
    return OpleverError(
        "record-changed",
        M_("the record changed after you opened the page; nothing was added"),
        M_("read it again, and decide then"),
    )


def with_entry(sources: Sources, entry: Entry) -> Sources:
    """What a record is derived from with one more entry. Raises OpleverError when it does not fit the record."""
    record = sources.record()
    if not registry.of(record).takes(record.status, entry.entry):
        raise registry.of(record).refusal(record, entry.entry)
    entries.check(record, sources.entries, entry)
    return sources.with_entry(entry)
