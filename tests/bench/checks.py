"""What an audit costs: the module as Ansible sends it with the whole of debian-hoog, beside Lynis and OpenSCAP on the
same system in the same run. Needs root, as they all do; rivals that are not installed are named as such.

`python tests/bench/checks.py [rounds]` prints the figures. OPLEVER_BENCH_SCAP names a data stream for OpenSCAP.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
ANSIBLE = Path(sys.executable).with_name("ansible")
BASELINE = ROOT / "roles/harden/files"
SCAP_PROFILE = "xccdf_org.ssgproject.content_profile_cis_level2_server"


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


def packed(place: Path) -> Path:
    """The program that Ansible sends to a machine, kept by Ansible itself."""
    given = place / "arguments.json"
    given.write_text(json.dumps(arguments()), encoding="utf-8")
    environment = {"ANSIBLE_KEEP_REMOTE_FILES": "1", "ANSIBLE_LOCAL_TEMP": str(place), "OPLEVER_JOURNAL": "0"}
    command = [
        str(ANSIBLE), "localhost", "-i", "localhost,", "-c", "local", "-m", "oplever.lab.checks", "-a", f"@{given}",
        "-e", f"ansible_python_interpreter={sys.executable} ansible_remote_tmp={place}/remote",
    ]  # fmt: skip
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, check=True)
    return next(place.rglob("AnsiballZ_checks.py"))


def cost(command: list[str]) -> tuple[float, float]:
    """(seconds, peak MiB) of a command with its children; how it ends is its own business."""
    begun = time.perf_counter()
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere, stdin=subprocess.DEVNULL, cwd="/")
        _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return time.perf_counter() - begun, used.ru_maxrss / 1024


def rivals() -> dict[str, list[str] | None]:
    """Name -> its command, or None when it is not here."""
    stream = os.environ.get("OPLEVER_BENCH_SCAP", "")
    oscap = ["oscap", "xccdf", "eval", "--profile", SCAP_PROFILE, stream]
    return {
        "Lynis": ["lynis", "audit", "system", "--quick", "--no-colors", "--no-log"] if shutil.which("lynis") else None,
        "OpenSCAP, CIS level 2": oscap if stream and shutil.which("oscap") else None,
    }


def figures(rounds: int = 5) -> list[str]:
    """Rows of a Markdown table: what, median seconds, peak MiB, how many times the module's time."""
    count = len(arguments()["checks"])
    with tempfile.TemporaryDirectory() as place:
        ours = [sys.executable, str(packed(Path(place)))]
        cost(ours)  # the first run fills caches for all
        known = {name: command for name, command in rivals().items() if command}
        runs: dict[str, list[tuple[float, float]]] = {name: [] for name in ("", *known)}
        for _ in range(rounds):
            for name, command in (("", ours), *known.items()):
                runs[name].append(cost(command))
    base = statistics.median(seconds for seconds, _ in runs[""])
    rows = [f"| module with {count} controls | {base:.2f} s | {max(peak for _, peak in runs['']):.0f} MiB | 1 |"]
    for name, command in rivals().items():
        if command is None:
            rows.append(f"| {name} | not installed | | |")
            continue
        ratio = statistics.median(theirs[0] / mine[0] for mine, theirs in zip(runs[""], runs[name], strict=True))
        median = statistics.median(seconds for seconds, _ in runs[name])
        rows.append(f"| {name} | {median:.1f} s | {max(peak for _, peak in runs[name]):.0f} MiB | {ratio:.1f} |")
    return rows


if __name__ == "__main__":
    print("| audit | median | peak memory | times the module |\n|---|---|---|---|")
    print("\n".join(figures(int(sys.argv[1]) if len(sys.argv) > 1 else 5)))
