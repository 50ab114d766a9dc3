"""axe-core finds nothing wrong on any page of the desk: in both languages, light and dark, on a telephone and a desk;
and each page fits at four times its size."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

import published
import pytest
from axe import SCHEMES, violations
from desk_browser import Open, browsers, fits, log_in, served
from desk_client import PASSWORD, category, empty_desk, path_of, picture
from oplever import store
from oplever.app import annexes, incidents
from oplever.app.desk import accounts, links
from oplever.store import desk as desk_store
from oplever.web.desk import Desk
from oplever.web.routes import WAYS
from oplever.web.views.overview import PAGES
from playwright.sync_api import Page

WIDTHS = (390, 1280)
NO_PAGES = ("/healthz", "/static/{file}", "/records/{name}/run/events", "/hours/sheet", "/records/{name}/{file}")
"""Ways that give something else than a page of the desk; documents have a test of their own."""


class Place(NamedTuple):
    desk: Desk
    opened: Open
    pages: dict[str, str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The desk with golden records, and the path of every page of it, by the way it belongs to."""
    complaints: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        base = empty_desk(patch, tmp_path_factory.mktemp("axe"))
        patch.setenv("OPLEVER_DOCUMENTS", "0")
        stored = {case: directory.name for case, directory in published.store(base).items()}
        record = stored["remarks"]
        annexes.attach(base / record, "K. Jansen", picture(), "kast.png", "De kast, voorkant")
        annexes.attach(base / record, "K. Jansen", b"meting\n", "meting.txt", "Wat er gemeten is")
        accounts.add("K. Jansen", ("reporter", "counter", "technician", "supervisor", "privacy", "auditor"), PASSWORD)
        reported = {
            "channel": "counter",
            "reporter": "K. Jansen",
            "category": category(),
            "text": "Het scherm is zwart",
        }
        case, _ = incidents.new(base, "K. Jansen", reported)
        with desk_store.opened() as database:
            accept = links.make(database, "accept", stored["failed"], "J. Bakker", "K. Jansen")
            follow = links.make(database, "follow", case.name, "J. Bakker", "K. Jansen")
        with served() as desk, browsers(complaints) as opened:
            yield Place(desk, opened, pages(record, case.name, accept, follow))
    refused = "the server responded with a status of 4"  # of what is not there, on purpose
    assert [complaint for complaint in complaints if refused not in complaint] == []


def pages(record: str, case: str, accept: str, follow: str) -> dict[str, str]:
    """Each way that is a page, with a path; forms are opened, and some are sent empty."""
    by_way = {
        "/cases/{name}": f"/cases/{case}",
        "/cases/{name}/annex": f"/cases/{case}/annex",
        "/cases/{name}/{kind}": f"/cases/{case}/classified",
        "/reported/{name}": f"/reported/{case}",
        "/accept/{token}": f"/accept/{accept}",
        "/follow/{token}": f"/follow/{follow}",
    }
    listed = {
        way.path: by_way.get(way.path) or path_of(way, record)
        for way in WAYS
        if way.method == "GET" and way.path not in NO_PAGES and "{digest}" not in way.path
    }
    listed |= {f"overview: {page}": f"/overview/{page}" for page in PAGES}
    return listed | {
        "a report by category": f"/report?category={category()}",
        "what is not there": "/records/none",
        "a link that was used": "/accept/" + "x" * 43,
        "hours of a person": "/hours?week=2026-W48&person=S.+Yilmaz",
    }


@pytest.mark.parametrize("language", ["nl", pytest.param("en", marks=pytest.mark.truth)])
def test_axe_finds_nothing_on_any_page(place: Place, language: str) -> None:
    page = log_in(place.opened({"nl": "nl-NL", "en": "en-GB"}[language]), place.desk, "K. Jansen")
    wrong = {}
    for name, path in place.pages.items():
        page.goto(place.desk.origin + path)
        keep(page, f"{name}.{language}")
        if violated := violations(page, WIDTHS):
            wrong[name] = violated
    assert wrong == {}


def keep(page: Page, name: str) -> None:
    """A picture for whoever wants to look: OPLEVER_PICTURES is where."""
    if directory := os.environ.get("OPLEVER_PICTURES"):
        stem = name.strip("/").replace("/", "-").replace("{", "").replace("}", "").replace(" ", "-") or "home"
        page.screenshot(path=f"{directory}/{stem}.png", full_page=True)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_form_that_was_refused_says_so_to_everybody(place: Place, language: str) -> None:
    page = log_in(place.opened({"nl": "nl-NL", "en": "en-GB"}[language]), place.desk, "K. Jansen")
    page.goto(place.desk.origin + place.pages["/records/{name}/annex"])
    page.locator("input[type=file]").set_input_files({"name": "x.exe", "mimeType": "a/b", "buffer": b"MZ\x00\x01"})
    page.locator("input[name=what]").fill("x")
    page.locator("form button.main").click()
    page.wait_for_selector("[role=alert]")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    keep(page, f"refused.{language}")
    assert violations(page, WIDTHS) == {}


