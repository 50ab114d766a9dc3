"""What recording costs: a play with and without the callback, in turns, as one ratio. Prints a Markdown table.

`python tests/bench/run.py [--quick]` from the repository root with the interpreter that has ansible-core.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import baseline
import reading

ROOT = Path(__file__).resolve().parents[2]
ANSIBLE = Path(sys.executable).with_name("ansible-playbook")


def write_play(place: Path, hosts: int, tasks: int) -> list[str]:
    """A playbook of debug tasks for local hosts; the command that runs it."""
    playbook, inventory = place / "bench.yml", place / "hosts.json"
    steps = [{"name": f"Task {n}", "ansible.builtin.debug": {"msg": "hello"}} for n in range(tasks)]
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": steps}]), encoding="utf-8")
    names = {f"h{n:03}": {"ansible_connection": "local"} for n in range(hosts)}
    inventory.write_text(json.dumps({"all": {"hosts": names}}), encoding="utf-8")
    return [str(ANSIBLE), "-i", str(inventory), str(playbook)]


def seconds(command: list[str], environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def callback_ratio(place: Path, hosts: int, tasks: int, rounds: int) -> tuple[float, float, int]:
    """(median of with / without, median seconds without, bytes of journal for each result)."""
    command = write_play(place, hosts, tasks)
    enabled = "oplever.lab.journal"
    # Switched off, the plugin is loaded and never called: what Ansible costs without it.
    off = {"OPLEVER_JOURNAL": "0", "ANSIBLE_CALLBACKS_ENABLED": enabled}
    records = place / "records"
    on = {
        "OPLEVER_JOURNAL": "1",
        "ANSIBLE_CALLBACKS_ENABLED": enabled,
        "OPLEVER_RECORDS": str(records),
        "OPLEVER_DOCUMENTS": "0",
    }
    seconds(command, off)  # the first run fills caches for both
    pairs = [(seconds(command, off), seconds(command, on)) for _ in range(rounds)]
    size = (records / "latest" / "journal.jsonl").stat().st_size
    return statistics.median(b / a for a, b in pairs), statistics.median(a for a, _ in pairs), size // (hosts * tasks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small play, two rounds: shows that it works, no figure")
    quick = parser.parse_args().quick
    hosts, tasks, rounds = (5, 4, 2) if quick else (50, 40, 5)
    with tempfile.TemporaryDirectory() as place:
        ratio, base, size = callback_ratio(Path(place), hosts, tasks, rounds)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {rounds} rounds in turns, median\n")
    print("| what | without | ratio with the journal | journal for each result |")
    print("|---|---|---|---|")
    print(f"| {hosts} hosts x {tasks} debug tasks | {base:.1f} s | {ratio:.3f} | {size} bytes |\n")
    table(reading.HEADINGS, reading.figures(quick=quick))
    print()
    table(baseline.HEADINGS, baseline.figures(quick=quick))


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for row in (headings, ["---"] * len(headings), *rows):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
