"""The index over all records: SQLite beside them, or PostgreSQL by URL. Built from the directories, at any time.

`refresh` looks at every directory and reads those that are new or changed; a record that cannot be read is kept with
its problem, so that one bad record hides no good one.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    delete,
    event,
    exc,
    exists,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.pool import StaticPool

from oplever import config, extras
from oplever._shared import sequence
from oplever.errors import OpleverError
from oplever.store import ordering, records, rows, schema

FILE = "index.sqlite"
Part = TypeVar("Part")
_LOCK = 0x6F706C65  # "ople": the advisory lock of whoever writes to a shared database


class Index:
    """An open index of the records below `base`. Close it, or use it in a `with`."""

    def __init__(self, engine: Engine, base: Path, place: str) -> None:
        self.engine, self.base, self.place = engine, base, place

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction of one writer at a time."""
        with self.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection

    def refresh(self) -> None:
        """Bring the index up to date with the directories. Raises OpleverError (`file-unreadable`)."""
        present = records.present(self.base)
        with self.engine.connect() as connection:
            query = select(schema.records.c.name, schema.records.c.fingerprint).where(self._own())
            known = {row.name: row.fingerprint for row in connection.execute(query)}
        now = {name: _fingerprint(path) for name, path in present.items()}
        for name in known.keys() - present.keys():
            with self.writing() as connection:
                self._forget(connection, name)
        changed = [present[name] for name, fingerprint in now.items() if known.get(name) != fingerprint]
        for batch in _by_size(changed):
            self._read([(path, now[path.name]) for path in batch])
        if any(now.get(name) != fingerprint for name, fingerprint in known.items()):
            self._sweep()
        if now != known:
            self._put_in_order()

    def _own(self) -> Any:
        return schema.records.c.place == self.place

    def _forget(self, connection: Connection, name: str) -> None:
        connection.execute(delete(schema.records).where(self._own(), schema.records.c.name == name))

    def _put_in_order(self) -> None:
        """Say of each record which was made after which, and whether the clock was right."""
        columns = [schema.records.c[name] for name in ("key", "name", "previous", "started", *ordering.COLUMNS)]
        with self.writing() as connection:
            lines = connection.execute(select(*columns).where(self._own())).mappings().all()
            order = ordering.order(lines, sequence.latest(str(self.base)), sequence.stamp(datetime.now(UTC)))
            for line in lines:
                place = order[line["name"]]
                if any(line[column] != value for column, value in place.items()):
                    connection.execute(
                        update(schema.records).where(schema.records.c.key == line["key"]).values(**place)
                    )

    def _sweep(self) -> None:
        """Take away bodies that no state has any more."""
        with self.writing() as connection:
            unused = ~exists().where(schema.states.c.digest == schema.bodies.c.digest)
            connection.execute(delete(schema.bodies).where(unused))

    def _read(self, paths: Sequence[tuple[Path, str]]) -> None:
        """Read these records, and write them in one transaction: each costs a wait for the disk."""
        read = [(path, fingerprint, _examine(path)) for path, fingerprint in paths]
        with self.writing() as connection:
            for path, fingerprint, found in read:
                self._forget(connection, path.name)
                head = {
                    "place": self.place,
                    "name": path.name,
                    "fingerprint": fingerprint,
                    "previous": sequence.previous(str(path)),
                }
                if isinstance(found, OpleverError):
                    connection.execute(insert(schema.records).values(**head, problem=found.message))
                else:
                    _insert(connection, found, head)


def _examine(path: Path) -> records.Examined | OpleverError:
    try:
        return records.examine(path)
    except OpleverError as problem:
        return problem


def _by_size(paths: Iterable[Path], records_each: int = 50, bytes_each: int = 20_000_000) -> Iterator[list[Path]]:
    """Groups that fit in memory together: many small records, or one large one."""
    group: list[Path] = []
    size = 0
    for path in paths:
        group.append(path)
        with contextlib.suppress(OSError):
            size += (path / records.JOURNAL).stat().st_size
        if len(group) >= records_each or size >= bytes_each:
            yield group
            group, size = [], 0
    if group:
        yield group


def open_index(base: Path | None = None) -> Index:
    """The index as configured, up to date. Raises OpleverError (`store-unusable`, `extra-missing`,
    `file-unreadable`)."""
    base = (base or records.records_directory()).absolute()
    url = os.environ.get("OPLEVER_STORE") or config.load().store
    place = f"{socket.gethostname()}:{base}" if url else ""
    index = Index(_connect(url) if url else _beside(base), base, place)
    try:
        _prepare(index)
        index.refresh()
    except exc.SQLAlchemyError as problem:
        index.engine.dispose()
        raise _unusable(problem) from None
    except BaseException:
        index.engine.dispose()
        raise
    return index


