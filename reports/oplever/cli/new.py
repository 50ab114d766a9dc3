"""`oplever new`: begin a record of work by hand."""

from __future__ import annotations

from typing import Any, get_args

import click

from oplever import store
from oplever.app.new import new as new_record
from oplever.cli.days import Day
from oplever.cli.output import summary, tell_documents
from oplever.cli.person import by_option_for
from oplever.kinds.registry import KINDS
from oplever.words import WorkProcess


@click.command("new")
@click.argument("kind", type=click.Choice([kind.id for kind in KINDS.values() if kind.command == "oplever new"]))
@click.option("--title", required=True, help="The assignment in a few words.")
@by_option_for("Who opens the record.")
@click.option("--executor", help="Who carries the work out; who opens the record when left out.")
@click.option("--system", "systems", multiple=True, help="A machine that is worked on; can be given more than once.")
@click.option(
    "--work-process",
    type=click.Choice(get_args(WorkProcess)),
    help="The work process, as 1.3; when left out the first one of the kind.",
)
@click.option("--location", help="Where the work is done.")
@click.option("--due", type=Day(), help="The day on which it has to be ready.")
def new(kind: str, by: str, **data: Any) -> None:
    """Begin a record of KIND for work that no playbook does. What is done is added with `oplever add`.

    \b
    Example:
      oplever new installation --title "Switch in lokaal 0.14" --system sw1 --due 2026-12-01

    Prints the name of the record last.
    """
    directory, record = new_record(store.records_directory(), kind, by, data)
    click.echo(summary(record))
    tell_documents(directory)
    click.echo(directory.name)
