"""What a document that is read from front to back leaves out of a page, rows beyond a limit and what is folded; and the
archive, which has that in small print behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial, singledispatch

from msgspec import structs

from oplever.page.blocks import Annex, Block, Details, Group, Page, Table, Timeline

MANY_ROWS = 5000
"""Rows of all tables together beyond which a page is drawn as one of many: less at once, the rest on demand."""

MOST_ANNEX_ROWS = 2200
"""Rows in the annexes of an archive, some 60 sheets; what is beyond is in the files inside the document."""


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


def archived(page: Page) -> Page:
    """The page with what is folded, and the rows beyond each table's `paper_rows`, in annexes.

    Of more than MOST_ANNEX_ROWS rows, what failed goes first and then what comes first; each fold that is left out says
    in which file its rows are.
    """
    left_out = list(_left_out(page))
    kept: set[int] = set()
    space = MOST_ANNEX_ROWS
    for place, block in sorted(enumerate(left_out), key=lambda pair: (pair[1].tone != "bad", pair[0])):
        rows = sum(_rows((block,)))
        if rows <= space:
            kept.add(place)
            space -= rows
    numbers: Iterator[int] = iter(range(1, len(kept) + 1))
    annexes: list[Annex] = []
    places = iter(range(len(left_out)))

    def put(block: Details) -> str:
        if next(places) not in kept:
            return page.labels["enclosed" if page.enclosures else "folded"]
        number = next(numbers)
        title = f"{block.title} ({block.count})" if block.count else block.title
        annexes.append(Annex(number, title, block.blocks))
        return page.labels["in_annex"].format(number=number)

    summary = tuple(_moved(block, page.labels, put) for block in page.summary)
    sections = tuple(
        structs.replace(section, blocks=tuple(_moved(block, page.labels, put) for block in section.blocks))
        for section in page.sections
    )
    notes = (*page.notes, page.labels["cut"]) if page.sections else page.notes
    return structs.replace(page, summary=summary, sections=sections, annexes=tuple(annexes), notes=notes)


def _left_out(page: Page) -> Iterator[Details]:
    """What `archived` moves, in the order in which it does."""
    moved: list[Details] = []

    def put(block: Details) -> str:
        moved.append(block)
        return ""

    for block in (*page.summary, *(block for section in page.sections for block in section.blocks)):
        _moved(block, page.labels, put)
    yield from moved


def _moved(block: Block, labels: dict[str, str], put: Callable[[Details], str]) -> Block:
    """The block without what `put` was given, which says where that is."""
    move = partial(_moved, labels=labels, put=put)
    if isinstance(block, Table) and len(block.rows) > block.paper_rows:
        rest = structs.replace(block, rows=block.rows[block.paper_rows :])
        where = put(Details(block.caption, (rest,)))
        left_out = f"{labels['more_here'].format(count=len(rest.rows))} {where}"
        return structs.replace(block, rows=block.rows[: block.paper_rows], left_out=left_out)
    if isinstance(block, Details) and not block.paper:
        return structs.replace(block, blocks=(), folded=put(block))
    if isinstance(block, (Group, Details)):
        return structs.replace(block, blocks=tuple(map(move, block.blocks)))
    # Of a timeline the table says what the drawing says, and the rows of the steps say more.
    return block
