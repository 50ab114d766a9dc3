"""Sent by remote.py to the standard input of a Python (3.9 and up) on another machine: ends the commands that the same
SSH connection was told to run with the very words that run this program, with everything they started."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable

GRACE_SECONDS = 3.0
Process = tuple[int, int]
"""Number, and start in clock ticks since boot: together they are never used again."""


def content(pid: int, name: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""


def stat(pid: int) -> tuple[int, int]:
    """Parent and start of a process; zeros when it has ended."""
    fields = content(pid, "stat").rpartition(b")")[2].split()
    return (int(fields[1]), int(fields[19])) if fields and fields[0] not in (b"Z", b"X") else (0, 0)


def parents() -> dict[int, int]:
    return {int(name): stat(int(name))[0] for name in os.listdir("/proc") if name.isdigit()}


def twins() -> set[int]:
    """The first process of each command with our words on our connection, but our own."""
    parent, own = parents(), os.getpid()
    while parent.get(own) and not content(parent[own], "comm").startswith(b"sshd"):
        own = parent[own]
    words, connection = content(own, "cmdline"), parent.get(own)
    siblings = {pid for pid, above in parent.items() if connection and above == connection and pid != own}
    return {pid for pid in siblings if content(pid, "cmdline") == words}


def below(tops: set[int]) -> set[int]:
    """These and all they started."""
    parent, found = parents(), set(tops)
    while more := {pid for pid, above in parent.items() if above in found} - found:
        found |= more
    return found


def halted(tops: set[int]) -> set[Process]:
    """All of them, stopped so that none starts another while we look."""
    found: set[Process] = set()
    while new := {(pid, stat(pid)[1]) for pid in below(tops)} - found:
        send(signal.SIGSTOP, new)
        found |= new
    return found


def send(number: signal.Signals, processes: Iterable[Process]) -> None:
    for pid, _ in living(processes):
        with contextlib.suppress(OSError):  # it ended just now, or is not ours: then it counts as left
            os.kill(pid, number)


def living(processes: Iterable[Process]) -> set[Process]:
    return {(pid, started) for pid, started in processes if started and stat(pid)[1] == started}


def wait(processes: set[Process], seconds: float) -> set[Process]:
    """What has not ended by then."""
    deadline = time.monotonic() + seconds
    while (left := living(processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def main() -> None:
    found = halted(twins())
    send(signal.SIGTERM, found)
    send(signal.SIGCONT, found)
    stubborn = halted({pid for pid, _ in wait(found, GRACE_SECONDS)})
    send(signal.SIGKILL, stubborn)
    left = wait(stubborn, 1.0)
    print(f"ended {len(found | stubborn) - len(left)}, left {len(left)}")


if __name__ == "__main__":
    main()
