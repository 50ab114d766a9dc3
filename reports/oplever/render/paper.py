"""What a document that is read from front to back leaves out of a page, rows beyond a limit and what is folded; and the
archive, which has that in small print behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import count

from msgspec import structs

from oplever.page.blocks import Annex, Block, Details, Group, Page, Table, Timeline
from oplever.render.sheets import SHEET, annex_height

MANY_ROWS = 5000
"""Rows of all tables together beyond which a page is drawn as one of many: less at once, the rest on demand."""

APART_ROWS = 500
"""Rows beyond which Typst draws a page in a process of its own: what it keeps in memory is gone with that."""

MOST_ANNEX_SHEETS = 50
"""Sheets of annexes in an archive, which has some 60 then; what is beyond is in the files inside the document."""


Part = Table | Details
"""What can stand elsewhere: the rows of a table beyond a limit, or what is folded."""


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
    labels = page.labels

    def put(part: Part) -> str:
        return labels["left_out"].format(count=len(part.rows)) if isinstance(part, Table) else labels["folded"]

    return structs.replace(_without(page, put), notes=(*page.notes, labels["shortened"]))


def archived(page: Page) -> Page:
    """The page with what is folded, and the rows beyond each table's `paper_rows`, in annexes.

    Of more than MOST_ANNEX_SHEETS sheets, what failed goes first and then what is shortest: tests and controls by their
    subject, before the lists of all packages and settings. Each fold that is left out says in which file its rows are.
    """
    kept = _fitting(page)
    annexes: list[Annex] = []
    places = count()

    def put(part: Part) -> str:
        if next(places) in kept:
            annexes.append(_annex(len(annexes) + 1, part))
            where = page.labels["in_annex"].format(number=len(annexes))
        else:
            where = page.labels["enclosed" if page.enclosures else "folded"]
        if isinstance(part, Table):
            return f"{page.labels['more_here'].format(count=len(part.rows))} {where}"
        return where

    short = _without(page, put)
    notes = (*page.notes, page.labels["cut"]) if page.sections else page.notes
    return structs.replace(short, annexes=tuple(annexes), notes=notes)


def _fitting(page: Page) -> set[int]:
    """Which of the parts that are moved fit in the annexes, by their number."""
    parts: list[Part] = []

    def put(part: Part) -> str:
        parts.append(part)
        return ""

    _without(page, put)
    kept: set[int] = set()
    space = MOST_ANNEX_SHEETS * SHEET
    sizes = [annex_height(_annex(0, part)) for part in parts]
    for place, size in sorted(enumerate(sizes), key=lambda pair: (_tone(parts[pair[0]]) != "bad", pair[1], pair[0])):
        if size <= space:
            kept.add(place)
            space -= size
    return kept


def _tone(part: Part) -> str:
    return part.tone if isinstance(part, Details) else ""


def _annex(number: int, part: Part) -> Annex:
    if isinstance(part, Table):
        return Annex(number, part.caption, (structs.replace(part, is_named=True),))
    return Annex(number, f"{part.title} ({part.count})" if part.count else part.title, part.blocks)


def _without(page: Page, put: Callable[[Part], str]) -> Page:
    """The page without the parts that `put` is given, one after the other; it says what stands in their place."""
    move = partial(_move, labels=page.labels, put=put)
    return structs.replace(
        page,
        summary=tuple(map(move, page.summary)),
        sections=tuple(structs.replace(section, blocks=tuple(map(move, section.blocks))) for section in page.sections),
    )


def _move(block: Block, labels: dict[str, str], put: Callable[[Part], str]) -> Block:
    move = partial(_move, labels=labels, put=put)
    if isinstance(block, Table) and len(block.rows) > block.paper_rows:
        rest = structs.replace(block, rows=block.rows[block.paper_rows :])
        return structs.replace(block, rows=block.rows[: block.paper_rows], left_out=put(rest))
    if isinstance(block, Details) and not block.paper:
        return structs.replace(block, blocks=(), folded=put(block))
    if isinstance(block, (Group, Details)):
        return structs.replace(block, blocks=tuple(map(move, block.blocks)))
    if isinstance(block, Timeline):
        # The table says what the drawing says, and the rows of the steps say more.
        table = structs.replace(block.table, blocks=(), folded=labels["folded"])
        return structs.replace(block, table=table)
    return block
