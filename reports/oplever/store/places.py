"""Where records are: directories with a journal or entries, below one directory for all of them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from oplever import config
from oplever._shared import sequence
from oplever._shared.sequence import ENTRIES, JOURNAL
from oplever.errors import OpleverError
from oplever.files import unreadable
from oplever.messages import M_

__all__ = ["ENTRIES", "JOURNAL", "every", "find", "is_named", "records_directory", "with_ending"]

_ENDING = re.compile(r"(?:\[?INC[ -]?|#)?([0-9a-f]{6})\]?", re.IGNORECASE)
"""The end of a name, also as a mail has it: `[INC 3f9c1a]`."""
_NAME = re.compile(r"latest|\d{8}T\d{6}Z-[\w.-]+", re.IGNORECASE)


def records_directory() -> Path:
    return config.records()


def find(name: str) -> Path:
    """The directory of a record by path, by the path of a file in it, by name below the records, or by the last six
    characters of that name. `latest` is the newest one also where the link of that name was lost, as copying to another
    file system does. Upper and lower case of a name make no difference.

    Raises OpleverError (`record-unknown`).
    """
    name = name.strip()
    places = (Path(name), records_directory() / name) if name else ()
    for place in places:
        with contextlib.suppress(OSError, ValueError):  # a name that no file can have
            directory = place.parent if place.is_file() and _is_record(place.parent) else place
            if _is_record(directory) or (directory.is_dir() and directory.resolve() != Path.cwd()):
                return directory.resolve()
    if ending := with_ending(name):
        return ending
    newest = next(every(), None)
    if newest and name.casefold() == sequence.LATEST:
        return newest.resolve()
    if alike := [directory for directory in every() if directory.name.casefold() == name.casefold()]:
        return alike[0].resolve()
    records, advice = records_directory(), M_("run a playbook first, or list the records: oplever list")
    if newest is None:
        raise OpleverError("record-unknown", M_("there is no record yet in {records}", records=records), advice)
    raise OpleverError(
        "record-unknown", M_("there is no record {name} in {records}", name=name, records=records), advice
    )


def _is_record(directory: Path) -> bool:
    return (directory / JOURNAL).is_file() or (directory / ENTRIES).is_file()


def with_ending(ending: str, kind: str = "*") -> Path | None:
    """The directory of the one record whose name ends so, as people say and write it; None when there is none.

    Raises OpleverError (`record-unknown`) when there are several: records of two desks can have the same end.
    """
    match = _ENDING.fullmatch(ending.strip())
    matching = sorted(records_directory().glob(f"{kind}-{match[1].lower()}")) if match else []
    if len(matching) > 1:
        raise OpleverError(
            "record-unknown",
            M_("{count} records are named {name}", count=len(matching), name=ending),
            M_("name it whole: {names}", names=", ".join(path.name for path in matching)),
        )
    return matching[0].resolve() if matching else None


def is_named(text: str) -> bool:
    """Whether a text can only be the name of a record of this desk, whole or by its end."""
    return bool(_NAME.fullmatch(text) or _ENDING.fullmatch(text))


def every(base: Path | None = None) -> Iterator[Path]:
    """The directories of all records, the one made last first. Raises OpleverError (`file-unreadable`)."""
    base = base or records_directory()
    try:
        yield from (base / name for name in sequence.newest_in(str(base), datetime.now(UTC)))
    except FileNotFoundError:
        return
    except OSError as problem:
        raise unreadable(base, problem) from None
