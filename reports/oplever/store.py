"""Records on disk: reading a journal, writing a document whole or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

import msgspec

from oplever.errors import OpleverError
from oplever.journal.reader import read
from oplever.record.derive import derive
from oplever.record.model import Record


def load(directory: Path) -> Record:
    """The record of a directory, derived from its journal. Raises OpleverError."""
    path = directory / "journal.jsonl"
    digest = hashlib.sha256()
    try:
        with path.open("rb") as journal:
            for block in iter(lambda: journal.read(1 << 20), b""):
                digest.update(block)
            journal.seek(0)
            return derive(read(journal, str(path)), digest.hexdigest())
    except FileNotFoundError:
        raise OpleverError(
            "journal-missing", f"{directory} has no journal.jsonl", "name the directory of a record, below records/"
        ) from None
    except OSError as problem:
        raise OpleverError(
            "file-unreadable", f"{path}: {problem.strerror}", "check who owns it and run oplever as that user"
        ) from None


def write_record(record: Record, directory: Path) -> Path:
    """record.json beside the journal, readable by its owner alone, replaced in one step. Raises OpleverError."""
    path = directory / "record.json"
    data = msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"
    temporary = directory / f".record-{secrets.token_hex(6)}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            target.write(data)
        temporary.replace(path)
    except OSError as problem:
        temporary.unlink(missing_ok=True)
        raise OpleverError(
            "file-unwritable", f"{path}: {problem.strerror}", "make room or make the directory writable, and try again"
        ) from None
    return path
