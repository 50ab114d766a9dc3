"""CSV (RFC 4180) for spreadsheets: one subject a file, a heading, one row for each thing.

Headings and values are the names and codes of the record, times in UTC, as programs read them. `for_people` gives the
words of the documents in their language, and times on the clock that documents go by.

Text that a spreadsheet would take for a formula starts with an apostrophe, so it is shown and never run. `excel`
gives what Excel with Dutch settings opens by double-click: semicolons, a decimal comma and a byte order mark.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import asdict, fields

from oplever.export import columns
from oplever.export.shape import Shape
from oplever.page.translator import Translator
from oplever.record.model import (
    Component,
    Control,
    DriftAcceptance,
    EarlierResult,
    HoursLine,
    Language,
    Record,
    Setting,
    Test,
    Text,
)

Row = Sequence[object]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - full width works as well
_NUMBER = re.compile(r"-\d+(?:[.,]\d+)?", re.ASCII)
"""What begins as a formula can and is none: `-1`, of a kernel parameter, say."""
_STEP = (
    *("number", "play", "role", "name", "action", "host", "status", "started"),
    *("duration", "attempts", "delegated_to", "message", "by", "check_mode"),
)


def draw(record: Record, shape: Shape) -> bytes:
    """One subject of `SUBJECTS`; KeyError for any other."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if shape.excel else ",", lineterminator="\r\n")
    rows = iter(SUBJECTS[shape.subject](record))
    names = [str(name) for name in next(rows)]
    t = Translator(shape.language) if shape.for_people else None
    writer.writerow([columns.heading(t, name) for name in names] if t else names)
    for row in rows:
        cells = zip(names, row, strict=True)
        values = [columns.value(t, shape.subject, name, cell) for name, cell in cells] if t else row
        writer.writerow([cell(value, shape) for value in values])
    return (text.getvalue()).encode("utf-8-sig" if shape.excel else "utf-8")


def cell(value: object, shape: Shape) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        text = _flat(value, shape.language)
        is_formula = text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA[:4])
        return f"'{text}" if is_formula and not _NUMBER.fullmatch(text) else text
    return str(value).replace(".", ",") if shape.excel else str(value)


def _flat(value: object, language: Language) -> str:
    if isinstance(value, Text):
        first, second = (value.nl, value.en) if language == "nl" else (value.en, value.nl)
        return first or second
    if isinstance(value, DriftAcceptance):
        value = {name: text for name, text in asdict(value).items() if text}
    if isinstance(value, dict):
        return "; ".join(f"{key} {_flat(item, language)}" for key, item in value.items())
    if isinstance(value, EarlierResult):
        return f"{value.run}: {value.status}"
    return " ".join(_flat(item, language) for item in value) if isinstance(value, (list, tuple)) else str(value)


def _table(kind: type, of: Callable[[Record], Iterable[object]]) -> Callable[[Record], Iterable[Row]]:
    """The fields of a type as columns, in their order."""
    names = [field.name for field in fields(kind)]

    def rows(record: Record) -> Iterable[Row]:
        yield names
        for value in of(record):
            yield [getattr(value, name) for name in names]

    return rows


def _steps(record: Record) -> Iterable[Row]:
    """A row for each step on each host."""
    yield _STEP
    for step in record.steps:
        for result in step.results:
            outcome = (result.host, result.status, result.started or step.started, result.duration, result.attempts)
            yield (
                *(step.number, step.play, step.role, step.name, step.action, *outcome),
                *(result.delegated_to, columns.HIDDEN if result.censored else result.message),
                *(step.by, step.check_mode),
            )


SUBJECTS: dict[str, Callable[[Record], Iterable[Row]]] = {
    "tests": _table(Test, lambda record: record.tests),
    "controls": _table(Control, lambda record: record.baseline.controls),
    "components": _table(Component, lambda record: record.components),
    "settings": _table(Setting, lambda record: record.settings),
    "hours": _table(HoursLine, lambda record: record.hours.lines),
    "steps": _steps,
}
