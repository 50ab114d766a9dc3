"""What the records say of one machine."""

from __future__ import annotations

from pathlib import Path

from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.store.index import open_index
from oplever.store.machine_history import Visit, life
from oplever.store.query import hosts

_MOST = 40


def history(host: str, directory: Path | None = None) -> tuple[Visit, ...]:
    """The visits to a machine, oldest first: of one record, or of all.

    Raises OpleverError: `host-unknown` when there is none, `store-unusable`, `file-unreadable`.
    """
    with open_index(directory and directory.parent) as index:
        visits = tuple(
            v
            for v in life(index, host, directory.name if directory else "")
            if directory is None or v.record.name == directory.name
        )
        machines = hosts(index)
    if not visits:
        somewhere = directory.name if directory else M_("any record")
        missing = M_("{host} is not in {name}", host=host, name=somewhere)
        advice = M_("machines in the records: {machines}", machines=", ".join(machines[:_MOST]) or M_("none"))
        raise OpleverError("host-unknown", missing, advice)
    return visits
