"""Kinds of facts in a snapshot: what they are called and which differences between two snapshots say something."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import Struct

from oplever.words import Text

Change = Literal["added", "removed", "changed"]


class FactKind(Struct, frozen=True):
    """`drift`: a difference since the delivery is a failed test; what changes by itself is a setting only. `only` names
    the one change that says something; empty for all."""

    nl: str
    en: str
    drift: bool
    only: Literal["", "added", "removed", "changed"]

    @property
    def name(self) -> Text:
        return Text(self.nl, self.en)

    def tells(self, change: Change) -> bool:
        return self.only in ("", change)


KINDS: Mapping[str, FactKind] = msgspec.json.decode(
    files("oplever.record").joinpath("kinds.json").read_bytes(), type=dict[str, FactKind]
)
"""Made by tools/snapshot-kinds from the sources of the snapshot."""
_FIRST = ("host", "network", "account", "group", "unit", "socket", "file", "mount", "sysctl", "module")
ORDER = tuple(dict.fromkeys((*_FIRST, *KINDS)))
"""Kinds in the order in which documents show them: first what most readers look for."""
_OTHER = FactKind("instelling", "setting", drift=True, only="")


def kind(name: str) -> FactKind:
    """A kind that a newer toolkit wrote and this one does not know counts as any other."""
    return KINDS.get(name, _OTHER)
