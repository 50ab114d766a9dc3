"""Make text from machines harmless for every reader, before any format escapes it for itself.

Control characters, invisible characters and direction overrides can make a line show something else than it
says. They are replaced by a visible name, so that the reader sees that something was there.
"""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

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
_NEWLINES = re.compile(r"\r\n?")


def clean_text(text: str) -> str:
    """`text` with line ends as newline and every invisible or misleading character named as `⟨U+XXXX⟩`."""
    text = _NEWLINES.sub("\n", text) if "\r" in text else text
    return _SUSPECT.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text).replace("\t", "    ")


def _clean(value: object) -> object:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value


def clean(thing: _T) -> _T:
    """A copy of a Struct in which every string is clean."""
    return msgspec.convert(_clean(msgspec.to_builtins(thing)), type(thing))
