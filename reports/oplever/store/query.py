"""Questions to the index, and their answers as frozen types."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Select, Table, and_, exists, func, not_, or_, select

from oplever import clock
from oplever.kinds.registry import KINDS
from oplever.record import drift
from oplever.record.compare import Difference, state_differences
from oplever.store import schema
from oplever.store.index import Index
from oplever.store.ordering import Clock
from oplever.store.schema import changes, failing, people, roles, systems
from oplever.store.schema import records as table

_LAST_FIRST = (table.c.moment.desc(), table.c.number.desc(), table.c.place, table.c.name.desc())
"""Numbers count within a place; records of several places follow each other by time."""
DRIFTING = drift.KINDS | {"package"}


class Filter(Struct, frozen=True):
    """What a record must have. Names take `*` and `?`; times are ISO 8601 in UTC, from `since` to before `until`.

    `due`: to be ready on that day at the latest; `overdue`: not ready, while the time for it is over now."""

    host: str | None = None
    role: str | None = None
    verdict: str | None = None
    since: str | None = None
    until: str | None = None
    operator: str | None = None
    failed_check: str | None = None
    work_process: str | None = None
    kind: str | None = None
    state: str | None = None
    due: str | None = None
    overdue: bool = False
    limit: int | None = None


class Listed(Struct, frozen=True):
    """One record in a list; with `problem` it cannot be read and nothing else is known. With `clock` the clock of the
    controller was not right at its start: the record is where it belongs all the same."""

    name: str
    place: str
    problem: str | None
    started: str | None
    title: str | None
    kind: str | None
    due: str | None
    work_process: str | None
    verdict: str | None
    stage: str | None
    status: str | None
    revision: int | None
    duration: float | None
    clock: Clock | None = None
    hosts: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    failing: int = 0


class Failing(Struct, frozen=True):
    kind: str
    id: str
    status: str
    expected: str
    found: str


class Changed(Struct, frozen=True):
    """`section` is `component` or `setting`."""

    section: str
    kind: str
    name: str
    change: str
    before: str
    after: str


class Visit(Struct, frozen=True):
    """What one record says about one machine. `drift` is what changed between the record before it and this one."""

    record: Listed
    counts: dict[str, int]
    passed: int
    ran: int
    score: float | None
    roles: tuple[str, ...]
    failing: tuple[Failing, ...]
    changes: tuple[Changed, ...]
    since: str | None
    drift: tuple[Difference, ...]


def listing(index: Index, wanted: Filter) -> list[Listed]:
    """Records that have all that is wanted, newest first. Those that cannot be read match an empty filter only."""
    query = select(table).where(*_conditions(wanted)).order_by(*_LAST_FIRST).limit(wanted.limit)
    with index.engine.connect() as connection:
        return _listed(connection, connection.execute(query).mappings().all())


def unreadable(index: Index) -> list[Listed]:
    query = select(table).where(table.c.problem.is_not(None)).order_by(*_LAST_FIRST)
    with index.engine.connect() as connection:
        return _listed(connection, connection.execute(query).mappings().all())


def hosts(index: Index) -> list[str]:
    with index.engine.connect() as connection:
        return list(connection.scalars(select(systems.c.host).distinct().order_by(systems.c.host)))


def life(index: Index, host: str) -> list[Visit]:
    """A machine over all records, oldest first."""
    query = (
        select(table, systems)
        .join(systems, systems.c.record == table.c.key)
        .where(systems.c.host == host)
        .order_by(table.c.moment, table.c.number, table.c.name)
    )
    visits: list[Visit] = []
    seen: tuple[str, int] | None = None
    with index.engine.connect() as connection:
        for row in connection.execute(query).mappings().all():
            drift = _drift(connection, host, seen[1], row["key"]) if seen else ()
            visits.append(_visit(connection, host, row, seen[0] if seen else None, drift))
            if _digests(connection, host, row["key"], ("after", "before")):
                seen = row["name"], row["key"]
    return visits


def newest(index: Index, host: str, count: int = 1) -> list[str]:
    """Names of the last records with a snapshot of this machine in the directory of this index, newest first."""
    seen = exists().where(schema.states.c.record == table.c.key, schema.states.c.host == host)
    query = select(table.c.name).where(table.c.place == index.place, seen).order_by(*_LAST_FIRST)
    with index.engine.connect() as connection:
        return list(connection.scalars(query.limit(count)))


def _visit(connection: Connection, host: str, row: Any, since: str | None, drift: tuple[Difference, ...]) -> Visit:
    def of(part: Table) -> list[Any]:
        query = select(part).where(part.c.record == row["key"], part.c.host == host)
        return list(connection.execute(query).mappings())

    return Visit(
        record=_listed(connection, [row])[0],
        counts={key: row[key] for key in ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")},
        passed=row["passed"],
        ran=row["ran"],
        score=row["score"],
        roles=tuple(each["role"] for each in of(roles)),
        failing=tuple(Failing(*(each[key] for key in Failing.__struct_fields__)) for each in of(failing)),
        changes=tuple(Changed(*(each[key] for key in Changed.__struct_fields__)) for each in of(changes)),
        since=since,
        drift=drift,
    )


def _drift(connection: Connection, host: str, old: int, new: int) -> tuple[Difference, ...]:
    """What changed between the last snapshot of one record and the first of the next."""
    was = _digests(connection, host, old, ("after", "before"))
    now = _digests(connection, host, new, ("before", "after"))
    if not was or not now:
        return ()
    kinds = [kind for kind in sorted(DRIFTING & was.keys() & now.keys()) if was[kind] != now[kind]]
    return tuple(
        state_differences(
            host,
            {kind: _body(connection, was[kind]) for kind in kinds},
            {kind: _body(connection, now[kind]) for kind in kinds},
        )
    )


def _digests(connection: Connection, host: str, record: int, stages: tuple[str, str]) -> dict[str, str]:
    """Kind -> digest, from the first of these stages that was seen."""
    part = schema.states
    query = select(part.c.stage, part.c.kind, part.c.digest).where(part.c.record == record, part.c.host == host)
    found: dict[str, dict[str, str]] = {}
    for stage, kind, digest in connection.execute(query):
        found.setdefault(stage, {})[kind] = digest
    return found.get(stages[0]) or found.get(stages[1]) or {}


def _body(connection: Connection, digest: str) -> dict[str, str]:
    body = connection.scalars(select(schema.bodies.c.body).where(schema.bodies.c.digest == digest)).one()
    return msgspec.json.decode(zlib.decompress(body), type=dict[str, str])


def _listed(connection: Connection, found: Sequence[Any]) -> list[Listed]:
    keys = [row["key"] for row in found]
    operators = select(people.c.record, people.c.name).where(people.c.role.in_(("executor", "account")))
    machines = _grouped(connection, select(systems.c.record, systems.c.host), systems, keys)
    people_of = _grouped(connection, operators.order_by(people.c.role.desc()), people, keys)
    failures = _grouped(connection, select(failing.c.record, failing.c.id), failing, keys)
    columns = tuple(name for name in Listed.__struct_fields__ if name in table.c and name != "hosts")
    return [
        Listed(
            **{name: row[name] for name in columns},
            hosts=tuple(machines.get(row["key"], ())),
            operators=tuple(dict.fromkeys(people_of.get(row["key"], ()))),
            failing=len(failures.get(row["key"], ())),
        )
        for row in found
    ]


def _grouped(connection: Connection, query: Select[Any], part: Table, keys: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for start in range(0, len(keys), 500):
        for record, value in connection.execute(query.where(part.c.record.in_(keys[start : start + 500]))):
            found.setdefault(record, []).append(value)
    return found


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.verdict:
        found.append(table.c.verdict == wanted.verdict)
    if wanted.work_process:
        found.append(table.c.work_process == wanted.work_process)
    if wanted.kind:
        found.append(table.c.kind == wanted.kind)
    if wanted.state:
        found.append(table.c.status == wanted.state)
    if wanted.due:
        found.append(func.substr(table.c.due, 1, len(wanted.due)) <= wanted.due)
    if wanted.overdue:
        found.append(_overdue(clock.now()))
    if wanted.since:
        found.append(table.c.started >= wanted.since)
    if wanted.until:
        found.append(table.c.started < wanted.until)
    for pattern, column in (
        (wanted.host, systems.c.host),
        (wanted.role, roles.c.role),
        (wanted.failed_check, failing.c.id),
    ):
        if pattern:
            found.append(exists().where(column.table.c.record == table.c.key, _like(column, pattern)))
    if wanted.operator:
        named = or_(_like(people.c.name, wanted.operator), _like(people.c.name, f"*{wanted.operator}*"))
        found.append(exists().where(people.c.record == table.c.key, named))
    return found


def _overdue(now: str) -> ColumnElement[bool]:
    """Due before this moment and in no final state. A day is over when the day after it begins (UTC)."""
    day = now[:10]
    past = or_(
        and_(func.length(table.c.due) == len(day), table.c.due < day),
        and_(func.length(table.c.due) > len(day), table.c.due < now),
    )
    ready = [
        and_(table.c.kind == kind.id, table.c.status.in_([state.id for state in kind.states if state.is_final]))
        for kind in KINDS.values()
    ]
    return and_(past, not_(or_(*ready)))


def _like(column: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    escaped = pattern.lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return func.lower(column).like(escaped.replace("*", "%").replace("?", "_"), escape="\\")
