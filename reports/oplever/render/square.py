"""QR codes as rows of 0 and 1."""

from __future__ import annotations

import importlib.util

from oplever import extras


def square(code: str) -> list[str]:
    """The code as rows; none where the library for it is not installed: the text says the same."""
    if not code or importlib.util.find_spec("segno") is None:
        return []
    segno = extras.load("segno", "pdf")
    return ["".join(map(str, row)) for row in segno.make(code, error="m", micro=False).matrix]
