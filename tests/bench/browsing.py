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
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from listing import _make
from oplever.app import incident_rules, incidents

HEADINGS = (
    "records", "page", "processor time of one", "against `/healthz`", "with so many people", "median",
    "95 of 100 within",
)  # fmt: skip
PAGES = ("/", "/cases", "/records", "/records?text=web1&waits_for=supervisor", "/machines", "/healthz")
PASSWORD = "vier woorden zijn genoeg"  # noqa: S105 - of accounts that live as long as the bench
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
        environment = {**os.environ, "OPLEVER_RECORDS": place, "OPLEVER_STORE": "", "OPLEVER_LANGUAGE": "en"}
        command = [sys.executable, "-m", "oplever", "web"]
        account = [*command, "account", "add", "M. de Wit", "--role", "supervisor", "--role", "technician"]
        subprocess.run(account, env=environment, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True)
        with subprocess.Popen(
            [*command, "serve", "--port", "0"], env=environment, stdout=subprocess.PIPE, text=True
        ) as desk:
            assert desk.stdout is not None
            port = int(desk.stdout.readline().split()[-1].rpartition(":")[2])
            try:
                return _asked(records, people, port, seconds, desk.pid)
            finally:
                desk.terminate()


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


def _asked(records: int, people: int, port: int, seconds: float, pid: int) -> list[tuple[str, ...]]:
    cookie = _log_in(port)
    _get(http.client.HTTPConnection("127.0.0.1", port, timeout=_HOUR), "/records", cookie)  # makes the index
    alone = {page: _processor_time(port, page, cookie, pid) for page in PAGES}
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


def _processor_time(port: int, page: str, cookie: str, pid: int) -> float:
    """Of the desk, for one answer, in seconds: whatever else the machine does."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_HOUR)
    _get(connection, page, cookie)
    before = _used(pid)
    for _ in range(_ROUNDS):
        _get(connection, page, cookie)
    connection.close()
    return (_used(pid) - before) / _ROUNDS


def _used(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _log_in(port: int) -> str:
    origin = f"http://127.0.0.1:{port}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/login")
    answer = connection.getresponse()
    form_cookie = (answer.getheader("set-cookie") or "").partition(";")[0]
    token = re.search(r'name="form_token" value="([^"]+)"', answer.read().decode())
    assert token
    form = urlencode({"form_token": token[1], "name": "M. de Wit", "password": PASSWORD})
    headers = {"cookie": form_cookie, "origin": origin, "content-type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", form, headers)
    answer = connection.getresponse()
    answer.read()
    cookies = [value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"]
    return next(cookie for cookie in cookies if cookie.startswith("oplever_desk="))


def _get(connection: http.client.HTTPConnection, path: str, cookie: str) -> None:
    connection.request("GET", path, headers={"cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, (path, answer.status)
