"""Records on disk, for tests of what is done with many of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from journals import Journal

FILES = {"/etc/hosts": ["644", "root", "root", 10, "aa"]}


def store_record(base: Path, name: str, journal: Journal) -> Path:
    """A directory with this journal; the day in `name` (YYYYMMDD...) becomes the day of its lines."""
    directory = base / name
    directory.mkdir(parents=True)
    day = f"{name[:4]}-{name[4:6]}-{name[6:8]}".encode()
    lines = [line.replace(b"2026-11-23T", day + b"T") for line in journal.lines]
    (directory / "journal.jsonl").write_bytes(b"".join(lines))
    return directory


def visit(host: str = "web1", files: dict[str, Any] | None = None, later: dict[str, Any] | None = None) -> Journal:
    """A machine with snapshots before and after, a role, and one test that passes."""
    journal = Journal(
        work_process="1.3", account="svc", assignment={"people": [{"name": "S. Yilmaz", "role": "executor"}]}
    )
    journal.add("play_start", play="q", name="Web", hosts="web", targets=[host], groups={host: ["web"]})
    before = {"stage": "before", "snapshot": {"packages": {"bash": ["5.2-1", "Debian"]}, "files": files or FILES}}
    after = {
        "stage": "after",
        "snapshot": {"packages": {"bash": ["5.2-2", "Debian"]}, "files": later or files or FILES},
    }
    journal.task("before", host=host, data=before)
    journal.add(
        "task_start", task="t", play="q", name="install", action="apt", path="a.yml:1", role="oplever.lab.nginx"
    )
    journal.add("result", task="t", host=host, status="changed", duration=1.5)
    check(journal, host, "pass")
    return journal.task("after", host=host, data=after)


def check(journal: Journal, host: str, status: str, identifier: str = "nginx.answers") -> Journal:
    result = {
        "id": identifier,
        "title": "t",
        "status": status,
        "expected": "200",
        "found": "200" if status == "pass" else "502",
    }
    return journal.task(
        f"check {len(journal.lines)}", host=host, data={"stage": "after", "suite": "n", "checks": [result]}
    )
