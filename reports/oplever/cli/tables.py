"""Rows as a table for a person, as plain lines for a pipe, as JSON for a program."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click
import msgspec

from oplever.page.translator import Translator
from oplever.page.vocabulary import CHECK, DOCUMENT_STATUS, STAGES, VERDICTS
from oplever.text import printable, to_json, wrapped

STYLES = {
    "delivered": "green",
    "delivered_with_remarks": "yellow",
    "not_delivered": "red",
    "interrupted": "red",
    "nothing_done": "red",
    "started": "red",
    "rejected": "red",
    "approved": "green",
    "pass": "green",
    "fail": "red",
    "error": "red",
}

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="A table to read, or JSON for programs.",
)


def verdict_word(t: Translator, verdict: str | None, kind: str | None) -> str:
    """The verdict on a record of that kind, for a list; a verdict of a newer version is shown by its code."""
    if verdict != "not_delivered" or kind in ("installation", None):
        return t(VERDICTS.get(verdict or "", verdict or ""))
    from oplever.kinds import registry  # noqa: PLC0415 - a list of installations does not wait for it

    return t(registry.of_name(kind).unfinished)


def stage_word(t: Translator, stage: str | None) -> str:
    return t(STAGES[stage][1]) if stage in STAGES else stage or ""


def status_word(t: Translator, status: str | None) -> str:
    return t(DOCUMENT_STATUS[status][1]) if status in DOCUMENT_STATUS else status or ""


def styles(t: Translator) -> dict[str, str]:
    """The style of each word in a language."""
    texts = {
        **VERDICTS,
        **{code: text for table_ in (STAGES, DOCUMENT_STATUS, CHECK) for code, (_, text) in table_.items()},
    }
    return {t(texts.get(code, code)): style for code, style in STYLES.items()}


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    title: str = "",
    *,
    headings: bool = True,
    styles: Mapping[str, str] = STYLES,
) -> None:
    """On a terminal a drawn table; elsewhere a line for each row, with or without one for `headings`."""
    cells = [[printable("" if cell is None else str(cell)) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _draw(columns, cells, title, styles)
        return
    if title:
        click.echo(f"{title}:")
    if headings:
        cells.insert(0, list(columns))
    widths = [max((len(row[place]) for row in cells), default=0) for place in range(len(columns))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
    click.echo("".join(f"{line}\n" for line in lines), nl=False)


def _draw(columns: Sequence[str], cells: Sequence[Sequence[str]], title: str, styles: Mapping[str, str]) -> None:
    """A table without columns in which nothing stands; where it would break words, the rows below each other."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - a pipe does not wait for what draws on a terminal
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    kept = [place for place in range(len(columns)) if not cells or any(row[place] for row in cells)]
    columns, cells = [columns[place] for place in kept], [[row[place] for place in kept] for row in cells]
    console, widths = Console(), [_width(texts) for texts in zip(columns, *cells, strict=True)]
    widths[:1] = [max((len(row[0]) for row in cells), default=1)]  # it is never broken
    if cells and sum(widths) + 2 * (len(widths) + 1) > console.width:
        _below_each_other(columns, cells, title, console.width)
        return
    drawn = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    for place, column in enumerate(columns):
        # The name of a record is copied from the first one.
        drawn.add_column(column, overflow="fold", no_wrap=place == 0, min_width=widths[place])
    for row in cells:
        drawn.add_row(*(Text(cell, style=styles.get(cell, "")) for cell in row))
    console.print(drawn)


_LONGEST_WORD = 24
"""Characters of a word that is kept whole: a path or a digest that is longer may be broken."""


def _width(texts: Sequence[str]) -> int:
    """The least width of a column."""
    return max((min(len(word), _LONGEST_WORD) for text in texts for word in text.split()), default=1)


def _below_each_other(columns: Sequence[str], cells: Sequence[Sequence[str]], title: str, width: int) -> None:
    """The first cell of each row, and below it what the others hold, each with the name of its column."""
    if title:
        click.echo(title)
    for first, *others in cells:
        click.echo(first)
        named_cells = " · ".join(f"{name}: {cell}" for name, cell in zip(columns[1:], others, strict=True) if cell)
        click.echo("\n".join(wrapped(named_cells, width - 1, first="  ", rest="  ")))


def as_json(value: Any) -> None:
    """Print it for a program: in UTF-8, whatever the encoding of the terminal is."""
    click.echo(msgspec.json.format(to_json(value), indent=1))
