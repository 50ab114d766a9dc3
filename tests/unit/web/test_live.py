"""A run is followed without losing a line: 1,000 machines, a journal that grows, connections that break."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from desk_client import Browser, text
from journals import of_room
from oplever import store
from oplever.app.desk import accounts
from oplever.web import live
from stored import store_record, visit

NAME = "20261123T100000Z-site-aaaaaa"
FAILING = 7


def journal(hosts: int, tasks: int) -> list[bytes]:
    """The lines of a run over so many machines; every `FAILING`th fails at its last task."""
    return of_room(NAME, hosts, tasks, failing=FAILING, message="<b>no</b>")


class Reader:
    """A browser that loses its connection after every few messages and says each time what it has."""

    def __init__(self, path: Path, breaks: int) -> None:
        self.path, self.breaks = path, breaks
        self.last, self.connections = -1, 0
        self.lines: list[tuple[Any, ...]] = []
        self.message: dict[str, Any] = {}

    async def read(self) -> None:
        while not self.message.get("ended"):
            self.connections += 1
            stream = live.messages(self.path, self.last, lambda: True, pause=0.001)
            async for chunk in stream:
                if not chunk.startswith(b"id: "):
                    continue
                head, _, body = chunk.partition(b"\n")
                message = json.loads(body.removeprefix(b"data: "))
                assert message["seq"] == int(head.removeprefix(b"id: ")) > self.last
                self.last, self.message = message["seq"], message
                self.lines += map(tuple, message["lines"])
                if self.connections <= self.breaks:
                    break
            await stream.aclose()


def follow(tmp_path: Path, lines: list[bytes], breaks: int, steps: int) -> Reader:
    """Write the journal bit by bit, in pieces that end within a line, while it is read."""
    path = tmp_path / "journal.jsonl"
    journal_bytes = b"".join(lines)
    size = len(journal_bytes) // steps + 1
    path.write_bytes(journal_bytes[:size])
    reader = Reader(path, breaks)

    async def both() -> None:
        task = asyncio.create_task(reader.read())
        for start in range(size, len(journal_bytes), size):
            connections = reader.connections
            with path.open("ab") as file:
                file.write(journal_bytes[start : start + size])
            while reader.connections == connections and reader.connections <= breaks and not task.done():
                await asyncio.sleep(0.001)
        await asyncio.wait_for(task, 60)

    asyncio.run(both())
    return reader


def test_no_line_is_lost_or_told_twice_over_twenty_breaks(tmp_path: Path) -> None:
    lines = journal(100, 8)
    reader = follow(tmp_path, lines, breaks=20, steps=60)
    assert reader.connections >= 20
    results = [json.loads(line) for line in lines if b'"result"' in line]
    assert [line[0] for line in reader.lines] == [result["seq"] for result in results]
    assert reader.message["results"] == len(results) == 800
    assert len(reader.message["shown"]) == 100


@pytest.mark.slow
def test_a_thousand_machines_are_counted_whole_and_those_that_fail_are_named(tmp_path: Path) -> None:
    lines = journal(1000, 4)
    reader = follow(tmp_path, lines, breaks=20, steps=40)
    assert reader.connections >= 20
    failing = -(-1000 // FAILING)
    assert (reader.message["hosts"], reader.message["results"], reader.lines) == (1000, 4000, [])
    assert Counter(reader.message["counts"]) == {"failed": failing, "changed": 1000 - failing}
    assert {host[0] for host in reader.message["shown"]} == {f"pc{n:04}" for n in range(0, 1000, FAILING)}
    assert len(json.dumps(reader.message)) < 100_000


def test_a_reader_who_may_not_read_any_more_gets_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_BEAT_SECONDS", 0.0)
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"".join(journal(3, 2)[:4]))

    async def read() -> list[bytes]:
        stream = live.messages(path, -1, lambda: False, pause=0.001)
        return [chunk async for chunk in stream]

    chunks = asyncio.run(asyncio.wait_for(read(), 20))
    assert len([chunk for chunk in chunks if chunk.startswith(b"id: ")]) == 1


def test_the_stream_goes_on_after_the_last_id(records: Path) -> None:
    lines = journal(5, 3)
    directory = records / NAME
    directory.mkdir()
    (directory / store.JOURNAL).write_bytes(b"".join(lines))
    browser = Browser().log_in("A. Bakker", "auditor")
    every = browser.get(f"/records/{NAME}/run/events").text
    assert every.count("data: ") == 1
    assert len(json.loads(every.partition("data: ")[2])["lines"]) == 15
    later = browser.get(f"/records/{NAME}/run/events", headers={"last-event-id": "10"}).text
    seqs = [line[0] for line in json.loads(later.partition("data: ")[2])["lines"]]
    assert seqs
    assert min(seqs) > 10
    for odd in ("x", "-1", "9" * 30, "1e3"):
        assert browser.get(f"/records/{NAME}/run/events", headers={"last-event-id": odd}).status_code == 200


def test_the_page_shows_the_run_without_script(records: Path) -> None:
    lines = journal(5, 3)
    directory = records / NAME
    directory.mkdir()
    (directory / store.JOURNAL).write_bytes(b"".join(lines[:-4]))
    browser = Browser().log_in("A. Bakker", "auditor")
    page = browser.page(f"/records/{NAME}/run")
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "The run goes on." in text(page)
    assert "pc0003" in page
    (directory / store.JOURNAL).write_bytes(b"".join(lines))
    page = browser.page(f"/records/{NAME}/run")
    assert "The run is over." in text(page)
    assert "refresh" not in page.partition("<body")[0]
    assert "&lt;b&gt;no&lt;/b&gt;" in page
    assert "<b>no</b>" not in page


def test_a_session_that_ended_is_not_open(records: Path) -> None:
    from oplever.app.desk import sessions  # noqa: PLC0415
    from oplever.store import desk as desk_store  # noqa: PLC0415

    store_record(records, NAME, visit().finish())
    browser = Browser().log_in("A. Bakker", "auditor")
    token = sessions.digest(browser.client.cookies[browser.desk.cookie])
    with desk_store.opened() as database:
        assert sessions.is_open(database, token)
        accounts.change("A. Bakker", roles=("reporter",))
        assert not sessions.is_open(database, token)
    assert threading.active_count() < 100


def test_a_machine_that_went_on_after_a_failure_is_not_simply_in_order(stored: dict[str, str]) -> None:
    page = text(Browser().log_in("A. Bakker", "auditor").page(f"/records/{stored['failed']}/run"))
    assert re.search(r"db1 \S* ?in order, 1 failed ", page), page
