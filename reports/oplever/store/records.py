"""Records on disk: finding one, reading its journal and entries, making a new one."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

import msgspec

from oplever._shared import sequence
from oplever.errors import OpleverError
from oplever.files import append_line, locked, open_file, sha256, unreadable, unwritable, write
from oplever.journal.reader import read
from oplever.kinds import registry
from oplever.kinds.derive import derive_folded
from oplever.messages import M_
from oplever.record import entries, snapshots
from oplever.record.compare import Looks
from oplever.record.entries import Entry, OpenedEntry, PseudonymisedEntry, RunEntry, withdrawal
from oplever.record.fold import Run, fold
from oplever.record.joining import combine
from oplever.record.joining.members import Member
from oplever.record.model import Record
from oplever.store import chain
from oplever.store.places import ENTRIES, JOURNAL
from oplever.store.pseudonyms import texts
from oplever.text import to_json

RECORD = "record.json"


class Examined(msgspec.Struct, frozen=True):
    """A record with what the snapshots in its journal said: host -> (before the work, after it). `stated` are the
    texts of the entries of a record in which names were replaced; None for any other."""

    record: Record
    looks: Looks
    stated: frozenset[str] | None = None


class Sources(msgspec.Struct, frozen=True):
    """What a record is derived from: its journal, folded, with the SHA-256 of the file, and its entries. `members` are
    the runs that those name, as they are in `base`, the directory of all records."""

    run: Run
    digest: str
    entries: tuple[Entry, ...]
    base: Path = Path()
    members: tuple[Member, ...] = ()

    def record(self) -> Record:
        return derive_folded(self.run, self.digest, self.entries, self.members)

    def with_entry(self, entry: Entry) -> Sources:
        """With one more entry; a run that it names is read."""
        entries, members = (*self.entries, entry), self.members
        if isinstance(entry.entry, RunEntry):
            members = (*members, _member(self.base, entry.entry, entries))
        return msgspec.structs.replace(self, entries=entries, members=members)


def load(directory: Path) -> Record:
    """The record of a directory, derived from its journal and entries. Raises OpleverError."""
    return sources(directory).record()


def examine(directory: Path) -> Examined:
    """As `load`, with the looks at the machines. Raises OpleverError."""
    origin = sources(directory)
    pairs = combine.first_and_last(origin.members) if origin.members else snapshots.first_and_last(origin.run.snapshots)
    looks = {
        host: (pair.before.look if pair.before else None, pair.after.look if pair.after else None)
        for host, pair in pairs.items()
    }
    is_replaced = any(isinstance(entry.entry, PseudonymisedEntry) for entry in origin.entries)
    return Examined(origin.record(), looks, texts(origin.entries) if is_replaced else None)


def sources(directory: Path) -> Sources:
    """What the record of a directory is derived from. Raises OpleverError."""
    path = directory / JOURNAL
    try:
        with open_file(path) as journal:
            run = fold(read(journal, str(path)))
        return Sources(run, sha256(path), read_entries(directory), directory.resolve().parent)
    except FileNotFoundError:
        if is_by_hand(stated := read_entries(directory)):
            base = directory.resolve().parent
            return Sources(Run(), "", stated, base, _members(base, stated))
        raise OpleverError(
            "journal-missing",
            M_("{directory} has no journal.jsonl", directory=directory),
            M_("name the directory of a record, below records/"),
        ) from None
    except OSError as problem:
        raise unreadable(path, problem) from None


def _members(base: Path, entries: Sequence[Entry]) -> tuple[Member, ...]:
    """The runs that entries name, each in every revision that was taken in and still counts."""
    counting = [line.content for line in withdrawal.lines(entries) if line.withdrawn_by is None]
    last = {content.record: content for content in counting if isinstance(content, RunEntry)}
    return tuple(_member(base, content, entries) for content in last.values())


def _member(base: Path, cited: RunEntry, entries: Sequence[Entry]) -> Member:
    """A run as it was when it was taken in: later revisions of its record are not read. Never raises OpleverError: what
    cannot be read, or is not what it was, is a member with a problem."""
    names = list(dict.fromkeys(e.entry.record for e in entries if isinstance(e.entry, RunEntry)))
    number = names.index(cited.record) + 1
    member = Member(number, cited.record, cited.revision, cited.fingerprint, cited.digest)
    directory = base / cited.record
    try:
        if PurePath(cited.record).name != cited.record or not (directory / JOURNAL).is_file():
            return replace(member, problem=M_("its record is not here"))
        origin = sources(directory)
        if origin.digest != cited.digest:
            return replace(member, problem=M_("its journal is not what it was when it was taken in"))
        if not _is_cited(directory, cited, origin.entries):
            return replace(member, problem=M_("its entries are not what they were when it was taken in"))
    except OpleverError as problem:
        return replace(member, problem=problem.message)
    except OSError as problem:
        return replace(member, problem=str(problem.strerror))
    record = derive_folded(origin.run, origin.digest, origin.entries[: cited.revision - 1])
    return replace(member, record=record, run=origin.run)


def _is_cited(directory: Path, cited: RunEntry, entries: Sequence[Entry]) -> bool:
    """Whether the entries begin with those that were taken in. Names that were replaced since change every line; the
    record of the run itself says when that was."""
    if any(isinstance(entry.entry, PseudonymisedEntry) for entry in entries):
        return len(entries) >= cited.revision - 1
    lines = entry_lines(directory)[: cited.revision - 1]
    return len(lines) == cited.revision - 1 and chain.fingerprint(lines, directory / JOURNAL) == cited.fingerprint


def is_by_hand(stated: Sequence[Entry]) -> bool:
    """Whether entries are a record by themselves: the first one opens it."""
    return bool(stated) and isinstance(stated[0].entry, OpenedEntry)


def read_entries(directory: Path) -> tuple[Entry, ...]:
    """What people added; nothing when there is no file. Raises OpleverError."""
    return registry.LOG.parse(entry_lines(directory), str(directory / ENTRIES))


def entry_lines(directory: Path) -> list[bytes]:
    """The lines of `entries.jsonl` as they are, newline included. Raises OpleverError (`file-unreadable`)."""
    path = directory / ENTRIES
    try:
        with open_file(path) as file:
            return file.read().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise unreadable(path, problem) from None


def create(
    base: Path,
    name: str,
    first: Sequence[Entry],
    extra_files: Mapping[str, bytes] | None = None,
    *,
    is_latest: bool = True,
) -> Path:
    """Make the directory of a record of work by hand, with its first entries and other files by their path in it, and
    point `latest` to it unless nobody asked for the record; whole or not at all. The entries were checked: the first
    one opens the record. Raises OpleverError (`file-unwritable`)."""
    draft = base / f".new-{secrets.token_hex(6)}"
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise unwritable(base, problem) from None
    try:
        with locked(base):  # runs wait for each other here too
            draft.mkdir(mode=0o700)
            try:
                for place, content in (extra_files or {}).items():
                    (draft / place).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    write(draft / place, content)
                append_line(draft / ENTRIES, b"".join(_chain(name, first)))
                draft.rename(base / name)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise
            if is_latest:
                point_latest(base / name)
    except OSError as problem:
        raise unwritable(base / name, problem) from None
    return base / name


def _chain(name: str, first: Sequence[Entry]) -> list[bytes]:
    """The lines of these entries, each with the link to what stands before it."""
    lines: list[bytes] = []
    for entry in first:
        previous = chain.of_line(lines[-1]) if lines else f"record:{name}"
        lines.append(entries.line(msgspec.structs.replace(entry, previous=previous)))
    return lines


def point_latest(record: Path) -> None:
    """Replace the link in one step; a convenience, so a failure (`latest` is a directory, say) is let go."""
    temporary = record.parent / f".latest-{secrets.token_hex(6)}"
    with contextlib.suppress(OSError):
        temporary.symlink_to(record.name)
        try:
            os.replace(temporary, record.parent / sequence.LATEST)
        except OSError:
            temporary.unlink()


def write_record(record: Record, directory: Path) -> Path:
    """record.json beside the journal. Raises OpleverError (`file-unwritable`)."""
    path = directory / RECORD
    write(path, msgspec.json.format(to_json(record), indent=1) + b"\n")
    return path
