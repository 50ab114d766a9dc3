"""The audit beside OpenSCAP and Lynis, on the same booted machine in the same run, in turns; and what hardening takes.

`python tests/bench/baseline.py [--quick]` prints the rows. It boots machines of its own, so it needs root; twenty
machines of one release are audited in one run besides (not with --quick).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / place) for place in ("tests", "collections", "reports")]

from lab.planted import openscap  # noqa: E402
from lab.planted.agreement import rules_of  # noqa: E402
from lab.planted.machine import PLACE, LabMachine  # noqa: E402
from lab.planted.suite import CONTROLS, Suite  # noqa: E402

LAB, HOST, RELEASE = "bench", "m13", "debian13"
PROFILE = "xccdf_org.ssgproject.content_profile_cis_level2_server"
# Runs a command there and tells how long it took (s) and how much memory it needed at its peak (MB).
MEASURED = """import json, resource, subprocess, sys, time
begun = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=open("/root/controls.json"))
print(json.dumps([time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024]))
"""


HEADINGS = ("the baseline on one machine", "time against OpenSCAP", "peak memory")
MANY = 20


def figures(*, quick: bool = False) -> list[tuple[str, ...]]:
    """Rows under `HEADINGS`; `quick` shows that it works, no figure."""
    rows = _one_machine(1 if quick else 5) + ([] if quick else [_many(MANY)])
    base = next(row["seconds"] for row in rows if row["what"].startswith("OpenSCAP"))
    return [
        (row["what"], f"{row['seconds'] / base:.2f}", f"{row['megabytes']:.0f} MB" if row["megabytes"] else "")
        for row in rows
    ]


def _one_machine(rounds: int) -> list[dict[str, Any]]:
    """What the audits take, and then hardening of the machine, which until then is as Debian installs it."""
    suite = Suite(LAB)
    try:
        suite.up()
        machine = suite.machines[RELEASE]
        _install(machine)
        return [
            *_audits(machine, rounds),
            _row("hardening a stock machine", [_play("playbooks/harden.yml")]),
            _row("hardening it again", [_play("playbooks/harden.yml")]),
        ]
    finally:
        suite.down()


def _install(machine: LabMachine) -> None:
    wanted = {rule for control in CONTROLS.values() for rule in rules_of(control)}
    openscap.install(machine, openscap.content(RELEASE.removeprefix("debian")), wanted)
    assert machine.run("apt-get", "install", "-qq", "-y", "--no-install-recommends", "lynis").returncode == 0
    machine.run("dd", "of=/root/controls.json", "status=none", stdin=json.dumps(list(CONTROLS.values())).encode())
    machine.run("dd", "of=/root/measured.py", "status=none", stdin=MEASURED.encode())


def _audits(machine: LabMachine, rounds: int) -> list[dict[str, Any]]:
    """Each of them once per round, so that what else the host does weighs on all alike."""
    there: dict[str, Callable[[], tuple[float, float | None]]] = {
        "OpenSCAP on the machine, CIS level 2": lambda: _on(machine, "oscap", "xccdf", "eval", "--profile", PROFILE,
                                                            "--results-arf", "/root/arf.xml", "/root/ds.xml"),
        "Lynis on the machine": lambda: _on(machine, "lynis", "audit", "system", "--quick", "--no-colors"),
        "the engine on the machine, all controls": lambda: _on(machine, "python3", "-B", f"{PLACE}/probe.py"),
        "the audit through Ansible over SSH": lambda: (_play("playbooks/audit.yml"), None),
    }  # fmt: skip
    taken: dict[str, list[tuple[float, float | None]]] = {what: [] for what in there}
    for number in range(rounds + 1):
        for what, measure in there.items():
            found = measure()
            if number:  # the first round fills caches for all
                taken[what].append(found)
    return [
        _row(what, [seconds for seconds, _ in found], [peak for _, peak in found if peak is not None])
        for what, found in taken.items()
    ]


def _row(what: str, seconds: list[float], megabytes: list[float] | None = None) -> dict[str, Any]:
    return {
        "what": what,
        "seconds": statistics.median(seconds),
        "megabytes": statistics.median(megabytes) if megabytes else None,
    }


def _on(machine: LabMachine, *argv: str) -> tuple[float, float]:
    seconds, peak = json.loads(machine.run("python3", "/root/measured.py", *argv, timeout=600).stdout)
    return seconds, peak


def _play(playbook: str, inventory: str = "extensions/molecule/inventory", limit: str = HOST, lab: str = LAB) -> float:
    """Seconds that a playbook takes, with the record it writes (documents are made after it has ended)."""
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", inventory, "--limit", limit, playbook]
    with tempfile.TemporaryDirectory() as records:
        env = {**os.environ, "OPLEVER_LAB": lab, "OPLEVER_RECORDS": records, "OPLEVER_DOCUMENTS": "0"}
        begun = time.perf_counter()
        done = subprocess.run([*command, "-e", "harden_profile=debian-hoog"], cwd=ROOT, env=env, text=True,
                              capture_output=True, check=False)  # fmt: skip
        seconds = time.perf_counter() - begun
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    return seconds


@contextmanager
def _inventory(hosts: int) -> Iterator[str]:
    """Machines of one release, reached as those of molecule are."""
    with tempfile.TemporaryDirectory() as place:
        names = {f"n{n:02}": {"lab_release": "trixie", "lab_address": 20 + n} for n in range(hosts)}
        (Path(place) / "hosts.json").write_text(json.dumps({"lab": {"hosts": names}}), encoding="utf-8")
        (Path(place) / "group_vars").symlink_to(ROOT / "extensions/molecule/inventory/group_vars")
        yield place


def _many(hosts: int) -> dict[str, Any]:
    """The audit of many machines in one run, as many at a time as there are."""
    with _inventory(hosts) as place:
        env = {**os.environ, "OPLEVER_LAB": "bench-many", "OPLEVER_JOURNAL": "0", "ANSIBLE_FORKS": str(hosts)}
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", place]
        try:
            subprocess.run([*command, "playbooks/lab_up.yml", "-e", "lab_timeout=300"], cwd=ROOT, env=env,
                           stdout=subprocess.DEVNULL, check=True)  # fmt: skip
            os.environ["ANSIBLE_FORKS"] = str(hosts)
            _play("playbooks/audit.yml", place, "lab", "bench-many")
            taken = _play("playbooks/audit.yml", place, "lab", "bench-many")
        finally:
            subprocess.run(
                [*command, "playbooks/lab_down.yml"], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, check=True
            )
    return _row(f"the audit of {hosts} machines in one run", [taken])


if __name__ == "__main__":
    for row in (HEADINGS, *figures(quick="--quick" in sys.argv)):
        print(" | ".join(row))
