"""Records on disk, the index over them, their manifests and signatures, and how long they are kept."""

from __future__ import annotations

from oplever.files import write
from oplever.store.manifest import MANIFEST
from oplever.store.places import ENTRIES, JOURNAL, every, find, records_directory
from oplever.store.records import (
    RECORD,
    Examined,
    Sources,
    create,
    examine,
    load,
    read_entries,
    sources,
    write_record,
)

__all__ = [
    "ENTRIES",
    "JOURNAL",
    "MANIFEST",
    "RECORD",
    "Examined",
    "Sources",
    "create",
    "every",
    "examine",
    "find",
    "load",
    "read_entries",
    "records_directory",
    "sources",
    "write",
    "write_record",
]
