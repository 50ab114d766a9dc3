"""Records on disk, the index over them, their manifests and signatures, and how long they are kept.

A list asks the index alone: what reads whole records is imported when somebody asks for it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oplever.store.manifest import MANIFEST
    from oplever.store.places import ENTRIES, JOURNAL, every, find, is_named, records_directory, with_ending
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

_MODULES = {
    "oplever.store.manifest": ("MANIFEST",),
    "oplever.store.places": ("ENTRIES", "JOURNAL", "every", "find", "is_named", "records_directory", "with_ending"),
    "oplever.store.records": (
        "RECORD", "Examined", "Sources", "create", "examine", "load", "read_entries", "sources", "write_record",
    ),
}  # fmt: skip
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

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
    "is_named",
    "load",
    "read_entries",
    "records_directory",
    "sources",
    "with_ending",
    "write_record",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_MODULE_OF[name]), name)
    return value
