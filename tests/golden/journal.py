"""Journals for golden records, line by line, as the callback writes them. Knows nothing of the package."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

BEGIN = datetime(2026, 11, 23, 10, tzinfo=UTC)
INPUTS = Path(__file__).parent / "inputs"
COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")

Data = dict[str, Any]


def text(english: str, dutch: str) -> dict[str, str]:
    return {"nl": dutch, "en": english}


class Journal:
    """Writes lines with the right `seq`, a clock that goes on by `tick` seconds a line, and the recap at the end."""

    def __init__(self, identifier: str, tick: float = 2.5, plays: Iterable[Data] = (), **start: Any) -> None:
        """`plays` are those that the playbook holds, as far as the journal tells of them."""
        self.lines: list[bytes] = []
        self._tick = tick
        self._task = self._play = ""
        self._names = self._written = 0
        self._is_trial, self._runs_really = bool(start.get("check_mode")), False
        self._recap: dict[str, Counter[str]] = defaultdict(Counter)
        head = {
            "format": "oplever-journal",
            "version": 2,
            "id": identifier,
            "command": ["ansible-playbook", "site.yml"],
        }
        self.add("run_start", **{**head, **start})
        versions = {"collections": {"ansible.posix": "2.1.0"}}
        planned = {"plays": list(plays)} if plays else {}
        self.add("playbook_start", playbook="playbooks/site.yml", sha256="0" * 64, **versions, **planned)

    def add(self, kind: str, **keys: Any) -> None:
        number = self._written
        self._written += 1
        t = (BEGIN + timedelta(seconds=self._tick * number)).isoformat(timespec="microseconds").replace("+00:00", "Z")
        self.lines.append(json.dumps({"seq": number, "t": t, "kind": kind, **keys}).encode() + b"\n")

    def lose(self, place: int) -> None:
        """A line that was written and is not in the file."""
        del self.lines[place]

    def play(self, name: str, groups: Mapping[str, list[str]]) -> None:
        self._play = f"play-{len(self.lines)}"
        targets = list(groups)
        self.add(
            "play_start",
            play=self._play,
            name=name,
            hosts="all",
            targets=targets,
            groups=dict(groups),
            strategy="linear",
            serial=[],
        )

    def task(self, name: str, action: str = "ansible.builtin.template", role: str | None = None, **keys: Any) -> None:
        self._names += 1
        self._task = f"task-{self._names}"
        self._runs_really = keys.get("check_mode") is False
        path = f"playbooks/site.yml:{10 + self._names}"
        self.add("task_start", task=self._task, play=self._play, name=name, action=action, role=role, path=path, **keys)

    def result(self, host: str, status: str = "ok", duration: float = 0.5, **keys: Any) -> None:
        self.add("host_start", task=self._task, host=host)
        self.end(host, status, duration, **keys)

    def end(self, host: str, status: str = "ok", duration: float = 0.5, **keys: Any) -> None:
        """The result of a task that was queued before."""
        changed = status == "changed"
        if self._is_trial and not self._runs_really:
            keys["check_mode"] = True
        self.add("result", task=self._task, host=host, status=status, duration=duration, changed=changed, **keys)
        counted = (
            ["rescued"] if "rescued_by" in keys else ["ok", status] if status in ("changed", "ignored") else [status]
        )
        self._recap[host].update(counted)

    def during(self, kind: str, host: str, **keys: Any) -> None:
        """A line about the task that is under way: `host_start`, `item`, `retry`."""
        self.add(kind, task=self._task, host=host, **keys)

    def include(self, name: str, hosts: list[str]) -> None:
        """What the task brings in; Ansible counts the file, so its result counts for the file."""
        self.add("include", task=self._task, name=name, hosts=hosts)

    def snapshots(self, stage: str, machines: Mapping[str, Data], **data: Any) -> None:
        self.task(f"Take a snapshot {stage} the work", "oplever.lab.snapshot")
        for host, snapshot in machines.items():
            self.result(host, data={"stage": stage, "snapshot": snapshot, **data})

    def checks(self, host: str, stage: str, suite: str, checks: Iterable[Data], **data: Any) -> None:
        self.task(f"Test {suite} {stage} the work", "oplever.lab.checks", role=f"oplever.lab.{suite}")
        self.result(host, data={"stage": stage, "suite": suite, "checks": list(checks), **data})

    def finish(self, **end: Any) -> None:
        recap = {host: {name: counts[name] for name in COUNTS} for host, counts in self._recap.items()}
        self.add("stats", recap=recap)
        closing = {"lines": self._written, "lost": 0, "reason": "finished", "clock_shift": 0.0, "collections": {}}
        self.add("run_end", **{**closing, **end})


def check(identifier: str, status: str = "pass", **keys: Any) -> Data:
    """One result of the check engine."""
    title = text(f"{identifier} is as expected", f"{identifier} is zoals verwacht")
    found = "200" if status == "pass" else "502"
    return {"id": identifier, "title": title, "status": status, "expected": "value = 200", "found": found, **keys}


def control(identifier: str, status: str, severity: str = "medium", **keys: Any) -> Data:
    """One control of a baseline: a check with a severity."""
    title = text(f"control {identifier} holds", f"maatregel {identifier} geldt")
    fields = {"severity": severity, "area": identifier[:3], "title": title, "expected": "value = no"}
    fields["found"] = {"pass": "no", "fail": "yes"}.get(status, "")
    fields["remedy"] = text("set it to no", "zet het op no")
    return check(identifier, status, **{**fields, **keys})


def machine(number: int, after: bool = False, **changed: Any) -> Data:
    """A snapshot of a small machine, as it was or as it was delivered: something of every kind differs."""
    snapshot: Data = json.loads((INPUTS / f"machine_{'after' if after else 'before'}.json").read_text(encoding="utf-8"))
    snapshot["hardware"]["serial"] = f"S-{number}"
    return {**snapshot, **changed}
