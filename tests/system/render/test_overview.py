"""The pages over all records in a real browser: found, filtered, followed, printed; with and without script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import published
import pytest
from browser import shown
from oplever.app.publish import publish
from playwright.sync_api import Page, expect
from stored import store_record, visit

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
MANY = 120
REPEATED = ("machine-ws1", "machine-ws2", "machine-ws4", "machine-ws5", "machine-ws6")
"""Pages that are like another one."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    base = tmp_path_factory.mktemp("overview") / "records"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPLEVER_RECORDS", str(base))
        patch.delenv("OPLEVER_STORE", raising=False)
        published.store(base)
        for number in range(MANY):
            name = f"202609{1 + number // 24:02}T{number % 24:02}0000Z-verify-{number:06x}"
            store_record(base, name, visit(f"ws{number % 7}").finish(ok=4))
        delivered = next(base.glob("*d00001"))
        (delivered / "report.en.html").write_text("<!DOCTYPE html><title>the report</title>")
        publish(NOW, language="en")
    return base / "overview"


@contextmanager
def opened(path: Path, **options: object) -> Iterator[Page]:
    """A page; at the end the browser has complained about nothing and asked for nothing but files beside it."""
    with shown(path, **options) as (page, requests):
        yield page
    assert [url for url in requests if not url.startswith(path.parent.parent.as_uri())] == []


def test_from_the_start_to_a_report_in_two_languages(place: Path) -> None:
    with opened(place / "index.html") as page:
        page.get_by_role("link", name="Records", exact=True).click()
        page.get_by_role("link", name="November 2026").click()
        expect(page.get_by_role("heading", name="Records of November 2026")).to_be_visible()
        page.get_by_role("link", name="Nederlands").click()
        expect(page.get_by_role("heading", name="Dossiers van november 2026")).to_be_visible()
        page.get_by_role("link", name="Web server for the school's wiki").first.click()
        assert page.title() == "the report"


def test_a_machine_and_its_history(place: Path) -> None:
    with opened(place / "machines.en.html") as page:
        page.get_by_role("searchbox").fill("ws3")
        rows = page.locator("tbody tr:visible")
        expect(rows).to_have_count(1)
        rows.get_by_role("link", name="ws3").click()
        expect(page.get_by_role("heading", name="ws3")).to_be_visible()
        expect(page.locator("#part-course figure")).to_have_count(1)
        expect(page.locator("#part-history tbody tr")).to_have_count(len(range(3, MANY, 7)))


def test_everything_is_found_by_typing(place: Path) -> None:
    """Also what is not drawn yet."""
    with opened(place / "search.en.html") as page:
        assert "-verify-000002" not in page.content()
        page.get_by_role("searchbox").fill("verify-000002")
        rows = page.locator("tbody tr:visible")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("ws2")


@pytest.mark.parametrize("name", ["index", "machines", "records-2026-09", "trends", "search", "failing"])
def test_without_a_script_nothing_is_missing(place: Path, name: str) -> None:
    """The search says that it needs one, and where to look instead."""
    with opened(place / f"{name}.en.html", java_script_enabled=False) as page:
        expect(page.get_by_role("searchbox")).to_have_count(0)
        expect(page.get_by_text("Searching and filtering need a script")).to_be_visible()
        if name == "search":
            expect(page.get_by_text("To search, this page needs a script.")).to_be_visible()
        if name == "records-2026-09":
            expect(page.locator("tbody tr:visible")).to_have_count(MANY)


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_no_page_is_wider_than_the_window(place: Path, width: int) -> None:
    pages = [path for path in sorted(place.glob("*.html")) if not path.name.startswith(REPEATED)]
    assert len(pages) > 30
    with opened(pages[0]) as page:
        page.set_viewport_size({"width": width, "height": 900})
        too_wide = []
        for path in pages:
            page.goto(path.as_uri())
            if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                too_wide.append(path.name)
    assert too_wide == []


def test_a_sheet_for_the_door_is_one_page_of_a4(place: Path) -> None:
    sheet = next(place.glob("group-workstations-*.nl.html"), None) or next(place.glob("group-web-*.nl.html"))
    with opened(sheet) as page:
        printed = page.pdf(format="A4", print_background=True)
        page.emulate_media(media="print")
        expect(page.get_by_role("navigation")).to_have_count(0)
        expect(page.get_by_role("heading", name="Werkt er iets niet?")).to_be_visible()
    assert printed.count(b"/Type /Page\n") == 1
