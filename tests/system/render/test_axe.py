"""axe-core finds nothing wrong for people who cannot see, hear or use a mouse: on pages over all records and in a
document, in both languages, light and dark, on a telephone, a tablet and a desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import published
import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from browser import shown
from golden import outputs
from oplever.app.publish import publish
from oplever.overview import paths
from oplever.render.registry import render
from playwright.sync_api import Page

WIDTHS = (390, 768, 1280)
SCHEMES = ("light", "dark")
LANGUAGES = ("nl", "en")
PAGES = ("index", "waiting", "machines", "decisions", "search", paths.machine("web1"), paths.group("web"))
OPEN = "() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"
FOUND = """async () => (await axe.run()).violations.map(
  (one) => one.id + ": " + one.nodes.slice(0, 3).map((node) => node.html).join(" | "))"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    base = tmp_path_factory.mktemp("axe") / "records"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPLEVER_RECORDS", str(base))
        patch.delenv("OPLEVER_STORE", raising=False)
        published.store(base)
        publish(datetime(2026, 11, 26, 12, tzinfo=UTC))
    for language in LANGUAGES:
        report = base / "overview" / f"report.{language}.html"
        report.write_bytes(render(outputs.record("failed"), "html", language))
    return base / "overview"


def violations(page: Page) -> dict[str, Any]:
    """What axe says, by width and colours; nothing where it says nothing."""
    page.evaluate(AXE_FILE_PATH.read_text(encoding="utf-8"))
    said: dict[str, Any] = {}
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 1000})
            if wrong := page.evaluate(FOUND):
                said[f"{scheme} {width}"] = wrong
    return said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*PAGES, "report"])
def test_axe_finds_nothing(place: Path, name: str, language: str) -> None:
    with shown(place / f"{name}.{language}.html") as (page, _):
        closed = violations(page)
        page.evaluate(OPEN)
        assert (closed, violations(page)) == ({}, {})


def test_axe_finds_what_is_wrong(place: Path) -> None:
    """The same look at a page in which a name and a contrast were taken away."""
    source = (place / "machines.en.html").read_text(encoding="utf-8")
    damaged = place / "damaged.html"
    damaged.write_text(source.replace('<html lang="en"', "<html").replace("</main>", '<img src="data:,"></main>'))
    with shown(damaged) as (page, _):
        wrong = violations(page)
    assert len(wrong) == len(WIDTHS) * len(SCHEMES)
    assert {line.partition(":")[0] for line in wrong["light 1280"]} >= {"html-has-lang", "image-alt"}
