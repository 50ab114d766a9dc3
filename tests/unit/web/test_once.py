"""A form that comes twice does its work once: by a double click, a reload, or two requests at the same moment."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_client import PASSWORD, REPORT, SAME_SITE, Browser, category, path_of
from oplever import clock, store
from oplever.app.desk import accounts, once
from oplever.store import desk as desk_store
from oplever.web import gate
from oplever.web.routes import WAYS


def report(browser: Browser) -> dict[str, str]:
    return {**browser.fields("/report", f"/report?category={category()}"), **REPORT}


def test_a_report_that_is_sent_twice_is_one_case(records: Path) -> None:
    browser = Browser().log_in("J. Bakker", "reporter")
    data = report(browser)
    first, second = (browser.client.post("/report", data=data, headers=SAME_SITE) for _ in range(2))
    [case] = store.every()
    assert first.status_code == 200
    assert (second.status_code, second.headers["location"]) == (303, f"/reported/{case.name}")


def test_reports_at_the_same_moment_are_one_case(records: Path) -> None:
    browser = Browser().log_in("K. Jansen", "counter")
    data = {**report(browser), "entry.reporter": "J. Bakker"}
    start = threading.Barrier(4)

    def post(_: int) -> tuple[int, str]:
        start.wait()
        answer = browser.client.post("/report", data=data, headers=SAME_SITE)
        return answer.status_code, answer.headers.get("location", "")

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(post, range(4)))
    [case] = store.every()
    assert answers == [(200, ""), *[(303, f"/cases/{case.name}")] * 3]


def test_who_goes_back_and_changes_something_sends_another_form(records: Path) -> None:
    browser = Browser().log_in("J. Bakker", "reporter")
    data = report(browser)
    for text in ("Het scherm is zwart", "Het scherm is weer zwart"):
        assert browser.client.post("/report", data={**data, "text": text}, headers=SAME_SITE).status_code == 200
    assert len(list(store.every())) == 2


def test_what_was_refused_may_be_sent_again(records: Path) -> None:
    browser = Browser().log_in("J. Bakker", "reporter")
    data = {**report(browser), "text": " "}
    for _ in range(2):
        assert browser.client.post("/report", data=data, headers=SAME_SITE).status_code == 422


FORMS = [way for way in WAYS if way.is_form and not way.may_repeat]


@pytest.mark.parametrize("way", FORMS, ids=lambda way: way.path)
@pytest.mark.parametrize("key", ["", "x", "y" * 65])
def test_every_form_has_a_key(way: gate.Way, key: str, stored: dict[str, str]) -> None:
    browser = Browser().log_in("M. de Wit", "technician", "supervisor", "counter", "reporter")
    token = browser.fields("/logout", "/account")["form_token"]
    data: dict[str, Any] = {"form_token": token, "once": key}
    answer = browser.client.post(path_of(way, stored["remarks"]), data=data, headers=SAME_SITE)
    assert (answer.status_code, "[form-refused]" in answer.text) == (403, True)


def test_only_logging_in_and_out_may_repeat() -> None:
    assert {way.path for way in WAYS if way.is_form and way.may_repeat} == {"/login", "/logout"}


@pytest.mark.slow
def test_when_it_is_not_known_what_came_of_it_nothing_is_added(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk was stopped while it answered."""
    browser = Browser().log_in("J. Bakker", "reporter")
    data = report(browser)
    monkeypatch.setattr(gate, "_WAIT_SECONDS", 0.2)
    with monkeypatch.context() as patch:
        patch.setattr(once, "settle", lambda *_: None)
        browser.client.post("/report", data=data, headers=SAME_SITE)
    answer = browser.client.post("/report", data=data, headers=SAME_SITE)
    assert (answer.status_code, "[form-sent]" in answer.text) == (409, True)
    assert len(list(store.every())) == 1


def test_what_was_sent_is_forgotten_after_a_day(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk_store.opened() as database:
        assert once.claim(database, "a") is None
        once.forget(database)
        assert once.claim(database, "a") == ""
        later = clock.written(clock.moment(clock.now()) + once.KEPT + timedelta(minutes=1))
        monkeypatch.setattr(clock, "now", lambda: later)
        once.forget(database)
        assert once.claim(database, "a") is None


def test_a_database_of_before_there_were_keys_gets_them(records: Path) -> None:
    accounts.add("J. Bakker", ("reporter",), PASSWORD)
    with sqlite3.connect(records / "desk.sqlite") as old:
        old.execute("DROP TABLE oplever_desk_forms")
        old.execute("UPDATE oplever_desk_about SET version = 1")
    old.close()
    assert [account.name for account in accounts.every()] == ["J. Bakker"]
    with desk_store.opened() as database:
        assert database.column("SELECT version FROM oplever_desk_about") == [desk_store.VERSION]
        assert once.claim(database, "a") is None
