"""`oplever person`: what is kept about somebody."""

from __future__ import annotations

import click

from oplever.app import person as app
from oplever.cli.help import Group
from oplever.cli.language import language_option, say, translator
from oplever.cli.output import deliver
from oplever.words import Language


@click.group(cls=Group)
def person() -> None:
    """Show what is kept about a person.

    \b
    Example:
      oplever person export "J. Bakker" --also j.bakker@school.example --format zip
    """


@person.command("export")
@click.argument("name")
@click.option("--also", multiple=True, help="Another name or address of the same person; can be given more than once.")
@click.option(
    "--format", "fmt", type=click.Choice(["json", "md", "html", "pdf", "zip"]), default="zip", show_default=True,
    help="Kind of file; zip holds JSON, HTML and the mails of the person.",
)  # fmt: skip
@click.option("--output", "-o", help="File to write; - is standard output. Default: person.FORMAT, where you are.")
@language_option
@click.pass_context
def export(
    ctx: click.Context, *, name: str, also: tuple[str, ...], fmt: app.Format, output: str | None, language: Language
) -> None:
    """Write every text in all records that names the person NAME, with where it is. Ends with 1 when a record could not
    be read."""
    exported = app.export((name, *also))
    if path := deliver(app.draw(exported, language, fmt), output or f"person.{fmt}"):
        count = translator().plural("{count} record", "{count} records", len(exported.records))
        say("person: {count}, {path}", count=count, path=path, err=True)
    for problem in exported.unreadable:
        say("this record could not be read: {problem}", problem=problem, err=True)
    if exported.unreadable:
        ctx.exit(1)
