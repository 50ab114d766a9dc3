"""record.json, documents and manifest of a record, made from its journal and entries."""

from __future__ import annotations

from pathlib import Path

from oplever import store
from oplever.files import locked, unreadable, unwritable, write
from oplever.record.model import Record
from oplever.render.registry import draw_all


def build(directory: Path) -> Record:
    """Make them again, from all that is there when it is our turn. Raises OpleverError."""
    try:
        with locked(directory):
            derived = store.load(directory)
            store.write_record(derived, directory)  # first: it is there when a document cannot be made
            write_documents(derived, directory)
            store.write_manifest(directory)
            return derived
    except OSError as problem:
        raise unreadable(directory, problem) from None


def write_documents(record: Record, directory: Path) -> None:
    """`report.<language>.<suffix>` for every language and format, readable by the owner only.

    Each file replaces its predecessor at once, so a reader never sees half a document, and each is written before the
    next is drawn: what goes wrong in one leaves the others behind. An older one that cannot be made now is removed: it
    would say what is no longer so. Raises OpleverError (`file-unwritable`).
    """
    for name, content in draw_all(record):
        if content is None:
            _remove(directory / name)
        else:
            write(directory / name, content)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as problem:
        raise unwritable(path, problem) from None
