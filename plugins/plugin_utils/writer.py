"""The journal file: created once, appended to, never rewritten. Standard library only."""

from __future__ import annotations

import json
import os
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def utc_now() -> datetime:
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """Microseconds and Z, as every line carries it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def record_id(moment: datetime, playbook: str) -> str:
    """`<UTC start>-<playbook name>-<6 hex>`; a name is reduced to what every file system and shell takes."""
    name = re.sub(r"[^a-z0-9_-]+", "-", Path(playbook).stem.lower()).strip("-")[:60] or "playbook"
    return f"{moment.strftime('%Y%m%dT%H%M%SZ')}-{name}-{secrets.token_hex(3)}"


class JournalWriter:
    """Appends lines with a gap-free `seq`; one `write` per line, so a killed run loses at most the last line.

    Raises OSError from `__init__` when the directory or file cannot be made; afterwards an unwritable line is counted
    in `lost` and never raised: recording must not stop the work.
    """

    def __init__(self, records: Path, identifier: str) -> None:
        self.directory = records / identifier
        self.lines = 0
        self.lost = 0
        self.problem = ""
        records.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory.mkdir(mode=0o700)
        # O_EXCL and O_NOFOLLOW: a file or link planted under our name is not written to.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(self.directory / "journal.jsonl", flags, 0o600)

    def write(self, kind: str, **values: Any) -> None:
        line = {"seq": self.lines, "t": stamp(utc_now()), "kind": kind, **values}
        data = json.dumps(line, default=_type_name, separators=(",", ":")).encode("ascii") + b"\n"
        try:
            self._append(data)
        except OSError as error:
            self.lost += 1
            self.problem = error.strerror or str(error)
        else:
            self.lines += 1

    def _append(self, data: bytes) -> None:
        start = os.fstat(self._descriptor).st_size
        written = os.write(self._descriptor, data)
        if written < len(data):
            # Half a line would spoil the next one too: take it back, this line is lost.
            os.ftruncate(self._descriptor, start)
            raise OSError(28, "No space left on device")

    def close(self, reason: str) -> None:
        self.write("run_end", lines=self.lines, lost=self.lost, reason=reason)
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            self.problem = error.strerror or str(error)
        os.close(self._descriptor)

    def point_latest(self) -> None:
        """`latest` names the newest record; replaced in one step."""
        link = self.directory.parent / f".latest-{os.getpid()}"
        link.unlink(missing_ok=True)
        link.symlink_to(self.directory.name)
        link.replace(self.directory.parent / "latest")


def _type_name(value: object) -> str:
    """Never `str(value)`: that could decrypt or leak what is inside."""
    return f"<{type(value).__name__}>"
