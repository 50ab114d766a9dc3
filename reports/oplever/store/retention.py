"""How long records and names in them are kept: `retention` in oplever.yml. Nothing set, nothing purged.

A name becomes a pseudonym that is the same in every record, so hours can still be added up. It is made with a key that
only this records directory has; who throws that key away makes the pseudonyms anonymous for good.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, structs

from oplever import clock, config
from oplever.config import Retention
from oplever.errors import OpleverError
from oplever.files import append_line, below, locked, sha256, unreadable, unwritable, write
from oplever.journal.events import Gap
from oplever.journal.reader import read
from oplever.record import entries as kinds
from oplever.record.entries import Entry, PseudonymisedEntry, Term, withdrawal
from oplever.store import chain, mails, pseudonyms
from oplever.store.joined_records import of_runs
from oplever.store.manifest import MANIFEST, SIGNED
from oplever.store.places import ENTRIES, JOURNAL, every
from oplever.store.pseudonyms import KEY, Pseudonyms
from oplever.store.records import RECORD, is_by_hand, point_latest, read_entries
from oplever.store.signatures import SIGNATURE, STATEMENT

LOG = "purge.jsonl"
BY = "oplever purge"


class Purged(Struct, frozen=True):
    """What a purge did, or would do, with one record. `ended` is when something last happened to it, `in_journal` how
    often names that go from the entries stand in the journal, which is never rewritten. The log of mail has a line of
    its own, by its name: `lines` of it are too old, and go (`shortened`). Of a record that is `emptied` files go that
    were withdrawn from it."""

    record: str
    ended: str | None
    action: Literal["removed", "pseudonymised", "unreadable", "shortened", "emptied"]
    names: tuple[Term, ...] = ()
    files: int = 0
    size_bytes: int = 0
    in_journal: int = 0
    problem: str = ""
    lines: int = 0


def plan(base: Path, terms: Retention, now: datetime) -> list[Purged]:
    """What is due, oldest first. A record whose age cannot be read is named and left alone."""
    purges, wholes = [], of_runs(base)
    for directory in reversed(list(every(base))):
        try:
            entries = read_entries(directory)
            ended = last_moment(directory, entries)
            # A record of several runs is made of theirs: they stay as long as it does.
            ended = max([ended, *(last_moment(whole, read_entries(whole)) for whole in wholes.get(directory.name, ()))])
        except OpleverError as problem:
            purges.append(Purged(directory.name, None, "unreadable", problem=problem.message))
            continue
        if _over(ended, terms.record, now):
            paths = [path for path in below(directory) if path.is_file() and not path.is_symlink()]
            size = sum(path.stat().st_size for path in paths)
            purges.append(Purged(directory.name, ended, "removed", files=len(paths), size_bytes=size))
            continue
        if names := _names_due(entries, ended, terms, now):
            left = _in_journal(directory, Pseudonyms(pseudonyms.names(entries, names)))
            purges.append(Purged(directory.name, ended, "pseudonymised", names, in_journal=left))
        if paths := _withdrawn(directory, entries, terms, now):
            size = sum(path.stat().st_size for path in paths)
            purges.append(Purged(directory.name, ended, "emptied", files=len(paths), size_bytes=size))
    return [*purges, *_log_due(base, terms, now)]


def _log_due(base: Path, terms: Retention, now: datetime) -> Iterator[Purged]:
    """The lines of the log of mail that are older than records may be: senders are in them by pseudonym, and a reason
    can quote what a mail said."""
    old = [line for line in mails.logged(base) if _over(line.at, terms.record, now)]
    if old:
        yield Purged(mails.LOG, max(line.at for line in old), "shortened", lines=len(old))


def _shorten_log(base: Path, until: str) -> None:
    try:
        with locked(mails.outgoing(base)):  # nobody takes mail in meanwhile
            recent_lines = [line for line in mails.logged(base) if line.at > until]
            mails.replace_log(base, recent_lines)
    except OSError as problem:
        raise unwritable(base / mails.LOG, problem) from None


def _withdrawn(directory: Path, entries: Sequence[Entry], terms: Retention, now: datetime) -> list[Path]:
    """Files that were withdrawn so long ago that they go, also where they were kept for a signature."""
    due = [name for name, moment in withdrawal.files(entries).items() if _over(moment, terms.withdrawn, now)]
    places = [directory, *(path for path in (directory / SIGNED).glob("*") if path.is_dir())]
    paths = [place / name for name in due for place in places]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def _empty(directory: Path, terms: Retention, now: datetime) -> None:
    try:
        with locked(directory):
            for path in _withdrawn(directory, read_entries(directory), terms, now):
                path.unlink()
    except OSError as problem:
        raise unwritable(directory, problem) from None


def carry_out(base: Path, due: Purged, now: datetime, terms: Retention | None = None) -> None:
    """Do what was planned for one record, or for the log of mail, and write it to the log. Raises OpleverError
    (`file-unwritable`)."""
    directory = base / due.record
    if due.action == "removed":
        _remove(directory)
    elif due.action == "pseudonymised":
        pseudonymise(directory, due.names, key(base), now)
    elif due.action == "emptied":
        _empty(directory, terms or Retention(), now)
    elif due.action == "shortened":
        _shorten_log(base, due.ended or "")
    _log(base, due, now)


def last_moment(directory: Path, entries: Sequence[Entry]) -> str:
    """The latest time in the journal, or of what people added after it. Raises OpleverError."""
    path = directory / JOURNAL
    try:
        with path.open("rb") as journal:
            ended = max(event.t for event in read(journal, str(path)) if not isinstance(event, Gap))
    except FileNotFoundError:
        if not is_by_hand(entries):
            raise unreadable(path, FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))) from None
        ended = entries[0].at
    except OSError as problem:
        raise unreadable(path, problem) from None
    return max([ended, *(e.at for e in entries if not isinstance(e.entry, PseudonymisedEntry))])


def pseudonymise(directory: Path, sorts: tuple[Term, ...], key: bytes, now: datetime) -> None:
    """Replace names in the entries, chain them again, and add an entry that says so. Raises OpleverError.

    What shows the old names goes: mails as they came; the documents, to be made again; those that were signed; with
    `signatures` the signatures too.
    """
    path = directory / ENTRIES
    try:
        with locked(directory):
            moment = clock.written(now)
            notice = Entry(moment, BY, PseudonymisedEntry(sorts, sha256(path)))
            entries = read_entries(directory)
            replacements = Pseudonyms(pseudonyms.names(entries, sorts), key)
            changed = [pseudonyms.replaced(entry, sorts, replacements) for entry in entries]
            lines: list[bytes] = []
            for entry in (*changed, notice):
                lines.append(kinds.line(structs.replace(entry, previous=chain.link(lines, directory / JOURNAL))))
            _forget_signed(directory / SIGNED, keep="signatures" not in sorts)
            mails.forget(directory)
            for document in (directory / RECORD, directory / MANIFEST, *directory.glob("report.*")):
                document.unlink(missing_ok=True)  # before the entries: a crash here must not leave the names in them
            write(path, b"".join(lines))
    except OSError as problem:
        raise unwritable(path, problem) from None


def _names_due(entries: Sequence[Entry], ended: str, terms: Retention, now: datetime) -> tuple[Term, ...]:
    by_sort: dict[Term, str | None] = {"hours_names": terms.hours_names, "signatures": terms.signatures}
    return tuple(
        sort for sort, term in by_sort.items() if _over(ended, term, now) and pseudonyms.names(entries, (sort,))
    )


def _in_journal(directory: Path, replacements: Pseudonyms) -> int:
    path = directory / JOURNAL
    try:
        with path.open(encoding="utf-8", errors="replace") as journal:
            return sum(map(replacements.count, journal))
    except FileNotFoundError:
        return 0  # work by hand
    except OSError as problem:
        raise unreadable(path, problem) from None


def _forget_signed(place: Path, *, keep: bool) -> None:
    """Documents that were signed hold names. The statement names whoever signed, so it stays while signatures may."""
    kept = {MANIFEST, STATEMENT, SIGNATURE} if keep else set()
    for directory in list(place.iterdir()) if place.is_dir() else []:
        for path in sorted(directory.rglob("*"), reverse=True):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            elif str(path.relative_to(directory)) not in kept:
                path.unlink()
        if not keep:
            directory.rmdir()


def _over(ended: str, term: str | None, now: datetime) -> bool:
    return term is not None and clock.moment(ended) <= config.before(now, term)


def _remove(directory: Path) -> None:
    latest = directory.parent / "latest"
    try:
        was_latest = latest.is_symlink() and os.readlink(latest) == directory.name
        shutil.rmtree(directory)  # follows no links
        if was_latest:
            latest.unlink()
            if remaining := next(every(directory.parent), None):
                point_latest(remaining)
    except OSError as problem:
        raise unwritable(directory, problem) from None


def key(base: Path) -> bytes:
    """What pseudonyms of these records are made with; made when there is none. Raises OpleverError."""
    path = base / KEY
    try:
        if not path.exists():
            with locked(base):  # two keys at once would make two pseudonyms of one name
                if not path.exists():
                    write(path, secrets.token_hex(32).encode() + b"\n")
        return path.read_bytes().strip()
    except OSError as problem:
        raise unreadable(path, problem) from None


def removed_records(base: Path) -> Iterator[str]:
    """The names of records that were purged as a whole. Raises OpleverError (`file-unreadable`)."""
    path = base / LOG
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return
    except OSError as problem:
        raise unreadable(path, problem) from None
    for line in lines:
        with contextlib.suppress(msgspec.DecodeError):
            removed = msgspec.json.decode(line, type=Purged)
            if removed.action == "removed":
                yield removed.record


def _log(base: Path, due: Purged, now: datetime) -> None:
    """One line in purge.jsonl: what went, when; no names."""
    path = base / LOG
    line = {"at": clock.written(now), **structs.asdict(due)}
    try:
        append_line(path, msgspec.json.encode(line) + b"\n")
    except OSError as problem:
        raise unwritable(path, problem) from None
