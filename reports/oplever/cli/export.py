"""`oplever export`: a record in the format of another tool."""

from __future__ import annotations

from typing import Any, get_args

import click
from click.core import ParameterSource

from oplever import store
from oplever.app.evidence import evidence
from oplever.cli.language import say
from oplever.cli.output import deliver
from oplever.export.csv import SUBJECTS
from oplever.export.registry import FORMATS, export
from oplever.export.shape import Shape
from oplever.messages import M_
from oplever.words import Language


@click.command("export")
@click.argument("format", metavar="FORMAT", type=click.Choice([*FORMATS, "evidence"]))
@click.argument("record", default="latest")
@click.option("-o", "--output", default="-", show_default=True, help="File to write to; - is standard output.")
@click.option(
    "--language",
    type=click.Choice(get_args(Language)),
    help="Language of titles (default: en). In csv also of headings and words, with local times; without it csv has "
    "the names and codes of the record, and times in UTC.",
)
@click.option(
    "--subject",
    type=click.Choice(list(SUBJECTS)),
    default="tests",
    show_default=True,
    help="What to export (csv only).",
)
@click.option("--excel", is_flag=True, help="Format for Excel with Dutch settings (csv only).")
@click.option("--before", is_flag=True, help="Include what failed before the work and was repaired (sarif only).")
@click.option("--all", "everything", is_flag=True, help="Include what passed or does not apply (sarif only).")
@click.pass_context
def export_command(
    ctx: click.Context, /, format: str, record: str, output: str, language: Language | None, **shape: Any
) -> None:
    """Write RECORD in a FORMAT that other tools read.

    FORMAT is one of junit, sarif, hdf, oscal, xccdf, csv, glpi, netbox, prometheus,
    badge, summary, github, gitlab, json, jsonl or evidence.

    \b
    Examples:
      oplever export junit -o tests.xml
      oplever export evidence -o evidence.zip
      oplever export csv --subject controls --language nl --excel -o maatregelen.csv
    """
    _refuse_others(ctx, format)
    directory = store.find(record)
    options = Shape(language=language or "en", for_people=language is not None, **shape)
    content = evidence(directory) if format == "evidence" else export(store.load(directory), format, options)
    if deliver(content, output):
        say("written: {path}", path=output, err=True)


_FORMAT_OF = {"subject": "csv", "excel": "csv", "before": "sarif", "everything": "sarif"}
"""The one format that each of these options is of."""


def _refuse_others(ctx: click.Context, chosen: str) -> None:
    """An option of another format would be left out, and the file would not hold what was asked for."""
    for option in ctx.command.params:
        of = _FORMAT_OF.get(option.name or "", chosen)
        if of != chosen and ctx.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE:
            raise click.UsageError(M_("{option} is for {format} only", option=option.opts[0], format=of))