def _connect(url: str) -> Engine:
    try:
        if url.startswith(("postgresql://", "postgres://")):
            url = "postgresql+psycopg://" + url.split("://", 1)[1]
            extras.load("psycopg", "postgresql")
        engine = create_engine(url)
    except (exc.SQLAlchemyError, ImportError, ValueError) as problem:
        raise _unusable(problem) from None
    return _as_sqlite(engine) if engine.dialect.name == "sqlite" else engine


def _beside(base: Path) -> Engine:
    """A file in the records directory; where that cannot be written (or is not there yet), one in memory."""
    path = base / FILE
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError:
        return _in_memory()
    with os.fdopen(descriptor, "rb") as file:
        regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    if not regular:
        return _in_memory()
    return _as_sqlite(create_engine(f"sqlite:///{path}", connect_args={"timeout": 60}))


def _in_memory() -> Engine:
    return _as_sqlite(create_engine("sqlite://", poolclass=StaticPool))


def _as_sqlite(engine: Engine) -> Engine:
    """Transactions that really begin, foreign keys that hold, and names that are gone when they are deleted."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("foreign_keys = ON", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _prepare(index: Index) -> None:
    try:
        _make(index)
    except exc.DatabaseError:
        if index.place:
            raise
        index.engine.dispose()  # damaged; ours alone, so it is made again
        (index.base / FILE).unlink(missing_ok=True)
        index.engine = _beside(index.base)
        _make(index)


def _make(index: Index) -> None:
    with index.writing() as connection:
        if inspect(connection).has_table(schema.about.name):
            if connection.execute(select(schema.about.c.version)).scalar() == schema.VERSION:
                return
            schema.metadata.drop_all(connection)
        schema.metadata.create_all(connection)
        connection.execute(insert(schema.about).values(version=schema.VERSION))


def _fingerprint(directory: Path) -> str:
    """Changes when the journal or the entries change, without reading them."""
    parts = []
    for name in (records.JOURNAL, records.ENTRIES):
        try:
            status = os.lstat(directory / name)
            parts.append(f"{status.st_size}.{status.st_mtime_ns}.{status.st_ino}")
        except OSError:
            parts.append("-")
    return " ".join(parts)


def _insert(connection: Connection, found: records.Examined, head: Mapping[str, Any]) -> None:
    key = connection.execute(
        insert(schema.records).values(**head, **_storable(rows.record(found.record))).returning(schema.records.c.key)
    ).scalar_one()
    parts = {**rows.parts(found.record), schema.states: _states(connection, found)}
    for table, lines in parts.items():
        for batch in _batches(lines):
            connection.execute(insert(table), [{"record": key, **_storable(line)} for line in batch])


def _storable(line: rows.Row) -> rows.Row:
    """PostgreSQL takes no NUL in a text."""
    return {
        key: value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value
        for key, value in line.items()
    }


def _states(connection: Connection, found: records.Examined) -> list[dict[str, Any]]:
    """Rows that say which state had which body; bodies that are not there yet are put there."""
    lines: list[dict[str, Any]] = []
    bodies: dict[str, bytes] = {}
    for host, pair in found.states.items():
        for stage, state in zip(("before", "after"), pair, strict=True):
            for kind, names in (state or {}).items():
                body = msgspec.json.encode(names, order="deterministic")
                digest = rows.digest(body)
                bodies[digest] = body
                lines.append({"host": host, "stage": stage, "kind": kind, "digest": digest})
    known: set[str] = set()
    for batch in _batches(bodies):
        known |= set(connection.scalars(select(schema.bodies.c.digest).where(schema.bodies.c.digest.in_(batch))))
    new = [
        {"digest": digest, "size_bytes": len(body), "body": zlib.compress(body)}
        for digest, body in bodies.items()
        if digest not in known
    ]
    for added in _batches(new):
        connection.execute(insert(schema.bodies), added)
    return lines


def _batches(lines: Iterable[Part], size: int = 500) -> Iterator[list[Part]]:
    every = list(lines)
    for start in range(0, len(every), size):
        yield every[start : start + size]


def _unusable(problem: Exception) -> OpleverError:
    reason = str(getattr(problem, "orig", None) or problem).strip().splitlines()[0]
    advice = "check OPLEVER_STORE or `store` in oplever.yml; PostgreSQL needs: pip install 'oplever[postgresql]'"
    return OpleverError("store-unusable", f"the index cannot be used: {reason}", advice)
