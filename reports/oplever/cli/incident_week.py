"""`oplever incident week`: what the desk did in a week."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path

import click

from oplever.app import desk_week, forms
from oplever.cli.language import language_option, say
from oplever.cli.output import short
from oplever.files import put
from oplever.words import Language


@click.command("week")
@click.argument("week", default="")
@click.option(
    "--format", "fmt", type=click.Choice(["pdf", "html", "md", "csv"]), default="pdf", show_default=True,
    help="Kind of file; csv has a row for each report.",
)  # fmt: skip
@click.option("--output", "-o", help="File to write; - is standard output. Default: a name of its own, where you are.")
@language_option
def week(week: str, fmt: desk_week.Format, output: str | None, language: Language) -> None:
    """Make the overview of WEEK, as 2026-W48; the week that ended last when it is left out: what came in and was
    closed, what is too late, by category, whether users are satisfied, and causes that came back."""
    today = date.today()
    monday = forms.monday_of(week) if week else today - timedelta(days=today.weekday() + 7)
    content = desk_week.draw(desk_week.desk_week(monday), language, fmt)
    if output == "-":
        sys.stdout.buffer.write(content)
        return
    year, number, _ = monday.isocalendar()
    path = Path(output or f"desk-{year}-W{number:02d}.{language}.{fmt}")
    put(path, content)
    say("week: {path}", path=short(path.resolve()))
