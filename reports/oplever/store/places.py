"""Where records are: directories with a journal or entries, below one directory for all of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from oplever import config
from oplever._shared import sequence
from oplever._shared.sequence import ENTRIES, JOURNAL
from oplever.errors import OpleverError
from oplever.files import unreadable
from oplever.messages import M_

__all__ = ["ENTRIES", "JOURNAL", "every", "find", "records_directory"]


def records_directory() -> Path:
    return config.records()


def find(name: str) -> Path:
    """The directory of a record by path or by name below the records. Raises OpleverError (`record-unknown`)."""
    for directory in (Path(name), records_directory() / name):
        with contextlib.suppress(OSError, ValueError):  # a name that no file can have
            if (directory / JOURNAL).is_file() or (directory.is_dir() and directory.resolve() != Path.cwd()):
                return directory.resolve()
    raise OpleverError(
        "record-unknown",
        M_("there is no record {name}", name=name),
        M_("run a playbook first, or list the records: oplever list"),
    )


def every(base: Path | None = None) -> Iterator[Path]:
    """The directories of all records, the one made last first. Raises OpleverError (`file-unreadable`)."""
    base = base or records_directory()
    try:
        yield from (base / name for name in sequence.newest_in(str(base), datetime.now(UTC)))
    except FileNotFoundError:
        return
    except OSError as problem:
        raise unreadable(base, problem) from None
