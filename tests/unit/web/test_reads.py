"""Every page about a record, a case or a person is noted before it is shown: which page, what about, and who looked."""

from __future__ import annotations

import pytest
from desk_client import Browser, path_of, taken_in
from oplever.app import annexes
from oplever.app.desk import links, reads
from oplever.app.desk.permissions import ROLES
from oplever.store import desk as desk_store
from oplever.store import records_directory
from oplever.web.gate import Way
from oplever.web.routes import WAYS

NAMES_NOBODY = {
    "/records/{name}/run": "machines and tasks alone",
    "/records/{name}/run/events": "the same, as it goes on",
    "/records/{name}/prove": "it leads to the provider",
    "/proposals/{finding}": "",
}
ABOUT = [
    way
    for way in WAYS
    if way.method == "GET" and way.action != "public" and "{" in way.path and way.path not in NAMES_NOBODY
]


def newest() -> list[reads.Read]:
    with desk_store.opened() as database:
        return reads.newest(database)


@pytest.mark.parametrize("way", ABOUT, ids=lambda way: way.path)
def test_who_looks_is_noted(way: Way, stored: dict[str, str]) -> None:
    browser = Browser().log_in("K. Jansen", *ROLES)
    is_case = way.path.startswith(("/cases", "/reported"))
    name = taken_in(browser) if is_case else stored["remarks"]
    path = path_of(way, name)
    if "{digest}" in path_of(way, name) or "{digest}" in way.path:
        directory = records_directory() / name
        path = path.replace("0" * 64, annexes.attach(directory, "K. Jansen", b"x\n", "x.txt", "x").annexes[-1].sha256)
    if "{kind}" in way.path and is_case:
        path = path.replace("/hours", "/classified")
    if "{file}" in way.path:
        (records_directory() / name / "report.en.html").write_text("<p>")
    before = len(newest())
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    [read, *_] = newest()
    assert len(newest()) == before + 1
    assert (read.login, read.action, read.address) == ("k. jansen", path, "192.0.2.7")
    assert read.subject


def test_lists_of_what_names_people_are_noted_too(stored: dict[str, str]) -> None:
    browser = Browser().log_in("K. Jansen", *ROLES)
    for path in ("/cases", "/hours?week=2026-W48", "/overview/points", "/instructions", "/reads"):
        before = len(newest())
        browser.page(path)
        assert len(newest()) == before + 1, path


def test_who_comes_by_a_link_is_noted_without_the_link(stored: dict[str, str]) -> None:
    case = taken_in(Browser().log_in("K. Jansen", *ROLES))
    with desk_store.opened() as database:
        accept = links.make(database, "accept", stored["failed"], "J. Bakker", "K. Jansen")
        follow = links.make(database, "follow", case, "J. Bakker", "K. Jansen")
    Browser().page(f"/accept/{accept}")
    Browser().page(f"/follow/{follow}")
    assert [(read.login, read.action, read.subject) for read in newest()[:2]] == [
        ("", "/follow", case),
        ("", "/accept", stored["failed"]),
    ]
    page = Browser().log_in("A. Bakker", "auditor").page("/reads")
    assert "by a link" in page
    assert accept not in page


def test_what_was_refused_was_not_read(stored: dict[str, str]) -> None:
    browser = Browser().log_in("J. Bakker", "reporter")
    assert browser.get(f"/records/{stored['remarks']}").status_code == 403
    assert newest() == []
