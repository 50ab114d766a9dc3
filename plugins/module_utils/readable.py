"""Names on disk are bytes, and what leaves the machine is text: bytes that are no UTF-8 are written as shells do.

Python keeps such a byte as a lone surrogate, which JSON of a module may not hold: one name would hide all results.
"""

from __future__ import annotations


def readable(value):
    """The value (text, list, tuple, dict of these, or anything else) with `\\xff` for a byte that is no UTF-8."""
    if isinstance(value, str):
        return value if value.isascii() else _text(value)
    if isinstance(value, dict):
        return {readable(key): readable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [readable(item) for item in value]
    return value


def _text(value):
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
