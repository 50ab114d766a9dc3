"""A record of many machines, as a run over a whole site would leave it: for tests and benches of big documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from journals import ZERO

BEGIN = datetime(2026, 11, 23, 10, tzinfo=UTC)
AREAS = ("ACC", "APT", "CRON", "FW", "KRN", "LOG", "NET", "PAM", "PERM", "SSH", "SUDO", "SVC")


def lines(hosts: int, tasks: int = 40, tests: int = 10, controls: int = 126) -> Iterator[bytes]:
    """The journal of a run: `tasks` on each host, two snapshots, tests directly after and a baseline before and after.

    Every twentieth host fails one test, and one control in ten fails before the work; one in forty after it.
    """
    names = [f"pc{number:04}" for number in range(hosts)]
    for seq, event in enumerate(_events(names, tasks, tests, controls)):
        t = (BEGIN + timedelta(milliseconds=20 * seq)).isoformat(timespec="microseconds").replace("+00:00", "Z")
        yield json.dumps({"seq": seq, "t": t, **event}).encode() + b"\n"


def _events(names: list[str], tasks: int, tests: int, controls: int) -> Iterator[dict[str, Any]]:
    start = {"format": "oplever-journal", "version": 1, "id": f"fleet-{len(names)}", "command": ["ansible-playbook"]}
    yield {"kind": "run_start", **start, "assignment": {"title": f"Roll-out to {len(names)} machines"}}
    yield {"kind": "playbook_start", "playbook": "site.yml"}
    groups = {name: ["workstations"] for name in names}
    yield {"kind": "play_start", "play": "p", "name": "All", "hosts": "all", "targets": names, "groups": groups}
    count = 0
    for title, role, data in _tasks(tasks, tests, controls):
        count += 1
        head = {"name": title, "action": "ansible.builtin.apt", "path": f"site.yml:{count}", "role": role}
        yield {"kind": "task_start", "task": title, "play": "p", **head}
        for number, name in enumerate(names):
            status = "changed" if data is None and (number + count) % 3 == 0 else "ok"
            more = {"data": data(number)} if data else {}
            yield {"kind": "result", "task": title, "host": name, "status": status, "duration": 0.4, **more}
    recap = {name: {**ZERO, "ok": count} for name in names}
    yield {"kind": "stats", "recap": recap}
    yield {"kind": "run_end", "lines": 0, "lost": 0, "reason": "finished"}


def _tasks(tasks: int, tests: int, controls: int) -> Iterator[tuple[str, str, Any]]:
    yield "Snapshot before", "", lambda n: {"stage": "before", "snapshot": _snapshot(n, 0)}
    yield "Baseline before", "oplever.lab.harden", lambda n: _baseline("before", n, controls, every=10)
    for number in range(tasks):
        yield f"Task {number:02} of the work", f"oplever.lab.role{number // 8}", None
    yield "Tests", "oplever.lab.base", lambda n: _tests(n, tests)
    yield "Baseline after", "oplever.lab.harden", lambda n: _baseline("after", n, controls, every=40)
    yield "Snapshot after", "", lambda n: {"stage": "after", "snapshot": _snapshot(n, 1)}


def _snapshot(number: int, after: int) -> dict[str, Any]:
    packages = {f"package{n}": [f"1.{n}-{after}", "Debian"] for n in range(30)}
    return {
        "packages": packages,
        "files": {f"/etc/app{n}.conf": {"sha256": f"{after}{n:063}", "mode": "0644"} for n in range(20)},
        "host": {"timezone": "Europe/Amsterdam" if after else "Etc/UTC", "os": "Debian GNU/Linux 13 (trixie)"},
        "network": {"dns_servers": [f"192.0.2.{number % 250}"]},
    }


def _tests(number: int, tests: int) -> dict[str, Any]:
    checks = [
        {
            "id": f"base.test{n}",
            "title": {"nl": f"proef {n} van de basis", "en": f"test {n} of the base"},
            "status": "fail" if n == 0 and number % 20 == 0 else "pass",
            "expected": "value is one of yes, on",
            "found": f"value = {'no' if number % 20 == 0 else 'yes'}",
        }
        for n in range(tests)
    ]
    return {"stage": "after", "suite": "base", "checks": checks}


def _baseline(stage: str, number: int, controls: int, every: int) -> dict[str, Any]:
    checks = [
        {
            "id": f"{AREAS[n % len(AREAS)]}-{n:03}",
            "title": {"nl": f"maatregel {n} geldt overal", "en": f"control {n} holds everywhere"},
            "status": "fail" if (n + number) % every == 0 else "pass",
            "severity": ("high", "medium", "low")[n % 3],
            "area": AREAS[n % len(AREAS)],
            "expected": "value >= 1 and value <= 365",
            "found": f"value = {n + number}",
            "refs": {"cis_debian13_1.0.0": [f"5.4.{n}"], "ssg": [f"rule_number_{n}"]},
        }
        for n in range(controls)
    ]
    return {"stage": stage, "profile": "debian-basis", "profile_version": "1", "suite": "baseline", "checks": checks}
