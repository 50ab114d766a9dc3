"""Logins at a provider that are under way, and what they proved: each is used once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct

from oplever import clock
from oplever.app.desk import accounts, provider, sessions
from oplever.app.desk.accounts import Account
from oplever.app.desk.permissions import ROLES, Role
from oplever.app.desk.provider import Origin, Person, Provider
from oplever.config import Oidc
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.store.database import Database

_LONGEST = timedelta(minutes=10)
"""In which somebody has to come back, and after which a proof is over."""
_MOST = 2000
"""Logins under way at once; beyond that the oldest are forgotten."""


class Arrival(Struct, frozen=True):
    """Somebody who came back from the provider. `path` is where he was going; `session` and `subject` are whose proof
    it is, of what, both empty for a login."""

    person: Person
    path: str
    session: str
    subject: str


def send_away(
    database: Database, where: Provider, callback: str, path: str, *, session: str = "", subject: str = ""
) -> tuple[str, str]:
    """The address at the provider, and the state that this browser has to bring back. With `subject` the person of
    this session has to log in anew, to prove that about it."""
    request = provider.begin()
    values = {
        "state": sessions.digest(request.state),
        "nonce": request.nonce,
        "verifier": request.verifier,
        "at": clock.now(),
        "path": path,
        "session": session,
        "subject": subject,
        "kept": _MOST,
    }
    with database.writing():
        database.change(
            """INSERT INTO oplever_desk_arrivals (state, nonce, verifier, at, path, session, subject)
            VALUES (:state, :nonce, :verifier, :at, :path, :session, :subject)""",
            values,
        )
        database.change(
            """DELETE FROM oplever_desk_arrivals WHERE state IN
            (SELECT state FROM oplever_desk_arrivals ORDER BY at DESC LIMIT 1000 OFFSET :kept)""",
            values,
        )
    return provider.address(where, request, callback, anew=bool(subject)), request.state


def take_in(database: Database, where: Provider, state: str, code: str, callback: str) -> Arrival:
    """Who came back with this state and code. A state works once, whatever comes of it.

    Raises OpleverError: `provider-refused`, `provider-unreachable`.
    """
    values = {"state": sessions.digest(state), "oldest": _oldest()}
    with database.writing():
        rows = database.rows(
            """SELECT nonce, verifier, at, path, session, subject FROM oplever_desk_arrivals
            WHERE state = :state AND at >= :oldest""",
            values,
        )
        database.change("DELETE FROM oplever_desk_arrivals WHERE state = :state", values)
    if not rows:
        raise provider.refused(where.settings, M_("it was begun too long ago, or it was used already"))
    nonce, verifier, at, path, session, subject = rows[0]
    since = int(clock.moment(at).timestamp()) if subject else None
    person = provider.person(where, code, verifier, nonce, callback, since=since)
    return Arrival(person, path, session, subject)


def account_of(database: Database, oidc: Oidc, person: Person) -> Account:
    """The account that this person has at the desk; its roles follow from his groups where that is configured.

    Raises OpleverError (`provider-account`).
    """
    account = accounts.with_identity(database, person.identity)
    if account is None:
        raise OpleverError(
            "provider-account",
            M_("no account of the desk belongs to {identity}", identity=person.identity[:100]),
            M_(
                "ask the administrator for one: oplever web account add NAME --role ROLE --identity {identity}",
                identity=person.identity[:100],
            ),
        )
    if oidc.roles is None:
        return account
    roles = roles_of(oidc, person.groups)
    if not roles:
        raise OpleverError(
            "provider-account",
            M_("none of your groups gives a role at the desk"),
            M_("ask the administrator: desk.oidc.roles in oplever.yml says which groups do"),
        )
    if roles != account.roles:
        accounts.give_roles(database, account.login, roles)
    return accounts.of(database, account.login) or account


def roles_of(oidc: Oidc, groups: Sequence[str]) -> tuple[Role, ...]:
    """The roles that these groups give."""
    values = oidc.roles.values if oidc.roles else {}
    granted = {role for group in groups for role in values.get(group, ())}
    return tuple(role for role in ROLES if role in granted)


def keep_origin(database: Database, token: str, origin: Origin) -> None:
    """The session of this browser began at the provider, which says when somebody logs out there."""
    values = {"session": sessions.digest(token), "subject": _mark(origin.subject), "sid": _mark(origin.sid)}
    statement = "INSERT INTO oplever_desk_origins (session, subject, sid) VALUES (:session, :subject, :sid)"
    database.change(statement, values)


def end_sessions(database: Database, origin: Origin) -> None:
    """End what began in that session at the provider; without one, or where it was not said, all of that person."""
    values = {"subject": _mark(origin.subject), "sid": _mark(origin.sid)}
    is_of_person = "subject = :subject" if origin.subject else "1 = 1"
    is_of_session = "sid IN (:sid, '')" if origin.subject else "sid = :sid"
    conditions = f"{is_of_person} AND {is_of_session}" if origin.sid else is_of_person
    with database.writing():
        database.change(
            f"""DELETE FROM oplever_desk_sessions WHERE token IN
            (SELECT session FROM oplever_desk_origins WHERE {conditions})""",  # noqa: S608 - constants
            values,
        )
        database.change(f"DELETE FROM oplever_desk_origins WHERE {conditions}", values)  # noqa: S608 - constants


def _mark(name: str) -> str:
    """What a name of the provider is kept by; one that it did not give stays empty."""
    return sessions.digest(name) if name else ""


def keep_proof(database: Database, session: str, subject: str) -> None:
    """The person of this session just showed the provider who he is, for this."""
    values = {"session": session, "subject": subject, "at": clock.now()}
    with database.writing():
        database.change("DELETE FROM oplever_desk_proofs WHERE session = :session AND subject = :subject", values)
        statement = "INSERT INTO oplever_desk_proofs (session, subject, at) VALUES (:session, :subject, :at)"
        database.change(statement, values)


def has_proof(database: Database, session: str, subject: str) -> bool:
    query = "SELECT at FROM oplever_desk_proofs WHERE session = :session AND subject = :subject AND at >= :oldest"
    return bool(database.column(query, {"session": session, "subject": subject, "oldest": _oldest()}))


def check_proof(database: Database, session: str, subject: str) -> None:
    """Raises OpleverError (`login-refused`) when there is none, or not any more."""
    if not has_proof(database, session, subject):
        raise OpleverError(
            "login-refused",
            M_("you did not show who you are, or too long ago"),
            M_("show it where the organisation logs in, by the link on this page"),
        )


def forget(database: Database) -> None:
    """Take away what is over."""
    for table in ("oplever_desk_arrivals", "oplever_desk_proofs"):
        database.change(f"DELETE FROM {table} WHERE at < :oldest", {"oldest": _oldest()})  # noqa: S608 - constants
    database.change(
        "DELETE FROM oplever_desk_origins WHERE session NOT IN (SELECT token FROM oplever_desk_sessions)", {}
    )


def _oldest() -> str:
    return clock.written(clock.moment(clock.now()) - _LONGEST)
