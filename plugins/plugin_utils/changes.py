"""Which roles changed which machines since they were last tested, as the journal callback saw it. Workers are forked
from the process that records, so a lookup in one of them sees what was known when its task began."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

UNCHANGED = ("ok", "skipped")
"""Results after which a machine is as it was; a task that failed can have done a part of its work."""

_recording: list[bool] = []
_changed: set[str] = set()
_untested: set[tuple[str, str]] = set()


def begin() -> None:
    _recording[:] = [True]
    _changed.clear()
    _untested.clear()


def end() -> None:
    _recording.clear()


def learn(host: str, task: Any, status: str) -> None:
    """A result of `task` on `host`. What a role includes of another one is its own change too."""
    if status not in UNCHANGED:
        _changed.add(host)
        _untested.update((host, role) for role in _roles(task))


def tested(host: str, task: Any) -> None:
    """The tests of the role of `task` ran on `host`."""
    _untested.difference_update([(host, role) for role in _roles(task)])


def has_changed(host: str) -> bool:
    """Whether anything may have changed in this run; always when nothing is recorded."""
    return not _recording or host in _changed


def is_untested(host: str, role: str) -> bool:
    """Whether the role may have changed something that its tests did not see; always when nothing is recorded."""
    return not _recording or (host, _short(role)) in _untested


def _roles(task: Any) -> Iterator[str]:
    """Names of the roles that the task belongs to, from the inside out."""
    while task is not None:
        if (role := getattr(task, "_role", None)) is not None:
            yield _short(str(role.get_name()))
        task = getattr(task, "_parent", None)


def _short(role: str) -> str:
    """A role that is included by its path has the name of its directory."""
    return role.rstrip("/").rpartition("/")[2]
