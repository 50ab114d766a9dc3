"""`oplever export`: a record in the format of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from oplever import store
from oplever.export.csv import SUBJECTS
from oplever.export.registry import FORMATS, export
from oplever.export.shape import Shape
from oplever.words import Language


@click.command("export")
@click.argument("format", type=click.Choice(list(FORMATS)))
@click.argument("record", default="latest")
@click.option("-o", "--output", default="-", show_default=True, help="File to write; - is standard output.")
@click.option(
    "--language",
    type=click.Choice(get_args(Language)),
    help="Of titles, en when left out. In csv also of headings and words, with local times; without it they are names "
    "and codes of the record, and times are UTC.",
)
@click.option("--subject", type=click.Choice(list(SUBJECTS)), default="tests", show_default=True, help="For csv.")
@click.option("--excel", is_flag=True, help="For csv: as Excel with Dutch settings opens it by double-click.")
@click.option("--before", is_flag=True, help="For sarif: also what failed before the work and was repaired.")
@click.option("--all", "everything", is_flag=True, help="For sarif: also what is in order or does not apply.")
@click.help_option(help="Show this help and stop.")
def export_command(format: str, record: str, output: str, language: Language | None, **shape: Any) -> None:
    """Write RECORD in a FORMAT that other tools read.

    \b
    Examples:
      oplever export junit -o tests.xml
      oplever export csv --subject controls --language nl --excel -o maatregelen.csv
    """
    whole = Shape(language=language or "en", for_people=language is not None, **shape)
    content = export(store.load(store.find(record)), format, whole)
    if output == "-":
        click.echo(content, nl=False)
        return
    store.write(Path(output), content)
    click.echo(f"written: {output}", err=True)
