"""The database of the desk on a real PostgreSQL server does what the one on SQLite does, also for many at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import published
import pytest
from desk_client import PASSWORD, REPORT, SAME_SITE, WRONG, Browser, category, empty_desk, picture
from oplever import clock, store
from oplever.app.desk import accounts, links, once, reads, sessions
from oplever.errors import OpleverError
from oplever.store import desk as desk_store

AT_ONCE = 6


@pytest.fixture(params=["sqlite", "postgresql"])
def records(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The records, with the accounts in one database or the other: each test says the same of both."""
    base = empty_desk(monkeypatch, tmp_path)
    monkeypatch.setenv("OPLEVER_DOCUMENTS", "0")
    if request.param == "sqlite":
        yield base
        return
    url = request.getfixturevalue("postgresql")
    monkeypatch.setenv("OPLEVER_DESK_STORE", url)
    yield base
    assert not (base / desk_store.FILE).exists()
    with psycopg.connect(url) as connection:
        for table in desk_store.TABLES:
            connection.execute(f"DROP TABLE IF EXISTS {table}")


def at_once(act: Callable[[], Any]) -> list[Any]:
    """What it gives to so many at the same moment."""
    start = threading.Barrier(AT_ONCE)

    def begin(_: int) -> Any:
        start.wait()
        return act()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(begin, range(AT_ONCE)))


def test_a_day_at_the_desk(records: Path) -> None:
    name = published.store(records, ["remarks"])["remarks"].name
    browser = Browser().log_in("K. Jansen", "technician", "auditor")
    assert (
        browser.send(f"/records/{name}/add/hours", **{"entry.hours": "1", "entry.activity": "kabels"}).status_code
        == 303
    )
    path = f"/records/{name}/annex"
    sent = {"data": {**browser.fields(path), "what": "De kast"}, "files": {"file": ("k.png", picture())}}
    assert browser.client.post(path, headers=SAME_SITE, **sent).status_code == 303
    assert store.load(records / name).annexes[0].by == "K. Jansen"
    assert name in browser.page("/reads")
    accounts.change("k. jansen", roles=("auditor",))
    assert browser.get("/").status_code == 303  # logged out
    assert Browser().log_in("K. Jansen").get(path).status_code == 403
    with pytest.raises(OpleverError) as problem:
        accounts.add("Jansen, K.", ("technician",), PASSWORD)
    assert problem.value.slug == "account-taken"


def test_the_same_report_at_the_same_moment_is_one_case(records: Path) -> None:
    browser = Browser().log_in("J. Bakker", "reporter")
    data = {**browser.fields("/report", f"/report?category={category()}"), **REPORT}
    codes = at_once(lambda: browser.client.post("/report", data=data, headers=SAME_SITE).status_code)
    assert sorted(codes) == [200, *[303] * (AT_ONCE - 1)]
    assert len(list(store.every())) == 1


def test_a_link_is_used_by_one(records: Path) -> None:
    with desk_store.opened() as database:
        token = links.make(database, "accept", "r", "J. Bakker", "K. Jansen")

    def use() -> str:
        with desk_store.opened() as database:
            try:
                links.use(database, links.find(database, "accept", token))
            except OpleverError as problem:
                return problem.slug
            return "used"

    assert sorted(at_once(use)) == [*["link-unusable"] * (AT_ONCE - 1), "used"]


def test_attempts_at_the_same_moment_all_count(records: Path) -> None:
    accounts.add("M. de Wit", ("supervisor",), PASSWORD)

    def attempt() -> str:
        with desk_store.opened() as database:
            try:
                sessions.begin(database, "M. de Wit", WRONG, "192.0.2.7")
            except OpleverError as problem:
                return problem.slug
            return "in"

    slugs = at_once(attempt)
    assert slugs.count("login-refused") == sessions.MOST_OF_ACCOUNT
    assert slugs.count("login-throttled") == AT_ONCE - sessions.MOST_OF_ACCOUNT


def test_tables_are_made_once_by_whoever_is_first(records: Path) -> None:
    def versions() -> list[int]:
        with desk_store.opened() as database:
            return [int(version) for version in database.column("SELECT version FROM oplever_desk_about")]

    assert at_once(versions) == [[desk_store.VERSION]] * AT_ONCE


def test_what_is_over_is_taken_away(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.add("M. de Wit", ("supervisor",), PASSWORD)
    with desk_store.opened() as database:
        sessions.begin(database, "M. de Wit", PASSWORD, "192.0.2.7")
        reads.note(database, "m. de wit", "/", "r", "192.0.2.7")
        links.make(database, "follow", "r", "J. Bakker", "K. Jansen")
        once.claim(database, "a")
        later = clock.written(clock.moment(clock.now()) + timedelta(days=400))
        monkeypatch.setattr(clock, "now", lambda: later)
        for kept in (sessions, reads, links, once):
            kept.forget(database)
        tables = [f"oplever_desk_{name}" for name in ("sessions", "reads", "links", "forms")]
        counts = [database.column(f"SELECT count(*) FROM {table}")[0] for table in tables]  # noqa: S608 - ours
    assert counts == [0, 0, 0, 0]


def test_a_server_that_is_gone_is_one_message(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLEVER_DESK_STORE", f"postgresql://oplever@/postgres?host={records}")
    answer = Browser().get("/healthz")
    assert answer.status_code == 503
    assert "[desk-unusable]" in answer.text
    assert "Traceback" not in answer.text
