"""Publishing

What `oplever publish` takes with many records of many machines, and how long a browser waits for the pages.

Processor time of the whole command, start and the processes that it starts included, and for the first time also
seconds on the clock; beside it the processor time that a script takes to read each line of all journals with json and
do nothing with it. The journals are those of a fleet that is checked: tasks that change
little, tests, a baseline after the work, snapshots.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measure import spread

HEADINGS = (
    "records x machines", "journals", "first time", "on the clock", "time against json alone", "one more record",
    "nothing new",
    "files", "start page opens", "largest page opens",
)  # fmt: skip
BEGIN = datetime(2023, 1, 1, tzinfo=UTC)
MACHINES, ROUNDS = 50, 3
OPLEVER = [str(Path(sys.executable).with_name("oplever"))]
BY_JSON = """import json, pathlib, sys
for path in pathlib.Path(sys.argv[1]).glob("*/journal.jsonl"):
    for line in path.open("rb"):
        json.loads(line)
"""


def figures(*, quick: bool = False) -> list[tuple[str, ...]]:
    """Rows under `HEADINGS`; `quick` shows that it works, no figure."""
    return [_row(12, 3)] if quick else [_row(200, MACHINES), _row(2000, MACHINES)]


def _row(records: int, machines: int) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as place:
        base = Path(place)
        content = _journal(machines)
        for number in range(records):
            _add(base, number, content)
        alone = _seconds([sys.executable, "-c", BY_JSON, place], base)
        begin = time.perf_counter()
        first = _published(base)
        clock = time.perf_counter() - begin
        more, again = [], []
        for number in range(records, records + ROUNDS):
            _add(base, number, content)
            more.append(_published(base))
            again.append(_published(base))
        pages = base / "overview"
        largest = max(pages.glob("*.html"), key=lambda path: path.stat().st_size)
        opened = _opened([pages / "index.html", largest])
        return (
            f"{records:,} x {machines}",
            f"{records * len(content) / 1e6:,.0f} MB",
            f"{first:.1f} s",
            f"{clock:.1f} s",
            f"{first / alone:.2f}",
            spread(more, 1, " s"),
            spread(again, 1, " s"),
            f"{len(list(pages.iterdir())):,}",
            f"{opened[0]:.2f} s",
            f"{opened[1]:.2f} s",
        )


def _journal(machines: int) -> bytes:
    import fleet  # noqa: PLC0415 - on the path once the bench runs

    return b"".join(_steady(line) for line in fleet.lines(machines, tasks=10, tests=10, controls=20))


def _steady(line: bytes) -> bytes:
    """A line of a machine that is as it was: the snapshot after the work is like the one before it, but for a few."""
    event = json.loads(line)
    snapshot = (event.get("data") or {}).get("snapshot")
    if snapshot:
        after = "1" if event["data"]["stage"] == "after" else "0"
        snapshot["packages"] = {name: [f"1.{name[-1]}-{after if name[-1] == '7' else '0'}", "Debian"]
                                for name in snapshot["packages"]}  # fmt: skip
        snapshot["files"] = {path: {**file, "sha256": "0" * 64} for path, file in snapshot["files"].items()}
        snapshot["host"]["timezone"] = "Europe/Amsterdam"
    return json.dumps(event).encode() + b"\n"


def _add(base: Path, number: int, content: bytes) -> None:
    start = BEGIN + timedelta(hours=12 * number)
    directory = base / f"{start:%Y%m%dT%H%M%SZ}-site-{number:06x}"
    directory.mkdir()
    (directory / "journal.jsonl").write_bytes(content.replace(b"2026-11-23T", f"{start:%Y-%m-%d}T".encode()))


def _published(base: Path) -> float:
    return _seconds([*OPLEVER, "publish", "--language", "en"], base)


def _seconds(command: list[str], base: Path) -> float:
    """Processor time of a command and of what it started, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "OPLEVER_RECORDS": str(base)}
    subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _opened(pages: list[Path]) -> list[float]:
    """Seconds until a browser has drawn each page and run its script."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - no other bench needs it

    with sync_playwright() as playwright:
        options = ["--headless", "--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        page = browser.new_page()
        page.goto(pages[0].as_uri())  # the first page of all waits for the browser itself
        seconds = []
        for path in pages:
            begin = time.perf_counter()
            page.goto(path.as_uri(), wait_until="load")
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
            seconds.append(time.perf_counter() - begin)
        browser.close()
    return seconds
