"""Questions to the index, and their answers as frozen types."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct, structs

from oplever import clock
from oplever._shared.differences import DRIFTING, PACKAGE
from oplever.kinds.registry import KINDS
from oplever.record.compare import Difference, Uncompared, look_differences, not_compared
from oplever.store.database import Database, Values
from oplever.store.index import Index
from oplever.store.ordering import Clock
from oplever.store.states import TERMS, look

_LAST_FIRST = "moment DESC, number DESC, place, name DESC"
"""Numbers count within a place; records of several places follow each other by time."""
_COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")


def _in_part(table: str, condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} WHERE record = key AND {condition})"  # noqa: S608 - constants of this module


def _like(column: str, pattern: str) -> str:
    return rf"lower({column}) LIKE :{pattern} ESCAPE '\'"


_CONDITIONS = {
    "verdict": "verdict = :verdict",
    "work_process": "work_process = :work_process",
    "kind": "kind = :kind",
    "state": "status = :state",
    "waits_for": _in_part("oplever_waits", "who = :waits_for"),
    "text": "({})".format(
        " OR ".join(
            (
                _like("title", "text"),
                _like("oplever_records.name", "text"),
                _in_part("oplever_systems", _like("host", "text")),
                _in_part("oplever_people", _like("oplever_people.name", "text")),
            )
        )
    ),
    "due": "substr(due, 1, :length) <= :due",
    "since": "started >= :since",
    "until": "started < :until",
    "host": _in_part("oplever_systems", _like("host", "host")),
    "role": _in_part("oplever_roles", _like("role", "role")),
    "failed_check": _in_part("oplever_failing", _like("id", "failed_check")),
    "operator": _in_part(
        "oplever_people", f"role <> 'reporter' AND ({_like('name', 'operator')} OR {_like('name', 'part')})"
    ),
}
"""The condition in SQL of each field of a filter."""
_PATTERNS = ("host", "role", "failed_check", "operator", "text")
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


class Filter(Struct, frozen=True):
    """What a record must have. Names take `*` and `?`; times are ISO 8601 in UTC, from `since` to before `until`.

    `text` is in the title, the name, a machine or a person; `waits_for` a role of `words.Who`. `skip` leaves out so
    many of the newest ones, and needs `limit`. `due`: to be ready on that day at the latest; `overdue`: not ready,
    while the time for it is over now."""

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
    text: str | None = None
    waits_for: str | None = None
    skip: int = 0


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
    """What one record says about one machine. `drift` is what changed between the record before it and this one,
    `uncompared` what could not be compared."""

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
    uncompared: tuple[Uncompared, ...]


class Kept(Struct, frozen=True):
    """What the index keeps of a record for the pages over all: `body` is an extract as `overview.extract` writes it,
    empty with a `problem`."""

    name: str
    moment: str
    clock: Clock | None
    problem: str | None
    body: bytes


def extracts(index: Index) -> list[Kept]:
    """Every record of the directory of this index, in the order in which they were made."""
    query = """SELECT name, moment, clock, problem, body FROM oplever_records
        LEFT JOIN oplever_extracts ON oplever_extracts.record = oplever_records.key
        WHERE place = :place ORDER BY moment, number, name"""
    rows = index.database.rows(query, {"place": index.place})
    return [Kept(name, moment, clock, problem, bytes(body or b"")) for name, moment, clock, problem, body in rows]


def extracts_of(index: Index, names: Sequence[str]) -> list[Kept]:
    """Of these records of the directory of this index, in this order; not more than a few hundred."""
    if not names:
        return []
    values = {f"n{number}": name for number, name in enumerate(names)}
    query = f"""SELECT name, moment, clock, problem, body FROM oplever_records
        LEFT JOIN oplever_extracts ON oplever_extracts.record = oplever_records.key
        WHERE place = :place AND name IN ({", ".join(f":{key}" for key in values)})"""  # noqa: S608 - names of ours
    rows = index.database.rows(query, {**values, "place": index.place})
    kept = {name: Kept(name, moment, clock, problem, bytes(body or b"")) for name, moment, clock, problem, body in rows}
    return [kept[name] for name in dict.fromkeys(names) if name in kept]


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
    return index.database.column(query + _LAST_FIRST, {"place": index.place, "host": host})


def listing(index: Index, filters: Filter) -> list[Listed]:
    """Records that match all of the filters, newest first. Those that cannot be read match an empty filter only."""
    conditions, values = _conditions(filters)
    return _listed(index.database, conditions, values, filters.limit, filters.skip)


def count(index: Index, filters: Filter) -> int:
    """How many match, whatever the limit."""
    conditions, values = _conditions(filters)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
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
        ORDER BY coalesce(due, '9'), started, oplever_records.name"""  # noqa: S608 - names of ours
    rows = index.database.rows(query, {**values, "who": who, "place": index.place})
    return [name for _, _, name in rows]


