"""Which formats there are, and how a record gets into one. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

from oplever.errors import OpleverError
from oplever.kinds import documents
from oplever.page.blocks import Page
from oplever.page.document import NO_PAPER, Paper
from oplever.page.translator import Translator
from oplever.record.model import Language, Record
from oplever.render import html, markdown, pdf


class Format(Protocol):
    """A format draws a page; it decides looks, never content. One module is one format."""

    def draw(self, page: Page) -> bytes:
        """The page as the bytes of a file."""


FORMATS: dict[str, Format] = {"md": markdown, "html": html, "pdf": pdf}
"""By suffix, quickest first: what goes wrong in a slow one leaves the others behind."""


def render(record: Record, fmt: str, language: Language) -> bytes:
    """One document of a record. `fmt` is a key of `FORMATS`; KeyError for any other."""
    return FORMATS[fmt].draw(documents.build(record, Translator(language)))


def draw_all(record: Record, paper: Paper = NO_PAPER) -> Iterator[tuple[str, bytes | None]]:
    """Name and content of every document: `report.<language>.<suffix>`, each drawn when it is asked for, PDF in all
    languages at once where that is faster. None for one whose format needs a library that is not installed."""
    pages = list(documents.build_all(record, paper))
    for suffix, fmt in FORMATS.items():
        workers = pdf.at_once(pages) if fmt is pdf else 1
        with ThreadPoolExecutor(workers) as pool:  # a thread waits for a process
            drawn = pool.map(partial(_drawn, fmt=fmt), pages) if workers > 1 else (_drawn(page, fmt) for page in pages)
            for page, content in zip(pages, drawn, strict=True):
                yield f"report.{page.language}.{suffix}", content


def _drawn(page: Page, fmt: Format) -> bytes | None:
    try:
        return fmt.draw(page)
    except OpleverError as problem:
        if problem.slug != "extra-missing":
            raise
        return None
