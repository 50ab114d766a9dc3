"""Entry point of the command, with the exit codes: 0 well, 1 the record says no, 2 wrong usage or unreadable input."""

from __future__ import annotations

import importlib

import click

from oplever import __version__, config, store
from oplever.app.build import build
from oplever.cli.add import add
from oplever.cli.output import short, summary, without_pdf
from oplever.errors import OpleverError
from oplever.text import printable
from oplever.words import REFUSING

LAZY = {
    "checks": "oplever.cli.checks:checks",
    "compare": "oplever.cli.compare:compare_command",
    "complete": "oplever.cli.complete:complete",
    "export": "oplever.cli.export:export_command",
    "import": "oplever.cli.import_:import_group",
    "list": "oplever.cli.list:list_records",
    "new": "oplever.cli.new:new",
    "purge": "oplever.cli.purge:purge",
    "run": "oplever.cli.run:run",
    "show": "oplever.cli.show:show",
    "sign": "oplever.cli.sign:sign",
    "verify": "oplever.cli.verify:verify",
}
"""Commands that are imported when they are asked for: a run waits for `oplever report`, which needs no database."""


class _Group(click.Group):
    """Shows our errors as one message with advice, never as a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *LAZY})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in LAZY:
            module, _, name = LAZY[cmd_name].partition(":")
            found: click.Command = getattr(importlib.import_module(module), name)
            return found
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except OpleverError as error:
            lines = [f"oplever: {printable(error.message)}", *(f"  {printable(detail)}" for detail in error.details)]
            click.echo("\n".join([*lines, f"  -> {error.advice}", f"[{error.slug}]"]), err=True)
            ctx.exit(2)


@click.group(cls=_Group)
@click.version_option(__version__, prog_name="oplever", help="Show the version and exit.")
@click.help_option(help="Show this help and exit.")
def main() -> None:
    """Turns what Ansible did into an installation record.

    A RECORD is a directory below records/ (or $OPLEVER_RECORDS), by name or path; without one, the latest.
    """
    if reason := config.ignored():
        click.echo(f"oplever: {printable(reason)}", err=True)


@main.command()
@click.argument("record", default="latest")
@click.help_option(help="Show this help and exit.")
def report(record: str) -> None:
    """Make record.json and the documents of RECORD again, from its journal and entries.

    \b
    Example:
      oplever report 20261123T100000Z-site-a1b2c3

    Ends with 1 when the record says not delivered or interrupted.
    """
    directory = store.find(record)
    derived = build(directory)
    click.echo(summary(derived))
    click.echo(f"record: {short(directory / store.RECORD)}")
    click.echo(f"report: {short(directory / 'report.nl.html')}")
    click.echo(without_pdf(directory), nl=False)
    if derived.verdict in REFUSING:
        raise click.exceptions.Exit(1)


main.add_command(add)
