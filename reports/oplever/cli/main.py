"""Entry point of the command, with the exit codes: 0 well, 1 the record says no, 2 wrong usage or unreadable input."""

from __future__ import annotations

from pathlib import Path

import click

from oplever import __version__
from oplever.errors import OpleverError
from oplever.store import load, write_record


class _Group(click.Group):
    """Shows our errors as one message with advice, never as a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except OpleverError as error:
            click.echo(f"oplever: {printable(error.message)}\n  -> {error.advice}\n[{error.slug}]", err=True)
            ctx.exit(2)


def printable(text: str) -> str:
    """Text from a machine without characters that steer a terminal or turn the direction of writing."""
    return "".join(char if char.isprintable() else "?" for char in text)


@click.group(cls=_Group)
@click.version_option(__version__, prog_name="oplever", help="Show the version and stop.")
@click.help_option(help="Show this help and stop.")
def main() -> None:
    """Turns what Ansible did into an installation record."""


@main.command()
@click.argument("record", default="records/latest", type=click.Path(path_type=Path))
@click.help_option(help="Show this help and stop.")
def report(record: Path) -> None:
    """Derive record.json from the journal in the directory RECORD (default: records/latest).

    \b
    Example:
      oplever report records/20261123T100000Z-site-a1b2c3

    Ends with 1 when the record says not delivered or interrupted.
    """
    derived = load(record)
    path = write_record(derived, record)
    click.echo(f"verdict: {derived.verdict}")
    for reason in derived.document.reasons:
        params = ", ".join(f"{key}: {_shown(value)}" for key, value in reason.params.items())
        click.echo(f"  {reason.code}" + (f" ({printable(params)})" if params else ""))
    click.echo(f"record: {path}")
    if derived.verdict in ("not_delivered", "interrupted"):
        raise click.exceptions.Exit(1)


def _shown(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
