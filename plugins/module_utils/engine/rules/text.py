"""Values of a machine as short text: bounded, on one line, control characters made visible."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

LIMIT = 300


def short(value: Any, limit: int = LIMIT) -> str:
    """`value` as at most about `limit` characters; what was cut is counted."""
    text = clean(plain(value))
    if len(text) <= limit:
        return text
    return "%s... (%d characters more)" % (text[:limit], len(text) - limit)


def meant(written: Any, choices: Iterable[str]) -> str:
    """`; did you mean X?` when something known looks like what was written, otherwise nothing."""
    near = difflib.get_close_matches(str(written), sorted(choices), 1)
    return "; did you mean %s?" % near[0] if near else ""


def plain(value: Any) -> str:
    """As a person writes it: true, 3, a, b; nothing for None."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, set)):
        return ", ".join(plain(item) for item in value) or "none"
    if isinstance(value, str):
        return value if value else "(empty)"
    return str(value)


def clean(text: str) -> str:
    """Line breaks become spaces, other unprintable characters their code."""
    if text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return (
        " "
        if character in "\n\t"
        else "\\x%02x" % ord(character)
        if ord(character) < 256
        else "\\u%04x" % ord(character)
    )