def unreadable(index: Index) -> list[Listed]:
    return _listed(index.database, ["problem IS NOT NULL"], {})


def hosts(index: Index) -> list[str]:
    return index.database.column("SELECT DISTINCT host FROM oplever_systems ORDER BY host")


def life(index: Index, host: str, whole: str = "") -> list[Visit]:
    """A machine over all records, oldest first. Records of several runs are not among them, since their runs are;
    but for the one that `whole` names."""
    query = """SELECT record, ok, changed, unreachable, failed, skipped, rescued, ignored, passed, ran, score
        FROM oplever_systems JOIN oplever_records ON oplever_records.key = oplever_systems.record
        WHERE host = :host AND (oplever_records.name = :whole
            OR NOT EXISTS (SELECT 1 FROM oplever_runs WHERE oplever_runs.record = oplever_systems.record))
        ORDER BY moment, number, oplever_records.name"""
    visits: list[Visit] = []
    previous: tuple[str, int] | None = None
    database = index.database
    with database.reading():
        listed = _by_key(database, ["EXISTS (SELECT 1 FROM oplever_systems WHERE record = key AND host = :host)"],
                         {"host": host})  # fmt: skip
        for key, *counts, passed, ran, score in database.rows(query, {"host": host, "whole": whole}):
            if listed[key].runs:
                previous = None  # it begins before the records that stand before it
            drift, uncompared = _drift(database, host, previous[1], key) if previous else ((), ())
            visit = Visit(
                record=listed[key],
                counts=dict(zip(_COUNTS, counts, strict=True)),
                passed=passed,
                ran=ran,
                score=score,
                since=previous[0] if previous else None,
                drift=drift,
                uncompared=uncompared,
                **_on(database, host, key),
            )
            visits.append(visit)
            if _digests(database, host, key, ("after", "before")):
                previous = visit.record.name, key
    return visits


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
    query = """SELECT name, assignment, started,
            EXISTS (SELECT 1 FROM oplever_runs WHERE record = key),
            (SELECT max(whole.name) FROM oplever_runs JOIN oplever_records AS whole ON whole.key = oplever_runs.record
                WHERE oplever_runs.run = oplever_records.name AND whole.place = oplever_records.place)
        FROM oplever_records WHERE place = :place AND kind = 'installation' AND assignment = :assignment
        ORDER BY moment, number, name"""
    rows = index.database.rows(query, {"place": index.place, "assignment": assignment})
    return [Assigned(name, of, started, bool(whole), part or "") for name, of, started, whole, part in rows]


def packages(index: Index) -> dict[str, dict[str, str]]:
    """Machine -> package -> version, by the last snapshot of each in the directory of this index."""
    query = """SELECT host, digest FROM oplever_states
        JOIN oplever_records ON oplever_records.key = oplever_states.record
        WHERE oplever_states.kind = :kind AND place = :place
            AND NOT EXISTS (SELECT 1 FROM oplever_runs WHERE oplever_runs.record = oplever_states.record)
        ORDER BY moment, number, CASE oplever_states.stage WHEN 'after' THEN 1 ELSE 0 END"""
    last = dict(index.database.rows(query, {"kind": PACKAGE, "place": index.place}))
    bodies = {digest: _body(index.database, digest) for digest in set(last.values())}
    return {host: bodies[digest] for host, digest in last.items()}


def newest(index: Index, host: str, count: int = 1) -> list[str]:
    """Names of the last records with a snapshot of this machine in the directory of this index, newest first; those of
    several runs are not among them."""
    query = """SELECT name FROM oplever_records WHERE place = :place
        AND EXISTS (SELECT 1 FROM oplever_states WHERE record = key AND host = :host)
        AND NOT EXISTS (SELECT 1 FROM oplever_runs WHERE record = key)"""
    values = {"place": index.place, "host": host, "count": count}
    return index.database.column(f"{query} ORDER BY {_LAST_FIRST} LIMIT :count", values)


def runs_of(index: Index, host: str) -> list[str]:
    """Names of the records of runs that this machine was part of, newest first."""
    query = """SELECT name FROM oplever_records WHERE place = :place AND kind = 'installation'
        AND EXISTS (SELECT 1 FROM oplever_systems WHERE record = key AND host = :host)
        AND NOT EXISTS (SELECT 1 FROM oplever_runs WHERE record = key)"""
    return index.database.column(f"{query} ORDER BY {_LAST_FIRST}", {"place": index.place, "host": host})


def _on(database: Database, host: str, key: int) -> dict[str, Any]:
    """What a record says of a machine, in parts: fields of a `Visit`."""
    at = {"record": key, "host": host}
    roles = "SELECT role FROM oplever_roles WHERE record = :record AND host = :host"
    failing = """SELECT kind, id, status, expected, found FROM oplever_failing
        WHERE record = :record AND host = :host"""
    changes = """SELECT section, kind, name, change, before, after FROM oplever_changes
        WHERE record = :record AND host = :host"""
    return {
        "roles": tuple(database.column(roles, at)),
        "failing": tuple(Failing(*row) for row in database.rows(failing, at)),
        "changes": tuple(Changed(*row) for row in database.rows(changes, at)),
    }


