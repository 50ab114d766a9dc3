"""Add entries to a record: the one way in, whichever command or page they come from."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from oplever import clock, store
from oplever.app.build import refresh_after, start
from oplever.errors import OpleverError
from oplever.files import locked, unwritable, write
from oplever.kinds import registry
from oplever.messages import M_
from oplever.record import entries
from oplever.record.entries import Entry, repeated, withdrawal
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
    check: Callable[[Sources], None] | None = None,
) -> Record:
    """The record with these entries, in their order: each is checked against the record with those before it, and all
    are added or none. record.json and the manifest are of the new revision; the documents are made afterwards, unless
    the caller sees to that (`is_drawn`). With `after` the record has to be what it was when that was its head
    (`store.chain.head`): what somebody read. `files` are those that the entries bring into the record, by their path
    in it; they are written before the entries, so that no entry names a file that is not there. `check` raises
    OpleverError when they may not be added to what the record is made of now.

    Raises OpleverError: `entry-invalid` and other refusals of an entry, `record-approved`, `incident-state`,
    `record-changed`, `entries-broken`, `file-unwritable`.
    """
    try:
        with locked(directory):
            if after and chain.head(directory) != after:
                raise changed_since()
            sources = store.sources(directory)
            if check:
                check(sources)
            for entry in added:
                sources = with_entry(sources, entry)
            with _present(directory, files or {}):
                append(directory, added)
            record = sources.record()
            revision = record.document.revision
            done = M_("it was added to {name}, as revision {revision}", name=directory.name, revision=revision)
            refresh_after(done, record, directory)
    except OSError as problem:
        raise unwritable(directory / store.ENTRIES, problem) from None
    if not is_drawn:
        start(directory)
    return record


@contextlib.contextmanager
def _present(directory: Path, files: Mapping[str, bytes]) -> Iterator[None]:
    """These files in the record; none of those that are new when no entry was added that names them. Raises
    OpleverError (`file-unwritable`), OSError."""
    new, before = [directory / place for place in files if not (directory / place).exists()], _size(directory)
    try:
        for place, content in files.items():
            (directory / place).parent.mkdir(mode=0o700, exist_ok=True)
            write(directory / place, content)
        yield
    except BaseException:
        for path in new if _size(directory) == before else ():
            path.unlink(missing_ok=True)
        raise


def _size(directory: Path) -> int:
    """Of the entries, in bytes."""
    path = directory / store.ENTRIES
    return path.stat().st_size if path.exists() else 0


def repeated_revision(directory: Path, revision: int) -> int | None:
    """The earlier revision that says the same as this one; None when none does. Raises OpleverError."""
    stated = store.read_entries(directory)
    place = revision - withdrawal.first(stated)
    return repeated.revision_of(stated[:place], stated[place])


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
