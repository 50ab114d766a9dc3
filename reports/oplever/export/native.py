"""The record itself: `json` as record.json, `jsonl` as one object a line for tools that load tables or events."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct, structs

from oplever.export.shape import Shape
from oplever.record.model import Record
from oplever.text import to_json

_HEAD = ("id", "kind", "work_process", "status", "verdict", "stage", "document", "assignment")


class _Json:
    def draw(self, record: Record, shape: Shape) -> bytes:
        """As `record.json`, byte for byte."""
        return msgspec.json.format(to_json(record), indent=1) + b"\n"


class _Lines:
    def draw(self, record: Record, shape: Shape) -> bytes:
        """First `{"type": "record"}` with the head, then each row with its `type` and the `record` it is of.

        What a row calls its own type (an escalation does) is its `kind` here.
        """
        return b"".join(to_json(line) + b"\n" for line in _lines(record))


def _lines(record: Record) -> Iterator[dict[str, object]]:
    yield {"type": "record", "record": record.id, **{key: getattr(record, key) for key in _HEAD}}
    for name, rows in _groups(record):
        for row in rows:
            fields = {"kind" if key == "type" else key: value for key, value in structs.asdict(row).items()}
            yield {"type": name, "record": record.id, **fields}


def _groups(record: Record) -> Iterator[tuple[str, tuple[Struct, ...]]]:
    """Every section that is a list or holds one, by its key; the controls of the baseline under their own name."""
    for section in record.__struct_fields__:
        value = getattr(record, section)
        rows = value if isinstance(value, tuple) else getattr(value, "items", None) or getattr(value, "lines", None)
        if isinstance(rows, tuple):
            yield section, rows
    yield "controls", record.baseline.controls


JSON, LINES = _Json(), _Lines()
