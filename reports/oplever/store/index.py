"""The index over all records: SQLite beside them, or PostgreSQL by URL. Built from the directories, at any time.

`refresh` looks at every directory and reads those that are new or changed; a record that cannot be read is kept with
its problem, so that one bad record hides no good one.
"""

from __future__ import annotations

import contextlib
import os
import socket
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oplever import config
from oplever._shared import sequence
from oplever.files import unreadable
from oplever.store import database, ordering, places, schema
from oplever.store.database import Database

if TYPE_CHECKING:
    from oplever.store.reading import Reading

FILE = "index.sqlite"
_BATCH = 500
"""Values that one statement names at most."""


class Index:
    """An open index of the records below `base`. Close it, or use it in a `with`."""

    def __init__(self, opened: Database, base: Path, place: str) -> None:
        self.database, self.base, self.place = opened, base, place
        self.state = 0
        """The same while no record changed, within this process; 0 before the directories were looked at."""

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def refresh(self) -> None:
        """Bring the index up to date with the directories. Raises OpleverError (`file-unreadable`)."""
        now, indexed = fingerprints(self.base), self._indexed_fingerprints()
        self.state = hash(frozenset(now.items()))
        if now == indexed:
            return
        gone = sorted(indexed.keys() - now.keys())
        if gone:
            with self.database.writing():
                for name in gone:
                    self._forget(name)
        changed = [self.base / name for name, fingerprint in now.items() if indexed.get(name) != fingerprint]
        if changed:
            from oplever.store.reading import readings  # noqa: PLC0415 - most of the package; a current index needs none

            for batch in readings(changed):
                self._write([(path.name, now[path.name], reading) for path, reading in batch])
        if any(now.get(name) != fingerprint for name, fingerprint in indexed.items()):
            self._sweep()
        self._put_in_order()

    def _indexed_fingerprints(self) -> dict[str, str]:
        query = "SELECT name, fingerprint FROM oplever_records WHERE place = :place"
        return dict(self.database.rows(query, {"place": self.place}))

    def _forget(self, name: str) -> None:
        statement = "DELETE FROM oplever_records WHERE place = :place AND name = :name"
        self.database.change(statement, {"place": self.place, "name": name})

    def _put_in_order(self) -> None:
        """Store the order in which records were made, and whether the clock of each was right."""
        columns = ("key", "name", "previous", "started", *ordering.COLUMNS)
        query = """SELECT key, name, previous, started, number, moment, clock FROM oplever_records
            WHERE place = :place"""
        statement = """UPDATE oplever_records SET number = :number, moment = :moment, clock = :clock
            WHERE key = :key"""
        with self.database.writing():
            rows = self.database.rows(query, {"place": self.place})
            lines = [dict(zip(columns, row, strict=True)) for row in rows]
            order = ordering.order(lines, sequence.latest(str(self.base)), sequence.stamp(datetime.now(UTC)))
            moved = [
                {"key": line["key"], **order[line["name"]]}
                for line in lines
                if any(line[column] != value for column, value in order[line["name"]].items())
            ]
            self.database.change_all(statement, moved)

    def _sweep(self) -> None:
        """Take away bodies that no state has any more."""
        with self.database.writing():
            self.database.change("""DELETE FROM oplever_bodies WHERE NOT EXISTS
                (SELECT 1 FROM oplever_states WHERE oplever_states.digest = oplever_bodies.digest)""")

    def _write(self, batch: Sequence[tuple[str, str, Reading]]) -> None:
        """Write these in one transaction: each costs a wait for the disk."""
        with self.database.writing():
            for name, fingerprint, reading in batch:
                self._forget(name)
                head = {"place": self.place, "name": name, "fingerprint": fingerprint, "problem": reading.problem}
                _insert(self.database, reading, head)


