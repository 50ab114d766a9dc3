"""`oplever join`: one record of the runs of one assignment."""

from __future__ import annotations

import click

from oplever.cli.language import say
from oplever.cli.output import summary, tell_documents
from oplever.cli.person import by_option


@click.command()
@click.argument("runs", nargs=-1)
@click.option("--assignment", default="", help="Number of the assignment; that of the latest record when left out.")
@click.option("--new", "begins_new", is_flag=True, help="Begin a new record, also when there is one that is open.")
@by_option
def join(runs: tuple[str, ...], assignment: str, by: str, *, begins_new: bool) -> None:
    """Make one record of the RUNS of an assignment: from the first state to the last, to be signed once.

    Without RUNS it takes all runs of the assignment. The runs keep their own records, which this one cites. Later runs
    make a new revision of it; once it is approved they make a new record.

    \b
    Examples:
      oplever join
      oplever join --assignment W-2026-0117
      oplever join 20261125T131838Z-site-f2f234 latest

    Prints the name of the record last.
    """
    from oplever.app.join import join as take_together  # noqa: PLC0415 - the help needs none of it

    joined = take_together(runs, by, assignment=assignment, begins_new=begins_new)
    if joined.added:
        say("taken in: {runs}", runs=", ".join(joined.added))
    if joined.renewed:
        say("taken in again, of a later revision: {runs}", runs=", ".join(joined.renewed))
    if not (joined.added or joined.renewed):
        say("nothing new: all runs are in it as they are")
    click.echo(summary(joined.record))
    tell_documents(joined.directory)
    click.echo(joined.directory.name)
