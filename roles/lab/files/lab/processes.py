"""The processes of machines: find them, wait for them and end them, also after nspawn itself was killed."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cgroups
from spec import Machine, Spec, run

SUPERVISOR = Path(__file__).resolve().with_name("supervise.py")


def supervisor(pid_file: Path, command: list[str]) -> list[str]:
    """The command that runs `command` again whenever the machine reboots, and keeps its process id in `pid_file`."""
    return [sys.executable, str(SUPERVISOR), str(pid_file), *command]


def running_pid(spec: Spec, machine: Machine) -> int | None:
    """The nspawn process of a machine, or None; of a machine that is rebooting, the next one."""
    deadline = time.monotonic() + 10
    while (pid := recorded_pid(spec, machine)) is None and time.monotonic() < deadline:
        if not supervisor_pids(spec, machine.name):
            return None
        time.sleep(0.1)
    return pid


def recorded_pid(spec: Spec, machine: Machine) -> int | None:
    """The process id of a machine's nspawn as it was noted; one that now belongs to something else does not count."""
    with contextlib.suppress(OSError, ValueError):
        pid = int((spec.directory / machine.name / "pid").read_text())
        if f"--machine={spec.full_name(machine)}" in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
            return pid
    return None


def stop(spec: Spec, machine: str = "") -> None:
    """End every machine of the lab, or one, whose files are thrown away next: none needs time to shut down."""
    roots = list(spec.directory.glob(f"{machine or '*'}/root"))
    note_usage(spec, roots)
    for pid in supervisor_pids(spec, machine):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    stray = nspawn_pids(spec, machine)
    for pid in stray:
        for child in children(pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
    deadline = time.monotonic() + 15
    while nspawn_pids(spec, machine) and time.monotonic() < deadline:
        time.sleep(0.05)
    for root in roots:
        end_inhabitants(root.parent)
    if stray:
        spec.did(f"stopped {len(stray)} machines")
    for root in roots:
        unmount(root)
        cgroups.remove(f"opl{spec.id}-{root.parent.name}")


def note_usage(spec: Spec, roots: list[Path]) -> None:
    """Add the processor time of the machines with these roots to the file of who counts it (see `tools/pool`)."""
    names = [f"opl{spec.id}-{root.parent.name}" for root in roots]
    if spec.usage and (seconds := sum(map(cgroups.processor, names))):
        with Path(spec.usage).open("a") as file:
            file.write(f"{seconds:.1f}\n")


def nspawn_pids(spec: Spec, machine: str = "") -> list[int]:
    """The nspawn processes of this lab, or of one machine of it, also one whose pid file was never written."""
    return [pid for pid, argv in processes_of(spec, machine) if argv[0].endswith("systemd-nspawn")]


def supervisor_pids(spec: Spec, machine: str = "") -> list[int]:
    """The supervisors of this lab, or of one machine of it."""
    return [pid for pid, argv in processes_of(spec, machine) if str(SUPERVISOR) in argv]


def processes_of(spec: Spec, machine: str = "") -> Iterator[tuple[int, list[str]]]:
    """Process id and arguments of everything that was started to run machines of this lab, or one of them."""
    name = f"--machine=opl{spec.id}-{machine}"
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            argv = entry.read_text(errors="replace").split("\0")
            if any(part == name if machine else part.startswith(name) for part in argv):
                yield int(entry.parent.name), argv


def end_inhabitants(place: Path) -> None:
    """End what still lives on a machine's overlay; an init outlives a killed nspawn and keeps its network."""
    deadline = time.monotonic() + 10
    while (pids := inhabitants(place)) and time.monotonic() < deadline:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


def inhabitants(place: Path) -> list[int]:
    """Processes whose root directory is this machine's overlay. One of the host with a mount namespace of its own sees
    the overlay too, below another root."""
    mark = f"upperdir={place / 'upper'},"
    pids = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            text = (entry / "mountinfo").read_text()
            mounts = text.splitlines() if mark in text else []  # most of a host have nothing of it
            roots = [mount for mount in mounts if mount.split()[4] == "/"]
            if roots and mark in roots[-1]:
                pids.append(int(entry.name))
    return pids


def children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def unmount(root: Path) -> None:
    while str(root) in {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}:
        if run("umount", str(root), check=False).returncode:
            run("umount", "--lazy", str(root))
