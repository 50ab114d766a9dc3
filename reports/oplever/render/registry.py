"""Which formats there are, and how a record gets into one. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from oplever.errors import OpleverError
from oplever.record.model import Language, Record
from oplever.render import html, markdown, pdf
from oplever.render.blocks import Page
from oplever.render.document import build_clean
from oplever.render.text import LANGUAGES, Translator
from oplever.render.view import View
from oplever.text import clean


class Format(Protocol):
    """A format draws a page; it decides looks, never content. One module is one format."""

    def draw(self, page: Page) -> bytes:
        """The page as the bytes of a file."""


FORMATS: dict[str, Format] = {"md": markdown, "html": html, "pdf": pdf}
"""By suffix, quickest first: what goes wrong in a slow one leaves the others behind."""


def render(record: Record, fmt: str, language: Language) -> bytes:
    """One document of a record. `fmt` is a key of `FORMATS`; KeyError for any other."""
    return FORMATS[fmt].draw(build_clean(View.of(clean(record)), Translator(language)))


def draw_all(record: Record) -> Iterator[tuple[str, bytes | None]]:
    """Name and content of every document: `report.<language>.<suffix>`, each drawn when it is asked for. None for one
    whose format needs a library that is not installed."""
    view = View.of(clean(record))
    pages = [build_clean(view, Translator(language)) for language in LANGUAGES]
    for suffix, fmt in FORMATS.items():
        for page in pages:
            yield f"report.{page.language}.{suffix}", _drawn(page, fmt)


def _drawn(page: Page, fmt: Format) -> bytes | None:
    try:
        return fmt.draw(page)
    except OpleverError as problem:
        if problem.slug != "extra-missing":
            raise
        return None
