"""Try a login step by step, for an administrator who wants to know why somebody cannot log in."""

from __future__ import annotations

from msgspec import Struct

from oplever.app.desk import accounts, sessions
from oplever.app.desk.permissions import PERMISSIONS
from oplever.messages import M_
from oplever.store import desk


class Step(Struct, frozen=True):
    """`is_well` None: not tried, because of what stands before it."""

    text: str
    is_well: bool | None


def try_login(name: str, password: str) -> tuple[Step, ...]:
    """Every step of a login with this name and password, and what the account may do. Nothing is counted as an attempt
    and nobody is logged in. Raises OpleverError (`desk-unusable`, `extra-missing`)."""
    login = accounts.login_of(name)
    with desk.opened() as database:
        steps = [Step(M_("the database of the desk answers"), True)]
        by_login = {account.login: account for account in accounts.every()}
        account = by_login.get(login)
        steps.append(Step(M_("there is an account {name}", name=name), account is not None))
        is_open = account is not None and account.closed is None
        steps.append(Step(M_("the account is open"), is_open if account else None))
        failed = sessions.failed_attempts(database, login)
        text = M_(
            "failed attempts in the last quarter of an hour: {count} of {most}",
            count=failed,
            most=sessions.MOST_OF_ACCOUNT,
        )
        steps.append(Step(text, failed < sessions.MOST_OF_ACCOUNT))
        steps.append(Step(M_("the password is right"), accounts.proves(database, login, password) if is_open else None))
    if account and is_open:
        actions = sorted(action for action, roles in PERMISSIONS.items() if not roles.isdisjoint(account.roles))
        steps.append(Step(M_("roles: {roles}", roles=", ".join(account.roles)), bool(account.roles)))
        steps.append(Step(M_("it may: {actions}", actions=", ".join(actions)), bool(actions)))
    return tuple(steps)
