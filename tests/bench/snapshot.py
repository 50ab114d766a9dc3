"""The snapshot beside `dpkg --verify`

Both on the same booted stock machines, in turns. dpkg compares files of packages and nothing else. It boots machines of
its own, so it needs root.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / place) for place in ("tests", "collections", "reports")]

from lab.planted.machine import LabMachine  # noqa: E402
from lab.planted.suite import INVENTORY, NAMES, Suite  # noqa: E402
from measure import spread  # noqa: E402

LAB = "bench-snapshot"
KEPT = "/var/tmp/oplever-bench"  # noqa: S108  on the machine of the lab
TIMED = """import json, resource, subprocess, sys, time
begun = time.perf_counter()
nowhere = subprocess.DEVNULL
done = subprocess.run(sys.argv[1:], stdin=nowhere, stdout=subprocess.PIPE, stderr=nowhere, cwd="/")
taken = time.perf_counter() - begun
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([taken, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime, len(done.stdout) / 1024]))
"""
HEADINGS = ("what", "seconds", "processor seconds", "time against `dpkg --verify`", "peak memory", "output")
YARDSTICK = "`dpkg --verify`"
WAYS = {
    YARDSTICK: ("dpkg", "--verify"),
    "the snapshot as Ansible sends it": ("python3", "/root/part.py"),
    "the snapshot with `whole: true`": ("python3", "/root/whole.py"),
}


def figures(*, quick: bool = False) -> list[tuple[str, ...]]:
    """Rows under `HEADINGS`; `quick` shows that it works, no figure."""
    suite = Suite(LAB)
    try:
        suite.up()
        return [row for release in NAMES for row in _of(suite, release, 1 if quick else 7)]
    finally:
        suite.down()


def _of(suite: Suite, release: str, rounds: int) -> list[tuple[str, ...]]:
    machine = suite.machines[release]
    machine.run("dd", "of=/root/timed.py", "status=none", stdin=TIMED.encode())
    for name, whole in (("part", False), ("whole", True)):
        _send(release, whole=whole)
        machine.run("sh", "-c", f"mv {KEPT}/*/AnsiballZ_snapshot.py /root/{name}.py")
    taken: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    for number in range(rounds + 1):
        for way, argv in WAYS.items():
            values = json.loads(_timed(machine, *argv))
            if number:  # the first round fills caches for all
                taken[way].append(values)
    yardstick = [values[0] for values in taken[YARDSTICK]]
    return [
        (
            f"{way}, {release}",
            spread([values[0] for values in every]),
            spread([values[2] for values in every]),
            spread([values[0] / other for values, other in zip(every, yardstick, strict=True)]),
            f"{statistics.median(values[1] for values in every):.0f} MB",
            f"{statistics.median(values[3] for values in every):.0f} kB",
        )
        for way, every in taken.items()
    ]


def _timed(machine: LabMachine, *argv: str) -> bytes:
    done = machine.run("python3", "/root/timed.py", *argv, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _send(release: str, *, whole: bool) -> None:
    """Leave the program that Ansible sends for a snapshot on the machine, as Ansible packs it."""

    command = [str(Path(sys.executable).with_name("ansible")), "-i", INVENTORY, NAMES[release], "-b"]
    command += ["-m", "oplever.lab.snapshot", "-a", json.dumps({"whole": whole}), "-e", f"ansible_remote_tmp={KEPT}"]
    env = {**os.environ, "OPLEVER_LAB": LAB, "OPLEVER_JOURNAL": "0", "ANSIBLE_KEEP_REMOTE_FILES": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
