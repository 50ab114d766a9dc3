"""The page of a record, in the layout of its kind."""

from __future__ import annotations

from collections.abc import Iterator

from oplever.kinds import registry
from oplever.page import document
from oplever.page.blocks import Page
from oplever.page.document import NO_PAPER, Paper
from oplever.page.translator import LANGUAGES, Translator
from oplever.page.view import View
from oplever.record.model import Record
from oplever.text import clean


def build(record: Record, t: Translator) -> Page:
    """The whole document of a record in one language."""
    return document.build(View.of(clean(record)), registry.of(record).layout, t)


def build_all(record: Record, paper: Paper = NO_PAPER) -> Iterator[Page]:
    """The whole document in every language."""
    view, layout = View.of(clean(record)), registry.of(record).layout
    for language in LANGUAGES:
        yield document.build(view, layout, Translator(language), paper)
