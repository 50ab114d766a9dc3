"""Lines at the end of `entries.jsonl`. Only `oplever.app.add` may import this: it checks each entry first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import structs

from oplever.files import extend
from oplever.record import entries
from oplever.record.entries import Entry
from oplever.store import chain
from oplever.store.places import ENTRIES, JOURNAL
from oplever.store.records import entry_lines


def append(directory: Path, added: Sequence[Entry]) -> None:
    """Append entries, each chained to what stands before it: all of them or none, on disk before this returns.

    Whoever calls it holds the lock of the directory. Raises OpleverError (`file-unreadable`), OSError.
    """
    lines = entry_lines(directory)
    number = len(lines)
    for entry in added:
        lines.append(entries.line(structs.replace(entry, previous=chain.link(lines, directory / JOURNAL))))
    ends_well = not number or lines[number - 1].endswith(b"\n")  # somebody's editor may have left the newline out
    extend(directory / ENTRIES, (b"" if ends_well else b"\n") + b"".join(lines[number:]))
