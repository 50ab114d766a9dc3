"""record.json, documents and manifest of a record, made from its journal and entries."""

from __future__ import annotations

from pathlib import Path

from oplever import store
from oplever.files import locked, unreadable
from oplever.record.model import Record
from oplever.render.registry import render_all


def build(directory: Path) -> Record:
    """Make them again, from all that is there when it is our turn. Raises OpleverError."""
    try:
        with locked(directory):
            derived = store.load(directory)
            store.write_record(derived, directory)  # first: it is there when a document cannot be made
            render_all(derived, directory)
            store.write_manifest(directory)
            return derived
    except OSError as problem:
        raise unreadable(directory, problem) from None
