"""Links that let somebody without an account do one thing, once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Literal

from msgspec import Struct

from oplever import clock
from oplever.app.desk.sessions import digest
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.store.database import Database

Purpose = Literal["accept", "follow"]
VALID: dict[Purpose, timedelta] = {"accept": timedelta(hours=24), "follow": timedelta(days=90)}
"""How long a link works: to accept the work of a record once, or to follow one's own report."""


class Link(Struct, frozen=True):
    """`person` is who it is for, `made_by` who made it."""

    token: str
    purpose: Purpose
    record: str
    person: str
    made_by: str
    expires: str


def make(database: Database, purpose: Purpose, record: str, person: str, made_by: str) -> str:
    """A new link; returns the token for its address."""
    token, now = secrets.token_urlsafe(32), clock.now()
    values = {
        "token": digest(token),
        "purpose": purpose,
        "record": record,
        "person": person,
        "made_by": made_by,
        "made": now,
        "expires": clock.written(clock.moment(now) + VALID[purpose]),
    }
    database.change(
        """INSERT INTO oplever_desk_links (token, purpose, record, person, made_by, made, expires)
        VALUES (:token, :purpose, :record, :person, :made_by, :made, :expires)""",
        values,
    )
    return token


def find(database: Database, purpose: Purpose, token: str, *, is_used: bool = False) -> Link:
    """The link with this token, while it works; or one that `is_used`. Raises OpleverError (`link-unusable`)."""
    used = "IS NOT NULL" if is_used else "IS NULL"
    rows = database.rows(
        f"""SELECT token, purpose, record, person, made_by, expires FROM oplever_desk_links
        WHERE token = :token AND purpose = :purpose AND used {used} AND expires > :now""",  # noqa: S608 - constants
        {"token": digest(token), "purpose": purpose, "now": clock.now()},
    )
    if not rows:
        raise OpleverError(
            "link-unusable",
            M_("this link was used already, or its time is over"),
            M_("ask whoever gave it to you for another one"),
        )
    return Link(*rows[0])


def use(database: Database, link: Link) -> None:
    """Nobody can use it from now on. Raises OpleverError (`link-unusable`) when somebody was first."""
    values = {"token": link.token, "now": clock.now()}
    with database.writing():
        query = "SELECT token FROM oplever_desk_links WHERE token = :token AND used IS NULL"
        if not database.column(query, {"token": link.token}):
            raise OpleverError(
                "link-unusable",
                M_("this link was used already, or its time is over"),
                M_("ask whoever gave it to you for another one"),
            )
        database.change("UPDATE oplever_desk_links SET used = :now WHERE token = :token", values)


def release(database: Database, link: Link) -> None:
    """What it was used for was refused: it works again."""
    database.change("UPDATE oplever_desk_links SET used = NULL WHERE token = :token", {"token": link.token})


def forget(database: Database) -> None:
    """Take away links whose time is over: they name people."""
    database.change("DELETE FROM oplever_desk_links WHERE expires < :now", {"now": clock.now()})
