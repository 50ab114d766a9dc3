"""Sent by remote.py to the standard input of a Python (3.9 and up) on another machine, with one call below it:
`show()`, `end_all()` or `end(...)`. It is about the commands that the same SSH connection was told to run with the very
words that run this program."""

from __future__ import annotations

import contextlib
import json
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


def stat(pid: int) -> Process:
    """Parent and start of a process; zeros when it has ended."""
    fields = content(pid, "stat").rpartition(b")")[2].split()
    return (int(fields[1]), int(fields[19])) if fields and fields[0] not in (b"Z", b"X") else (0, 0)


def parents() -> dict[int, int]:
    return {int(name): stat(int(name))[0] for name in os.listdir("/proc") if name.isdigit()}


def commands() -> set[Process]:
    """The first process of each command with our words on our connection, except this one."""
    parent, top = parents(), os.getpid()
    while parent.get(top) and not content(parent[top], "comm").startswith(b"sshd"):
        top = parent[top]
    words, connection = content(top, "cmdline"), parent.get(top)
    siblings = {pid for pid, above in parent.items() if connection and above == connection and pid != top}
    return {(pid, stat(pid)[1]) for pid in siblings if content(pid, "cmdline") == words}


def below(tops: set[int]) -> set[int]:
    """These and all they started."""
    parent, family = parents(), set(tops)
    while more := {pid for pid, above in parent.items() if above in family} - family:
        family |= more
    return family


def halted(tops: Iterable[Process]) -> set[Process]:
    """All of them and what they started, suspended so that none starts another while we look."""
    stopped: set[Process] = set()
    # Asked again each time: a number is only worth something while it is still that of the same process.
    while new := {(pid, stat(pid)[1]) for pid in below({pid for pid, _ in living(tops)})} - stopped:
        send(signal.SIGSTOP, new)
        stopped |= new
    return stopped


def send(number: signal.Signals, processes: Iterable[Process]) -> None:
    for pid, _ in living(processes):
        with contextlib.suppress(OSError):  # it ended just now, or belongs to somebody else: then it counts as left
            os.kill(pid, number)


def living(processes: Iterable[Process]) -> set[Process]:
    return {(pid, started) for pid, started in processes if started and stat(pid)[1] == started}


def wait(processes: set[Process], seconds: float) -> set[Process]:
    """What has not ended by then."""
    deadline = time.monotonic() + seconds
    while (survivors := living(processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return survivors


def show() -> None:
    """Print number, start and age in seconds of each command."""
    ticks = os.sysconf("SC_CLK_TCK")
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    rows = [[pid, started, round(now - started / ticks, 3)] for pid, started in living(commands())]
    print(f"commands {json.dumps(rows)}", flush=True)


def end_all() -> None:
    """End every command with these words: they hold a key that no other command has."""
    end(commands())


def end(chosen: Iterable[Process]) -> None:
    """End these of the commands, with everything they started."""
    processes = halted(commands() & {(pid, started) for pid, started in chosen})
    send(signal.SIGTERM, processes)
    send(signal.SIGCONT, processes)
    stubborn = halted(wait(processes, GRACE_SECONDS))
    send(signal.SIGKILL, stubborn)
    survivors = wait(stubborn, 1.0)
    print(f"ended {len(processes | stubborn) - len(survivors)}, left {len(survivors)}", flush=True)
