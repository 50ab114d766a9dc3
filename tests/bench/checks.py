"""What an audit costs: the module as Ansible sends it with the whole of debian-hoog, beside Lynis and OpenSCAP, in
turns on one machine of the lab. Needs `make lab-up`; rivals that are not installed there are named as such.

`python tests/bench/checks.py [--quick]` prints the figures. OPLEVER_BENCH_HOST names another machine of the lab.
"""

from __future__ import annotations

import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
HOST = os.environ.get("OPLEVER_BENCH_HOST", "srv1")
KEPT = "/var/tmp/oplever-bench"  # noqa: S108  on a machine of the lab
BASELINE = ROOT / "roles/harden/files"
HEADINGS = ("audit", "median", "peak memory", "times the module")
# Name -> command; its first word, and the file that it reads, must be there.
COMMANDS = {
    "Lynis": ["lynis", "audit", "system", "--quick", "--no-colors", "--no-log"],
    "OpenSCAP, CIS level 2": [
        "oscap", "xccdf", "eval", "--profile", "xccdf_org.ssgproject.content_profile_cis_level2_server",
        "/usr/share/xml/scap/ssg/content/ssg-debian12-ds.xml",
    ],
}  # fmt: skip
# Runs on the machine: everything once for the caches, then in turns. Peak memory is of the process and its children.
MEASURE = """
import glob, json, os, shutil, subprocess, sys, time
kept, commands, rounds = json.loads(sys.argv[1])
module = sorted(glob.glob(kept + "/*/AnsiballZ_checks.py"))[-1]
known = {"module": [sys.executable, module], **commands}
there = {n: c for n, c in known.items() if shutil.which(c[0]) and all(os.path.exists(w) for w in c if w[0] == "/")}
def cost(command):
    begun = time.perf_counter()
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere, stdin=nowhere, cwd="/")
    used = os.wait4(process.pid, 0)[2]
    process.returncode = 0
    return [time.perf_counter() - begun, used.ru_maxrss / 1024]
runs = {name: [] for name in known}
for number in range(rounds + 1):
    for name, command in there.items():
        found = cost(command)
        runs[name] += [found] if number else []
shutil.rmtree(kept)
print(json.dumps(runs))
"""


def arguments() -> dict[str, Any]:
    """What the role harden gives the module: every control that no purpose of a machine calls for."""
    profile = yaml.safe_load((BASELINE / "profiles/debian-hoog.yml").read_text(encoding="utf-8"))
    files = sorted((BASELINE / "baseline").glob("*.yml"))
    controls = [control for path in files for control in yaml.safe_load(path.read_text(encoding="utf-8"))]
    on_controller = ("level", "rationale", "not_for", "only_for")
    checks = [
        {key: value for key, value in control.items() if key not in on_controller}
        for control in controls
        if not control.get("only_for")
    ]
    return {"checks": checks, "parameters": profile["parameters"], "profile": "debian-hoog", "fail": False}


def packed() -> None:
    """Leave on the machine the program that Ansible sends, as Ansible itself packs it."""
    with tempfile.TemporaryDirectory() as place:
        play = {"hosts": HOST, "gather_facts": False, "tasks": [{"name": "Audit", "oplever.lab.checks": arguments()}]}
        playbook = Path(place) / "audit.json"
        playbook.write_text(json.dumps([play]), encoding="utf-8")
        ansible("ansible-playbook", str(playbook), "-e", f"ansible_remote_tmp={KEPT}", keep="1")


def ansible(program: str, *more: str, keep: str = "0") -> str:
    """Standard output of a program of Ansible on the lab. Raises CalledProcessError when it fails."""
    environment = {**os.environ, "ANSIBLE_KEEP_REMOTE_FILES": keep, "OPLEVER_JOURNAL": "0"}
    command = [str(BIN / program), "-i", "inventories/lab", *more]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def measured(rounds: int) -> dict[str, Any]:
    """Name -> [seconds, peak MiB] of each round, measured on the machine itself."""
    asked = json.dumps([KEPT, COMMANDS, rounds])
    script = base64.b64encode(MEASURE.encode()).decode()
    run = f"import base64; exec(base64.b64decode('{script}'))"
    out = ansible(
        "ansible",
        HOST,
        "-b",
        "-m",
        "ansible.builtin.command",
        "-a",
        json.dumps({"argv": ["/usr/bin/python3", "-c", run, asked]}),
    )
    found: dict[str, Any] = json.loads(out[out.index("{") :])
    return found


def figures(*, quick: bool = False) -> list[list[str]]:
    """Rows of HEADINGS; one that says so when there is no machine to measure on."""
    try:
        packed()
        runs = measured(1 if quick else 5)
    except subprocess.CalledProcessError as problem:
        words = (problem.stderr or problem.stdout).strip().splitlines()
        return [[f"module on {HOST}", f"not measured, is the lab up? {words[-1] if words else ''}", "", ""]]
    ours = runs.pop("module")
    base = statistics.median(seconds for seconds, _ in ours)
    controls = len(arguments()["checks"])
    rows = [[f"module with {controls} controls", f"{base:.2f} s", f"{max(peak for _, peak in ours):.0f} MiB", "1"]]
    for name, theirs in runs.items():
        if not theirs:
            rows.append([name, f"not installed on {HOST}", "", ""])
            continue
        ratio = statistics.median(rival[0] / mine[0] for mine, rival in zip(ours, theirs, strict=True))
        median = statistics.median(seconds for seconds, _ in theirs)
        rows.append([name, f"{median:.1f} s", f"{max(peak for _, peak in theirs):.0f} MiB", f"{ratio:.1f}"])
    return rows


if __name__ == "__main__":
    for row in (HEADINGS, *figures(quick="--quick" in sys.argv)):
        print(" | ".join(row))
