"""Journals made line by line, for tests of what is derived from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from oplever.journal.events import JournalEvent
from oplever.journal.reader import read
from oplever.kinds.derive import derive
from oplever.record.model import Recap, Record

ZERO = dict.fromkeys(Recap.__struct_fields__, 0)


class Journal:
    """Writes lines with the right seq and a clock that ticks one second a line."""

    def __init__(self, **start: Any) -> None:
        self.lines: list[bytes] = []
        self.add("run_start", format="oplever-journal", version=1, id="r1", command=["ansible-playbook"], **start)
        self.add("playbook_start", playbook="site.yml")
        self.add("play_start", play="p", name="All", hosts="all", targets=["a"], groups={"a": ["web"]})

    def add(self, kind: str, **keys: Any) -> Journal:
        number = len(self.lines)
        t = f"2026-11-23T10:{number // 60:02d}:{number % 60:02d}.000000Z"
        self.lines.append(json.dumps({"seq": number, "t": t, "kind": kind, **keys}).encode() + b"\n")
        return self

    def task(self, name: str, status: str = "ok", host: str = "a", **keys: Any) -> Journal:
        self.add("task_start", task=name, play="p", name=name, action="ansible.builtin.debug", path=f"site.yml:{name}")
        self.add("host_start", task=name, host=host)
        return self.add("result", task=name, host=host, status=status, **{"duration": 0.5, **keys})

    def snapshot(self, stage: str, **snapshot: Any) -> Journal:
        return self.task(f"snapshot {stage} {len(self.lines)}", data={"stage": stage, "snapshot": snapshot})

    def check(self, status: str, stage: str = "after", **keys: Any) -> Journal:
        check = {"id": "x.y", "title": {"nl": "n", "en": "e"}, "status": status, "expected": "1", "found": "2", **keys}
        return self.task(f"check {len(self.lines)}", data={"stage": stage, "suite": "x", "checks": [check]})

    def finish(self, **recap: int) -> Journal:
        self.add("stats", recap={"a": {**ZERO, **recap}})
        return self.add("run_end", lines=len(self.lines), lost=0, reason="finished")

    def events(self) -> Iterator[JournalEvent]:
        return read(self.lines)

    def record(self) -> Record:
        return derive(self.events())


def complete() -> Journal:
    journal = Journal().snapshot("before", packages={"bash": ["5.2-1", "Debian"], "old": ["1", ""]})
    journal.task("install", "changed").check("pass", "during").check("pass")
    return journal.snapshot("after", packages={"bash": ["5.2-2", "Debian"], "nginx": ["1.26", "Debian"]})


def of_room(name: str, hosts: int, tasks: int, *, failing: int = 0, **result: str) -> list[bytes]:
    """The lines of a run over so many machines alike; of each `failing` machines one fails at its last task. `result`
    is more that each result says."""
    machines = [f"pc{number:04}" for number in range(hosts)]
    lines: list[dict[str, Any]] = [
        {"kind": "run_start", "format": "oplever-journal", "version": 2, "id": name},
        {"kind": "play_start", "play": "p", "name": "Room", "hosts": "all", "targets": machines},
    ]
    for task in range(tasks):
        lines.append({"kind": "task_start", "task": f"t{task}", "play": "p", "name": f"step {task}"})
        for place, host in enumerate(machines):
            is_bad = failing and task == tasks - 1 and place % failing == 0
            status = "failed" if is_bad else "changed"
            lines.append({"kind": "result", "task": f"t{task}", "host": host, "status": status, **result})
    lines.append({"kind": "run_end", "lines": len(lines), "reason": "finished"})
    moment = "2026-11-23T10:00:00.000000Z"
    return [json.dumps({"seq": seq, "t": moment, **line}).encode() + b"\n" for seq, line in enumerate(lines)]
