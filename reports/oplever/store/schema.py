"""Tables of the index. They hold nothing that is not in the directories of the records: dropping them loses nothing."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

VERSION = 4
"""Version of these tables; another one in a database means that it is built again. 1: first release; 2: `stage`, and
the order in which records were made; 3: `kind` and `due`; 4: scores and
controls that fail are those measured after the work, components and settings are told apart."""

metadata = MetaData()

about = Table("oplever_about", metadata, Column("version", Integer, nullable=False))

records = Table(
    "oplever_records",
    metadata,
    Column("key", Integer, primary_key=True),
    # Several controllers may share a database: `place` is whose records these are, empty beside the records themselves.
    Column("place", String, nullable=False),
    Column("name", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("problem", Text),
    Column("previous", String),  # as in sequence.py; the next three are worked out of it, over all records of a place
    Column("number", Integer),
    Column("moment", String),
    Column("clock", String),
    Column("started", String),
    Column("ended", String),
    Column("last", String),
    Column("title", Text),
    Column("kind", String),
    Column("due", String),  # a day, or a moment in UTC; what else was said of it is none
    Column("work_process", String),
    Column("verdict", String),
    Column("stage", String),
    Column("status", String),
    Column("revision", Integer),
    Column("duration", Float),
    Column("hosts", Integer),
    UniqueConstraint("place", "name"),
)


def _part(name: str, *columns: Column[str] | Column[int] | Column[float]) -> Table:
    key: Column[int] = Column("record", ForeignKey(records.c.key, ondelete="CASCADE"), nullable=False)
    return Table(f"oplever_{name}", metadata, key, *columns, Index(f"oplever_{name}_record", "record"))


people = _part("people", Column("name", String), Column("role", String))
roles = _part("roles", Column("host", String), Column("role", String))
systems = _part(
    "systems",
    Column("host", String, index=True),
    Column("os", String),
    *(
        Column(count, Integer)
        for count in ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored", "passed", "ran")
    ),
    Column("score", Float),
    Column("seconds", Float),
)
failing = _part(
    "failing",
    Column("host", String, index=True),
    Column("kind", String),  # test or control
    Column("id", String, index=True),
    Column("status", String),
    Column("expected", Text),
    Column("found", Text),
)
changes = _part(
    "changes",
    Column("host", String, index=True),
    Column("section", String),
    Column("kind", String),
    Column("name", Text),
    Column("change", String),
    Column("before", Text),
    Column("after", Text),
)

states = _part(
    "states",
    Column("host", String, index=True),
    Column("stage", String),
    Column("kind", String),
    Column("digest", String, index=True),
)
"""What snapshots said, by kind; the bodies are stored once by content: most machines are like the day before."""

bodies = Table(
    "oplever_bodies",
    metadata,
    Column("digest", String, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

PARTS = (people, roles, systems, failing, changes, states)
