"""Names on disk are bytes, and what leaves the machine is text: bytes that are no UTF-8 are written as shells do, and
characters that nobody sees by their number.

Python keeps such a byte as a lone surrogate, which JSON of a module may not hold: one name would hide all results. What
keeps a record takes characters that nobody sees away, so that a name with one would be that of the file beside it.
"""

from __future__ import annotations

import re

# What plugins/plugin_utils/shared/text.py takes away, but for ends of lines.
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    "|\r(?!\n)"
)


def readable(value):
    """The value (text, list, tuple, dict of these, or anything else) with `\\xff` for a byte that is no UTF-8 and
    `\\u200b` for a character that nobody sees."""
    if isinstance(value, str):
        return value if value.isascii() and value.isprintable() else _text(value)
    if isinstance(value, dict):
        return {readable(key): readable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [readable(item) for item in value]
    return value


def _text(value):
    text = value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return UNSEEN.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)
