"""Which records there are."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from oplever.store import query
from oplever.store.filters import Filter
from oplever.store.index import open_index
from oplever.store.query import Listed


class Listing(Struct, frozen=True):
    """`records` match the filter, newest first. `unreadable` are those that cannot be read and are not among them.
    `base` is the directory they are in."""

    records: tuple[Listed, ...]
    unreadable: tuple[Listed, ...]
    base: Path


def listing(filters: Filter) -> Listing:
    """Raises OpleverError: `store-unusable`, `file-unreadable`, `config-invalid`."""
    with open_index() as index:
        records = query.listing(index, filters)
        unreadable = (listed for listed in query.unreadable(index) if listed not in records)
        return Listing(tuple(records), tuple(unreadable), index.base)
