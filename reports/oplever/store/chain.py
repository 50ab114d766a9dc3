"""Each entry names what stands before it: the line before it, or the journal when it is the first; without a journal
the name of the record.

A line that was changed, removed, added between or moved breaks the link of the line after it. The last line has none
after it: the manifest and the signatures answer for the end of the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from oplever.files import sha256
from oplever.messages import M_
from oplever.store.places import ENTRIES, JOURNAL

FINGERPRINT_LENGTH = 24
"""Characters."""


class _Link(msgspec.Struct):
    """`amends` is what lines of an earlier version call it."""

    previous: str = ""
    amends: str = ""


def link(lines: Sequence[bytes], journal: Path) -> str:
    """What the next line has to name: `entry:<sha256>`, `journal:<bytes>:<sha256>`, or `record:<name>`. Raises OSError.

    The number of bytes is there because an entry may be added while the run still writes.
    """
    if lines:
        return of_line(lines[-1])
    if not journal.exists():
        return f"record:{journal.parent.resolve().name}"
    size = journal.stat().st_size
    return f"journal:{size}:{sha256(journal, size)}"


def fingerprint(lines: Sequence[bytes], journal: Path) -> str:
    """What a paper says of the record with these lines: it answers for all of them and, by the first one, for the
    journal. Raises OSError."""
    return hashlib.sha256(link(lines, journal).encode()).hexdigest()[:FINGERPRINT_LENGTH]


def head(directory: Path) -> str:
    """What the next line of the record in this directory has to name: it answers for all that the record was made of.
    Raises OSError."""
    path = directory / ENTRIES
    return link(path.read_bytes().splitlines(keepends=True) if path.exists() else [], directory / JOURNAL)


def of_line(line: bytes) -> str:
    return "entry:" + hashlib.sha256(line.rstrip(b"\r\n")).hexdigest()


def breaks(lines: Sequence[bytes], journal: Path) -> list[str]:
    """What is wrong with the chain, one sentence for each place. Lines from before there was a chain are let go."""
    problems: list[str] = []
    chained, line_numbers = False, {of_line(line): number for number, line in enumerate(lines, 1)}
    for number, line in enumerate(lines, 1):
        try:
            links = msgspec.json.decode(line, type=_Link)
        except (msgspec.DecodeError, UnicodeDecodeError):
            problems.append(M_("line {number} cannot be read", number=number))
            continue
        previous = links.previous or links.amends
        if not previous:
            if chained:
                text = M_("line {number} has no link to the line before it: edited or added by hand", number=number)
                problems.append(text)
            continue
        chained = True
        if previous.startswith("journal:"):
            problem = _journal_link(number, previous, journal)
        elif previous.startswith("record:"):
            problem = _record_link(number, previous, journal)
        else:
            problem = _entry_link(number, previous, lines, line_numbers)
        if problem:
            problems.append(problem)
    return problems


def _journal_link(number: int, link: str, journal: Path) -> str:
    if number > 1:
        return M_(
            "line {number} follows the journal itself: it was moved down, or lines were added before it", number=number
        )
    size, _, digest = link.removeprefix("journal:").partition(":")
    try:
        same = size.isdecimal() and sha256(journal, int(size)) == digest
    except OSError:
        same = False
    return "" if same else M_("line 1 was written for another journal.jsonl")


def _record_link(number: int, link: str, journal: Path) -> str:
    if number > 1:
        return M_("line {number} opens the record: it was moved down, or lines were added before it", number=number)
    if journal.exists():
        return M_("a journal.jsonl was put beside entries that began without one")
    name = link.removeprefix("record:")
    return "" if name == journal.parent.resolve().name else M_("line 1 opened another record, {name}", name=name)


def _entry_link(number: int, link: str, lines: Sequence[bytes], line_numbers: dict[str, int]) -> str:
    if number == 1:
        return M_("lines before line 1 were removed")
    if link == of_line(lines[number - 2]):
        return ""
    if link in line_numbers:
        return M_(
            "line {number} was moved: it follows line {present}, not line {before}",
            number=number, present=line_numbers[link], before=number - 1,
        )  # fmt: skip
    return M_(
        "line {before} was changed, or a line between {before} and {number} was removed",
        before=number - 1,
        number=number,
    )
