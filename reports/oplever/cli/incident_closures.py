"""`oplever incident closures`: propose days on which the desk is closed."""

from __future__ import annotations

import json
from datetime import date

import click

from oplever.app import closures as app
from oplever.app import incident_rules
from oplever.cli.language import language_option, say
from oplever.text import printable
from oplever.words import Language


@click.command("closures")
@click.argument("year", type=click.IntRange(2000, 2199), required=False)
@click.option("--country", default="NL", show_default=True, help="Country, by its two letters of ISO 3166.")
@click.option("--region", default="", help="Part of the country, as ISO 3166-2 has it; default: all of it.")
@language_option
def closures(year: int | None, country: str, region: str, language: Language) -> None:
    """Propose the public holidays of YEAR as closed days, this year when it is left out: those on which somebody works
    by the calendar in incidents.yml. Nothing is written: copy the lines that hold for you below calendar.closures, for
    only what is written there counts."""
    year = year or date.today().year
    proposed = app.propose(incident_rules.load().rules.calendar, year, country.upper(), region.upper(), language)
    for closure in proposed:
        name = json.dumps(printable(closure.name), ensure_ascii=False)
        click.echo(f"    - {{from: {closure.first}, until: {closure.until}, name: {name}}}")
    if proposed:
        say("these are proposals: copy what holds for you below calendar.closures in incidents.yml", err=True)
    else:
        say("no holiday of {year} falls on a day on which somebody works", year=year, err=True)
