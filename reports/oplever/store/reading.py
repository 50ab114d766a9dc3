"""Records read for the index, on all processors where there is much to read."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from oplever._shared import sequence
from oplever.errors import OpleverError
from oplever.overview import extract
from oplever.overview.sources import Readable, Source
from oplever.overview.waiting import waits
from oplever.store import hiding, places, records, rows, schema
from oplever.store.pseudonyms import KEY
from oplever.store.records import Examined
from oplever.store.rows import Row

_MUCH_BYTES = 60_000_000
"""Of journals, from which it is worth to start other processes."""
_OBJECTS = 1_000_000
"""New objects after which such a process looks for circles to throw away: a record has none, and each look takes a
quarter of the time again."""
_BATCH_RECORDS, _BATCH_BYTES = 50, 20_000_000


class Reading(NamedTuple):
    """What the index keeps of a record: its row, rows of other tables by their name, and bodies by digest; of a record
    that cannot be read only why."""

    problem: str | None
    row: Row
    parts: dict[str, list[Row]]
    bodies: dict[str, bytes]


def read(path: Path) -> Reading:
    """Never raises OpleverError: a record that cannot be read is kept with its problem."""
    previous = {"previous": sequence.previous(str(path))}
    try:
        examined = records.examine(path)
        shown = _shareable_extract(examined, path)
        body = extract.encode(shown)
    except OpleverError as problem:
        return Reading(problem.message, previous, {}, {})
    states, bodies = rows.states(examined.looks)
    parts = {
        **rows.parts(examined.record),
        schema.STATES: states,
        schema.EXTRACTS: [{"body": body}],
        schema.WAITS: _waits(shown),
    }
    return Reading(None, previous | rows.record_row(examined.record), parts, bodies)


def _shareable_extract(examined: Examined, path: Path) -> extract.Extract:
    """What is kept of a record, without names that were taken from it."""
    kept = extract.of(examined.record)
    if examined.stated is None:
        return kept
    try:
        key = (path.parent / KEY).read_bytes().strip()
    except OSError:
        key = b""
    return hiding.hidden(kept, _people(kept), examined.stated, key)


def _waits(shown: extract.Extract) -> list[Row]:
    """A row for each person and role that it waits for; a role that names nobody has one with an empty name."""
    return [
        {"who": wait.who, "name": name}
        for wait in waits(Readable(Source("", "", None, None, shown, ""), shown))
        for name in wait.names or ("",)
    ]


def _people(kept: extract.Extract) -> Iterator[str]:
    """Everybody that a journal names: in the assignment, in files of exceptions, and who accepted differences."""
    record = kept.record
    for person in record.people:
        yield from (person.name, person.account)
    yield from (record.assignment.principal, record.assignment.requested_by)
    for grant in record.baseline.exceptions:
        yield from (grant.approver, grant.owner)
    yield from (allowed.by for allowed in kept.allowed)


def readings(paths: Sequence[Path]) -> Iterator[list[tuple[Path, Reading]]]:
    """The records in groups that fit in memory together: many small ones, or one large one."""
    sized = [(path, _size(path)) for path in paths]
    processes = min(os.cpu_count() or 1, 8)
    if processes == 1 or sum(size for _, size in sized) < _MUCH_BYTES:
        for batch in _batches(sized):
            yield [(path, read(path)) for path in batch]
        return
    # A process of its own for each: a fork would share the connection to the database.
    pool = ProcessPoolExecutor(processes, get_context("spawn"), gc.set_threshold, (_OBJECTS,))
    with pool:
        upcoming: list[tuple[Path, Future[Reading]]] = []
        for batch in _batches(sized):
            started = [(path, pool.submit(read, path)) for path in batch]
            if upcoming:  # the next group is read while this one is written
                yield [(path, future.result()) for path, future in upcoming]
            upcoming = started
        if upcoming:
            yield [(path, future.result()) for path, future in upcoming]


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return (path / places.JOURNAL).stat().st_size
    return 0


def _batches(sized: Iterable[tuple[Path, int]]) -> Iterator[list[Path]]:
    group: list[Path] = []
    total = 0
    for path, size in sized:
        group.append(path)
        total += size
        if len(group) >= _BATCH_RECORDS or total >= _BATCH_BYTES:
            yield group
            group, total = [], 0
    if group:
        yield group
