"""Accounts of the desk. A name is the one that records have for the person: entries are added under it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from msgspec import Struct

from oplever import clock, extras
from oplever.app.desk.permissions import ROLES, Role
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.record.entries.typed import person
from oplever.record.persons import same_person
from oplever.store import desk
from oplever.store.database import Database

SHORTEST = 12
_LONGEST = 200
"""Characters of a password."""
_LONGEST_NAME = 100
_COLUMNS = "login, name, roles, made, closed"


class Account(Struct, frozen=True):
    """`login` is the name in lower case; `closed` is when it was closed, None while it is open."""

    login: str
    name: str
    roles: tuple[Role, ...]
    made: str
    closed: str | None = None


def login_of(name: str) -> str:
    """What accounts are kept by: upper and lower case and spaces make no difference."""
    return " ".join(name.split()).casefold()


def every() -> list[Account]:
    """All accounts by name. Raises OpleverError (`desk-unusable`)."""
    with desk.opened() as database:
        return _every(database)


def _every(database: Database) -> list[Account]:
    rows = database.rows(f"SELECT {_COLUMNS} FROM oplever_desk_accounts ORDER BY name")  # noqa: S608 - constants
    return [_account(row) for row in rows]


def _account(row: Sequence[Any]) -> Account:
    login, name, roles, made, closed = row
    return Account(login, name, tuple(role for role in ROLES if role in roles.split()), made, closed)


def of(database: Database, login: str) -> Account | None:
    """The open account with this login; None when there is none."""
    query = f"SELECT {_COLUMNS} FROM oplever_desk_accounts WHERE login = :login AND closed IS NULL"  # noqa: S608
    rows = database.rows(query, {"login": login})
    return _account(rows[0]) if rows else None


def add(name: str, roles: Sequence[Role], password: str) -> Account:
    """A new account, or a closed one opened again. Raises OpleverError: `account-invalid`, `account-taken`,
    `extra-missing`, `desk-unusable`."""
    name = _name(name)
    secret = _secret(password)
    account = Account(login_of(name), name, _roles(roles), clock.now())
    values = {
        "login": account.login,
        "name": name,
        "secret": secret,
        "roles": " ".join(account.roles),
        "made": account.made,
    }
    with desk.opened() as database, database.writing():
        for other in _every(database):
            if other.closed is None and same_person(other.name, name):
                raise OpleverError(
                    "account-taken",
                    M_("{name} has an account: {other}", name=name, other=other.name),
                    M_("change it: oplever web account change '{other}'", other=other.name),
                )
        database.change("DELETE FROM oplever_desk_accounts WHERE login = :login", values)
        database.change(
            """INSERT INTO oplever_desk_accounts (login, name, secret, roles, made)
            VALUES (:login, :name, :secret, :roles, :made)""",
            values,
        )
    return account


def change(name: str, *, roles: Sequence[Role] = (), password: str = "", close: bool = False) -> Account:
    """The account with other roles, another password, or closed; whoever is logged in with it is logged out.

    Raises OpleverError: `account-unknown`, `account-invalid`, `extra-missing`, `desk-unusable`.
    """
    values: dict[str, Any] = {"login": login_of(name), "now": clock.now()}
    columns: list[str] = []
    if roles:
        values["roles"], columns = " ".join(_roles(roles)), [*columns, "roles = :roles"]
    if password:
        values["secret"], columns = _secret(password), [*columns, "secret = :secret"]
    if close:
        columns.append("closed = :now")
    with desk.opened() as database, database.writing():
        account = of(database, values["login"])
        if account is None:
            names = ", ".join(open_.name for open_ in _every(database) if open_.closed is None)
            advice = M_("there are: {names}", names=names or M_("none"))
            raise OpleverError("account-unknown", M_("there is no account {name}", name=name), advice)
        if columns:
            database.change(f"UPDATE oplever_desk_accounts SET {', '.join(columns)} WHERE login = :login", values)  # noqa: S608
            database.change("DELETE FROM oplever_desk_sessions WHERE login = :login", values)
    return account


def proves(database: Database, login: str, password: str) -> bool:
    """Whether this is the password of an open account. It takes as long when there is no such account."""
    query = "SELECT secret FROM oplever_desk_accounts WHERE login = :login AND closed IS NULL"
    secrets = database.column(query, {"login": login})
    try:
        return bool(_hasher().verify(secrets[0] if secrets else _nobody(), password[:_LONGEST])) and bool(secrets)
    except extras.load("argon2", "web").exceptions.VerificationError:
        return False


def _secret(password: str) -> str:
    if not SHORTEST <= len(password) <= _LONGEST:
        raise OpleverError(
            "account-invalid",
            M_("a password has {least} to {most} characters", least=SHORTEST, most=_LONGEST),
            M_("take a sentence of four words or more"),
        )
    return str(_hasher().hash(password))


def _name(name: str) -> str:
    name = person("name", " ".join(name.split()))
    if len(name) > _LONGEST_NAME:
        raise OpleverError(
            "account-invalid",
            M_("a name has at most {most} characters", most=_LONGEST_NAME),
            M_("write it as the records do, as 'S. Yilmaz'"),
        )
    return name


def _roles(roles: Sequence[Role]) -> tuple[Role, ...]:
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise OpleverError(
            "account-invalid",
            M_("{role} is no role of the desk", role=", ".join(unknown) or M_("empty")),
            M_("choose: {choices}", choices=", ".join(ROLES)),
        )
    return tuple(role for role in ROLES if role in roles)


@cache
def _hasher() -> Any:
    """The parameters are those of RFC 9106 for little memory."""
    argon2 = extras.load("argon2", "web")
    return argon2.PasswordHasher.from_parameters(argon2.profiles.RFC_9106_LOW_MEMORY)


@cache
def _nobody() -> str:
    return str(_hasher().hash("nobody has this password"))
