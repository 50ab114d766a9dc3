"""Begin a record of work that no journal records."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from oplever import clock, store
from oplever._shared import sequence
from oplever.app.build import refresh_after, start
from oplever.files import locked, unwritable
from oplever.kinds import registry
from oplever.messages import M_
from oplever.record.entries import Entry
from oplever.record.model import Record


def new(base: Path, kind: str, by: str, data: Mapping[str, Any]) -> tuple[Path, Record]:
    """The directory of a new record of this kind (a key of `registry.KINDS`), and the record.

    `data` are fields of `OpenedEntry` as a person typed them; without a work process it is the first one of the kind.
    Raises OpleverError: `entry-invalid`, `file-unwritable`.
    """
    name = named(kind)
    process = data.get("work_process") or registry.KINDS[kind].work_processes[0]
    content = {**data, "work_process": process, "record": name, "kind": kind}
    return begin(base, name, [registry.LOG.make("opened", by, clock.now(), content)])


def named(kind: str) -> str:
    """A name for a new record of this kind."""
    return f"{sequence.stamp(datetime.now(UTC))}-{kind}-{secrets.token_hex(3)}"


def begin(
    base: Path,
    name: str,
    entries: Sequence[Entry],
    *,
    files: Mapping[str, bytes] | None = None,
    by_machine: bool = False,
) -> tuple[Path, Record]:
    """A new record that starts with these entries and has these files, by their path in it: all of them or none. Its
    documents are made after the answer; of one `by_machine` the caller has them made, and it is not `latest`.

    Raises OpleverError: `file-unwritable`.
    """
    directory = store.create(base, name, entries, files, is_latest=not by_machine)
    record = store.load(directory)
    try:
        with locked(directory):
            refresh_after(M_("the record {name} was begun", name=name), record, directory)
    except OSError as problem:
        raise unwritable(directory, problem) from None
    if not by_machine:
        start(directory)
    return directory, record
