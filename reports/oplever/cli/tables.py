"""Rows as a table for a person, as plain lines for a pipe, as JSON for a program."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from oplever.text import printable

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


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str = "", *, headings: bool = True) -> None:
    """On a terminal a drawn table; elsewhere a line for each row, with or without one for `headings`."""
    cells = [[printable("" if cell is None else str(cell)) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _draw(columns, cells, title)
        return
    if title:
        click.echo(f"{title}:")
    if headings:
        cells.insert(0, list(columns))
    widths = [max((len(row[place]) for row in cells), default=0) for place in range(len(columns))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
    click.echo("".join(f"{line}\n" for line in lines), nl=False)


def _draw(columns: Sequence[str], cells: Sequence[Sequence[str]], title: str) -> None:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - a pipe does not wait for what draws on a terminal
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    drawn = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    for place, column in enumerate(columns):
        drawn.add_column(column, overflow="fold", no_wrap=place == 0)  # the name of a record is copied from here
    for row in cells:
        drawn.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    Console().print(drawn)


def as_json(value: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=1).decode())
