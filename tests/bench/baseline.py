"""The baseline beside OpenSCAP and Lynis

All of them on the same booted machine in turns; then what hardening takes, and the audit of twenty machines in one
run (not with --quick). It boots machines of its own, so it needs root.
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
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / place) for place in ("tests", "collections", "reports")]

from lab.planted import openscap  # noqa: E402
from lab.planted.agreement import rules_of  # noqa: E402
from lab.planted.machine import LabMachine  # noqa: E402
from lab.planted.suite import CONTROLS, Suite  # noqa: E402
from measure import spread  # noqa: E402

LAB, HOST, RELEASE = "bench", "m13", "debian13"
PROFILE = "xccdf_org.ssgproject.content_profile_cis_level2_server"
# Runs a command there and tells how long it took (s), how much memory it needed at its peak (MB), and how it ended.
MEASURED = """import json, resource, subprocess, sys, time
begun = time.perf_counter()
nowhere = subprocess.DEVNULL
done = subprocess.run(sys.argv[1:], stdin=nowhere, stdout=nowhere, stderr=nowhere, cwd="/")
taken = time.perf_counter() - begun
print(json.dumps([taken, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, done.returncode]))
"""
KEPT = "/var/tmp/oplever-bench"  # noqa: S108  on the machine of the lab
FINE = (0, 2)
"""What a scanner ends with: OpenSCAP says 2 when a rule fails."""
HEADINGS = ("what", "seconds", "time against OpenSCAP", "peak memory")
YARDSTICK = "OpenSCAP, CIS level 2 for servers, ARF written"
MANY = 20


@dataclass(frozen=True)
class Taken:
    """What one subject took: seconds of each round, megabytes of each where they can be measured."""

    way: str
    seconds: list[float]
    megabytes: list[float]

    def row(self, yardstick: Taken) -> tuple[str, ...]:
        """Under `HEADINGS`; a subject with as many rounds as the yardstick is set against it round by round."""
        middle = [statistics.median(yardstick.seconds)] * len(self.seconds)
        beside = yardstick.seconds if len(yardstick.seconds) == len(self.seconds) else middle
        ratios = [mine / theirs for mine, theirs in zip(self.seconds, beside, strict=True)]
        peak = f"{statistics.median(self.megabytes):.0f} MB" if self.megabytes else ""
        return self.way, spread(self.seconds), spread(ratios), peak


def figures(*, quick: bool = False) -> list[tuple[str, ...]]:
    """Rows under `HEADINGS`; `quick` shows that it works, no figure."""
    every = [*_one_machine(1 if quick else 5), *([] if quick else [_many(MANY)])]
    yardstick = next(taken for taken in every if taken.way == YARDSTICK)
    return [taken.row(yardstick) for taken in every]


def _one_machine(rounds: int) -> list[Taken]:
    """What the audits take, and then hardening of the machine, which until then is as Debian installs it."""
    suite = Suite(LAB)
    try:
        suite.up()
        machine = suite.machines[RELEASE]
        _install(machine)
        return [
            *_audits(machine, rounds),
            Taken("`playbooks/harden.yml` on a stock machine", [_play("playbooks/harden.yml")], []),
            Taken("the same again", [_play("playbooks/harden.yml") for _ in range(rounds)], []),
        ]
    finally:
        suite.down()


def _install(machine: LabMachine) -> None:
    rules = {rule for control in CONTROLS.values() for rule in rules_of(control)}
    openscap.install(machine, openscap.content(RELEASE.removeprefix("debian")), rules)
    assert machine.run("apt-get", "install", "-qq", "-y", "--no-install-recommends", "lynis").returncode == 0
    machine.run("dd", "of=/root/measured.py", "status=none", stdin=MEASURED.encode())
    # The program that Ansible sends for an audit, as Ansible packs it, stays there.
    _play("playbooks/audit.yml", "-e", f"ansible_remote_tmp={KEPT}", keep=True)
    machine.run("sh", "-c", f"mv {KEPT}/*/AnsiballZ_checks.py /root/module.py")


def _audits(machine: LabMachine, rounds: int) -> list[Taken]:
    """Each of them once per round, so that what else the host does weighs on all alike."""
    ways: dict[str, Callable[[], tuple[float, ...]]] = {
        YARDSTICK: lambda: _on(machine, "oscap", "xccdf", "eval", "--profile", PROFILE, "--results-arf",
                               "/root/arf.xml", "/root/ds.xml"),
        "Lynis, `audit system --quick`": lambda: _on(machine, "lynis", "audit", "system", "--quick", "--no-colors"),
        "our module as Ansible sends it, `debian-hoog`": lambda: _on(machine, "python3", "/root/module.py"),
        "`playbooks/audit.yml` over SSH, `debian-hoog`": lambda: (_play("playbooks/audit.yml"),),
    }  # fmt: skip
    figures: dict[str, list[tuple[float, ...]]] = {way: [] for way in ways}
    for number in range(rounds + 1):
        for way, measure in ways.items():
            figure = measure()
            if number:  # the first round fills caches for all
                figures[way].append(figure)
    return [
        Taken(way, [figure[0] for figure in taken], [n for figure in taken for n in figure[1:]])
        for way, taken in figures.items()
    ]


def _on(machine: LabMachine, *argv: str) -> tuple[float, float]:
    seconds, peak, code = json.loads(machine.run("python3", "/root/measured.py", *argv, timeout=600).stdout)
    assert code in FINE, f"{argv[0]} ended with {code}"
    return seconds, peak


def _play(
    playbook: str,
    *more: str,
    inventory: str = "extensions/molecule/inventory",
    limit: str = HOST,
    lab: str = LAB,
    keep: bool = False,
) -> float:
    """Seconds that a playbook takes, with the record it writes (documents are made after it has ended)."""
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", inventory, "--limit", limit, playbook]
    with tempfile.TemporaryDirectory() as records:
        env = {**os.environ, "OPLEVER_LAB": lab, "OPLEVER_RECORDS": records, "OPLEVER_DOCUMENTS": "0"}
        env["ANSIBLE_KEEP_REMOTE_FILES"] = str(int(keep))
        begun = time.perf_counter()
        options = ("-e", "harden_profile=debian-hoog", "-e", "audit_fail=false", *more)
        done = subprocess.run([*command, *options], cwd=ROOT, env=env, text=True, capture_output=True, check=False)
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


def _many(hosts: int) -> Taken:
    """The audit of many machines in one run, as many at a time as there are."""
    with _inventory(hosts) as place:
        env = {**os.environ, "OPLEVER_LAB": "bench-many", "OPLEVER_JOURNAL": "0", "ANSIBLE_FORKS": str(hosts)}
        lab = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", place]
        quiet = {"cwd": ROOT, "env": env, "stdout": subprocess.DEVNULL}
        try:
            subprocess.run([*lab, "playbooks/lab_up.yml", "-e", "lab_timeout=300"], check=True, **quiet)
            rounds = [
                _play("playbooks/audit.yml", "--forks", str(hosts), inventory=place, limit="lab", lab="bench-many")
                for _ in range(4)
            ]
        finally:
            subprocess.run([*lab, "playbooks/lab_down.yml"], check=True, **quiet)
    return Taken(f"`playbooks/audit.yml` on {hosts} machines in one run", rounds[1:], [])
