"""Values of a machine as short text: bounded, on one line, control characters made visible."""

from __future__ import annotations

LIMIT = 300


def short(value, limit=LIMIT):
    """`value` as at most about `limit` characters; what was cut is counted."""
    text = clean(plain(value))
    if len(text) <= limit:
        return text
    return "%s... (%d characters more)" % (text[:limit], len(text) - limit)


def plain(value):
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


def clean(text):
    """Line breaks become spaces, other unprintable characters their code."""
    if text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character):
    if character.isprintable():
        return character
    return (
        " "
        if character in "\n\t"
        else "\\x%02x" % ord(character)
        if ord(character) < 256
        else "\\u%04x" % ord(character)
    )
