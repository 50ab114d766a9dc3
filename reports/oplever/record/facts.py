"""What kinds of facts in a snapshot are called, and in which order documents show them."""

from __future__ import annotations

from oplever._shared.differences import KINDS, kind
from oplever.words import Text

_FIRST = ("host", "network", "account", "group", "unit", "socket", "file", "mount", "sysctl", "module")
ORDER = tuple(dict.fromkeys((*_FIRST, *KINDS)))
"""Kinds in the order in which documents show them: first what most readers look for."""


def name(of: str) -> Text:
    return Text(kind(of).nl, kind(of).en)
