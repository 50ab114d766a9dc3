"""Following a run

A run of many machines is written while people follow it at the desk, each over a connection that breaks twenty times.

The desk runs in a process of its own. Up to 200 machines each message has the lines since the one before it: those that
arrived are held against the journal, one by one. Beyond that messages have counts, which have to be those of the
journal at the end. The delay is from a line in the journal to the message that has it, as every reader sees it.
Processor time of the desk is held against one reading of the journal by json alone.
"""

from __future__ import annotations

import http.client
import json
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from journals import of_room
from serving import Served, served

HEADINGS = (
    "machines", "results", "readers", "connections that broke", "lines lost", "results that were not counted",
    "delay, median", "95 of 100 within", "processor time for a reader / reading the journal by json",
)  # fmt: skip
NAME = "20261123T100000Z-site-aaaaaa"
_BREAKS = 20
_LINES_UP_TO = 200
"""Machines beyond which a message has no lines."""
_STEPS = 100


def figures(*, quick: bool = False) -> list[tuple[str, ...]]:
    """Rows under `HEADINGS`; `quick` shows that it works, no figure."""
    cases = ((20, 3, 2, 2.0),) if quick else ((200, 40, 10, 30.0), (1000, 40, 10, 30.0))
    return [_row(*case) for case in cases]


class Reader(threading.Thread):
    """A browser that loses its connection now and then and says each time which message it has."""

    def __init__(self, port: int, cookie: str, written: list[tuple[int, float]]) -> None:
        super().__init__()
        self._port, self._cookie, self._written = port, cookie, written
        self.lines: list[int] = []
        self.delays: list[float] = []
        self.last, self.breaks, self.results = -1, 0, 0

    def run(self) -> None:
        while not self._read():
            self.breaks += 1

    def _read(self) -> bool:
        """Whether the run ended; else the connection was broken after some messages."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        headers = {"cookie": self._cookie, "last-event-id": str(self.last)}
        connection.request("GET", f"/records/{NAME}/run/events?after=-1", headers=headers)
        answer = connection.getresponse()
        messages = 0
        try:
            while line := answer.readline():
                if line.startswith(b"data: "):
                    messages += 1
                    if self._take(json.loads(line[6:])):
                        return True
                    if messages >= 2 and self.breaks < _BREAKS:
                        return False
        finally:
            connection.close()
        return False

    def _take(self, message: dict[str, Any]) -> bool:
        now, before = time.monotonic(), self.last
        self.last, self.results = message["seq"], message["results"]
        self.lines += [line[0] for line in message["lines"]]
        self.delays += [now - moment for seq, moment in tuple(self._written) if before < seq <= self.last]
        return bool(message["ended"])


def _row(hosts: int, tasks: int, readers: int, seconds: float) -> tuple[str, ...]:
    lines = of_room(NAME, hosts, tasks)
    with tempfile.TemporaryDirectory() as place:
        journal = Path(place) / NAME / "journal.jsonl"
        journal.parent.mkdir()
        journal.write_bytes(b"".join(lines[:2]))
        with served(place, "supervisor") as desk:
            used, people = _followed(journal, lines, desk, readers=readers, seconds=seconds)
        alone = _by_json(journal)
    results = [seq for seq, line in enumerate(lines) if b'"result"' in line]
    lost = sum(len(set(results) - set(person.lines)) for person in people) if hosts <= _LINES_UP_TO else 0
    repeated = sum(len(person.lines) - len(set(person.lines)) for person in people)
    assert repeated == 0, repeated
    delays = [delay for person in people for delay in person.delays]
    return (
        f"{hosts:,}",
        f"{len(results):,}",
        str(readers),
        str(sum(person.breaks for person in people)),
        str(lost) if hosts <= _LINES_UP_TO else "none are sent",
        str(sum(len(results) - person.results for person in people)),
        f"{1000 * statistics.median(delays):.0f} ms",
        f"{1000 * statistics.quantiles(delays, n=20)[-1]:.0f} ms",
        f"{used / readers / alone:.1f}",
    )


def _followed(
    journal: Path, lines: list[bytes], desk: Served, *, readers: int, seconds: float
) -> tuple[float, list[Reader]]:
    """The processor time of the desk, and who followed; the journal grows in pieces that end within a line."""
    cookie, written = desk.log_in(), [(1, time.monotonic())]
    people = [Reader(desk.port, cookie, written) for _ in range(readers)]
    before = desk.used()
    for person in people:
        person.start()
    size = (len(lines) - 2) // _STEPS + 1
    with journal.open("ab", buffering=0) as file:
        for start in range(2, len(lines), size):
            piece = b"".join(lines[start : start + size])
            file.write(piece[:-20])
            time.sleep(seconds / _STEPS)
            file.write(piece[-20:])
            written.append((min(start + size, len(lines)) - 1, time.monotonic()))
    for person in people:
        person.join(300)
        assert not person.is_alive(), "a reader never saw the end of the run"
    return desk.used() - before, people


def _by_json(journal: Path) -> float:
    content = journal.read_bytes().splitlines()
    times = []
    for _ in range(5):
        began = time.process_time()
        for line in content:
            json.loads(line)
        times.append(time.process_time() - began)
    return statistics.median(times)
