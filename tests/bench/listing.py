"""Listing

What `oplever list` takes with many records, beside a script without an index that opens each journal.

Processor time of the whole process, start included. The records are small and alike; the list goes to a pipe.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measure import spread

HEADINGS = (
    "records", "first `oplever list`, for each record", "every next one",
    "time against the first and last line of each journal by json", "time against `oplever --version`",
)  # fmt: skip
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
OPLEVER = [str(Path(sys.executable).with_name("oplever"))]
WITHOUT_INDEX = """import json, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).glob("*/journal.jsonl")):
    first, *_, last = path.read_bytes().splitlines()
    print(path.parent.name, json.loads(first)["t"], json.loads(last)["kind"])
"""


def figures(*, quick: bool = False) -> list[tuple[str, ...]]:
    """Rows under `HEADINGS`; `quick` shows that it works, no figure."""
    return [_row(20, 1)] if quick else [_row(1000, 5), _row(10_000, 5)]


def _row(records: int, rounds: int) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as place:
        base = Path(place)
        _make(base, records)
        first = _seconds([*OPLEVER, "list"], base, records)
        listed, opened, started = [], [], []
        for _ in range(rounds):
            listed.append(_seconds([*OPLEVER, "list"], base, records))
            opened.append(_seconds([sys.executable, "-c", WITHOUT_INDEX, place], base, records))
            started.append(_seconds([*OPLEVER, "--version"], base, 1))
    return (
        f"{records:,}",
        f"{1000 * first / records:.1f} ms",
        spread(listed, 2, " s"),
        spread([mine / other for mine, other in zip(listed, opened, strict=True)]),
        spread([mine / other for mine, other in zip(listed, started, strict=True)]),
    )


def _make(base: Path, records: int) -> None:
    from stored import visit  # noqa: PLC0415 - on the path once the bench runs

    content = b"".join(visit().finish(ok=4).lines)
    for number in range(records):
        start = BEGIN + timedelta(minutes=30 * number)
        directory = base / f"{start:%Y%m%dT%H%M%SZ}-site-{number:06x}"
        directory.mkdir()
        day, host = f"{start:%Y-%m-%d}T".encode(), f"web{number % 300}".encode()
        (directory / "journal.jsonl").write_bytes(content.replace(b"2026-11-23T", day).replace(b"web1", host))


def _seconds(command: list[str], base: Path, lines: int) -> float:
    """Processor time of one process, in seconds, after a look whether it printed as many lines as it should."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "OPLEVER_RECORDS": str(base)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert len(done.stdout.splitlines()) == lines, done.stderr
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
