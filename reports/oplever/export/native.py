"""The record itself: `json` as record.json, `jsonl` as one object a line for tools that load tables or events."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from oplever.export.shape import Shape
from oplever.record.model import Record

_LISTED = ("systems", "components", "settings", "steps", "tests", "faults", "escalations")


class _Json:
    def draw(self, record: Record, shape: Shape) -> bytes:
        """As `record.json`, byte for byte."""
        return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"


class _Lines:
    def draw(self, record: Record, shape: Shape) -> bytes:
        """First `{"type": "record"}` with the head, then each thing with its `type` and the `record` it is of."""
        return b"".join(msgspec.json.encode(line) + b"\n" for line in _lines(record))


def _lines(record: Record) -> Iterator[dict[str, object]]:
    whole = msgspec.to_builtins(record)
    head = {key: whole[key] for key in ("id", "work_process", "status", "verdict", "document", "assignment")}
    yield {"type": "record", "record": record.id, **head}
    groups = {name: whole[name] for name in _LISTED}
    groups["controls"] = whole["baseline"]["controls"]
    groups["hours"] = whole["hours"]["lines"]
    for name, things in groups.items():
        for thing in things:
            yield {"type": name, "record": record.id, **thing}


JSON, LINES = _Json(), _Lines()
