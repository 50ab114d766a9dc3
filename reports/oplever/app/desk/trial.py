"""Try a login step by step, for an administrator who wants to know why somebody cannot log in."""

from __future__ import annotations

from msgspec import Struct

from oplever import config
from oplever.app.desk import accounts, arrivals, provider, sessions
from oplever.app.desk.accounts import Account
from oplever.app.desk.permissions import PERMISSIONS
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.store import desk


class Step(Struct, frozen=True):
    """`is_well` None: not tried, because of what stands before it."""

    text: str
    is_well: bool | None


def takes_password(name: str) -> bool:
    """Whether this account logs in with a password, or is not there at all. Raises OpleverError (`desk-unusable`)."""
    with desk.opened() as database:
        account = accounts.of(database, accounts.login_of(name))
    return account is None or account.has_password


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
        if account is None or account.has_password:
            is_right = accounts.proves(database, login, password) if is_open else None
            steps.append(Step(M_("the password is right"), is_right))
    if account and account.identity:
        steps += _try_provider(account)
    if account and is_open:
        actions = sorted(action for action, roles in PERMISSIONS.items() if not roles.isdisjoint(account.roles))
        steps.append(Step(M_("roles: {roles}", roles=", ".join(account.roles)), bool(account.roles)))
        steps.append(Step(M_("it may: {actions}", actions=", ".join(actions)), bool(actions)))
    return tuple(steps)


def _try_provider(account: Account) -> list[Step]:
    """What can be seen of the login of the organisation without its user."""
    oidc = provider.settings()
    steps = [Step(M_("its identity is {identity}", identity=account.identity), True)]
    configured = M_("desk.oidc is in oplever.yml")
    if oidc is None:
        return [*steps, Step(configured, False)]
    steps.append(Step(configured, True))
    steps.append(Step(M_("it is found by the claim {claim}", claim=oidc.claim), True))
    try:
        where = provider.find(oidc)
    except OpleverError as problem:
        return [*steps, Step(problem.sentence, False)]
    keys = where.keys.get("keys")
    count = len(keys) if isinstance(keys, list) else 0
    steps.append(Step(M_("{issuer} answers; keys: {count}", issuer=oidc.issuer, count=count), count > 0))
    back = M_("the provider has to know this address: {address}", address=f"{_origin()}/login/provider/back")
    steps.append(Step(back, True))
    if oidc.roles:
        groups = sorted(group for group in oidc.roles.values if arrivals.roles_of(oidc, [group]))
        text = M_(
            "at each login its roles follow from {claim}: {groups}", claim=oidc.roles.claim, groups=", ".join(groups)
        )
        steps.append(Step(text, bool(groups)))
    return steps


def _origin() -> str:
    return config.load().desk.url or "http://127.0.0.1:8765"
