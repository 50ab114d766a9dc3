"""What modules of ours returned on a machine, as the journal has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from oplever._shared import differences
from oplever._shared.differences import FIRST_FORMAT, Look, written_in
from oplever.record import first_format

Snapshot = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """One result of a module of ours: what it returned on a host. `path` is file and line of its task, relative to
    where Ansible ran when it lies below that."""

    t: str
    host: str
    data: dict[str, Any]
    path: str

    @property
    def snapshot(self) -> Snapshot:
        """Of a call that looked at the machine: what it saw."""
        snapshot: Snapshot = self.data["snapshot"]
        return snapshot

    @cached_property
    def look(self) -> Look:
        """Its snapshot as it is compared."""
        return look(self.snapshot)


def look(snapshot: Snapshot) -> Look:
    """The snapshot as it is compared."""
    return differences.look(snapshot, first_format.facts(snapshot) if written_in(snapshot) == FIRST_FORMAT else None)
