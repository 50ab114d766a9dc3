"""Who looked at what that names people: kept before the page is shown."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from oplever import clock
from oplever.store.database import Database

KEPT = timedelta(days=365)
_MOST = 500


class Read(Struct, frozen=True):
    """`action` is a word of the page, `subject` the record, machine or list that was looked at."""

    at: str
    login: str
    action: str
    subject: str
    address: str


def note(database: Database, login: str, action: str, subject: str, address: str) -> None:
    """Keep that somebody looked at it."""
    read = {"at": clock.now(), "login": login, "action": action, "subject": subject[:300], "address": address[:100]}
    database.change(
        """INSERT INTO oplever_desk_reads (at, login, action, subject, address)
        VALUES (:at, :login, :action, :subject, :address)""",
        read,
    )


def newest(database: Database, subject: str = "") -> list[Read]:
    """The last ones, newest first: of one subject, or of all."""
    condition = "WHERE subject = :subject" if subject else ""
    query = (
        f"SELECT at, login, action, subject, address FROM oplever_desk_reads {condition} ORDER BY at DESC LIMIT {_MOST}"  # noqa: S608
    )
    return [Read(*row) for row in database.rows(query, {"subject": subject} if subject else {})]


def count(database: Database, subject: str = "") -> int:
    """How many there are in all."""
    condition = "WHERE subject = :subject" if subject else ""
    query = f"SELECT count(*) FROM oplever_desk_reads {condition}"  # noqa: S608 - constants
    return int(database.column(query, {"subject": subject} if subject else {})[0])


def forget(database: Database) -> None:
    """Take away what is older than it is kept."""
    oldest = clock.written(clock.moment(clock.now()) - KEPT)
    database.change("DELETE FROM oplever_desk_reads WHERE at < :oldest", {"oldest": oldest})
