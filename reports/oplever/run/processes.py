"""Processes of a run on this machine, found in /proc and ended one by one.

A signal to the process group is not enough: since ansible-core 2.19 each worker starts a session of its own. Which
process belongs to the run is proven, since another run may go on beside it: `ansible-playbook` by a mark in its
environment, what it started by its parents, and each by its start, which a later process with its number does not have.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

PROC = Path("/proc")
MARK = "OPLEVER_RUN_MARK"
"""Variable in the environment of `ansible-playbook` whose value is of one run alone."""
TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


class Process(Struct, frozen=True):
    """`started` (clock ticks since boot) tells a process from a later one with the same number."""

    pid: int
    started: int
    parent: int


def now() -> float:
    """Seconds since boot, as the start of processes is counted."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str | None:
    """Tells the present start of this machine from others, as a number of a process alone does not."""
    with contextlib.suppress(OSError):
        return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return None


def alive() -> dict[int, Process]:
    """Every process that has not ended, by number."""
    processes = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (process := _read(int(entry.name))):
            processes[process.pid] = process
    return processes


def marked(pid: int, mark: str) -> Process | None:
    """The process with this number when it has the mark in its environment, else None."""
    before = _read(pid)
    try:
        variables = (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return None
    is_marked = f"{MARK}={mark}".encode() in variables
    return before if before and is_marked and living([before]) else None


def descendants(roots: Iterable[Process]) -> set[Process]:
    """What `roots` started, and what that started; the roots themselves are left out, and so is what cannot be told
    from the child of a later process with the number of one of them."""
    begun = int(now() / TICK_SECONDS)
    processes = alive()
    children: dict[int, list[Process]] = defaultdict(list)
    for process in processes.values():
        children[process.parent].append(process)
    family: set[Process] = set()
    waiting = [root for root in roots if (current := processes.get(root.pid)) and current.started == root.started]
    while waiting:
        parent = waiting.pop()
        # One that is older than this look at them is no child of what took over the number of its parent meanwhile.
        certain = [child for child in children[parent.pid] if child.started < begun or living([parent])]
        new = [child for child in certain if child not in family]
        family.update(new)
        waiting += new
    return family


def send(processes: Iterable[Process], number: signal.Signals) -> None:
    """Signal those that have not ended."""
    for process in living(processes):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, number)


def living(processes: Iterable[Process]) -> list[Process]:
    """Those that are still the process they were."""
    return [process for process in processes if (current := _read(process.pid)) and current.started == process.started]


def open_journal(process: Process) -> Path | None:
    """The journal that a process writes now: found among its open files, so independent of the configuration."""
    with contextlib.suppress(OSError):
        for link in (PROC / str(process.pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                target = link.readlink()
                if target.name == "journal.jsonl":
                    return target if living([process]) else None
    return None


def _read(pid: int) -> Process | None:
    try:
        # The name of the program stands between parentheses and may hold anything.
        fields = (PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else Process(pid, int(fields[19]), int(fields[1]))
