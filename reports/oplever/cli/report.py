"""`oplever report`: make record.json and the documents again."""

from __future__ import annotations

import click

from oplever import store
from oplever.app.build import build
from oplever.cli.language import of_the_user, say
from oplever.cli.output import short, summary, without_pdf
from oplever.words import REFUSING


@click.command()
@click.argument("record", default="latest")
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
    say("record: {path}", path=short(directory / store.RECORD))
    say("report: {path}", path=short(directory / f"report.{of_the_user()}.html"))
    click.echo(without_pdf(directory), nl=False)
    if derived.verdict in REFUSING:
        raise click.exceptions.Exit(1)
