"""Make text from machines and people harmless for every reader: for a document, and for a terminal. A leaf.

Control characters, invisible characters and direction overrides can make a line show something else than it
says. In a document they are replaced by a visible name, so that the reader sees that something was there; each
format then escapes for itself. A terminal obeys more of them, so there nothing stays that cannot be printed.
What may be kept in a journal at all is decided earlier, by the recorder and the importers.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from oplever._shared.text import slug

_T = TypeVar("_T")

_SUSPECT = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls except tab and newline
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"  # invisible, direction
    "\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff"  # private use and noncharacters
    "\ud800-\udfff"  # lone surrogates
    "\U0001fffe-\U0001ffff\U000e0000-\U0010ffff"  # tags, variation selectors, planes 15 and 16
    "]"
)
_SUSPECT_JSON = re.compile(_SUSPECT.pattern + r"|\\[ubfrt]")
"""The same in JSON text, where controls, tabs and carriage returns are written with a backslash."""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}")
_BLANKS = str.maketrans("\n\t", "  ")
_NEWLINES = re.compile(r"\r\n?")


def plain_name(name: str) -> str:
    """The name of a record, as it may stand in a path and on a command line: one that cannot is written otherwise."""
    return name if not name or _PLAIN_NAME.fullmatch(name) else slug(name, 100)


def to_json(thing: object) -> bytes:
    """`thing` as JSON on one line; a sequence that msgspec does not know is written as a list."""
    return msgspec.json.encode(thing, enc_hook=_as_list)


def to_plain(thing: object) -> Any:
    """`thing` as mappings, lists, texts and numbers, as `to_json` writes it."""
    return msgspec.to_builtins(thing, enc_hook=_as_list)


def _as_list(value: object) -> list[object]:
    if isinstance(value, Sequence):
        return list(value)
    raise NotImplementedError(f"{type(value).__name__} has no form in JSON")


def clean_text(text: str) -> str:
    """`text` with line ends as newline and every invisible or misleading character named as `⟨U+XXXX⟩`."""
    text = _NEWLINES.sub("\n", text) if "\r" in text else text
    return _SUSPECT.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text).replace("\t", "    ")


def _clean(value: Any) -> Any:
    """Only what holds something to clean is taken apart: nearly always that is very little of a record."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, (int, float)) or value is None or not _SUSPECT_JSON.search(to_json(value).decode()):
        return value
    if isinstance(value, msgspec.Struct):
        fields = value.__struct_fields__
        return type(value)(**{name: _clean(getattr(value, name)) for name in fields})
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    items = tuple(_clean(item) for item in value)
    return list(items) if isinstance(value, list) else items


def clean(thing: _T) -> _T:
    """A copy of a Struct in which every string is clean."""
    cleaned: _T = _clean(thing)
    return cleaned


def printable(text: str) -> str:
    """`text` for a terminal: on one line, `?` for every character that steers it or turns the direction of writing."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "?" for char in text)


def printable_lines(text: str) -> str:
    """The same for a text of several lines, which stay."""
    return "\n".join(printable(line) for line in text.split("\n"))


def wrapped(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """Lines of at most `width` characters for a terminal, with `first` before the first and `rest` before the others.
    Names with a hyphen stay whole; ends of lines and tabs in the text become blanks."""
    text = printable(text.translate(_BLANKS))
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
