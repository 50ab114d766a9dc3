"""A control group of its own for each machine: `python3 cgroups.py NAME COMMAND ...` runs the command in one.

Machines that share one would undo each other's: the init of one removes the group that a service of another runs in.
A host that systemd runs is asked for a scope; elsewhere (a container, say) the group is made by hand.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

PARENT = "oplever"
MANAGED = Path("/run/systemd/system")
SCOPES = Path("/sys/fs/cgroup/system.slice")
"""Where systemd puts the scopes that it is asked for."""


def wrapped(name: str, command: list[str]) -> list[str]:
    """The command that runs `command`, with the same process id, in the group of that name."""
    return [sys.executable, __file__, name, *command]


def enter_and_run(name: str, command: list[str]) -> None:
    if MANAGED.exists():
        scope = ["systemd-run", "--quiet", "--scope", "--collect", f"--unit={name}", "--property=Delegate=yes"]
        command = [*scope, *command]
    else:
        for place in places(name):
            place.mkdir(parents=True, exist_ok=True)
            (place / "cgroup.procs").write_text(str(os.getpid()))
    os.execvp(command[0], command)  # noqa: S606 - no shell on purpose


def remove(name: str) -> None:
    """Remove the group of a machine that has ended, and the common parent once it is empty."""
    for place in places(name):
        for directory, _, _ in os.walk(place, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(directory)
        with contextlib.suppress(OSError):
            place.parent.rmdir()


def processor(name: str) -> float:
    """Seconds of processor time that the machine of that name took since its group was made; 0 where no group says."""
    for place in (*places(name), SCOPES / f"{name}.scope"):
        with contextlib.suppress(OSError):
            words = (place / "cpu.stat").read_text().split()
            return int(words[words.index("usage_usec") + 1]) / 1_000_000
    return 0


def places(name: str) -> list[Path]:
    """Where the group of that name lies: in the unified hierarchy, and in systemd's own where there is one."""
    groups = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options.split(",")):
            groups.append(Path(before.split()[4]) / PARENT / name)
    return groups


if __name__ == "__main__":
    enter_and_run(sys.argv[1], sys.argv[2:])
