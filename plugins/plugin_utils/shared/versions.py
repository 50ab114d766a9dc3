"""Versions of Debian packages, in the order in which dpkg has them."""

from __future__ import annotations

from functools import lru_cache

_DIGITS = 1000


def is_newer(version: str, other: str) -> bool:
    """Whether `version` is later than `other`."""
    return _version(version) > _version(other)


@lru_cache(maxsize=4096)
def _version(text: str) -> tuple[int, list[tuple[list[int], int]], list[tuple[list[int], int]]]:
    epoch, _, without_epoch = text.partition(":") if ":" in text else ("0", "", text)
    upstream, _, revision = without_epoch.rpartition("-") if "-" in without_epoch else (without_epoch, "", "0")
    return _number(epoch) if epoch.isdecimal() else 0, _parts(upstream), _parts(revision)


def _parts(text: str) -> list[tuple[list[int], int]]:
    """Pairs of what is not a digit and a number, as dpkg compares: `~` before the end, letters before other signs."""
    parts: list[tuple[list[int], int]] = []
    while text:
        sign = next((place for place, char in enumerate(text) if char in "0123456789"), len(text))
        digits = next((place for place in range(sign, len(text)) if text[place] not in "0123456789"), len(text))
        parts.append(([_order(char) for char in text[:sign]] + [0], _number(text[sign:digits])))
        text = text[digits:]
    return [*parts, ([0], 0)]


def _number(digits: str) -> int:
    """Python takes no number of thousands of digits, and a machine may send one: of that the beginning counts."""
    return int(digits[:_DIGITS] or 0)


def _order(char: str) -> int:
    return -1 if char == "~" else ord(char) if char.isalpha() else ord(char) + 256
