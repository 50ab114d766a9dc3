"""A document of many machines in a real browser: it opens without a request, and what is packed can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fleet
import pytest
from browser import shown
from golden import outputs
from oplever.journal.reader import read
from oplever.kinds.derive import derive
from oplever.render.registry import render
from playwright.sync_api import Page, expect

HOSTS = 60
BROKEN = """() => {
  document.querySelectorAll("details").forEach((fold) => { fold.open = true; });
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) {
    const node = walk.currentNode;
    if (node.parentElement.closest("code, script, style, svg")) continue;
    for (const word of node.textContent.matchAll(/(?<=^|\\s)[\\p{L}-]{2,16}(?=\\s|$)/gu)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (lines.size > 1 && !word[0].includes("-")) found.push(word[0]);
    }
  }
  return found;
}"""
"""Words that stand on two lines."""
SPOKEN = """() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = {};
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim();
    if (text) (found[text] ??= []).push(walk.currentNode.parentElement.closest("[lang]").lang);
  }
  return found;
}"""
"""Every text that the browser shows, with the languages that it says them in."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("many") / "report.html"
    path.write_bytes(render(derive(read(fleet.lines(HOSTS, tasks=8, tests=4, controls=60))), "html", "en"))
    return path


@contextmanager
def opened(report: Path) -> Iterator[Page]:
    """The report, opened; at the end the browser has complained about nothing and asked for nothing else."""
    with shown(report) as (page, requests):
        yield page
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert requests == [report.as_uri()]


@pytest.fixture
def page(report: Path) -> Iterator[Page]:
    with opened(report) as page:
        yield page


def test_a_table_shows_more_and_is_filtered_whole(page: Page) -> None:
    """Also the rows that are not drawn."""
    fold = page.locator("#section-baseline details.fold", has_text="Other controls: accounts and shells").first
    fold.locator("summary").first.click()
    rows = fold.locator("tbody tr:visible")
    expect(rows).to_have_count(100)
    fold.get_by_role("button", name="more rows").click()
    expect(rows).to_have_count(200)
    fold.get_by_role("searchbox").fill("pc0059 -000")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("ACC-000")
    fold.get_by_role("searchbox").fill("")
    expect(rows).to_have_count(100)


def test_one_machine_is_found_among_many(page: Page) -> None:
    steps = page.locator("#section-steps > details.fold")
    steps.locator("summary").first.click()
    expect(steps.locator(":scope > details.fold:visible")).to_have_count(24)
    steps.locator(":scope > .filter input").fill("pc0042")
    machines = steps.locator(":scope > details.fold:visible")
    expect(machines).to_have_count(1)
    machines.locator("summary").first.click()
    expect(machines.locator("tbody tr").first).to_be_attached()
    machines.get_by_text("role0", exact=True).click()
    expect(machines.get_by_text("Task 00 of the work")).to_be_visible()


def test_search_finds_what_is_not_drawn_and_leads_there(page: Page) -> None:
    assert "/etc/app7.conf" not in page.content()
    search = page.get_by_label("Search in everything")
    search.fill("pc0033 /etc/app7.conf")
    search.press("Enter")
    hit = page.locator(".hits button", has_text="Settings of 60 machines alike")
    hit.click()
    fold = page.locator("details.fold:visible", has_text="Settings of 60 machines alike").last
    expect(fold.get_by_text("/etc/app7.conf")).to_be_visible()


def test_a_dutch_page_says_english_in_english(tmp_path: Path) -> None:
    report = tmp_path / "report.nl.html"
    report.write_bytes(render(outputs.record("failed"), "html", "nl"))
    with opened(report) as page:
        spoken = page.evaluate(SPOKEN)
    assert set(spoken["Unable to start service mariadb: exit code 1"]) == {"en"}
    assert set(spoken["Start the database"]) == {"en"}
    assert set(spoken["value = 200"]) == {"en"}
    assert set(spoken["Vraagt aandacht"]) == set(spoken["nginx.answers is zoals verwacht"]) == {"nl"}


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["delivered", "remarks"])
def test_no_word_is_broken(name: str, width: int, tmp_path: Path) -> None:
    report = tmp_path / "report.nl.html"
    report.write_bytes(render(outputs.record(name), "html", "nl"))
    with opened(report) as page:
        page.set_viewport_size({"width": width, "height": 1000})
        assert page.evaluate(BROKEN) == []
