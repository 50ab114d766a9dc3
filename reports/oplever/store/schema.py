"""Tables of the index. They hold nothing that is not in the directories of the records: dropping them loses nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

VERSION = 15
"""Version of these tables; another one in a database means that it is built again. 1: first release; 2: `stage`, and
the order in which records were made; 3: `kind` and `due`; 4: scores and
controls that fail are those measured after the work, components and settings are told apart; 5: on which terms states
may be compared; 6: what a list of incidents shows; 7: extracts; 8: mails of incidents; 9: the assignment, and the runs
of a record of several; 10: signals in extracts; 11: for whom records wait; 12: cards in extracts; 13: results
and exceptions in extracts; 14: what machines are for in extracts; 15: states of one kind
are found by machine."""
ABOUT = "oplever_about"
RECORDS = "oplever_records"
PEOPLE, ROLES, SYSTEMS = "oplever_people", "oplever_roles", "oplever_systems"
RUNS = "oplever_runs"
FAILING, CHANGES, STATES = "oplever_failing", "oplever_changes", "oplever_states"
BODIES, EXTRACTS, MAILS, WAITS = "oplever_bodies", "oplever_extracts", "oplever_mails", "oplever_waits"

_RECORD = f"INTEGER NOT NULL REFERENCES {RECORDS} (key) ON DELETE CASCADE"
_COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored", "passed", "ran")
TABLES: dict[str, dict[str, str]] = {
    ABOUT: {"version": "INTEGER NOT NULL"},
    RECORDS: {
        "key": "{key}",
        # Several controllers may share a database: `place` is whose records these are, empty beside the records.
        "place": "TEXT NOT NULL",
        "name": "TEXT NOT NULL",
        "fingerprint": "TEXT NOT NULL",
        "problem": "TEXT",
        "previous": "TEXT",  # as in sequence.py; the next three are worked out of it, over all records of a place
        "number": "INTEGER",
        "moment": "TEXT",
        "clock": "TEXT",
        "started": "TEXT",
        "ended": "TEXT",
        "last": "TEXT",
        "title": "TEXT",
        "assignment": "TEXT",
        "kind": "TEXT",
        "due": "TEXT",  # a day, or a moment in UTC; what else was said of it is none
        "work_process": "TEXT",
        "verdict": "TEXT",
        "stage": "TEXT",
        "status": "TEXT",
        "revision": "INTEGER",
        "duration": "DOUBLE PRECISION",
        "hosts": "INTEGER",
        # of an incident
        "priority": "INTEGER",
        "assignee": "TEXT",
        "category": "TEXT",
        "room": "TEXT",
        "cause": "TEXT",
        "unread": "INTEGER",
    },
    PEOPLE: {"record": _RECORD, "name": "TEXT", "role": "TEXT"},
    ROLES: {"record": _RECORD, "host": "TEXT", "role": "TEXT"},
    # `run` is the name of a record that `record` is made of
    RUNS: {"record": _RECORD, "run": "TEXT"},
    SYSTEMS: {"record": _RECORD, "host": "TEXT", "os": "TEXT"}
    | dict.fromkeys(_COUNTS, "INTEGER")
    | dict.fromkeys(("score", "seconds"), "DOUBLE PRECISION"),
    # `kind`: test or control
    FAILING: {"record": _RECORD} | dict.fromkeys(("host", "kind", "id", "status", "expected", "found"), "TEXT"),
    # `section`: component or setting
    CHANGES: {"record": _RECORD}
    | dict.fromkeys(("host", "section", "kind", "name", "change", "before", "after"), "TEXT"),
    # What snapshots said, by kind; the bodies are stored once by content: most machines are like the day before.
    STATES: {"record": _RECORD} | dict.fromkeys(("host", "stage", "kind", "digest"), "TEXT"),
    # Mails of incidents: `message` is what a message is called, `digest` is of its bytes.
    MAILS: {"record": _RECORD}
    | dict.fromkeys(("direction", "message", "digest", "address", "date", "returned"), "TEXT"),
    # What the pages over all records need of one, as `overview.extract` writes it.
    EXTRACTS: {"record": _RECORD, "body": "{bytes}"},
    # For whom a record waits: `who` is the role, `name` a person with it, empty where the record names nobody.
    WAITS: {"record": _RECORD} | dict.fromkeys(("who", "name"), "TEXT"),
    BODIES: {"digest": "TEXT PRIMARY KEY", "size_bytes": "BIGINT NOT NULL", "body": "{bytes} NOT NULL"},
}
"""Columns with their SQL types; `{key}` and `{bytes}` are what each database calls its own (`Database.types`)."""
PARTS = (PEOPLE, ROLES, RUNS, SYSTEMS, FAILING, CHANGES, STATES, EXTRACTS, MAILS, WAITS)
"""Tables that go with a record."""
_INDEXED = (
    *((part, "record") for part in PARTS), *((part, "host") for part in (SYSTEMS, FAILING, CHANGES)),
    (STATES, "host", "kind"), (STATES, "digest"), (FAILING, "id"), (RUNS, "run"), (WAITS, "who"), (RECORDS, "moment"),
)  # fmt: skip
"""Table, and the columns by which rows are looked for; an index has the name of the first one."""


def statements(types: dict[str, str]) -> Iterator[str]:
    """The SQL that makes all tables."""
    for table, columns in TABLES.items():
        lines = [f"{name} {kind.format(**types)}" for name, kind in columns.items()]
        unique = ["UNIQUE (place, name)"] if table == RECORDS else []
        yield f"CREATE TABLE {table} ({', '.join(lines + unique)})"
    for table, *keys in _INDEXED:
        yield f"CREATE INDEX {table}_{keys[0]} ON {table} ({', '.join(keys)})"


def removal() -> Iterator[str]:
    """The SQL that takes them away, those that refer to others first."""
    for table in reversed(TABLES):
        yield f"DROP TABLE IF EXISTS {table}"


def insertion(table: str, columns: Iterable[str]) -> str:
    """The SQL that adds a row with these columns, as parameters of the same names."""
    names = tuple(columns)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"  # noqa: S608 - names of this module alone
