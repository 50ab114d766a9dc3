"""A new record from what an importer found: its journal first, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from oplever import __version__
from oplever._shared import sequence
from oplever._shared.text import one_line, slug
from oplever.files import unwritable
from oplever.journal.importers.imported_run import Line, Source
from oplever.journal.reader import FORMAT, VERSION

_UNKNOWN: dict[str, Any] = {
    "pid": 0,
    "boot_id": None,
    "controller": "",
    "account": "",
    "person": None,
    "cwd": "",
    "command": [],
    "check_mode": None,
    "diff_mode": False,
    "limit": None,
    "tags": [],
    "skip_tags": [],
    "start_at": None,
    "inventories": [],
    "files": {},
    "commit": None,
    "dirty": None,
    "work_process": None,
    "assignment": None,
}
"""Values of the fields of `run_start` that another tool does not keep."""
_UNKNOWN_AT_END: dict[str, Any] = {"clock_shift": 0.0, "collections": {}}
"""Likewise of `run_end`."""


class _Imported(Struct):
    tool: str = ""
    digest: str = ""
    run: str | None = None


class _Start(Struct):
    imported: _Imported | None = None


def existing_record(source: Source, records: Path) -> Path | None:
    """The record that this run was imported into before, when it is still there."""
    for directory in sorted(records.glob(f"{_moment_and_playbook(source)}-??????")):
        with contextlib.suppress(OSError, msgspec.DecodeError), (directory / "journal.jsonl").open("rb") as journal:
            origin = msgspec.json.decode(journal.readline(), type=_Start).imported
            # The data may have grown since: a database of ARA does with each run. The run itself has not.
            if origin and (origin.tool, origin.run or origin.digest) == (source.tool, source.run or source.digest):
                return directory
    return None


def write(source: Source, records: Path) -> Path:
    """The directory of the new record, readable by its owner alone. Nothing is left when it fails.

    Raises OpleverError: what the importer finds while it reads, or `file-unwritable`.
    """
    name = f"{_moment_and_playbook(source)}-{secrets.token_hex(3)}"
    draft = records / f".import-{secrets.token_hex(6)}"
    try:
        records.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.mkdir(mode=0o700)
        try:
            with open(os.open(draft / "journal.jsonl", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as journal:
                for line in journal_lines(source, name):
                    journal.write(line)
                journal.flush()
                os.fsync(journal.fileno())
            draft.rename(records / name)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    except OSError as problem:
        raise unwritable(records, problem) from None
    return records / name


def journal_lines(source: Source, name: str) -> Iterator[bytes]:
    """The whole journal of a record called `name`."""
    start = dict(source.start)
    t = start.pop("t")
    versions = {
        "ansible": None,
        "python": None,
        "collection": None,
        **start.pop("versions", {}),
        f"imported from {source.tool}": source.version or "version not recorded",  # so that every document says so
    }
    imported = {
        "tool": source.tool,
        "version": source.version,
        "digest": source.digest,
        "run": source.run or None,
        "by": f"oplever {__version__}",
    }
    head = {"format": FORMAT, "version": VERSION, "id": name, "imported": imported, "versions": versions}
    yield _encode(0, Line(t, "run_start", {**_UNKNOWN, **start, **head}))
    count, last, finished = 1, t, False
    for line in source.lines:
        yield _encode(count, line)
        count, last = count + 1, max(last, line.t)
        finished = line.kind == "stats"
    reason = {"reason": "finished"} if finished else {"reason": _why(source), "stopped": {"code": "data_end"}}
    end = {"lines": count, "lost": source.lost, **reason, **_UNKNOWN_AT_END}
    yield _encode(
        count, Line(last, "run_end", {**end, "exit_code": source.exit_code, "outcome": one_line(source.outcome, 100)})
    )


def _why(source: Source) -> str:
    """Why there is no recap, as far as the other tool says."""
    code = "" if source.exit_code is None else f"exit code {source.exit_code}"
    word = ", ".join(filter(None, (one_line(source.outcome, 100), code)))
    reason = f"the data of {source.tool} end before the recap"
    return f"{reason} ({word})" if word else reason


def _encode(seq: int, line: Line) -> bytes:
    return msgspec.json.encode({"seq": seq, "t": line.t, "kind": line.kind, **line.fields}) + b"\n"


def _moment_and_playbook(source: Source) -> str:
    """How the name of its record begins, as with the callback; what makes it unique comes after."""
    began = datetime.fromisoformat(source.start["t"])
    playbook = slug(Path(source.playbook).stem or "import")
    return f"{sequence.stamp(began)}-{playbook}"
