"""How much paper the annexes of an archive take, before they are drawn: Typst would need seconds for what may not fit.

Sizes are in points of the small print that `report.typ` draws them in. They are about a tenth off, held against pages
of drawn documents (tests/unit/render/test_archive.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from oplever.page.blocks import Annex, Block, Bullets, Cell, Details, Group, KeyValue, Table, Timeline

SHEET = 734.0
"""Height of a sheet between its margins: 297 mm without 38 mm."""
_WIDTH = 499.0
"""Of a table: 210 mm without 34 mm."""
_CHARACTER = 2.3
"""Mean width of a character."""
_LINE = 6.4
_BETWEEN_ROWS = 0.8
_BETWEEN_COLUMNS = 4.0
_NARROWEST = 20.0
"""No column is taken for narrower than this: its words are broken as well."""
_HEADING = 20.0
_TABLE_HEAD = 24.0
"""The caption and the names of the columns."""
_OTHER = 12.0
"""The title of blocks that belong together, or a short text."""
_LIST_LINE = 12.0
"""A line of a list of facts or of points, which are not in the print of tables."""
_LIST_WIDTH = 400.0
_LIST_CHARACTER = 2.9
_LONGEST_TEXT = 800
"""Characters of a cell that count; paper has no more of a text than its first 400, and those of a note."""


def annex_height(annex: Annex) -> float:
    return _HEADING + _blocks_height(annex.blocks)


def _blocks_height(blocks: Iterable[Block]) -> float:
    return sum(map(_height, blocks))


def _height(block: Block) -> float:
    if isinstance(block, Table):
        return _table_height(block)
    if isinstance(block, (Group, Details)):
        return _OTHER + _blocks_height(block.blocks)
    if isinstance(block, Timeline):
        return _height(block.table)
    if isinstance(block, KeyValue):
        return _list_height(cell for _, cell in block.pairs)
    return _list_height(block.lines) if isinstance(block, Bullets) else _OTHER


def _list_height(cells: Iterable[Cell]) -> float:
    return _OTHER + sum(_LIST_LINE * _lines(cell, _LIST_WIDTH, _LIST_CHARACTER) for cell in cells)


def _table_height(table: Table) -> float:
    weights = sum(column.weight for column in table.columns) or 1
    widths = [max(_NARROWEST, _WIDTH * column.weight / weights - _BETWEEN_COLUMNS) for column in table.columns]
    rows = (max(map(_lines, row, widths), default=1) for row in table.rows)
    return _TABLE_HEAD + sum(_BETWEEN_ROWS + _LINE * lines for lines in rows)


def _lines(cell: Cell, width: float, character: float = _CHARACTER) -> int:
    """Lines of a cell: a note stands behind its text, what changed in a text below it."""
    text = f"{cell.text} {cell.note}"[:_LONGEST_TEXT]
    return sum(max(1, math.ceil(len(line) * character / width)) for line in (*text.split("\n"), *cell.lines))
