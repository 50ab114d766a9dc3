"""Entry point of the command, with the exit codes: 0 well, 1 the record says no, 2 wrong usage or unreadable input."""

from __future__ import annotations

from pathlib import Path

import click

from oplever import __version__, store
from oplever.cli.add import add
from oplever.cli.import_ import import_group
from oplever.cli.output import documents, printable, summary
from oplever.cli.run import run
from oplever.errors import OpleverError
from oplever.render.registry import render_all


class _Group(click.Group):
    """Shows our errors as one message with advice, never as a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except OpleverError as error:
            click.echo(f"oplever: {printable(error.message)}\n  -> {error.advice}\n[{error.slug}]", err=True)
            ctx.exit(2)


@click.group(cls=_Group)
@click.version_option(__version__, prog_name="oplever", help="Show the version and stop.")
@click.help_option(help="Show this help and stop.")
def main() -> None:
    """Turns what Ansible did into an installation record.

    A RECORD is a directory below records/ (or $OPLEVER_RECORDS), by name or path; without one, the latest.
    """


@main.command()
@click.argument("record", default="latest")
@click.help_option(help="Show this help and stop.")
def report(record: str) -> None:
    """Make record.json and the documents of RECORD again, from its journal and entries.

    \b
    Example:
      oplever report 20261123T100000Z-site-a1b2c3

    Ends with 1 when the record says not delivered or interrupted.
    """
    directory = store.find(record)
    derived = store.load(directory)
    path = store.write_record(derived, directory)  # first: it is there when a document cannot be made
    store.write_manifest(directory, render_all(derived, directory))
    click.echo(summary(derived))
    click.echo(f"record: {_short(path)}")
    click.echo(f"report: {_short(directory / 'report.nl.html')}")
    _exit_code(derived.verdict)


@main.command()
@click.argument("record", default="latest")
@click.help_option(help="Show this help and stop.")
def show(record: str) -> None:
    """Show what RECORD says, what it lacks and where its documents are."""
    directory = store.find(record)
    derived = store.load(directory)
    click.echo(documents(derived, directory))
    _exit_code(derived.verdict)


@main.command("list")
@click.help_option(help="Show this help and stop.")
def list_records() -> None:
    """List the records, newest first."""
    found = False
    for directory in store.every():
        found = True
        try:
            record = store.load(directory)
        except OpleverError as error:
            click.echo(f"{directory.name}  cannot be read: {printable(error.message)}")
            continue
        hosts = ", ".join(system.name for system in record.systems[:5]) + (", ..." if record.systems[5:] else "")
        click.echo(f"{directory.name}  {record.verdict:<22}  {record.status:<9}  {printable(hosts)}")
    if not found:
        click.echo(f"No records yet in {store.records_directory()}. Each run of a playbook makes one.")


@main.command()
@click.argument("record", default="latest")
@click.help_option(help="Show this help and stop.")
def verify(record: str) -> None:
    """Compare the files of RECORD with their fingerprints. Ends with 1 when one was altered."""
    directory = store.find(record)
    wrong = store.altered(directory)
    if wrong:
        click.echo(f"oplever: altered since it was made: {', '.join(map(printable, wrong))}", err=True)
        raise click.exceptions.Exit(1)
    click.echo(f"{directory.name}: every file is as it was made")


def _short(path: Path) -> str:
    """A path as somebody standing here would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _exit_code(verdict: str) -> None:
    if verdict in ("not_delivered", "interrupted"):
        raise click.exceptions.Exit(1)


main.add_command(add)
main.add_command(run)
main.add_command(import_group)
