"""Records on disk: finding one, reading its journal and entries, writing documents whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import msgspec

from oplever.errors import OpleverError
from oplever.journal.reader import read
from oplever.record import entries
from oplever.record.derive import derive
from oplever.record.entries import AFTER_APPROVAL, Entry
from oplever.record.model import Record

JOURNAL, ENTRIES, RECORD, MANIFEST = "journal.jsonl", "entries.jsonl", "record.json", "manifest.json"


class Listed(msgspec.Struct, frozen=True):
    """One file of a record as it was written."""

    name: str
    sha256: str
    size_bytes: int


def records_directory() -> Path:
    """Where records are: `$OPLEVER_RECORDS`, else `records` here."""
    return Path(os.environ.get("OPLEVER_RECORDS") or "records")


def find(name: str) -> Path:
    """The directory of a record by path or by name below the records. Raises OpleverError (`record-unknown`)."""
    for directory in (Path(name), records_directory() / name):
        if (directory / JOURNAL).is_file() or (directory.is_dir() and directory.resolve() != Path.cwd()):
            return directory.resolve()
    raise OpleverError(
        "record-unknown", f"there is no record {name}", "run a playbook first, or see which there are: oplever list"
    )


def every() -> Iterator[Path]:
    """The directories of all records, newest first."""
    base = records_directory()
    if base.is_dir():
        yield from sorted(
            (path for path in base.iterdir() if not path.is_symlink() and (path / JOURNAL).is_file()), reverse=True
        )


def load(directory: Path) -> Record:
    """The record of a directory, derived from its journal and entries. Raises OpleverError."""
    path = directory / JOURNAL
    try:
        with path.open("rb") as journal:
            digest = hashlib.file_digest(journal, "sha256").hexdigest()
            journal.seek(0)
            return derive(read(journal, str(path)), digest, read_entries(directory))
    except FileNotFoundError:
        raise OpleverError(
            "journal-missing", f"{directory} has no journal.jsonl", "name the directory of a record, below records/"
        ) from None
    except OSError as problem:
        raise _unreadable(path, problem) from None


def read_entries(directory: Path) -> tuple[Entry, ...]:
    """What people added; nothing when there is no file. Raises OpleverError."""
    path = directory / ENTRIES
    try:
        with path.open("rb") as lines:
            return entries.parse(lines, str(path))
    except FileNotFoundError:
        return ()
    except OSError as problem:
        raise _unreadable(path, problem) from None


def add(directory: Path, entry: Entry) -> None:
    """Append an entry, on disk before it returns. Raises OpleverError (`record-approved`, `file-unwritable`)."""
    path = directory / ENTRIES
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "rb+", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # two people may add at once
            if load(directory).status == "approved" and entry.kind not in AFTER_APPROVAL:
                advice = "add a correction, or let the supervisor decide again: oplever add decision"
                raise OpleverError("record-approved", f"{directory.name} is approved and stays as it is", advice)
            before = file.seek(0, os.SEEK_END)
            try:
                _write_whole(file.fileno(), entries.line(entry))
            except OSError:
                file.truncate(before)  # a full disk leaves no half line
                raise
    except OSError as problem:
        raise _unwritable(path, problem) from None


def write_record(record: Record, directory: Path) -> Path:
    """record.json beside the journal. Raises OpleverError (`file-unwritable`)."""
    path = directory / RECORD
    write(path, msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
    return path


def write_manifest(directory: Path, paths: list[Path]) -> None:
    """manifest.json: name, size and SHA-256 of every file of the record, the journal and the entries included."""
    own = [path for name in (JOURNAL, ENTRIES, RECORD) if (path := directory / name).exists()]
    listed = [_listed(path) for path in (*own, *paths)]
    write(directory / MANIFEST, msgspec.json.format(msgspec.json.encode({"files": listed}), indent=1) + b"\n")


def altered(directory: Path) -> list[str]:
    """Names of files that are not as the manifest says, or gone. Raises OpleverError when there is no manifest."""
    path = directory / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=dict[str, list[Listed]])
    except (OSError, msgspec.DecodeError) as problem:
        raise OpleverError("file-unreadable", f"{path}: {problem}", "make the documents: oplever report") from None
    wrong = []
    for file in manifest.get("files", []):
        try:
            if _listed(directory / Path(file.name).name) != file:
                wrong.append(file.name)
        except OSError:
            wrong.append(file.name)
    return wrong


def write(path: Path, content: bytes) -> None:
    """A file that its owner alone can read, replaced in one step. Raises OpleverError (`file-unwritable`)."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise _unwritable(path, problem) from None


def _write_whole(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
    os.fsync(descriptor)


def _listed(path: Path) -> Listed:
    with path.open("rb") as file:
        return Listed(path.name, hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)


def _unreadable(path: Path, problem: OSError) -> OpleverError:
    reason = problem.strerror or str(problem)
    return OpleverError("file-unreadable", f"{path}: {reason}", "check who owns it and run oplever as that user")


def _unwritable(path: Path, problem: OSError) -> OpleverError:
    reason = problem.strerror or str(problem)
    return OpleverError(
        "file-unwritable", f"{path}: {reason}", "make room or make the directory writable, and try again"
    )
