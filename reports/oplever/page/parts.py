"""Small helpers that several sections share."""

from __future__ import annotations

from collections.abc import Sequence

from oplever.page.blocks import MOST_FOLDS, Block, Cell, Column, Details, KeyValue, Table
from oplever.page.translator import Translator
from oplever.record.model import Record, Text

Blocks = tuple[Block, ...]


def titled(t: Translator, text: Text) -> str:
    """A text of the record in the reader's language, or in the other one when only that is given."""
    return (text.nl or text.en) if t.language == "nl" else (text.en or text.nl)


def pairs(*found: tuple[str, str | Cell | None]) -> Blocks:
    """A key-value block of the pairs that have a value; no block when none has."""
    cells = ((key, value if isinstance(value, Cell) else Cell(value or "")) for key, value in found)
    kept = tuple((key, cell) for key, cell in cells if cell.text or cell.note)
    return (KeyValue(kept),) if kept else ()


def table(caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], paper_rows: int = 60) -> Blocks:
    """A table, or nothing when it has no rows."""
    return (Table(caption, tuple(columns), tuple(tuple(row) for row in rows), paper_rows),) if rows else ()


def folds(t: Translator, found: Sequence[Details]) -> Blocks:
    """A fold for each machine, or one fold that holds them all when they are many."""
    if len(found) <= MOST_FOLDS:
        return tuple(found)
    return (
        Details(t("Machine by machine"), tuple(found), t.plural("{count} machine", "{count} machines", len(found))),
    )


def code(text: str, note: str = "") -> Cell:
    return Cell(text, code=True, note=note) if text else Cell("", note=note)


def people_named(record: Record, role: str) -> str:
    return ", ".join(person.name for person in record.people if person.role == role)
