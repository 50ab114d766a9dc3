"""Records on disk: finding one, reading its journal and entries, adding to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from oplever import config
from oplever._shared import sequence
from oplever.errors import OpleverError
from oplever.files import append_line, locked, sha256, unreadable, unwritable, write
from oplever.journal.reader import read
from oplever.kinds import registry
from oplever.kinds.derive import derive_folded
from oplever.record import entries, snapshots
from oplever.record.entries import Entry
from oplever.record.fold import Call, fold
from oplever.record.model import Record
from oplever.record.snapshots import State
from oplever.store import chain

JOURNAL, ENTRIES, RECORD = "journal.jsonl", "entries.jsonl", "record.json"


class Examined(msgspec.Struct, frozen=True):
    """A record with what the snapshots in its journal said: host -> (before the work, after it)."""

    record: Record
    states: dict[str, tuple[State | None, State | None]]


def records_directory() -> Path:
    return config.records()


def find(name: str) -> Path:
    """The directory of a record by path or by name below the records. Raises OpleverError (`record-unknown`)."""
    for directory in (Path(name), records_directory() / name):
        if (directory / JOURNAL).is_file() or (directory.is_dir() and directory.resolve() != Path.cwd()):
            return directory.resolve()
    raise OpleverError(
        "record-unknown", f"there is no record {name}", "run a playbook first, or see which there are: oplever list"
    )


def present(base: Path) -> dict[str, Path]:
    """The directories of all records by name, in no order. Raises OpleverError (`file-unreadable`)."""
    try:
        return {name: base / name for name in sequence.names(str(base))}
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise unreadable(base, problem) from None


def every(base: Path | None = None) -> Iterator[Path]:
    """The directories of all records, the one made last first. Raises OpleverError (`file-unreadable`)."""
    base = base or records_directory()
    directories = present(base)
    for name in sequence.newest_first(list(directories), sequence.latest(str(base)), _previous(base), now_in_names()):
        yield directories[name]


def _previous(base: Path) -> Callable[[str], str | None]:
    return lambda name: sequence.previous(str(base / name))


def now_in_names() -> str:
    """This moment as the names of records have it."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def load(directory: Path) -> Record:
    """The record of a directory, derived from its journal and entries. Raises OpleverError."""
    return examine(directory).record


def examine(directory: Path) -> Examined:
    """As `load`, with the states of the machines. Raises OpleverError."""
    path = directory / JOURNAL
    try:
        with path.open("rb") as journal:
            run = fold(read(journal, str(path)))
        record = derive_folded(run, sha256(path), read_entries(directory))
    except FileNotFoundError:
        raise OpleverError(
            "journal-missing", f"{directory} has no journal.jsonl", "name the directory of a record, below records/"
        ) from None
    except OSError as problem:
        raise unreadable(path, problem) from None
    pairs = snapshots.first_and_last(run.snapshots)
    return Examined(record, {host: (_state(before), _state(after)) for host, (before, after) in pairs.items()})


def _state(call: Call | None) -> State | None:
    return snapshots.state(call.data["snapshot"]) if call else None


def read_entries(directory: Path) -> tuple[Entry, ...]:
    """What people added; nothing when there is no file. Raises OpleverError."""
    return registry.LOG.parse(entry_lines(directory), str(directory / ENTRIES))


def entry_lines(directory: Path) -> list[bytes]:
    """The lines of `entries.jsonl` as they are, newline included. Raises OpleverError (`file-unreadable`)."""
    path = directory / ENTRIES
    try:
        return path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise unreadable(path, problem) from None


def add(directory: Path, entry: Entry) -> None:
    """Append an entry, chained to what stands before it and on disk before it returns.

    Raises OpleverError (`record-approved`, `entries-broken`, `file-unwritable`).
    """
    path = directory / ENTRIES
    try:
        with locked(directory):  # two people may add at once
            lines = entry_lines(directory)
            earlier = registry.LOG.parse(lines, str(path))
            kind = registry.of_entries(earlier)
            if not kind.takes(kind.status(earlier), entry.entry):
                advice = "add a correction, or let the supervisor decide again: oplever add decision"
                raise OpleverError("record-approved", f"{directory.name} is approved and stays as it is", advice)
            chained = msgspec.structs.replace(entry, previous=chain.link(lines, directory / JOURNAL))
            append_line(path, entries.line(chained))
    except OSError as problem:
        raise unwritable(path, problem) from None


def write_record(record: Record, directory: Path) -> Path:
    """record.json beside the journal. Raises OpleverError (`file-unwritable`)."""
    path = directory / RECORD
    write(path, msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
    return path
