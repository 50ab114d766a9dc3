"""What the desk keeps for a time only: who read what, links, sessions, forms, logins at a provider."""

from __future__ import annotations

from oplever.app.desk import arrivals, links, once, reads, sessions
from oplever.store.database import Database


def forget(database: Database) -> None:
    """Take away everything whose time is over."""
    for kept in (reads, links, sessions, once, arrivals):
        kept.forget(database)
