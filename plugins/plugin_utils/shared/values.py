"""Parts of a snapshot as the types they should have: what a machine sent is not trusted to have a shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def rows(value: object) -> list[dict[str, Any]]:
    return [row for row in items(value) if isinstance(row, dict)]


def at(value: object, index: int) -> str:
    """A field of a list as text; empty when there is none."""
    return str(value[index] or "") if isinstance(value, list) and index < len(value) else ""


def at_key(value: Mapping[str, Any], key: str) -> str:
    field = value.get(key)
    return "" if field is None else str(field)


def words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def pairs(value: object) -> str:
    return ", ".join(f"{key}={words(item)}" for key, item in mapping(value).items() if item not in (None, ""))


def whole_number(value: object) -> int | None:
    """None for anything else, and for what no database and no document can hold."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or abs(value) >= 2**63:
        return None
    return int(value)
