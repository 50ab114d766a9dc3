"""What an importer hands over: a run in words of the journal, before it has a place on disk."""

from __future__ import annotations

import codecs
import errno
import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from oplever import clock
from oplever.errors import OpleverError
from oplever.files import bounded, sha256, unreadable
from oplever.messages import M_

LARGEST_BYTES = 512 * 1024 * 1024
"""Of one file; more is no recording of a run."""


class Line(Struct, frozen=True):
    """One line of a journal without its number; `t` as in the journal."""

    t: str
    kind: str
    fields: dict[str, Any]


class Source(Struct, frozen=True):
    """`digest` is the SHA-256 of what was read, `start` fields of `run_start` that the tool knows and
    its time `t`, `lost` the number of events that are known to be missing. `run` is the uuid of its first play, which
    Ansible gives to no other run; empty when it came to no play. `outcome` is the other tool's own word for how the
    run ended, `exit_code` that of Ansible; empty and None where the tool keeps none."""

    tool: str
    version: str | None
    digest: str
    playbook: str
    start: dict[str, Any]
    lines: Iterable[Line]
    lost: int = 0
    run: str = ""
    outcome: str = ""
    exit_code: int | None = None


class Importer(Protocol):
    """Reads one format. Raises OpleverError (`import-foreign`, `import-broken`) that names file and line."""

    def __call__(self, path: Path) -> list[Source]: ...


def foreign(path: Path, format_name: str) -> OpleverError:
    """The path holds something else, or nothing."""
    if not path.exists():
        return unreadable(path, FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
    return OpleverError(
        "import-foreign",
        M_("{path} is not {format_name}", path=path, format_name=format_name),
        M_("see: oplever import --help"),
    )


def broken(place: str, why: str) -> OpleverError:
    return OpleverError(
        "import-broken",
        M_("{place}: {why}", place=place, why=why),
        M_("nothing was imported; export it again from the other tool and retry"),
    )


def read(path: Path, format_name: str) -> bytes:
    """A whole file of bounded size."""
    try:
        return bounded(path, LARGEST_BYTES)
    except (FileNotFoundError, IsADirectoryError):
        raise foreign(path, format_name) from None
    except OSError as problem:
        if problem.errno == errno.EFBIG:
            raise broken(str(path), M_("larger than {value} MB", value=LARGEST_BYTES // 2**20)) from None
        raise unreadable(path, problem) from None


def decode(content: bytes, path: Path) -> Any:
    """JSON; a damaged file is reported with its line. A byte order mark before it, as editors write one, is nothing of
    it."""
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise broken(
            M_("{path}, line {content}", path=path, content=_line_of_damage(content)), M_("cut short, or not JSON")
        ) from None


def _line_of_damage(content: bytes) -> int:
    try:
        json.loads(content)
    except json.JSONDecodeError as problem:
        return problem.lineno
    except (ValueError, RecursionError):
        pass
    return 1


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 over names and contents, in this order."""
    combined = hashlib.sha256()
    for path in paths:
        combined.update(f"{path.name} {sha256(path)}\n".encode())
    return combined.hexdigest()


def moment(value: object, place: str) -> str:
    """An ISO 8601 time, UTC when it has no zone, as the journal writes it."""
    try:
        return clock.written(clock.recorded(str(value)))
    except ValueError:
        raise broken(place, M_("no time can be read in {value}", value=repr(str(value)[:40]))) from None
