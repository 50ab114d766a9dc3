"""Lines to events, tolerant of what a newer writer adds and of what a crash leaves behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

import msgspec

from oplever import clock
from oplever.errors import OpleverError
from oplever.journal.events import (
    Gap,
    JournalEvent,
    Line,
    LineNumber,
    RunStart,
    Unread,
)
from oplever.messages import M_

FORMAT = "oplever-journal"
VERSION = 2

KINDS = frozenset(str(kind.__struct_config__.tag) for kind in get_args(Line))


class _Head(msgspec.Struct):
    seq: LineNumber
    kind: str
    t: str = ""


_DAMAGE = (msgspec.DecodeError, ValueError, RecursionError)
_decode = msgspec.json.Decoder(Line).decode
_decode_head = msgspec.json.Decoder(_Head).decode


def read(lines: Iterable[bytes], name: str = "journal.jsonl") -> Iterator[JournalEvent]:
    """Events in order, one for each line; before the first whole line after others that are missing or damaged comes
    a `Gap` with their number.

    A last line without newline was cut short and is dropped. Raises OpleverError (`journal-empty`,
    `journal-foreign`, `journal-newer`) when the first line is not the start of a journal this version can read.
    """
    expected = damaged = 0
    for number, line in enumerate(lines):
        if not line.endswith(b"\n"):
            break
        if number == 0:
            yield _first(line, name)
            expected = 1
            continue
        seq, event = _line(line)
        if seq is None:
            damaged += 1  # the next whole line shows by its seq how many there were
        elif seq > expected:
            yield Gap(before=seq, lines=seq - expected)
        if seq is not None:
            expected, damaged = max(expected, seq + 1), 0
        yield event
    if damaged:
        yield Gap(before=expected + damaged, lines=damaged)
    if expected == 0:
        raise OpleverError(
            "journal-empty",
            M_("{name} has no complete line: the run stopped before it wrote anything", name=name),
            M_("run the playbook again; this record can be deleted"),
        )


def _first(line: bytes, name: str) -> RunStart:
    seq, event = _line(line)
    if seq != 0 or not isinstance(event, RunStart) or event.format != FORMAT or event.version < 1:
        raise OpleverError(
            "journal-foreign",
            M_("line 1 of {name} is not the start of an Oplever journal", name=name),
            M_("check that the directory is a record; a journal starts with a line of kind run_start"),
        )
    if event.version > VERSION:
        raise OpleverError(
            "journal-newer",
            M_(
                "{name} has format version {version}, this version of oplever reads up to {newest}",
                name=name,
                version=event.version,
                newest=VERSION,
            ),
            M_("update the oplever package"),
        )
    return event


def _line(line: bytes) -> tuple[int | None, Line | Unread]:
    """(seq, event); seq is None for a damaged line, also for one of a moment that is none."""
    try:
        event = _decode(line)
        clock.recorded(event.t)
    except _DAMAGE:
        return _unread(line)
    return event.seq, event


def _unread(line: bytes) -> tuple[int | None, Unread]:
    """A line of a kind that this version does not know; any other one is damaged."""
    try:
        head = _decode_head(line)
    except _DAMAGE:
        return None, Unread(damaged=True)
    if head.kind in KINDS:
        return None, Unread(damaged=True)
    try:
        clock.recorded(head.t)
    except ValueError:
        return head.seq, Unread()
    return head.seq, Unread(head.t)
