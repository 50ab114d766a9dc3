"""The database of the desk: accounts, sessions, and who read what. It cannot be built again from the records."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from oplever import config
from oplever.errors import OpleverError
from oplever.files import why
from oplever.messages import M_
from oplever.store import database, places
from oplever.store.database import Database

FILE = "desk.sqlite"
VERSION = 4
"""A later version has the tables of those before it, and more: what lacks is made."""
ABOUT = "oplever_desk_about"
TABLES: dict[str, dict[str, str]] = {
    ABOUT: {"version": "INTEGER NOT NULL"},
    # `name` is how records name the person, `login` the same in lower case; `secret` a hash of argon2; `roles` and
    # moments are text.
    "oplever_desk_accounts": {
        "login": "TEXT PRIMARY KEY",
        "name": "TEXT NOT NULL",
        "secret": "TEXT NOT NULL",
        "roles": "TEXT NOT NULL",
        "made": "TEXT NOT NULL",
        "closed": "TEXT",
    },
    # `token` is the SHA-256 of what the browser has; `proved` is when it was shown who it is.
    "oplever_desk_sessions": {
        "token": "TEXT PRIMARY KEY",
        "login": "TEXT NOT NULL",
        "form_token": "TEXT NOT NULL",
        "begun": "TEXT NOT NULL",
        "used": "TEXT NOT NULL",
        "proved": "TEXT NOT NULL",
    },
    # Failed attempts to log in: `subject` is an account or an address.
    "oplever_desk_attempts": {"subject": "TEXT NOT NULL", "at": "TEXT NOT NULL"},
    # Who looked at what that names people.
    "oplever_desk_reads": {
        "at": "TEXT NOT NULL",
        "login": "TEXT NOT NULL",
        "action": "TEXT NOT NULL",
        "subject": "TEXT NOT NULL",
        "address": "TEXT NOT NULL",
    },
    # Links that open one page once; `token` as above, `head` is what the record was when the link was made.
    "oplever_desk_links": {
        "token": "TEXT PRIMARY KEY",
        "purpose": "TEXT NOT NULL",
        "record": "TEXT NOT NULL",
        "person": "TEXT NOT NULL",
        "made_by": "TEXT NOT NULL",
        "made": "TEXT NOT NULL",
        "expires": "TEXT NOT NULL",
        "used": "TEXT",
    },
    # Forms that were sent: `digest` as above, of the form; `outcome` is the path to what came of it.
    "oplever_desk_forms": {"digest": "TEXT PRIMARY KEY", "at": "TEXT NOT NULL", "outcome": "TEXT NOT NULL"},
    # Who an account is where the organisation logs in: the value of the claim that is configured.
    "oplever_desk_identities": {"identity": "TEXT PRIMARY KEY", "login": "TEXT NOT NULL UNIQUE"},
    # Logins there that are under way: `state` is the SHA-256 of what the browser brings back, `path` where it was
    # going, `session` (its `token`) and `subject` whose proof it is, of what.
    "oplever_desk_arrivals": {
        "state": "TEXT PRIMARY KEY",
        "nonce": "TEXT NOT NULL",
        "verifier": "TEXT NOT NULL",
        "at": "TEXT NOT NULL",
        "path": "TEXT NOT NULL",
        "session": "TEXT NOT NULL",
        "subject": "TEXT NOT NULL",
    },
    # Sessions that began there: `session` is its `token`, `subject` and `sid` are SHA-256 of what the provider calls
    # the person and its own session, `sid` empty when it does not say.
    "oplever_desk_origins": {"session": "TEXT PRIMARY KEY", "subject": "TEXT NOT NULL", "sid": "TEXT NOT NULL"},
    # What somebody proved there by logging in anew.
    "oplever_desk_proofs": {"session": "TEXT NOT NULL", "subject": "TEXT NOT NULL", "at": "TEXT NOT NULL"},
}
_INDEXED = (("oplever_desk_attempts", "subject"), ("oplever_desk_reads", "at"), ("oplever_desk_sessions", "login"))


@contextlib.contextmanager
def opened() -> Iterator[Database]:
    """The database, open, with its tables. What goes wrong in it becomes OpleverError (`desk-unusable`); also raised:
    `config-invalid`, `extra-missing`."""
    url = os.environ.get("OPLEVER_DESK_STORE") or config.load().desk.store
    connection = database.connect(url, _refusal) if url else _file(places.records_directory() / FILE)
    try:
        _make(connection)
        yield connection
    except connection.error as problem:
        raise unusable(str(problem)) from None
    finally:
        connection.close()


def try_out(connection: Database) -> None:
    """Write something of no meaning, so that what cannot be written is found before anybody needs it."""
    with connection.writing():  # SQLite writes nothing of a row that stays as it is
        connection.change("INSERT INTO oplever_desk_attempts (subject, at) VALUES ('nobody', '')")
        connection.change("DELETE FROM oplever_desk_attempts WHERE at = ''")


def _file(path: Path) -> Database:
    """The file, made when it is not there; nowhere else, for accounts are to last."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
    except OSError as problem:
        raise OpleverError(
            "desk-unusable",
            M_("the database of the desk: {path}: {reason}", path=path, reason=why(problem)),
            M_("start the desk as who owns that file, or give it to who starts the desk: chown"),
        ) from None
    return database.beside(path)


def _make(connection: Database) -> None:
    query = f"SELECT version FROM {ABOUT}"  # noqa: S608 - a constant
    with contextlib.suppress(connection.error):  # without tables
        versions = connection.column(query)
        if versions == [VERSION]:
            return
        if versions and versions[0] > VERSION:
            raise unusable(f"its tables are of version {versions[0]}, this program has {VERSION}")
    with connection.writing():
        for table, columns in TABLES.items():
            lines = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.change(f"CREATE TABLE IF NOT EXISTS {table} ({lines})")
        for table, column in _INDEXED:
            connection.change(f"CREATE INDEX IF NOT EXISTS {table}_{column} ON {table} ({column})")
        connection.change(f"DELETE FROM {ABOUT}")  # noqa: S608 - a constant
        connection.change(f"INSERT INTO {ABOUT} (version) VALUES ({VERSION})")  # noqa: S608 - constants


def _refusal(problem: Exception) -> OpleverError:
    return unusable(str(problem))


def unusable(reason: str) -> OpleverError:
    first_line = (reason.strip() or "?").splitlines()[0]
    advice = M_("check desk.store in oplever.yml or OPLEVER_DESK_STORE; without them it is desk.sqlite in the records")
    return OpleverError("desk-unusable", M_("the database of the desk: {reason}", reason=first_line), advice)
