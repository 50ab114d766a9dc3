"""The incidents in the index, in the order in which they are to be handled."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from oplever.store.index import Index


class Case(Struct, frozen=True):
    """One incident in a list. `due` is the next moment at which something is due, None when nothing is or nobody can
    tell; `cause` is what a machine showed to be wrong, as `host check`."""

    name: str
    title: str
    state: str
    priority: int | None
    due: str | None
    opened: str
    assignee: str
    category: str
    place: str
    cause: str


_QUERY = """SELECT name, title, status, priority, due, started, assignee, category, room, cause FROM oplever_records
    WHERE kind = 'incident' AND place = :place"""
_ORDER = " ORDER BY coalesce(priority, 0), coalesce(due, '9'), started, name"
"""The order of the queue: priority, then what is due first, then the oldest. What nobody classified yet comes before
everything: nobody knows how urgent it is."""


def newest_runs(index: Index) -> list[str]:
    """The names of the records with the newest word about some machine, newest first."""
    query = """SELECT name, host FROM oplever_systems
        JOIN oplever_records ON oplever_records.key = oplever_systems.record
        WHERE kind = 'installation' AND place = :place ORDER BY moment DESC, number DESC"""
    newest: dict[str, str] = {}
    for name, host in index.database.rows(query, {"place": index.place}):
        newest.setdefault(host, name)
    return list(dict.fromkeys(newest.values()))


def cases(index: Index, states: Collection[str] = ()) -> list[Case]:
    """Those in one of these states (all when there are none), first in the queue first."""
    values = {"place": index.place, **{f"s{number}": state for number, state in enumerate(sorted(states))}}
    conditions = ""
    if states:
        conditions += f" AND status IN ({', '.join(f':s{number}' for number in range(len(states)))})"
    return [Case(*row) for row in index.database.rows(_QUERY + conditions + _ORDER, values)]