def _drift(database: Database, host: str, old: int, new: int) -> tuple[tuple[Difference, ...], tuple[Uncompared, ...]]:
    """What changed between the last snapshot of one record and the first of the next, and what was not compared."""
    was = _digests(database, host, old, ("after", "before"))
    now = _digests(database, host, new, ("before", "after"))
    if not was or not now:
        return (), ()
    kinds = [kind for kind in sorted(DRIFTING & was.keys() & now.keys()) if was[kind] != now[kind]]
    one_sided = DRIFTING & (was.keys() ^ now.keys())
    before, after = (
        look(
            {kind: _body(database, digests[kind]) for kind in (TERMS, *kinds)}
            | {kind: {} for kind in one_sided & digests.keys()}
        )
        for digests in (was, now)
    )
    return tuple(look_differences(host, before, after)), tuple(not_compared(host, before, after))


def _digests(database: Database, host: str, record: int, stages: tuple[str, str]) -> dict[str, str]:
    """Kind -> digest, from the first of these stages that was seen."""
    query = "SELECT stage, kind, digest FROM oplever_states WHERE record = :record AND host = :host"
    by_stage: dict[str, dict[str, str]] = {}
    for stage, kind, digest in database.rows(query, {"record": record, "host": host}):
        by_stage.setdefault(stage, {})[kind] = digest
    return by_stage.get(stages[0]) or by_stage.get(stages[1]) or {}


def _body(database: Database, digest: str) -> dict[str, str]:
    [body] = database.column("SELECT body FROM oplever_bodies WHERE digest = :digest", {"digest": digest})
    return msgspec.json.decode(zlib.decompress(body), type=dict[str, str])


def _listed(
    database: Database, conditions: Sequence[str], values: Values, limit: int | None = None, skip: int = 0
) -> list[Listed]:
    with database.reading():
        return list(_by_key(database, conditions, values, limit, skip).values())


def _by_key(
    database: Database, conditions: Sequence[str], values: Values, limit: int | None = None, skip: int = 0
) -> dict[int, Listed]:
    """The records that meet all conditions, newest first, by their key. To be asked while `reading`."""
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    chosen = f"FROM oplever_records {where} ORDER BY {_LAST_FIRST}" + (
        f" LIMIT {limit:d} OFFSET {skip:d}" if limit else ""
    )
    part = f"AND record IN (SELECT key {chosen})" if conditions or limit else ""
    hosts = _grouped(database.rows(_HOSTS.replace("AND :part", part), values))
    operators = _grouped(database.rows(_OPERATORS.replace("AND :part", part), values))
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
        for key, name, place, *columns in database.rows(_COLUMNS + chosen, values)
    }


def _grouped(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[str]]:
    by_record: dict[int, list[str]] = {}
    for record, value in rows:
        by_record.setdefault(record, []).append(value)
    return by_record


def _conditions(filters: Filter) -> tuple[list[str], dict[str, Any]]:
    """SQL that has to hold all together, and the values of its parameters."""
    terms: dict[str, Any] = {name: value for name, value in structs.asdict(filters).items() if value}
    conditions = [sql for name, sql in _CONDITIONS.items() if name in terms]
    values = {name: _pattern(value) if name in _PATTERNS else value for name, value in terms.items()}
    if filters.operator:
        values["part"] = _pattern(f"*{filters.operator}*")
    for name in ("limit", "skip"):
        values.pop(name, None)
    if filters.text:
        values["text"] = _pattern(f"*{filters.text}*")
    if filters.due:
        values["length"] = len(filters.due)
    if filters.overdue:
        sql, more = _overdue(clock.now())
        conditions.append(sql)
        values |= more
    return conditions, values


def _overdue(now: str) -> tuple[str, dict[str, Any]]:
    """Due before this moment and in no final state. A day is over when the day after it begins (UTC)."""
    day = now[:10]
    values: dict[str, Any] = {"now": now, "day": day, "day_length": len(day)}
    past = "(length(due) = :day_length AND due < :day OR length(due) > :day_length AND due < :now)"
    ready: list[str] = []
    for kind in KINDS.values():
        for state in kind.states:
            if state.is_final:
                number = len(ready)
                ready.append(f"(kind = :kind{number} AND status = :final{number})")
                values |= {f"kind{number}": kind.id, f"final{number}": state.id}
    return f"{past} AND NOT ({' OR '.join(ready)})", values


def _pattern(wildcards: str) -> str:
    """`*` and `?` as LIKE has them."""
    escaped = wildcards.lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return escaped.replace("*", "%").replace("?", "_")
