"""Delete records, and names in them, past their retention period."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from msgspec import structs

from oplever.app.build import build
from oplever.config import Retention
from oplever.store import retention
from oplever.store.index import open_index
from oplever.store.retention import Purged


def purge(base: Path, terms: Retention, now: datetime, *, dry_run: bool = False) -> tuple[Purged, ...]:
    """What was removed or replaced below `base`, oldest first; with `dry_run` what would be. A record whose age cannot
    be read is kept, and named. Without terms nothing is due.

    Raises OpleverError: `file-unreadable`, `file-unwritable`, `store-unusable`.
    """
    if not any(structs.astuple(terms)):
        return ()
    due = tuple(retention.plan(base, terms, now))
    if dry_run:
        return due
    for purged in due:
        if purged.action != "unreadable":
            retention.carry_out(base, purged, now, terms)
        if purged.action in ("pseudonymised", "emptied"):
            build(base / purged.record)
    with open_index(base):
        pass  # it forgets what is gone
    return due
