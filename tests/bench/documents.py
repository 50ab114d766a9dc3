"""Documents

What they cost beside the record, how large they are, and how soon a browser shows them.

A generated run (tests/fleet.py): 45 steps, 10 tests and 126 controls before and after for each machine.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measure import spread

HEADINGS = (
    "machines", "record.json", "time of both languages / time of the record", "HTML / record", "PDF / record",
    "Markdown / record", "largest process", "browser opens the HTML",
)  # fmt: skip


_PROCESSES = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
"""Typst draws a large page in a process of its own: the larger of the two is what a machine must have for one."""


def figures(*, quick: bool = False) -> list[list[str]]:
    """A row for each size of run. Sizes and times are ratios to the record of the same run; each round is a process."""
    return [_row(hosts, 1 if quick else 3) for hosts in ((3, 30) if quick else (3, 100, 1000))]


def _row(hosts: int, rounds: int) -> list[str]:
    with tempfile.TemporaryDirectory() as place:
        runs = [_round(hosts, Path(place)) for _ in range(rounds)]
        opened = [_open(Path(place) / "report.en.html") for _ in range(rounds)]
    sizes = runs[0]["sizes"]
    ratios = [f"{sizes[suffix] / sizes['json']:.3f}" for suffix in ("html", "pdf", "md")]
    return [
        f"{hosts:,}",
        f"{sizes['json'] / 1e6:.1f} MB",
        spread([run["documents"] / run["record"] for run in runs]),
        *ratios,
        f"{max(run['memory'] for run in runs):.0f} MB",
        spread(opened, 2, " s"),
    ]


def _round(hosts: int, place: Path) -> dict[str, Any]:
    paths = [str(Path(__file__).resolve().parents[1])]
    command = [sys.executable, __file__, str(hosts), str(place)]
    run = subprocess.run(command, env={"PYTHONPATH": ":".join(paths)}, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(run.stdout)
    return figures


def _open(report: Path) -> float:
    """Seconds from the start of the navigation until the page is complete, with its script run."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only the parent needs it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page()
        page.goto(report.as_uri())
        milliseconds: float = page.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
        browser.close()
    return milliseconds / 1000


def measured(hosts: int, place: Path) -> dict[str, Any]:
    """One round: journal, record, documents of both languages."""
    import fleet  # noqa: PLC0415 - only the child needs these
    from oplever import store  # noqa: PLC0415
    from oplever.app.build import write_documents  # noqa: PLC0415

    with (place / "journal.jsonl").open("wb") as journal:
        journal.writelines(fleet.lines(hosts))
    begun = time.perf_counter()
    record = store.load(place)
    store.write_record(record, place)
    recorded = time.perf_counter()
    write_documents(record, place, place)
    done = time.perf_counter()
    names = {"json": "record.json", **{suffix: f"report.en.{suffix}" for suffix in ("html", "pdf", "md")}}
    return {
        "record": recorded - begun,
        "documents": done - recorded,
        "memory": max(resource.getrusage(who).ru_maxrss for who in _PROCESSES) / 1024,
        "sizes": {suffix: (place / name).stat().st_size for suffix, name in names.items()},
    }


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]), Path(sys.argv[2]))))
