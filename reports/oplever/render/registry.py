"""Which formats there are, and how a document gets to a file."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Protocol

from oplever.errors import OpleverError
from oplever.record.model import Language, Record
from oplever.render import html, markdown, pdf
from oplever.render.blocks import Page
from oplever.render.clean import clean
from oplever.render.document import build_clean
from oplever.render.text import LANGUAGES, Translator
from oplever.render.view import View


class Format(Protocol):
    """A format draws a page; it decides looks, never content. One module is one format."""

    def draw(self, page: Page) -> bytes:
        """The page as the bytes of a file."""


FORMATS: dict[str, Format] = {"md": markdown, "html": html, "pdf": pdf}
"""By suffix, quickest first: what goes wrong in a slow one leaves the others behind."""


def render(record: Record, fmt: str, language: Language) -> bytes:
    """One document of a record. `fmt` is a key of `FORMATS`; KeyError for any other."""
    return FORMATS[fmt].draw(build_clean(View.of(clean(record)), Translator(language)))


def render_all(record: Record, directory: Path) -> list[Path]:
    """Write `report.<language>.<suffix>` for every language and format, readable by the owner only.

    Each file replaces its predecessor at once, so a reader never sees half a document.
    Raises OpleverError (`file-unwritable`) when the directory cannot be written.
    """
    view = View.of(clean(record))
    pages = [build_clean(view, Translator(language)) for language in LANGUAGES]
    written = []
    for suffix, fmt in FORMATS.items():
        for page in pages:
            path = directory / f"report.{page.language}.{suffix}"
            _write(path, fmt.draw(page))
            written.append(path)
    return written


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        advice = "Make the directory writable for you and its disk not full, then run: oplever report"
        raise OpleverError("file-unwritable", f"cannot write {path}: {reason}", advice) from error
