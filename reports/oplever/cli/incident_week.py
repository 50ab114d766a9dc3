"""`oplever incident week`: what the desk did in a week."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from oplever import clock
from oplever.app import desk_week, forms
from oplever.cli.language import language_option, say
from oplever.cli.output import deliver
from oplever.page.translator import Translator
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
    today = datetime.now(Translator(language).timezone).date()  # as the overview counts days
    monday = forms.monday_of(week) if week else today - timedelta(days=today.weekday() + 7)
    content = desk_week.draw(desk_week.desk_week(monday), language, fmt)
    if path := deliver(content, output or f"desk-{clock.week_name(monday)}.{language}.{fmt}"):
        say("week: {path}", path=path)
