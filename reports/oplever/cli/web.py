"""`oplever web`: the desk in the browser, and its accounts."""

from __future__ import annotations

import sys

import click

from oplever import extras
from oplever.app.desk import accounts, key
from oplever.app.desk.permissions import ROLES, Role
from oplever.app.desk.trial import takes_password, try_login
from oplever.cli.help import Group
from oplever.cli.language import say, translator
from oplever.cli.tables import table
from oplever.messages import M_, translated
from oplever.page.vocabulary import word
from oplever.text import printable

_role_option = click.option(
    "--role",
    "roles",
    type=click.Choice(ROLES),
    multiple=True,
    help="What the account may do; can be given more than once.",
)
_identity_option = click.option(
    "--identity",
    help="Who this is where the organisation logs in: the value of the claim of desk.oidc in oplever.yml.",
)
_LONGEST_LINE = 1000
_MODULES = ("starlette", "uvicorn", "argon2", "python_multipart")
"""Of the extra `web`: without these the desk cannot be imported."""


@click.group(cls=Group)
def web() -> None:
    """Read records, decide and add to them in a browser.

    \b
    Examples:
      oplever web account add "M. de Wit" --role supervisor
      oplever web serve
    """


@web.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; without TLS only this computer."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="Port; 0 takes a free one."
)
def serve(host: str, port: int) -> None:
    """Open the desk, until Ctrl-C. /healthz answers 200 while it can serve."""
    for module in _MODULES:
        extras.require(module, "web")
    from oplever.web import server  # noqa: PLC0415 - only here it is needed, and it cannot be imported without them

    desk, bound = server.prepare(host, port)
    say("the desk is open at {url}", url=desk.origin)
    say("stop it with Ctrl-C")
    sys.stdout.flush()
    server.serve(desk, bound)


@web.command("key")
def show_key() -> None:
    """Print the key of the desk as a line for the file of allowed signers, by which `oplever verify` checks it."""
    click.echo(key.allowed_line())


@web.command("auth-test")
@click.argument("name")
@click.pass_context
def auth_test(ctx: click.Context, name: str) -> None:
    """Try whether NAME could log in, step by step. Nobody is logged in and no attempt is counted. Ends with 1 when a
    step fails. The password is asked for, or read from standard input; of an account that has none the login of the
    organisation is tried, as far as that goes without its user."""
    t = translator()
    password = (
        (click.prompt(t("Password"), hide_input=True) if sys.stdin.isatty() else _line())
        if takes_password(name)
        else ""
    )
    steps = try_login(name, password)
    words = {True: t("well"), False: t("not well"), None: t("not tried")}
    for step in steps:
        click.echo(printable(f"{words[step.is_well]:12}{translated(step.text, t)}"))
    if not all(step.is_well for step in steps):
        ctx.exit(1)


@web.group()
def account() -> None:
    """Accounts of the desk. NAME is the name of the person as records have it."""


@account.command("add")
@click.argument("name")
@_role_option
@_identity_option
def add_account(name: str, roles: tuple[Role, ...], identity: str | None) -> None:
    """Add an account. The password is asked for, or read from standard input: one line. With --identity it has no
    password; `change --password` gives it one."""
    if not roles:
        raise click.UsageError(M_("give --role: {choices}", choices=", ".join(ROLES)))
    added = accounts.add(name, roles, "" if identity else _password(), identity or "")
    say("account {name}: {roles}", name=added.name, roles=_words(added.roles))


@account.command("change")
@click.argument("name")
@_role_option
@_identity_option
@click.option("--password", "asks", is_flag=True, help="Ask for another password, or read it from standard input.")
@click.option("--close", is_flag=True, help="Close the account: nobody can log in with it any more.")
def change_account(*, name: str, roles: tuple[Role, ...], identity: str | None, asks: bool, close: bool) -> None:
    """Give an account other roles, another password or identity (--identity '' takes it away), or close it. Whoever is
    logged in with it is logged out."""
    if not (roles or asks or close or identity is not None):
        raise click.UsageError(M_("give --role, --identity, --password or --close"))
    password = _password() if asks else ""
    changed = accounts.change(name, roles=roles, password=password, identity=identity, close=close)
    text = (
        M_("account {name} is closed", name=changed.name)
        if close
        else M_("account {name} was changed", name=changed.name)
    )
    say("{text}", text=text)


@account.command("list")
def list_accounts() -> None:
    """List the accounts, with their roles."""
    t = translator()
    rows = [(owner.name, _words(owner.roles), owner.identity, _closing(owner.closed)) for owner in accounts.every()]
    if not rows:
        say("nobody has an account at the desk yet")
    table([t("name"), t("roles"), t("identity"), t("state")], rows, headings=False)


def _closing(day: str | None) -> str:
    t = translator()
    return t("closed on {day}", day=t.day(day)) if day else ""


def _words(roles: tuple[Role, ...]) -> str:
    return ", ".join(word(translator(), role) for role in roles)


def _password() -> str:
    """Typed twice on a terminal, else the first line of what is given; never an argument, which all processes see."""
    if sys.stdin.isatty():
        t = translator()
        typed: str = click.prompt(t("Password"), hide_input=True, confirmation_prompt=t("Once more"))
        return typed
    return _line()


def _line() -> str:
    return sys.stdin.readline(_LONGEST_LINE).rstrip("\r\n")
