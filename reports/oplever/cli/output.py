"""Words for the terminal. Everything that came from a machine goes through `oplever.text.printable`."""

from __future__ import annotations

from pathlib import Path

from oplever.record.model import Record
from oplever.render.text import Translator
from oplever.render.words import reason_text
from oplever.text import printable


def summary(record: Record) -> str:
    """The verdict as record.json has it, and its reasons in words."""
    t = Translator("en")
    reasons = [f"  - {printable(reason_text(t, reason))}" for reason in record.document.reasons]
    return "\n".join([f"verdict: {record.verdict}", *reasons])


def without_pdf(directory: Path) -> str:
    """A line, newline included, when the documents of a record were made without PDF; else nothing."""
    made = (directory / "report.nl.pdf").exists() or not (directory / "report.nl.html").exists()
    return "" if made else "documents: without PDF, which needs: pip install 'oplever[pdf]'\n"


def short(path: Path) -> str:
    """A path as somebody standing here would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
