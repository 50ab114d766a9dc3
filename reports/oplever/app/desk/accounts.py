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
_LONGEST_IDENTITY = 300
_COLUMNS = "oplever_desk_accounts.login, name, roles, made, closed, identity, secret"
_TABLES = """oplever_desk_accounts
    LEFT JOIN oplever_desk_identities ON oplever_desk_identities.login = oplever_desk_accounts.login"""


class Account(Struct, frozen=True):
    """`login` is the name in lower case; `closed` is when it was closed, None while it is open. `identity` is who it is
    where the organisation logs in, empty when it logs in at the desk alone."""

    login: str
    name: str
    roles: tuple[Role, ...]
    made: str
    closed: str | None = None
    identity: str = ""
    has_password: bool = True


def login_of(name: str) -> str:
    """What accounts are kept by: upper and lower case and spaces make no difference."""
    return " ".join(name.split()).casefold()


def every() -> list[Account]:
    """All accounts by name. Raises OpleverError (`desk-unusable`)."""
    with desk.opened() as database:
        return _every(database)


def _every(database: Database) -> list[Account]:
    rows = database.rows(f"SELECT {_COLUMNS} FROM {_TABLES} ORDER BY name")  # noqa: S608 - constants
    return [_account(row) for row in rows]


def _account(row: Sequence[Any]) -> Account:
    login, name, roles, made, closed, identity, secret = row
    account_roles = tuple(role for role in ROLES if role in roles.split())
    return Account(login, name, account_roles, made, closed, identity or "", bool(secret))


def of(database: Database, login: str) -> Account | None:
    """The open account with this login; None when there is none."""
    condition = "WHERE oplever_desk_accounts.login = :login AND closed IS NULL"
    rows = database.rows(f"SELECT {_COLUMNS} FROM {_TABLES} {condition}", {"login": login})  # noqa: S608 - constants
    return _account(rows[0]) if rows else None


def with_identity(database: Database, identity: str) -> Account | None:
    """The open account of whoever is called this where the organisation logs in; None when there is none."""
    query = "SELECT login FROM oplever_desk_identities WHERE identity = :identity"
    logins = database.column(query, {"identity": identity})
    return of(database, logins[0]) if logins else None


def add(name: str, roles: Sequence[Role], password: str = "", identity: str = "") -> Account:
    """A new account, or a closed one opened again; without a password it takes an `identity`.

    Raises OpleverError: `account-invalid`, `account-taken`, `extra-missing`, `desk-unusable`.
    """
    name, identity = _name(name), _identity(identity)
    secret = "" if identity and not password else _secret(password)
    account = Account(login_of(name), name, _roles(roles), clock.now(), None, identity, bool(secret))
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
                    M_("see how to change it: oplever web account change --help"),
                )
        database.change("DELETE FROM oplever_desk_accounts WHERE login = :login", values)
        database.change(
            """INSERT INTO oplever_desk_accounts (login, name, secret, roles, made)
            VALUES (:login, :name, :secret, :roles, :made)""",
            values,
        )
        _identify(database, account.login, identity)
    return account


def change(
    name: str, *, roles: Sequence[Role] = (), password: str = "", identity: str | None = None, close: bool = False
) -> Account:
    """The account with other roles, another password or identity (empty takes it away), or closed; whoever is logged
    in with it is logged out.

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
    called = None if identity is None else _identity(identity)
    with desk.opened() as database, database.writing():
        account = of(database, values["login"])
        if account is None:
            names = ", ".join(open_.name for open_ in _every(database) if open_.closed is None)
            advice = M_("there are: {names}", names=names or M_("none"))
            raise OpleverError("account-unknown", M_("there is no account {name}", name=name), advice)
        if called is not None or close:
            _identify(database, account.login, "" if close else called or "")
        if columns:
            database.change(f"UPDATE oplever_desk_accounts SET {', '.join(columns)} WHERE login = :login", values)  # noqa: S608
        if columns or called is not None:
            database.change("DELETE FROM oplever_desk_sessions WHERE login = :login", values)
    return account


def give_roles(database: Database, login: str, roles: Sequence[Role]) -> None:
    """The roles that somebody's groups give; sessions that began with other ones end."""
    values = {"login": login, "roles": " ".join(_roles(roles))}
    with database.writing():
        database.change("UPDATE oplever_desk_accounts SET roles = :roles WHERE login = :login", values)
        database.change("DELETE FROM oplever_desk_sessions WHERE login = :login", values)


def _identify(database: Database, login: str, identity: str) -> None:
    """Raises OpleverError (`account-taken`) when another account is called so."""
    values = {"login": login, "identity": identity}
    holders = database.column("SELECT login FROM oplever_desk_identities WHERE identity = :identity", values)
    if identity and holders not in ([], [login]):
        raise OpleverError(
            "account-taken",
            M_("{identity} is the account {other}", identity=identity, other=holders[0]),
            M_("take it away there first: oplever web account change '{other}' --identity ''", other=holders[0]),
        )
    database.change("DELETE FROM oplever_desk_identities WHERE login = :login", values)
    if identity:
        statement = "INSERT INTO oplever_desk_identities (identity, login) VALUES (:identity, :login)"
        database.change(statement, values)


def proves(database: Database, login: str, password: str) -> bool:
    """Whether this is the password of an open account. It takes as long when there is no such account."""
    query = "SELECT secret FROM oplever_desk_accounts WHERE login = :login AND closed IS NULL"
    secrets = [secret for secret in database.column(query, {"login": login}) if secret]
    try:
        typed = password[:_LONGEST].encode("utf-8", "surrogatepass")
        return bool(_hasher().verify(secrets[0] if secrets else _nobody(), typed)) and bool(secrets)
    except extras.load("argon2", "web").exceptions.VerificationError:
        return False


def _secret(password: str) -> str:
    if not SHORTEST <= len(password) <= _LONGEST:
        raise OpleverError(
            "account-invalid",
            M_("a password has {least} to {most} characters", least=SHORTEST, most=_LONGEST),
            M_("take a sentence of four words or more"),
        )
    try:
        return str(_hasher().hash(password.encode()))
    except UnicodeEncodeError:
        raise OpleverError(
            "account-invalid",
            M_("the password has bytes that are no UTF-8"),
            M_("set your terminal or your file to UTF-8, and type it again"),
        ) from None


def _name(name: str) -> str:
    name = person("name", " ".join(name.split()))
    if len(name) > _LONGEST_NAME:
        raise OpleverError(
            "account-invalid",
            M_("a name has at most {most} characters", most=_LONGEST_NAME),
            M_("write it as the records do, as 'S. Yilmaz'"),
        )
    return name


def _identity(text: str) -> str:
    text = text.strip()
    if len(text) > _LONGEST_IDENTITY or not text.isprintable():
        raise OpleverError(
            "account-invalid",
            M_("an identity is one line of at most {most} characters", most=_LONGEST_IDENTITY),
            M_("take what the provider gives in the claim of desk.oidc in oplever.yml"),
        )
    return text


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
