"""axe-core finds nothing wrong for people who cannot see, hear or use a mouse: on pages over all records and in a
document, in both languages, light and dark, on a telephone, a tablet and a desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import published
import pytest
from axe import SCHEMES, violations
from browser import shown
from golden import outputs
from oplever.app.publish import publish
from oplever.overview import paths
from oplever.render.registry import render

WIDTHS = (390, 768, 1280)
LANGUAGES = ("nl", "en")
PAGES = ("index", "waiting", "machines", "decisions", "search", paths.machine("web1"), paths.group("web"))
# The page allows no style of its own, so that the colours are attributes.
FAULTY = '<img src="data:,"><table bgcolor="#777777"><tr><td><font color="#888888">grey</font></table></main>'
OPEN = "() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"


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


@pytest.mark.parametrize("language", ["nl", pytest.param("en", marks=pytest.mark.truth)])
@pytest.mark.parametrize("name", [*PAGES, "report"])
def test_axe_finds_nothing(place: Path, name: str, language: str) -> None:
    with shown(place / f"{name}.{language}.html") as (page, _):
        closed = violations(page, WIDTHS[:1])  # what is folded cannot be too wide
        page.evaluate(OPEN)
        assert (closed, violations(page, WIDTHS)) == ({}, {})


def test_axe_finds_what_is_wrong(place: Path) -> None:
    """The same look at a page in which names and a contrast were taken away."""
    source = (place / "machines.en.html").read_text(encoding="utf-8")
    damaged = place / "damaged.html"
    damaged.write_text(source.replace('<html lang="en"', "<html").replace("</main>", FAULTY))
    with shown(damaged) as (page, _):
        wrong = violations(page, WIDTHS)
    assert len(wrong) == len(WIDTHS) * len(SCHEMES)
    assert {line.partition(":")[0] for line in wrong["light 1280"]} >= {"html-has-lang", "image-alt", "color-contrast"}
    assert {line.partition(":")[0] for line in wrong["dark 390"]} == {"color-contrast"}
