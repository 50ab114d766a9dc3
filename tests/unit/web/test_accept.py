"""A user accepts the work by a link that works once: signed on the screen or with a typed name."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pikepdf
import published
import pytest
from desk_client import SAME_SITE, Browser, files, text
from journals import Journal
from oplever import clock, store
from oplever.app import add as adding
from oplever.kinds.installation.chapters.acceptance import FormItem
from oplever.kinds.installation.chapters.acceptance import form as checklist
from oplever.page.blocks import CheckItem
from oplever.record.entries.acceptance import MOST_POINTS, is_drawing
from oplever.render.registry import render
from oplever.store import desk as desk_store
from oplever.web.views import accept
from stored import check, store_record

USER = "J. Bakker"
DRAWN = "M10 20L30 40L50 60M100 100L120 90"


def link(record: str, user: str = USER, name: str = "K. Jansen") -> str:
    """The path of a link that a technician made for this user."""
    page = Browser().log_in(name, "technician").send(f"/records/{record}/invite", user=user).text
    address = re.search(r'href="http://127.0.0.1:8765(/accept/[\w-]+)"', page)
    assert address, text(page)
    return address[1]


def answer(path: str, browser: Browser | None = None, **values: str) -> object:
    return (browser or Browser()).send(path, **{"verdict": "accepted", "typed": USER, **values})


def test_who_may_let_users_accept_finds_what_waits_for_one(records: Path) -> None:
    """Also at the counter, which reads no records."""
    journal = Journal(work_process="1.3")
    journal.add("play_start", play="q", name="Web", hosts="web", targets=["web1"], groups={"web1": ["web"]})
    check(journal, "web1", "pass")
    store_record(records, "20261123T100000Z-site-aaaaaa", journal.finish())
    counter = Browser().log_in("L. Smit", "counter")
    paths = re.findall(r'href="(/records/[^"]+)"', counter.page("/"))
    assert paths
    assert {counter.get(path).status_code for path in paths} == {200}


@pytest.mark.slow
def test_what_a_user_answers_is_in_the_record_as_said(records: Path) -> None:
    name = published.store(records, ["rejected"])["rejected"].name
    path = link(name)
    browser = Browser()
    page = browser.page(path)
    assert "You answer as J. Bakker. K. Jansen opened this page for you." in text(page)
    items = re.findall(r'<legend>([^<]*)</legend><label><input type="radio" name="(item-\w+)"', page)
    assert len(items) > 1
    values = {item: "yes" for _, item in items[1:]} | {items[0][1]: "no"}
    done = answer(
        path, browser, drawn=DRAWN, typed="", remarks="snel geholpen", verdict="accepted_with_rest_points", **values
    )
    assert done.status_code == 303, text(done.text)
    entry = store.read_entries(records / name)[-1]
    acceptance = store.load(records / name).acceptance
    assert (entry.by, acceptance.user, acceptance.opened_by, acceptance.drawn) == (USER, USER, "K. Jansen", DRAWN)
    assert (acceptance.verdict, acceptance.remarks) == ("accepted_with_rest_points", "snel geholpen")
    as_wanted = {item.item: item.as_wanted for item in acceptance.items}
    assert [value for value in as_wanted.values() if not value] == [False]
    shown = render(store.load(records / name), "html", "en").decode()
    assert f'<path d="{DRAWN}"/>' in shown
    assert "on a page that K. Jansen opened for them, signed on the screen, not with a key" in shown
    with pikepdf.open(io.BytesIO(render(store.load(records / name), "pdf", "en"))) as pdf:
        assert len(pdf.pages) > 0


@pytest.mark.slow
def test_a_link_works_once(stored: dict[str, str]) -> None:
    path = link(stored["failed"])
    browser = Browser()
    fields = browser.fields(path)

    def send(number: int) -> int:
        data = {**fields, "verdict": "accepted", "typed": USER, "once": f"{number:020}"}
        return int(browser.client.post(path, data=data, headers=SAME_SITE).status_code)

    with ThreadPoolExecutor(4) as pool:
        codes = sorted(pool.map(send, range(4)))
    assert codes == [303, 410, 410, 410]
    assert "Your answer is in the record" in browser.page(f"{path}/done")
    assert browser.get("/accept/" + "x" * 43 + "/done").status_code == 410
    assert browser.get(path).status_code == 410


def test_a_link_is_over_after_a_day_and_the_database_has_none(
    stored: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = link(stored["failed"])
    with desk_store.opened() as database:
        kept = database.column("SELECT token FROM oplever_desk_links")
    assert path.rpartition("/")[2] not in kept
    assert Browser().get(path).status_code == 200
    assert Browser().get(path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 410
    later = clock.written(clock.moment(clock.now()).replace(year=2099))
    monkeypatch.setattr(clock, "now", lambda: later)
    assert Browser().get(path).status_code == 410


@pytest.mark.slow
@pytest.mark.parametrize("typed", ["", "N. Obody", "   "])
def test_without_a_signature_nothing_is_added_and_the_link_goes_on_working(
    typed: str, stored: dict[str, str], records: Path
) -> None:
    path = link(stored["failed"])
    before = files(records)
    refused = answer(path, typed=typed, remarks="dit blijft staan")
    assert (refused.status_code, "it is not signed" in refused.text) == (422, True)
    assert "dit blijft staan" in refused.text
    assert files(records) == before
    assert answer(path).status_code == 303


def test_what_changed_meanwhile_is_not_accepted(stored: dict[str, str], records: Path) -> None:
    name = stored["failed"]
    path = link(name)
    browser = Browser()
    fields = browser.fields(path)
    adding.add(records / name, "rest-point", "S. Yilmaz", {"item": "kabel", "owner": "S. Yilmaz", "due": "2099-01-01"})
    data = {**fields, "verdict": "accepted", "typed": USER}
    refused = browser.client.post(path, data=data, headers=SAME_SITE)
    assert refused.status_code == 409
    assert "kabel" in refused.text  # what it is about now
    assert answer(path, browser).status_code == 303


def test_nobody_lets_the_executor_accept(stored: dict[str, str], records: Path) -> None:
    refused = Browser().log_in("K. Jansen", "technician").send(f"/records/{stored['failed']}/invite", user="s.yilmaz")
    assert (refused.status_code, "nobody accepts his own work" in refused.text) == (403, True)
    assert "--" not in text(refused.text)  # options of a command are no advice here
    assert 'value="s.yilmaz"' in refused.text  # it can be mended where it stands


@pytest.mark.parametrize(
    ("drawing", "is_one"),
    [
        (DRAWN, True),
        ("M0 0", True),
        ("M600 180", True),
        ("", False),
        ("M601 10", False),
        ("M10 181", False),
        ("M1 1Z", False),
        ('M1 1"/><script>alert(1)</script>', False),
        ("M1 1 url(https://evil.example)", False),
        ("L1 1", False),
        ("M1 1" * MOST_POINTS, True),
        ("M1 1" * (MOST_POINTS + 1), False),
    ],
    ids=lambda value: str(value)[:20],
)
def test_only_a_drawing_is_taken_for_one(drawing: str, is_one: bool, stored: dict[str, str], records: Path) -> None:
    assert is_drawing(drawing) is is_one
    path = link(stored["failed"])
    before = files(records)
    done = answer(path, drawn=drawing, typed="")
    assert done.status_code == (303 if is_one else 422)
    assert "<script>alert" not in done.text
    assert (files(records) == before) is not is_one


def test_the_square_says_the_link(stored: dict[str, str]) -> None:
    page = Browser().log_in("K. Jansen", "technician").send(f"/records/{stored['failed']}/invite", user=USER).text
    assert re.search(r'<img src="data:image/svg\+xml;base64,[^"]+" alt="http://127.0.0.1:8765/accept/', page)


def test_the_page_of_a_user_says_nothing_about_others(stored: dict[str, str]) -> None:
    page = text(Browser().page(link(stored["failed"])))
    for words in ("Hours", "Security", "Log out", "Records"):
        assert words not in page


def test_an_answer_stays_with_its_line_when_lines_came_before_it(
    stored: dict[str, str], records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the page was open somebody added to the record: what was answered is not put to other lines."""
    name = stored["remarks"]
    path, browser = link(name), Browser()
    page = browser.page(path)
    lines = re.findall(r'<legend>([^<]*)</legend><label><input type="radio" name="(item[^"]*)"', page)
    data = {**browser.fields(path), lines[0][1]: "no", "verdict": "accepted", "typed": USER}
    added = FormItem(CheckItem("De deur gaat open"), frozenset({"de deur gaat open", "the door opens"}))
    monkeypatch.setattr(accept, "checklist", lambda view, t: (added, *checklist(view, t)))
    adding.add(records / name, "rest-point", "S. Yilmaz", {"item": "kabel", "owner": "S. Yilmaz", "due": "2099-01-01"})
    refused = browser.client.post(path, data=data, headers=SAME_SITE)
    assert refused.status_code == 409
    chosen = re.findall(r'<legend>([^<]*)</legend>(?:(?!<legend>).)*value="no" checked', refused.text, re.DOTALL)
    assert chosen == [lines[0][0]]
