"""What kinds of facts in a snapshot are called, and in which order documents show them."""

from __future__ import annotations

from collections.abc import Iterable

from oplever._shared.differences import KINDS, kind
from oplever.words import Text

_FIRST = ("host", "network", "account", "group", "unit", "socket", "file", "mount", "sysctl", "module")
ORDER = tuple(dict.fromkeys((*_FIRST, *KINDS)))
"""Kinds in the order in which documents show them: first what most readers look for."""


def in_order(kinds: Iterable[str]) -> list[str]:
    """These kinds in the order in which documents show them; those that this version does not know come last."""
    place = {name: number for number, name in enumerate(ORDER)}
    return sorted(set(kinds), key=lambda name: (place.get(name, len(place)), name))


def name(of: str) -> Text:
    return Text(kind(of).nl, kind(of).en)
