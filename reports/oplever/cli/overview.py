"""A record on the terminal: the first screen of its report, drawn from the same tree as the documents."""

from __future__ import annotations

import textwrap
from pathlib import Path

import click

from oplever import store
from oplever.cli.output import documents_state, short, standing
from oplever.cli.tables import table
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.page.blocks import SYMBOLS, Attention, AttentionItem, Block, Details, Table, Tile, Tiles
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record.model import Record
from oplever.store import documents
from oplever.text import clean, printable

_WIDE = 110
_MARGIN = 14


def overview(record: Record, directory: Path) -> None:
    """What a person wants to know before opening a document, and where the documents are."""
    view, layout, t = View.of(clean(record)), registry.of(record).layout, Translator("en")
    click.echo(f"{record.id}  {printable(layout.title(view.record, t))}")
    click.echo(standing(record))  # the reasons are in what needs attention
    option = "" if _is_latest(directory) else f" --record {directory.name}"
    for block in layout.summary(view, t):  # the sections below it are not drawn here, so not made either
        _block(block, option)
    if record.completeness.missing:
        click.echo(f"\nAll of it in one go: oplever complete {directory.name}")
    examined = documents.examine(directory)
    state = documents_state(examined, directory)
    click.echo(f"\nDocuments: {state}" if state else "\nDocuments")
    for path in sorted(directory.glob("report.*")):
        click.echo(f"  {short(path)}")
    if examined.problem:
        click.echo(f"oplever: documents could not be made: {printable(examined.problem)}", err=True)


def _is_latest(directory: Path) -> bool:
    """Whether a command that names no record means this one."""
    try:
        return store.find("latest") == directory.resolve()
    except OpleverError:
        return False


def _block(block: Block, option: str) -> None:
    """`option` names the record in the commands that are shown."""
    if isinstance(block, Attention):
        click.echo(f"\n{block.title}")
        for line in block.lines:
            _line(line, option)
    elif isinstance(block, Tiles):
        _tiles(block)
    elif isinstance(block, Details):
        for inner in block.blocks:
            if isinstance(inner, Table) and block.paper:  # many machines: a table stands in for their tiles
                rows = [[cell.text for cell in row] for row in inner.rows]
                click.echo("")
                table([column.title for column in inner.columns], rows)


def _line(line: AttentionItem, option: str) -> None:
    symbol = SYMBOLS[line.tone] or " "
    detail = "".join(phrase.text for phrase in line.detail)
    text = f"{line.text} ({detail})" if detail else line.text
    head = f"  {symbol} {printable(line.label):<{_MARGIN}} "
    click.echo(textwrap.fill(head + printable(text), _WIDE, subsequent_indent=" " * len(head)))
    if line.command:
        commands = (command + option for command in line.command.split(" / "))
        click.echo(" " * len(head) + " / ".join(commands))


def _tiles(block: Tiles) -> None:
    def row(tile: Tile) -> list[str]:
        facts = [f"{SYMBOLS[cell.tone]} {cell.text}".strip() for _, cell in tile.facts]
        return [tile.title, tile.subtitle, tile.status.text, *facts]

    if block.tiles:
        click.echo("")
        names = [name for name, _ in block.tiles[0].facts]
        table([block.title, "", "", *names], [row(tile) for tile in block.tiles])
