"""Make and remove a lab of booted Debian machines on this host; called by the tasks of the role `lab`.

    python3 lab preflight|base|up|ready|harvest|down ... < spec.json

Every call reads one description of the lab (see `Spec`) on standard input, goes through these steps, in which it does
only what is missing, and prints
`{"changed": bool, "actions": [str, ...]}`. What cannot go on ends with exit code 1 and one line on standard error that
says what is wrong and what to do; with 75 when another call has to end first. Nothing is made on the host that does not
carry the lab's id in its name.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from base import base, harvest
from machines import boot, prepare, ready
from network import network, refuse_used_range, restore_forwarding
from processes import running_pid, stop
from spec import CACHE, STATE, BusyError, LabError, Spec, read_spec, run

NEED_MB = 6000
"""Free space that two base trees, three machines and their packages take, with room to work (MB)."""


def preflight(spec: Spec) -> None:
    if os.geteuid() != 0:
        raise LabError("the lab needs root: run as root, or as a user who may use sudo")
    if not Path("/etc/debian_version").exists():
        raise LabError("this host is not Debian-like: use a Debian 12 host, or the read-only playbook local.yml")
    for directory in (CACHE, STATE):
        directory.mkdir(parents=True, exist_ok=True)
    if "overlay" not in Path("/proc/filesystems").read_text() and run("modprobe", "overlay", check=False).returncode:
        raise LabError("the kernel has no overlay file system: load the module overlay, or use another host")
    free = shutil.disk_usage(STATE).free // 1_000_000
    if not any_machine(spec) and free < NEED_MB:
        raise LabError(f"{STATE} has {free} MB free and the lab needs {NEED_MB} MB: make room, or mount a larger disk")
    if unknown := set(spec.anew) - {machine.name for machine in spec.machines}:
        names = ", ".join(machine.name for machine in spec.machines)
        raise LabError(f"lab_anew names no machine of this lab: {', '.join(sorted(unknown))}; there are {names}")
    forget_dead_labs(spec)
    refuse_used_range(spec)


def any_machine(spec: Spec) -> bool:
    return any((spec.directory / m.name).exists() for m in spec.machines)


def forget_dead_labs(spec: Spec) -> None:
    """Remove what labs left whose checkout is gone from this host."""
    for owner in STATE.glob("*/checkout"):
        lab = owner.parent.name
        if lab != spec.id and not Path(owner.read_text().strip()).exists():
            dead = Spec(lab, "", "", "", "", "", "", False, False, 0, [], {})
            down(dead)
            spec.did(f"removed lab {lab} of a checkout that no longer exists")


def up(spec: Spec) -> None:
    if spec.fresh:
        stop(spec)
        shutil.rmtree(spec.directory, ignore_errors=True)
    for name in spec.anew:
        stop(spec, name)
        shutil.rmtree(spec.directory / name, ignore_errors=True)
    spec.directory.mkdir(parents=True, exist_ok=True)
    (spec.directory / "checkout").write_text(spec.checkout + "\n")
    network(spec)
    for machine in spec.machines:
        if running_pid(spec, machine) is None:
            prepare(spec, machine)
            boot(spec, machine)
            spec.did(f"booted {machine.name} ({machine.release})")


def down(spec: Spec) -> None:
    harvest(spec)
    stop(spec)
    if run("ip", "link", "show", spec.bridge, check=False).returncode == 0:
        run("ip", "link", "delete", spec.bridge)
        spec.did(f"removed bridge {spec.bridge}")
    if run("nft", "list", "table", "inet", spec.table, check=False).returncode == 0:
        run("nft", "delete", "table", "inet", spec.table)
        spec.did(f"removed nftables table {spec.table}")
    if spec.directory.exists():
        shutil.rmtree(spec.directory)
        spec.did("removed the machines")
    restore_forwarding(spec)


@contextlib.contextmanager
def alone(spec: Spec) -> Iterator[None]:
    """One call at a time for each lab: a controller that was killed can leave one that still works.

    The name of a socket is taken and given back by the kernel, also when this process dies, and no file stays behind.
    """
    with socket.socket(socket.AF_UNIX) as name:
        try:
            name.bind(f"\0oplever-lab-{spec.id}")
        except OSError:
            raise BusyError(f"an earlier call still works on this lab: see `pgrep -af {spec.id}`") from None
        yield


STEPS = {"preflight": preflight, "base": base, "up": up, "ready": ready, "harvest": harvest, "down": down}


def main() -> int:
    spec = read_spec()
    try:
        with alone(spec):
            for step in sys.argv[1:]:
                STEPS[step](spec)
    except BusyError as error:
        print(error, file=sys.stderr)
        return os.EX_TEMPFAIL
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.strerror}: {error.filename}: is the disk full or read only?", file=sys.stderr)
        return 1
    print(json.dumps({"changed": bool(spec.actions), "actions": spec.actions}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
