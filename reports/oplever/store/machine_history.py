"""A machine over the records that have it: what each says, and what changed between two of them."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
from msgspec import Struct

from oplever._shared.differences import DRIFTING, PACKAGE
from oplever.record.compare import Difference, Uncompared, look_differences, not_compared
from oplever.store.database import Database
from oplever.store.index import Index
from oplever.store.query import LAST_FIRST, Listed, by_key
from oplever.store.states import TERMS, look

_COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")


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
    `uncompared` what could not be compared. Without a snapshot before and one after the work (`is_compared`) nobody
    knows all that changed during it."""

    record: Listed
    counts: dict[str, int]
    passed: int
    ran: int
    score: float | None
    roles: tuple[str, ...]
    failing: tuple[Failing, ...]
    changes: tuple[Changed, ...]
    is_compared: bool
    since: str | None
    drift: tuple[Difference, ...]
    uncompared: tuple[Uncompared, ...]


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
        listed = by_key(database, ["EXISTS (SELECT 1 FROM oplever_systems WHERE record = key AND host = :host)"],
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


def packages(index: Index) -> dict[str, dict[str, str]]:
    """Machine -> package -> version, by the last snapshot of each in the directory of this index."""
    query = """SELECT host, (SELECT digest FROM oplever_states
            JOIN oplever_records ON oplever_records.key = oplever_states.record
            WHERE oplever_states.host = machines.host AND oplever_states.kind = :kind AND place = :place
                AND NOT EXISTS (SELECT 1 FROM oplever_runs WHERE oplever_runs.record = oplever_states.record)
            ORDER BY moment DESC, number DESC, CASE oplever_states.stage WHEN 'after' THEN 0 ELSE 1 END LIMIT 1)
        FROM (SELECT DISTINCT host FROM oplever_systems) AS machines"""
    rows = index.database.rows(query, {"kind": PACKAGE, "place": index.place})
    last = {host: digest for host, digest in rows if digest}
    bodies = {digest: _body(index.database, digest) for digest in set(last.values())}
    return {host: bodies[digest] for host, digest in last.items()}


def newest(index: Index, host: str, count: int = 1) -> list[str]:
    """Names of the last records with a snapshot of this machine in the directory of this index, newest first; those of
    several runs are not among them."""
    query = """SELECT name FROM oplever_records WHERE place = :place
        AND EXISTS (SELECT 1 FROM oplever_states WHERE record = key AND host = :host)
        AND NOT EXISTS (SELECT 1 FROM oplever_runs WHERE record = key)"""
    values = {"place": index.place, "host": host, "count": count}
    return index.database.column(f"{query} ORDER BY {LAST_FIRST} LIMIT :count", values)


def runs_of(index: Index, host: str) -> list[str]:
    """Names of the records of runs that this machine was part of, newest first."""
    query = """SELECT name FROM oplever_records WHERE place = :place AND kind = 'installation'
        AND EXISTS (SELECT 1 FROM oplever_systems WHERE record = key AND host = :host)
        AND NOT EXISTS (SELECT 1 FROM oplever_runs WHERE record = key)"""
    return index.database.column(f"{query} ORDER BY {LAST_FIRST}", {"place": index.place, "host": host})


def _on(database: Database, host: str, key: int) -> dict[str, Any]:
    """What a record says of a machine, in parts: fields of a `Visit`."""
    at = {"record": key, "host": host}
    roles = "SELECT role FROM oplever_roles WHERE record = :record AND host = :host"
    failing = """SELECT kind, id, status, expected, found FROM oplever_failing
        WHERE record = :record AND host = :host"""
    changes = """SELECT section, kind, name, change, before, after FROM oplever_changes
        WHERE record = :record AND host = :host"""
    stages = "SELECT DISTINCT stage FROM oplever_states WHERE record = :record AND host = :host"
    return {
        "is_compared": {"before", "after"} <= set(database.column(stages, at)),
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
