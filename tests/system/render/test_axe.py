"""axe-core finds nothing wrong for people who cannot see, hear or use a mouse: on pages over all records and in a
document, in both languages, light and dark, on a telephone, a tablet and a desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

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
LANGUAGES = ("nl", "en")
PAGES = ("index", "waiting", "machines", "decisions", "search", paths.machine("web1"), paths.group("web"))
# The page allows no style of its own, so that the colours are attributes.
FAULTY = '<img src="data:,"><table bgcolor="#777777"><tr><td><font color="#888888">grey</font></table></main>'
OPEN = "() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"
VIOLATIONS = """async (tags) => (
  await axe.run(document, tags ? {runOnly: {type: "tag", values: tags}} : {})
).violations.map(
  (violation) => violation.id + ": " + violation.nodes.slice(0, 3).map((node) => node.html).join(" | "))"""
COLOURS = ["cat.color"]
"""The rules of axe about colours; the light and the dark page differ in nothing else."""
SCHEMES: dict[Literal["light", "dark"], list[str] | None] = {"light": None, "dark": COLOURS}


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


def violations(page: Page, widths: tuple[int, ...] = WIDTHS) -> dict[str, Any]:
    """What axe says, by width and colours; nothing where it says nothing."""
    page.evaluate(AXE_FILE_PATH.read_text(encoding="utf-8"))
    answers: dict[str, Any] = {}
    for scheme, rules in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 1000})
            if wrong := page.evaluate(VIOLATIONS, rules):
                answers[f"{scheme} {width}"] = wrong
    return answers


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*PAGES, "report"])
def test_axe_finds_nothing(place: Path, name: str, language: str) -> None:
    with shown(place / f"{name}.{language}.html") as (page, _):
        closed = violations(page, WIDTHS[:1])  # what is folded cannot be too wide
        page.evaluate(OPEN)
        assert (closed, violations(page)) == ({}, {})


def test_axe_finds_what_is_wrong(place: Path) -> None:
    """The same look at a page in which names and a contrast were taken away."""
    source = (place / "machines.en.html").read_text(encoding="utf-8")
    damaged = place / "damaged.html"
    damaged.write_text(source.replace('<html lang="en"', "<html").replace("</main>", FAULTY))
    with shown(damaged) as (page, _):
        wrong = violations(page)
    assert len(wrong) == len(WIDTHS) * len(SCHEMES)
    assert {line.partition(":")[0] for line in wrong["light 1280"]} >= {"html-has-lang", "image-alt", "color-contrast"}
    assert {line.partition(":")[0] for line in wrong["dark 390"]} == {"color-contrast"}
