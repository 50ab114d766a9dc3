"""The main job on three machines and on eight

`site.yml` on the machines of the lab, the first time and once more, beside an earlier state of the project on a lab of
its own, in turns; then, of a run that changed nothing, seconds and round trips by role. The five machines more are a
server and four workstations. It boots machines of its own, so it needs root.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from measure import spread

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
EARLIER = "dc84395"
"""The commit beside which runs are set: before roles were made for few round trips."""
HEADINGS = ("what", "seconds", "ratio", "processor seconds of the controller", "tasks x machines", "round trips")
ROUNDS = 3
MORE = """
all:
  children:
    lab:
      hosts:
        srv2: {lab_release: bookworm, lab_address: 14}
        ws2: {lab_release: trixie, lab_address: 15}
        ws3: {lab_release: trixie, lab_address: 16}
        ws4: {lab_release: trixie, lab_address: 17}
        ws5: {lab_release: trixie, lab_address: 18}
    servers: {hosts: {srv2: {}}}
    workstations: {hosts: {ws2: {}, ws3: {}, ws4: {}, ws5: {}}}
"""
"""What makes three machines eight, in the words of both inventories."""
WRAPPER = """#!/bin/sh
# Notes when Ansible calls the program of the same name, and for which machine.
printf '%s %s\\n' "$(date +%s.%N)" "$*" >>"$OPLEVER_BENCH_CALLS"
exec /usr/bin/"$(basename "$0")" "$@"
"""


@dataclass(frozen=True)
class Way:
    """One state of the project with machines of its own."""

    name: str
    root: Path
    env: dict[str, str]


@dataclass(frozen=True)
class Taken:
    """What one run took. `seconds` and `trips` by role are of its tasks and of the calls of ssh and sftp in them; the
    tasks of a playbook itself have the role ``."""

    wall: float
    processor: float
    results: int
    seconds: Counter[str]
    trips: Counter[str]


def figures(*, quick: bool = False) -> list[tuple[str, ...]]:
    """Rows under `HEADINGS`; `quick` shows that it works, no figure."""
    return [row for machines in ((3,) if quick else (3, 8)) for row in _figures(machines, quick)]


def _figures(machines: int, quick: bool) -> list[tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as place, _ways(Path(place), machines, quick) as ways:
        first = {way.name: _run(way) for way in ways}
        again: dict[str, list[Taken]] = defaultdict(list)
        for _ in range(1 if quick else ROUNDS):
            for way in ways:
                again[way.name].append(_run(way))
    yardstick = ways[-1].name
    rows = [_row(f"{machines} machines, first run, {way.name}", [first[way.name]], [first[yardstick]]) for way in ways]
    rows += [
        _row(f"{machines} machines, nothing changes, {way.name}", again[way.name], again[yardstick]) for way in ways
    ]
    return rows + _rows_by_role(again[ways[0].name])


def _row(name: str, runs: list[Taken], yardstick: list[Taken]) -> tuple[str, ...]:
    return (
        name,
        spread([run.wall for run in runs], 1),
        spread([run.wall / other.wall for run, other in zip(runs, yardstick, strict=True)]),
        spread([run.processor for run in runs], 1),
        str(runs[-1].results),
        str(sum(runs[-1].trips.values())),
    )


def _rows_by_role(runs: list[Taken]) -> list[tuple[str, ...]]:
    """Seconds are those of tasks added up over machines that work at the same time: their share says what costs."""
    roles = sorted(runs[-1].seconds, key=lambda role: -runs[-1].seconds[role])
    every = sum(runs[-1].seconds.values())
    return [
        (
            f"of which {role.removeprefix('oplever.lab.') or 'the playbook itself'}",
            spread([run.seconds[role] for run in runs], 1),
            f"{statistics.median(run.seconds[role] for run in runs) / every:.2f}",
            "",
            "",
            str(runs[-1].trips[role]),
        )
        for role in roles
    ]


@contextmanager
def _ways(place: Path, machines: int, quick: bool) -> Iterator[list[Way]]:
    """The project as it is and, unless `quick`, as it was, each with its lab up; taken away at the end."""
    tools = place / "tools"
    tools.mkdir()
    for name in ("ssh", "sftp"):
        (tools / name).write_text(WRAPPER, encoding="utf-8")
        (tools / name).chmod(0o755)
    (place / "more.yml").write_text(MORE if machines > 3 else "all: {}\n", encoding="utf-8")
    ways = [_way("now", ROOT, place)]
    if not quick:
        earlier = place / "earlier"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", earlier, EARLIER], cwd=ROOT, check=True)
        ways.append(_way(f"commit {EARLIER}", earlier, place))
    try:
        for way in ways:
            _play(way, "lab_up", OPLEVER_JOURNAL="0")
        yield ways
    finally:
        for way in ways:
            _play(way, "lab_down", OPLEVER_JOURNAL="0")
        if len(ways) > 1:
            subprocess.run(["git", "worktree", "remove", "--force", ways[-1].root], cwd=ROOT, check=True)


def _way(name: str, root: Path, place: Path) -> Way:
    lab = f"bench-{len(name)}"
    env = {**os.environ, "OPLEVER_LAB": lab, "OPLEVER_RECORDS": str(place / lab), "OPLEVER_DOCUMENTS": "0"}
    env["ANSIBLE_INVENTORY"] = f"{place}/more.yml,inventories/lab"
    env |= {"OPLEVER_BENCH_CALLS": str(place / f"{lab}.calls"), "PATH": f"{BIN}:{os.environ['PATH']}"}
    env |= {f"ANSIBLE_{name.upper()}_EXECUTABLE": str(place / "tools" / name) for name in ("ssh", "sftp")}
    return Way(name, root, env)


def _play(way: Way, playbook: str, **more: str) -> None:
    command = [str(BIN / "ansible-playbook"), f"playbooks/{playbook}.yml"]
    done = subprocess.run(command, cwd=way.root, env={**way.env, **more}, text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{way.name}: {playbook}\n{done.stdout[-3000:]}{done.stderr[-1000:]}"


def _run(way: Way) -> Taken:
    """`site.yml` once; documents are made after it has ended and are no part of it."""
    calls = Path(way.env["OPLEVER_BENCH_CALLS"])
    calls.write_text("", encoding="utf-8")
    used, begun = _processor(), time.perf_counter()
    _play(way, "site")
    wall, processor = time.perf_counter() - begun, _processor() - used
    journal = (Path(way.env["OPLEVER_RECORDS"]) / "latest/journal.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in journal]
    return Taken(wall, processor, *_by_role(events, calls.read_text(encoding="utf-8").splitlines()))


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _by_role(events: list[dict[str, str]], calls: list[str]) -> tuple[int, Counter[str], Counter[str]]:
    """Number of results, seconds by role, round trips by role. A machine does one task at a time, so the last one that
    began on any machine before a call is of the role that the call is for."""
    roles = {event["task"]: event.get("role") or "" for event in events if event["kind"] == "task_start"}
    results = [event for event in events if event["kind"] == "result"]
    seconds: Counter[str] = Counter()
    for event in results:
        seconds[roles[event["task"]]] += float(event.get("duration") or 0)
    starts = [
        (datetime.fromisoformat(e["t"]).timestamp(), roles[e["task"]]) for e in events if e["kind"] == "host_start"
    ]
    times = [start for start, _ in starts]
    trips: Counter[str] = Counter()
    for call in calls:
        place = bisect_right(times, float(call.split()[0])) - 1
        trips[starts[max(0, place)][1]] += 1
    return len(results), seconds, trips
