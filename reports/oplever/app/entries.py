"""Add to a record what no machine can know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oplever import clock, store
from oplever.app.build import build
from oplever.kinds import registry
from oplever.record import entries
from oplever.record.model import Record


def add(directory: Path, kind: str, by: str, data: Mapping[str, Any]) -> Record:
    """The record with one more entry, and its documents made again.

    Raises OpleverError: `entry-invalid` when a field is wrong or does not fit the record, and what `store.add` and
    `build` raise.
    """
    entry = registry.LOG.make(kind, by, clock.now(), dict(data))
    entries.check(store.load(directory), store.read_entries(directory), entry)
    store.add(directory, entry)
    return build(directory)
