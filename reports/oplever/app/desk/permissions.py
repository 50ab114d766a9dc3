"""Who may do what at the desk: one table. What a record itself allows, such as who may decide about it, is its own."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, get_args

Role = Literal["reporter", "counter", "technician", "supervisor", "privacy", "auditor"]
ROLES: tuple[Role, ...] = get_args(Role)
Action = Literal[
    "public",
    "own",
    "read_records",
    "read_documents",
    "watch_runs",
    "add",
    "decide",
    "invite",
    "report",
    "read_cases",
    "handle_cases",
    "read_reads",
    "read_hours",
    "read_all_hours",
]

EVERYBODY = frozenset(ROLES)
_READERS: frozenset[Role] = frozenset(("technician", "supervisor", "privacy", "auditor"))
_DOERS: frozenset[Role] = frozenset(("technician", "supervisor"))
_DESK: frozenset[Role] = frozenset(("counter", "technician", "supervisor"))
PERMISSIONS: dict[Action, frozenset[Role]] = {
    # one's own page and cases, one's own password, logging out
    "own": EVERYBODY,
    "read_records": _READERS,
    "read_documents": _READERS,
    "watch_runs": _READERS - {"privacy"},
    "add": _DOERS,
    "decide": frozenset(("supervisor",)),
    "invite": _DESK - {"supervisor"},
    "report": frozenset(("reporter", "counter", "technician", "supervisor")),
    "read_cases": _DESK | {"privacy", "auditor"},
    "handle_cases": _DESK,
    # the own hours; and those of all
    "read_hours": _READERS,
    "read_all_hours": _READERS - {"technician"},
    "read_reads": frozenset(("privacy", "auditor")),
}
"""The roles that may do each action. `public` is not in it: it takes no account."""


def may(roles: Collection[Role], action: Action) -> bool:
    """Whether somebody with these roles may do this; without roles only what is public."""
    return action == "public" or not PERMISSIONS[action].isdisjoint(roles)
