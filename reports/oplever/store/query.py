"""Questions to the index, and their answers as frozen types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from oplever.store.database import Database, Values
from oplever.store.filters import PART_OF, Filter, conditions
from oplever.store.index import Index
from oplever.store.ordering import Clock

LAST_FIRST = "moment DESC, number DESC, place, name DESC"
"""Numbers count within a place; records of several places follow each other by time."""
_COLUMNS = """SELECT key, name, place, problem, started, title, kind, due, work_process, verdict, stage, status,
    revision, duration, clock """
"""The fields of `Listed` up to `hosts`, in their order, after the key."""
_HOSTS = "SELECT record, host FROM oplever_systems WHERE 1 = 1 AND :part"
_OPERATORS = """SELECT record, name FROM oplever_people WHERE role IN ('executor', 'account') AND :part
    ORDER BY role DESC"""
_FAILURES = "SELECT record, count(*) FROM oplever_failing WHERE 1 = 1 AND :part GROUP BY record"
_RUNS = "SELECT record, count(*) FROM oplever_runs WHERE 1 = 1 AND :part GROUP BY record"
_PARTS = """SELECT oplever_runs.run, oplever_records.place, oplever_records.name FROM oplever_runs
    JOIN oplever_records ON oplever_records.key = oplever_runs.record ORDER BY oplever_records.name"""
"""What goes with a record; `:part` narrows it to the records that are asked for."""


class Listed(Struct, frozen=True):
    """One record in a list; with `problem` it cannot be read and nothing else is known. With `clock` the clock of the
    controller was not right at its start: the record is where it belongs all the same. A record of several is made of
    so many `runs`; a run that is in one is `part_of` it."""

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
    runs: int = 0
    part_of: str = ""


class StoredExtract(Struct, frozen=True):
    """What the index keeps of a record for the pages over all: `body` is an extract as `overview.extract` writes it,
    empty with a `problem`; `part_of` is the record of several of which it is a run, where that was asked for."""

    name: str
    moment: str
    clock: Clock | None
    problem: str | None
    body: bytes
    part_of: str = ""


def extracts(index: Index) -> list[StoredExtract]:
    """Every record of the directory of this index, in the order in which they were made."""
    query = """SELECT name, moment, clock, problem, body FROM oplever_records
        LEFT JOIN oplever_extracts ON oplever_extracts.record = oplever_records.key
        WHERE place = :place ORDER BY moment, number, name"""
    rows = index.database.rows(query, {"place": index.place})
    return [
        StoredExtract(name, moment, clock, problem, bytes(body or b"")) for name, moment, clock, problem, body in rows
    ]


def extracts_of(index: Index, names: Sequence[str]) -> list[StoredExtract]:
    """Of these records of the directory of this index, in this order; not more than a few hundred."""
    if not names:
        return []
    values = {f"n{number}": name for number, name in enumerate(names)}
    query = f"""SELECT name, moment, clock, problem, body, {PART_OF} FROM oplever_records
        LEFT JOIN oplever_extracts ON oplever_extracts.record = oplever_records.key
        WHERE place = :place AND name IN ({", ".join(f":{key}" for key in values)})"""  # noqa: S608 - names of ours
    rows = index.database.rows(query, {**values, "place": index.place})
    by_name = {
        name: StoredExtract(name, moment, clock, problem, bytes(body or b""), whole or "")
        for name, moment, clock, problem, body, whole in rows
    }
    return [by_name[name] for name in dict.fromkeys(names) if name in by_name]


def reported_by(index: Index) -> dict[str, list[str]]:
    """Who reported something here -> the names of the cases, the newest first."""
    query = """SELECT oplever_people.name, oplever_records.name FROM oplever_people
        JOIN oplever_records ON oplever_records.key = oplever_people.record
        WHERE role = 'reporter' AND place = :place ORDER BY moment DESC, number DESC"""
    cases: dict[str, list[str]] = {}
    for person, record in index.database.rows(query, {"place": index.place}):
        cases.setdefault(person, []).append(record)
    return cases


class Seen(Struct, frozen=True):
    """A machine in the last record that had it."""

    host: str
    os: str
    record: str
    moment: str


def machines(index: Index) -> list[Seen]:
    """Every machine of the directory of this index by name, as its last record has it."""
    query = """SELECT host, os, name, moment FROM oplever_systems
        JOIN oplever_records ON oplever_records.key = oplever_systems.record
        WHERE place = :place ORDER BY moment, number"""
    last = {
        row[0]: Seen(row[0], row[1] or "", row[2], row[3]) for row in index.database.rows(query, {"place": index.place})
    }
    return [last[host] for host in sorted(last)]


def records_of(index: Index, host: str) -> list[str]:
    """The names of the records of this directory with a machine, newest first."""
    query = """SELECT name FROM oplever_records WHERE place = :place
        AND EXISTS (SELECT 1 FROM oplever_systems WHERE record = key AND host = :host) ORDER BY """
    return index.database.column(query + LAST_FIRST, {"place": index.place, "host": host})


def listing(index: Index, filters: Filter) -> list[Listed]:
    """Records that match all of the filters, newest first. Those that cannot be read match an empty filter only."""
    required, values = conditions(filters)
    return _list(index.database, required, values, filters.limit, filters.skip)


def count(index: Index, filters: Filter) -> int:
    """How many match, whatever the limit."""
    required, values = conditions(filters)
    where = f"WHERE {' AND '.join(required)}" if required else ""
    [number] = index.database.column(f"SELECT count(*) FROM oplever_records {where}", values)  # noqa: S608 - ours
    return int(number)


def waiting_names(index: Index, who: str) -> list[str]:
    """The people for whom, in a role, records of this directory wait; an empty name for those that name nobody."""
    query = """SELECT DISTINCT oplever_waits.name FROM oplever_waits
        JOIN oplever_records ON oplever_records.key = oplever_waits.record WHERE who = :who AND place = :place"""
    return index.database.column(query, {"who": who, "place": index.place})


def waiting(index: Index, who: str, names: Sequence[str]) -> list[str]:
    """The records of this directory that wait for one of these people in a role: what is due first, then the oldest."""
    values = {f"n{number}": name for number, name in enumerate(names)}
    if not values:
        return []
    query = f"""SELECT DISTINCT coalesce(due, '9'), started, oplever_records.name FROM oplever_waits
        JOIN oplever_records ON oplever_records.key = oplever_waits.record
        WHERE who = :who AND place = :place AND oplever_waits.name IN ({", ".join(f":{key}" for key in values)})
            AND {PART_OF} IS NULL
        ORDER BY coalesce(due, '9'), started, oplever_records.name"""  # noqa: S608 - names of ours
    rows = index.database.rows(query, {**values, "who": who, "place": index.place})
    return [name for _, _, name in rows]


def unreadable(index: Index) -> list[Listed]:
    return _list(index.database, ["problem IS NOT NULL"], {})


def hosts(index: Index) -> list[str]:
    return index.database.column("SELECT DISTINCT host FROM oplever_systems ORDER BY host")


class Assigned(Struct, frozen=True):
    """A record of an assignment; `started` None: it cannot be read."""

    name: str
    assignment: str
    started: str | None
    is_whole: bool
    part_of: str


def assigned(index: Index, assignment: str) -> list[Assigned]:
    """The installations of an assignment in the directory of this index, in the order in which they were made. One
    that `is_whole` is made of several runs."""
    query = f"""SELECT name, assignment, started,
            EXISTS (SELECT 1 FROM oplever_runs WHERE record = key),
            {PART_OF}
        FROM oplever_records WHERE place = :place AND kind = 'installation' AND assignment = :assignment
        ORDER BY moment, number, name"""  # noqa: S608 - constants
    rows = index.database.rows(query, {"place": index.place, "assignment": assignment})
    return [Assigned(name, of, started, bool(whole), part or "") for name, of, started, whole, part in rows]


def _list(
    database: Database, conditions: Sequence[str], values: Values, limit: int | None = None, skip: int = 0
) -> list[Listed]:
    with database.reading():
        return list(by_key(database, conditions, values, limit, skip).values())


def by_key(
    database: Database, conditions: Sequence[str], values: Values, limit: int | None = None, skip: int = 0
) -> dict[int, Listed]:
    """The records that meet all conditions, newest first, by their key. To be asked while `reading`."""
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    chosen = f"FROM oplever_records {where} ORDER BY {LAST_FIRST}" + (
        f" LIMIT {limit:d} OFFSET {skip:d}" if limit else ""
    )
    part = f"AND record IN (SELECT key {chosen})" if conditions or limit else ""
    records = database.rows(_COLUMNS + chosen, values)
    if not records:
        return {}
    hosts = _group(database.rows(_HOSTS.replace("AND :part", part), values))
    operators = _group(database.rows(_OPERATORS.replace("AND :part", part), values))
    failures: dict[int, int] = dict(database.rows(_FAILURES.replace("AND :part", part), values))
    runs: dict[int, int] = dict(database.rows(_RUNS.replace("AND :part", part), values))
    wholes = {(run, place): name for run, place, name in database.rows(_PARTS, {})}
    return {
        key: Listed(
            *(
                *(name, place, *columns, tuple(hosts.get(key, ())), tuple(dict.fromkeys(operators.get(key, ())))),
                *(failures.get(key, 0), runs.get(key, 0), wholes.get((name, place), "")),
            )
        )
        for key, name, place, *columns in records
    }


def _group(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[str]]:
    by_record: dict[int, list[str]] = {}
    for record, value in rows:
        by_record.setdefault(record, []).append(value)
    return by_record
