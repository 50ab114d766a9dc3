"""What a document that is read from front to back leaves out of a page: rows beyond a limit, and what is folded."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch

from msgspec import structs

from oplever.page.blocks import Block, Details, Group, Page, Table, Timeline

MANY_ROWS = 5000
"""Rows of all tables together beyond which a page is drawn as one of many: less at once, the rest on demand."""


def rows_of(page: Page) -> int:
    """The rows of all tables of a page."""
    return sum(_rows(page.summary)) + sum(sum(_rows(section.blocks)) for section in page.sections)


def _rows(blocks: Iterable[Block]) -> Iterable[int]:
    for block in blocks:
        if isinstance(block, Table):
            yield len(block.rows)
        elif isinstance(block, (Group, Details)):
            yield from _rows(block.blocks)
        elif isinstance(block, Timeline):
            yield from _rows((block.table,))


def on_paper(page: Page) -> Page:
    """The page without the rows beyond each table's `paper_rows` and without folds that are not for paper.

    Each table and each fold says that there is more, and a note at the end says in which files of which record.
    """
    return structs.replace(
        page,
        notes=(*page.notes, page.labels["shortened"]),
        summary=tuple(_short(block, page.labels) for block in page.summary),
        sections=tuple(
            structs.replace(section, blocks=tuple(_short(block, page.labels) for block in section.blocks))
            for section in page.sections
        ),
    )


@singledispatch
def _short(block: Block, labels: dict[str, str]) -> Block:
    return block


@_short.register
def _(block: Table, labels: dict[str, str]) -> Block:
    count = len(block.rows) - block.paper_rows
    if count <= 0:
        return block
    left_out = labels["left_out"].format(count=count)
    return structs.replace(block, rows=block.rows[: block.paper_rows], left_out=left_out)


@_short.register
def _(block: Group, labels: dict[str, str]) -> Block:
    return structs.replace(block, blocks=tuple(_short(inner, labels) for inner in block.blocks))


@_short.register
def _(block: Details, labels: dict[str, str]) -> Block:
    if not block.paper:
        return structs.replace(block, blocks=(), folded=labels["folded"])
    return structs.replace(block, blocks=tuple(_short(inner, labels) for inner in block.blocks))


@_short.register
def _(block: Timeline, labels: dict[str, str]) -> Block:
    table = _short(block.table, labels)
    assert isinstance(table, Details)  # a fold stays a fold  # noqa: S101
    return structs.replace(block, table=table)
