"""Name and address of who wrote a message, from a header as it came. Pure.

An encoded word (RFC 2047) is a part of a name, whatever stands in it: it is decoded when it is known where the address
begins and ends, so that no comma, bracket or `@` in it makes another sender.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.errors import MessageError
from email.headerregistry import Address

from msgspec import Struct

_LONGEST_ADDRESS = 254
_LONGEST_HEADER = 4000
_PART = re.compile(
    r'(?P<quoted>"(?:[^"\\]|\\.)*"?)|(?P<encoded>=\?[^?\s]{1,60}\?[bq]\?.*?\?=)|(?P<escaped>\\.)|(?P<mark>[(),;<>])'
    r"|(?P<text>[^\"\\(),;<>=]+|.)",
    re.IGNORECASE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_GROUP = re.compile(r"^[^@]*:(?=[^@]+@)")


class Mailbox(Struct, frozen=True):
    """`name` as it stands in the header, without quotes, still encoded; `address` may be none that mail can go to."""

    name: str
    address: str


class _Entry(Struct):
    """What stands between two commas so far: its words, what is in brackets, and its comments."""

    words: str = ""
    address: str | None = None
    comments: str = ""


def is_address(text: str) -> bool:
    """Whether mail can be sent there: one address and nothing else."""
    if not text.isprintable() or len(text) > _LONGEST_ADDRESS:
        return False
    try:
        return Address(addr_spec=text).addr_spec == text
    except (MessageError, ValueError, LookupError):  # what the parser of the library raises
        return False


def first(raw: str) -> Mailbox:
    """The first sender that has an address; empty where there is none. A comma without quotes in a name, as in
    `Bakker, Jan <jan@school.example>`, begins no other sender."""
    pending = ""
    for entry in _entries(" ".join(raw[:_LONGEST_HEADER].split())):
        if entry.address is not None and "@" in entry.address:
            comments = f" ({entry.comments.strip()})" if entry.comments.strip() else ""
            return Mailbox(f"{pending}{entry.words.strip()}{comments}".strip(), _bare(entry.address))
        alone = _bare(_GROUP.sub("", entry.words))
        if "@" in alone and " " not in alone:
            return Mailbox(entry.comments.strip(), alone)
        pending += f"{entry.words.strip()}, " if entry.words.strip() else ""
    return Mailbox("", "")


def _bare(address: str) -> str:
    return address.strip().removeprefix("mailto:").lower()


def _entries(text: str) -> Iterator[_Entry]:
    entry, depth, in_brackets = _Entry(), 0, False
    for match in _PART.finditer(text):
        part = match[0]
        if match["mark"]:
            if part in "()" and not in_brackets:
                depth = depth + 1 if part == "(" else max(0, depth - 1)
            elif part == "<" and not depth:
                entry.address, in_brackets = entry.address or "", True
            elif part == ">" and not depth:
                in_brackets = False
            elif part in ",;" and not depth and not in_brackets:
                yield entry
                entry = _Entry()
            continue
        if match["quoted"] and not in_brackets:
            part = _ESCAPED.sub(r"\1", part[1:].removesuffix('"'))
        if depth:
            entry.comments += part
        elif in_brackets:
            entry.address = f"{entry.address or ''}{part}"
        else:
            entry.words += part
    yield entry
