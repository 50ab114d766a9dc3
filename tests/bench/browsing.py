"""The desk

How long pages of the desk take with many records and fifty people at it, each of whom opens a page every second.

The desk runs in a process of its own; whoever asks runs in another one on the same machine. The records are small and
alike: runs, and as many open reports. Beside it: the answer of `/healthz`, which opens the index and draws nothing.
Processor time is that of the desk for one answer, when nobody else asks.
"""

from __future__ import annotations

import http.client
import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from listing import _make
from oplever.app import incident_rules, incidents
from serving import Served, served

HEADINGS = (
    "records", "page", "processor time of one", "against `/healthz`", "with so many people", "median",
    "95 of 100 within",
)  # fmt: skip
PAGES = ("/", "/cases", "/records", "/records?text=web1&waits_for=supervisor", "/machines", "/healthz")
_HOUR = 3600
_ROUNDS = 50


def figures(*, quick: bool = False) -> list[tuple[str, ...]]:
    """Rows under `HEADINGS`; `quick` shows that it works, no figure."""
    return _rows(20, 3, 2.0) if quick else [*_rows(1000, 50, 20.0), *_rows(10_000, 50, 20.0)]


def _rows(records: int, people: int, seconds: float) -> list[tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as place:
        base = Path(place)
        _make(base, records)
        _report(base, records)
        with served(place, "supervisor", "technician") as desk:
            return _asked(records, people, desk, seconds)


def _report(base: Path, count: int) -> None:
    """So many open reports, all like the first."""
    with _environment(OPLEVER_RECORDS=str(base), OPLEVER_DOCUMENTS="0", OPLEVER_STORE=""):
        reported = {"channel": "counter", "reporter": "J. Bakker", "text": "Het scherm is zwart", "place": "0.14"}
        first, _ = incidents.new(
            base, "K. Jansen", {**reported, "category": next(iter(incident_rules.load().rules.categories))}
        )
    entries = (first / "entries.jsonl").read_text(encoding="utf-8")
    for number in range(1, count):
        name = f"{first.name[:-6]}{number:06x}"
        if name != first.name:
            (base / name).mkdir()
            (base / name / "entries.jsonl").write_text(entries.replace(first.name, name), encoding="utf-8")


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _asked(records: int, people: int, desk: Served, seconds: float) -> list[tuple[str, ...]]:
    port, cookie = desk.port, desk.log_in()
    _get(http.client.HTTPConnection("127.0.0.1", port, timeout=_HOUR), "/records", cookie)  # makes the index
    alone = {page: _processor_time(desk, page, cookie) for page in PAGES}
    taken: dict[str, list[float]] = {page: [] for page in PAGES}
    end = time.monotonic() + seconds

    def person(number: int) -> None:
        chance = random.Random(number)  # noqa: S311 - no secret
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_HOUR)
        while time.monotonic() < end:
            time.sleep(chance.uniform(0.5, 1.5))
            page = chance.choice(PAGES)
            began = time.perf_counter()
            _get(connection, page, cookie)
            taken[page].append(time.perf_counter() - began)
        connection.close()

    threads = [threading.Thread(target=person, args=(number,)) for number in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [
        (
            f"{records:,}",
            f"`{page}`",
            f"{1000 * alone[page]:.0f} ms",
            f"{alone[page] / alone['/healthz']:.1f}",
            str(people),
            f"{1000 * statistics.median(times):.0f} ms",
            f"{1000 * statistics.quantiles(times, n=20)[-1]:.0f} ms",
        )
        for page, times in taken.items()
        if len(times) > 1
    ]


def _processor_time(desk: Served, page: str, cookie: str) -> float:
    """Of the desk, for one answer, in seconds: whatever else the machine does."""
    connection = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=_HOUR)
    _get(connection, page, cookie)
    before = desk.used()
    for _ in range(_ROUNDS):
        _get(connection, page, cookie)
    connection.close()
    return (desk.used() - before) / _ROUNDS


def _get(connection: http.client.HTTPConnection, path: str, cookie: str) -> None:
    connection.request("GET", path, headers={"cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, (path, answer.status)
