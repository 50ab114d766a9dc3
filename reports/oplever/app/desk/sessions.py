"""Who is logged in. The browser has a random token, the database its digest: who reads the database can use none."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from msgspec import Struct

from oplever import clock
from oplever.app.desk import accounts
from oplever.app.desk.accounts import Account, login_of
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.store.database import Database

IDLE = timedelta(minutes=30)
"""After which an unused session ends."""
LONGEST = timedelta(hours=12)
"""After which any session ends."""
_NOTED_EVERY = timedelta(minutes=1)
"""How exactly it is kept when a session was last used: not every page writes."""
_WINDOW = timedelta(minutes=15)
MOST_OF_ACCOUNT = 5
MOST_OF_ADDRESS = 30
"""Failed attempts within the window after which no more are taken. Many people have one address in a school."""


class Session(Struct, frozen=True):
    """`form_token` stands in each form of its pages; `token` is the digest of what the browser has."""

    token: str
    account: Account
    form_token: str


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _ago(term: timedelta) -> str:
    return clock.written(clock.moment(clock.now()) - term)


def begin(database: Database, name: str, password: str, address: str) -> str:
    """A new session; returns the token for the browser.

    Raises OpleverError: `login-refused` for a wrong name or password, `login-throttled` after too many.
    """
    return begin_for(database, prove(database, name, password, address))


def begin_for(database: Database, account: Account) -> str:
    """A new session of somebody who showed who he is; returns the token for the browser."""
    token, now = secrets.token_urlsafe(32), clock.now()
    values = {
        "token": digest(token),
        "login": account.login,
        "form_token": secrets.token_urlsafe(32),
        "now": now,
        "idle": _ago(IDLE),
    }
    with database.writing():
        database.change("DELETE FROM oplever_desk_sessions WHERE used < :idle", values)
        database.change(
            """INSERT INTO oplever_desk_sessions (token, login, form_token, begun, used, proved)
            VALUES (:token, :login, :form_token, :now, :now, :now)""",
            values,
        )
    return token


def prove(database: Database, name: str, password: str, address: str) -> Account:
    """The account of whoever gives its password. Raises OpleverError: `login-refused`, `login-throttled`."""
    login = login_of(name)
    subjects = {f"account {login}": MOST_OF_ACCOUNT, f"address {address}": MOST_OF_ADDRESS}
    _note_attempt(database, subjects)
    if not accounts.proves(database, login, password):
        raise OpleverError(
            "login-refused",
            M_("the name or the password is not right"),
            M_("try again, or ask the administrator for another password"),
        )
    with database.writing():
        _forgive(database, subjects)
    account = accounts.of(database, login)
    assert account is not None  # it was just proved  # noqa: S101
    return account


def _note_attempt(database: Database, subjects: dict[str, int]) -> None:
    """Count this one first: attempts at the same time count too."""
    window, now = _ago(_WINDOW), clock.now()
    with database.writing():
        database.change("DELETE FROM oplever_desk_attempts WHERE at < :window", {"window": window})
        query = "SELECT count(*) FROM oplever_desk_attempts WHERE subject = :subject"
        for subject, most in subjects.items():
            [count] = database.column(query, {"subject": subject})
            if count >= most:
                raise OpleverError(
                    "login-throttled",
                    M_("too many attempts to log in failed"),
                    M_("wait {minutes} minutes and try again", minutes=int(_WINDOW.total_seconds() // 60)),
                )
        statement = "INSERT INTO oplever_desk_attempts (subject, at) VALUES (:subject, :at)"
        database.change_all(statement, [{"subject": subject, "at": now} for subject in subjects])


def failed_attempts(database: Database, login: str) -> int:
    """How many attempts count against an account now."""
    query = "SELECT count(*) FROM oplever_desk_attempts WHERE subject = :subject AND at >= :window"
    [count] = database.column(query, {"subject": f"account {login}", "window": _ago(_WINDOW)})
    return int(count)


def _forgive(database: Database, subjects: dict[str, int]) -> None:
    """The attempts of an account are over when it logs in; of an address only this one was no failure."""
    account, address = subjects
    database.change("DELETE FROM oplever_desk_attempts WHERE subject = :subject", {"subject": account})
    database.change(
        """DELETE FROM oplever_desk_attempts WHERE subject = :subject
        AND at = (SELECT max(at) FROM oplever_desk_attempts WHERE subject = :subject)""",
        {"subject": address},
    )


def load(database: Database, token: str) -> Session | None:
    """The session of a browser that has this token; None when it has ended or never was."""
    values = {"token": digest(token), "idle": _ago(IDLE), "oldest": _ago(LONGEST)}
    rows = database.rows(
        """SELECT login, form_token, used FROM oplever_desk_sessions
        WHERE token = :token AND used >= :idle AND begun >= :oldest""",
        values,
    )
    if not rows:
        return None
    login, form_token, used = rows[0]
    account = accounts.of(database, login)
    if account is None:
        return None
    if used < _ago(_NOTED_EVERY):
        statement = "UPDATE oplever_desk_sessions SET used = :now WHERE token = :token"
        database.change(statement, {"token": values["token"], "now": clock.now()})
    return Session(values["token"], account, form_token)


def is_open(database: Database, digest_of_token: str) -> bool:
    """Whether a session has not ended; this is no use of it."""
    values = {"token": digest_of_token, "idle": _ago(IDLE), "oldest": _ago(LONGEST)}
    query = """SELECT oplever_desk_sessions.login FROM oplever_desk_sessions
        JOIN oplever_desk_accounts ON oplever_desk_accounts.login = oplever_desk_sessions.login
        WHERE token = :token AND used >= :idle AND begun >= :oldest AND closed IS NULL"""
    return bool(database.column(query, values))


def end(database: Database, session: Session) -> None:
    database.change("DELETE FROM oplever_desk_sessions WHERE token = :token", {"token": session.token})


def forget(database: Database) -> None:
    """Take away sessions that have ended, and attempts that no longer count."""
    database.change("DELETE FROM oplever_desk_sessions WHERE used < :idle", {"idle": _ago(IDLE)})
    database.change("DELETE FROM oplever_desk_attempts WHERE at < :window", {"window": _ago(_WINDOW)})