def open_index(base: Path | None = None, *, is_refreshed: bool = True) -> Index:
    """The index as configured, up to date; or as it is (not `is_refreshed`).

    Raises OpleverError (`store-unusable`, `extra-missing`, `file-unreadable`).
    """
    base = (base or places.records_directory()).absolute()
    url = os.environ.get("OPLEVER_STORE") or config.load().store
    place = f"{socket.gethostname()}:{base}" if url else ""
    opened = database.connect(url) if url else _beside(base)
    try:
        return _ready(Index(opened, base, place), is_refreshed)
    except opened.error as problem:
        if not database.is_unwritable(problem):
            raise database.unusable(problem) from None
    return _ready(Index(database.in_memory(), base, place), is_refreshed=True)


def _ready(index: Index, is_refreshed: bool) -> Index:
    try:
        _make(index.database)
        if is_refreshed:
            index.refresh()
    except BaseException:
        index.database.close()
        raise
    return index


def _beside(base: Path) -> Database:
    """The file in the records directory. A damaged one is ours alone, so it is made again."""
    opened = database.beside(base / FILE)
    try:
        _make(opened)
    except opened.error as problem:
        opened.close()
        if database.is_unwritable(problem):
            return database.in_memory()
        (base / FILE).unlink(missing_ok=True)
        opened = database.beside(base / FILE)
    return opened


def _make(opened: Database) -> None:
    """The tables of this version, empty when there were others or none."""
    query = "SELECT version FROM oplever_about"
    with contextlib.suppress(opened.error):  # without tables, or damaged
        if opened.column(query) == [schema.VERSION]:
            return
    with opened.writing():
        opened.change("CREATE TABLE IF NOT EXISTS oplever_about (version INTEGER NOT NULL)")
        if opened.column(query) == [schema.VERSION]:
            return  # another process made them meanwhile
        for statement in (*schema.removal(), *schema.statements(opened.types)):
            opened.change(statement)
        version = {"version": schema.VERSION}
        opened.change(schema.insertion(schema.ABOUT, version), version)


def fingerprints(base: Path) -> dict[str, str]:
    """The records in a directory by name, each with what changes when its journal or its entries change. The files are
    not read. Raises OpleverError (`file-unreadable`)."""
    try:
        with os.scandir(base) as entries:
            directories = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise unreadable(base, problem) from None
    files = (f"/{places.JOURNAL}", f"/{places.ENTRIES}")
    marks = {entry.name: " ".join([_mark(entry.path + file) for file in files]) for entry in directories}
    return {name: mark for name, mark in marks.items() if mark != "- -"}


def _mark(path: str) -> str:
    try:
        status = os.lstat(path)
    except OSError:
        return "-"
    return f"{status.st_size}.{status.st_mtime_ns}.{status.st_ino}"


def _insert(opened: Database, reading: Reading, head: Mapping[str, Any]) -> None:
    from oplever.store import rows  # noqa: PLC0415 - as in `refresh`

    row = rows.storable({**head, **reading.row})
    [(key,)] = opened.rows(schema.insertion(schema.RECORDS, row) + " RETURNING key", row)
    _add_bodies(opened, reading.bodies)
    for table, lines in reading.parts.items():
        if lines:
            statement = schema.insertion(table, ("record", *lines[0]))
            opened.change_all(statement, [{"record": key, **rows.storable(line)} for line in lines])


def _add_bodies(opened: Database, bodies: Mapping[str, bytes]) -> None:
    """Put those there that are not there yet."""
    present: set[str] = set()
    digests = list(bodies)
    for start in range(0, len(digests), _BATCH):
        values = {f"d{place}": digest for place, digest in enumerate(digests[start : start + _BATCH])}
        query = "SELECT digest FROM oplever_bodies WHERE digest IN"
        present.update(opened.column(f"{query} ({', '.join(f':{name}' for name in values)})", values))
    missing = [
        {"digest": digest, "size_bytes": len(body), "body": zlib.compress(body)}
        for digest, body in bodies.items()
        if digest not in present
    ]
    opened.change_all(schema.insertion(schema.BODIES, ("digest", "size_bytes", "body")), missing)
