"""The incidents in the index, in the order in which they are to be handled."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from oplever.store.index import Index


class Case(Struct, frozen=True):
    """One incident in a list. `due` is the next moment at which something is due, None when nothing is or nobody can
    tell; `cause` is what a machine showed to be wrong, as `host check`; `unread` are mails that nobody has read."""

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
    unread: int = 0


_QUERY = """SELECT name, title, status, priority, due, started, assignee, category, room, cause, unread
    FROM oplever_records
    WHERE kind = 'incident' AND place = :place"""
_ORDER = " ORDER BY coalesce(priority, 0), coalesce(due, '9'), started, name"
"""The order of the queue: priority, then what is due first, then the oldest. What nobody classified yet comes before
everything: nobody knows how urgent it is."""


def newest_runs(index: Index) -> list[str]:
    """The names of the records with the newest word about some machine, newest first."""
    query = """SELECT name, host FROM oplever_systems
        JOIN oplever_records ON oplever_records.key = oplever_systems.record
        WHERE kind = 'installation' AND place = :place
        AND NOT EXISTS (SELECT 1 FROM oplever_runs WHERE oplever_runs.record = oplever_systems.record)
        ORDER BY moment DESC, number DESC"""
    newest: dict[str, str] = {}
    for name, host in index.database.rows(query, {"place": index.place}):
        newest.setdefault(host, name)
    return list(dict.fromkeys(newest.values()))


class KnownMail(Struct, frozen=True):
    """A mail of a case; `message` is what it is called."""

    case: str
    direction: str
    message: str
    digest: str
    address: str
    date: str
    returned: str


def mails(index: Index) -> list[KnownMail]:
    """Of every case, those of one case in the order in which they came and went."""
    query = """SELECT name, direction, message, digest, address, date, returned FROM oplever_mails
        JOIN oplever_records ON oplever_records.key = oplever_mails.record WHERE place = :place"""
    return [KnownMail(*row) for row in index.database.rows(query, {"place": index.place})]


def cases(index: Index, states: Collection[str] = (), *, with_unread: bool = False) -> list[Case]:
    """Those in one of these states (all when there are none), first in the queue first; `with_unread` also those in
    another state that have mail which nobody has read."""
    values = {"place": index.place, **{f"s{number}": state for number, state in enumerate(sorted(states))}}
    conditions = ""
    if states:
        among = f"status IN ({', '.join(f':s{number}' for number in range(len(states)))})"
        conditions += f" AND ({among} OR unread > 0)" if with_unread else f" AND {among}"
    return [Case(*row) for row in index.database.rows(_QUERY + conditions + _ORDER, values)]
