"""Reading

How fast a journal becomes a record, and in how much memory: a journal as the callback writes it, generated.

`python tests/bench/reading.py [--quick]` from the repository root.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SMALL, LARGE = (50, 400), (1000, 1000)


def lines(hosts: int, tasks: int) -> Iterator[str]:
    """The lines of a run of `tasks` tasks on `hosts` machines, every tenth result changed, some with a message."""
    number = 0

    def line(kind: str, **keys: object) -> str:
        nonlocal number
        second, fraction = divmod(number, 5000)
        t = f"2026-11-23T{10 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{fraction * 200:06}Z"
        text = json.dumps({"seq": number, "t": t, "kind": kind, **keys}, separators=(",", ":"))
        number += 1
        return text + "\n"

    names = [f"machine-{n:04}.school.example" for n in range(hosts)]
    yield line("run_start", format="oplever-journal", version=2, id="bench", command=["ansible-playbook"])
    yield line("playbook_start", playbook="site.yml")
    groups = {name: ["all"] for name in names}
    yield line("play_start", play="play", name="All", hosts="all", targets=names, groups=groups)
    for task in range(tasks):
        uuid = f"525400aa-0000-1111-2222-{task:012}"
        name, role = f"Task number {task} of this run", f"oplever.lab.role{task % 10}"
        place = f"/srv/roles/{role}/tasks/main.yml:{task}"
        yield line("task_start", task=uuid, play="play", name=name, action="ansible.builtin.template", role=role,
                   path=place, handler=False, tags=[], check_mode=False)  # fmt: skip
        for host in names:
            yield line("host_start", task=uuid, host=host)
        for place, host in enumerate(names):
            changed = (task + place) % 10 == 0
            fields = {"message": "All is well"} if changed else {}
            yield line("result", task=uuid, host=host, status="changed" if changed else "ok", duration=0.123456,
                       changed=changed, attempts=None, delegated_to=None, censored=False, **fields)  # fmt: skip
    counts = {"ok": tasks, "changed": tasks // 10, "unreachable": 0, "failed": 0, "skipped": 0, "rescued": 0}
    yield line("stats", recap=dict.fromkeys(names, counts | {"ignored": 0}))
    yield line("run_end", lines=number, lost=0, reason="finished")


def measure(path: Path) -> dict[str, float]:
    """One reading in this process: seconds of one core, and megabytes on top of what the process began with."""
    from oplever import store  # noqa: PLC0415 - its import is not part of the reading

    begun, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    record = store.load(path)
    seconds = time.process_time() - begun
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {"seconds": seconds, "lines": record.completeness.lines, "megabytes": peak}


def parse_only(path: Path) -> float:
    """Seconds that the standard library takes to parse the same lines and do nothing with them."""
    begun = time.process_time()
    with (path / "journal.jsonl").open("rb") as journal:
        for line in journal:
            json.loads(line)
    return time.process_time() - begun


def readings(hosts: int, tasks: int, rounds: int) -> Iterator[dict[str, float]]:
    """Each round in a process of its own, since memory that was used once is not given back."""
    with tempfile.TemporaryDirectory() as place:
        with (Path(place) / "journal.jsonl").open("w", encoding="utf-8") as journal:
            journal.writelines(lines(hosts, tasks))
        for _ in range(rounds):
            command = [sys.executable, __file__, "--read", place]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            size = (Path(place) / "journal.jsonl").stat().st_size / 2**20
            yield json.loads(done.stdout) | {"json": parse_only(Path(place)), "journal": size}


def figures(*, quick: bool = False) -> list[tuple[str, ...]]:
    """Rows under `HEADINGS`; `quick` shows that it works, no figure."""
    rows = []
    for (hosts, tasks), rounds in (((5, 10), 1),) if quick else ((SMALL, 5), (LARGE, 3)):
        every = list(readings(hosts, tasks, rounds))
        ratio = statistics.median(figure["seconds"] / figure["json"] for figure in every)
        seconds = statistics.median(figure["seconds"] for figure in every)
        rate, peak = every[0]["lines"] / seconds, max(figure["megabytes"] for figure in every)
        of_journal = peak / every[0]["journal"]
        size = f"{hosts} hosts x {tasks} results, {every[0]['lines']:,} lines"
        rows.append((size, f"{seconds:.1f} s", f"{ratio:.2f}", f"{rate:,.0f}", f"{peak:.0f} MB", f"{of_journal:.2f}"))
    return rows


HEADINGS = (
    "journal to record", "seconds of one core", "ratio to json.loads alone", "lines a second", "memory",
    "memory against the journal",
)  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        print(json.dumps(measure(Path(sys.argv[2]))))
    else:
        for row in (HEADINGS, *figures(quick="--quick" in sys.argv)):
            print(" | ".join(row))
