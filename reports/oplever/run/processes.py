"""Processes of a run on this machine, found in /proc and ended one by one.

A signal to the process group is not enough: since ansible-core 2.19 each worker starts a session of its own.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

PROC = Path("/proc")


class Process(Struct, frozen=True):
    """`started` (clock ticks since boot) tells a process from a later one with the same number."""

    pid: int
    started: int
    parent: int


def alive() -> dict[int, Process]:
    """Every process that has not ended, by number."""
    found = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (process := _read(int(entry.name))):
            found[process.pid] = process
    return found


def descendants(roots: Iterable[int]) -> set[Process]:
    """What `roots` started, and what that started; the roots themselves are left out."""
    children: dict[int, list[Process]] = defaultdict(list)
    for process in alive().values():
        children[process.parent].append(process)
    found: set[Process] = set()
    waiting = list(roots)
    while waiting:
        new = [child for child in children[waiting.pop()] if child not in found]
        found.update(new)
        waiting += [child.pid for child in new]
    return found


def send(processes: Iterable[Process], number: signal.Signals) -> None:
    """Signal those that have not ended."""
    for process in living(processes):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, number)


def living(processes: Iterable[Process]) -> list[Process]:
    """Those that are still the process they were."""
    return [process for process in processes if (now := _read(process.pid)) and now.started == process.started]


def open_journal(pid: int) -> Path | None:
    """The journal that a process writes now: the one place that knows it whatever the configuration says."""
    with contextlib.suppress(OSError):
        for link in (PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                target = link.readlink()
                if target.name == "journal.jsonl":
                    return target
    return None


def _read(pid: int) -> Process | None:
    try:
        # The name of the program stands between parentheses and may hold anything.
        fields = (PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else Process(pid, int(fields[19]), int(fields[1]))
