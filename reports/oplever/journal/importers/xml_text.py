"""XML that other tools wrote, as its readers take it."""

from __future__ import annotations

import codecs
from typing import NamedTuple
from xml.parsers import expat

UNKNOWN_ENCODING = (LookupError, ValueError)
"""What the reader of Python raises for an encoding that nobody knows, or that has characters of several bytes and is
not Unicode."""


class Begun(NamedTuple):
    """The bytes from where the XML begins, and the number of lines before it."""

    content: bytes
    lines: int


def begun(content: bytes) -> Begun:
    """Without what stands before the XML and is nothing of it: a byte order mark and blank lines, as scripts and
    editors leave them. A reader takes neither before the declaration."""
    start = content.lstrip(codecs.BOM_UTF8 + b" \t\r\n")
    return Begun(start, content[: len(content) - len(start)].count(b"\n"))


def reason(problem: Exception) -> str:
    """Why it cannot be read."""
    if isinstance(problem, expat.ExpatError):
        return expat.errors.messages.get(problem.code, "damaged")
    return " ".join(str(problem).split())