def test_every_page_fits_at_four_times_its_size(place: Place) -> None:
    """1280 pixels at 400 % are 320."""
    page = log_in(place.opened(width=320), place.desk, "K. Jansen")
    assert [name for name, path in place.pages.items() if page.goto(place.desk.origin + path) and not fits(page)] == []


def test_a_file_is_added_with_the_keyboard_alone(place: Place) -> None:
    """But for the window of the system in which a file is chosen."""
    page = log_in(place.opened(), place.desk, "K. Jansen")
    page.goto(place.desk.origin + place.pages["/records/{name}"])
    follow_by_keyboard(page, "Foto of bestand toevoegen")
    page.wait_for_url("**/annex")
    page.locator("input[type=file]").set_input_files({"name": "k.txt", "mimeType": "text/plain", "buffer": b"kabels\n"})
    page.locator("input[type=file]").focus()
    page.keyboard.press("Tab")
    page.keyboard.type("Lijst van kabels")
    page.keyboard.press("Enter")
    page.wait_for_url("**" + place.pages["/records/{name}"])
    record = store.load(store.records_directory() / place.pages["/records/{name}"].rpartition("/")[2])
    assert record.annexes[-1].what == "Lijst van kabels"


def follow_by_keyboard(page: Page, words: str) -> None:
    """Tab until a link with these words has the focus, and follow it."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == words:
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"no way by keyboard to {words}")


@pytest.mark.parametrize("has_script", [True, False])
def test_enter_in_the_password_decides_nothing(place: Place, has_script: bool) -> None:
    """Of two buttons a browser would press the first: whoever typed why he rejects would have approved."""
    page = log_in(place.opened(java_script_enabled=has_script), place.desk, "K. Jansen")
    path = place.pages["/records/{name}/decide"]
    page.goto(place.desk.origin + path)
    page.locator("textarea[name=remarks]").fill("de kabel ligt los")
    page.locator("input[name=password]").fill(PASSWORD)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.locator("input[name=password]").press("Enter")
    page.goto(place.desk.origin + path)
    assert "POST" not in sent
    record = store.load(store.records_directory() / path.split("/")[2])
    assert record.accountability.decision is None


WAYS_OF_A_PAGE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
VISIBLE = f"""[...document.querySelectorAll("{WAYS_OF_A_PAGE}")]
  .filter((place) => place.checkVisibility() && place.tabIndex >= 0)"""


def test_every_page_is_gone_through_with_the_keyboard_alone(place: Place) -> None:
    """Tab comes everywhere in the order of the page, shows where it is, and leads out again."""
    page = log_in(place.opened(), place.desk, "K. Jansen")
    wrong = {}
    for name, path in place.pages.items():
        page.goto(place.desk.origin + path)
        page.evaluate(f"window.places = {VISIBLE}; document.body.tabIndex = -1; document.body.focus()")
        steps: list[tuple[int, bool]] = []
        # What can be scrolled is a stop as well, and no place of the page.
        for _ in range(3 * int(page.evaluate("places.length")) + 5):
            page.keyboard.press("Tab")
            number, has_outline = page.evaluate("""[places.indexOf(document.activeElement),
              getComputedStyle(document.activeElement).outlineStyle !== "none"]""")
            if steps and number == steps[0][0]:
                break
            if number >= 0:
                steps.append((number, has_outline))
        numbers = [number for number, _ in steps]
        # Of radio buttons with one name Tab reaches one; arrows choose among them.
        groups = page.evaluate("places.map((place) => place.type === 'radio' ? place.name : '')")
        missed = {number for number, group in enumerate(groups) if not group} - set(numbers)
        unseen = [number for number, has_outline in steps if not has_outline]
        if missed or unseen or numbers != sorted(numbers):
            wrong[name] = (missed, unseen, numbers)
    assert wrong == {}


def test_every_page_says_the_same_without_script(place: Place) -> None:
    """And has no button that does nothing."""
    with_script = log_in(place.opened(), place.desk, "K. Jansen")
    without = log_in(place.opened(java_script_enabled=False), place.desk, "K. Jansen")
    wrong = []
    for name, path in place.pages.items():
        texts = []
        for page in (with_script, without):
            page.goto(place.desk.origin + path)
            texts.append(page.locator("main").inner_text())
        dead = without.locator("button[type=button]:visible, canvas:visible").count()
        if dead or (texts[0] != texts[1] and not path.startswith(("/accept", "/reads"))):
            wrong.append((name, dead))
    assert wrong == []


# The page allows no style of its own, so that the colours are attributes.
FAULTY = """document.querySelector('main').insertAdjacentHTML('beforeend',
  '<table bgcolor="#777777"><tr><td><font color="#888888">grey</font></td></tr></table>')"""


def test_axe_sees_what_is_wrong(place: Place) -> None:
    page = log_in(place.opened(), place.desk, "K. Jansen")
    page.evaluate("document.documentElement.removeAttribute('lang')")
    page.evaluate(FAULTY)
    assert len(violations(page, WIDTHS)) == len(WIDTHS) * len(SCHEMES)
