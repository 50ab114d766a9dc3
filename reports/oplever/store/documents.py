"""Of which revision the documents of a record are, whether somebody is drawing them, and why they could not be drawn.

One process at a time draws the documents of a record. It holds the lock in `.documents/`, which the system takes back
when the process ends, however that happens.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct

from oplever.errors import OpleverError
from oplever.files import locked, unreadable, write
from oplever.store import manifest
from oplever.store.manifest import DRAWING, MANIFEST
from oplever.store.places import ENTRIES, JOURNAL
from oplever.store.records import entry_lines

State = Literal["current", "being_made", "out_of_date", "none"]
_LOCK, _PROBLEM = "lock", "problem"
_NO_LOCKS = (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP)


class Documents(Struct, frozen=True):
    """`revision` is that of the documents, 0 when there are none or nobody can tell; `current` that of the record.
    `problem` says why the last attempt to make them failed."""

    state: State
    revision: int
    current: int
    problem: str = ""


def examine(directory: Path) -> Documents:
    """Raises OpleverError (`file-unreadable`)."""
    try:
        with locked(directory):  # the manifest and the entries that belong together
            current = len(entry_lines(directory)) + manifest.first_revision(directory)
            path = directory / MANIFEST
            revision = manifest.read(path).documents_revision if path.is_file() else 0
    except OSError as reason:
        raise unreadable(directory, reason) from None
    if revision == current and revision:
        state: State = "current"
    elif is_being_drawn(directory):
        state = "being_made"
    else:
        state = "out_of_date" if revision or any(directory.glob("report.*")) else "none"
    return Documents(state, revision, current, problem(directory))


def basis(directory: Path) -> tuple[tuple[int, ...] | None, ...]:
    """What documents are drawn from, as far as it takes to see that it changed. Raises OSError."""
    return tuple(_stamp(directory / name) for name in (JOURNAL, ENTRIES))


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def is_being_drawn(directory: Path) -> bool:
    try:
        descriptor = os.open(directory / DRAWING / _LOCK, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # a file system without locks: nobody can tell
    finally:
        os.close(descriptor)
    return False


def take(directory: Path, *, wait: bool) -> int | None:
    """A descriptor that holds the lock for drawing until `release`; None when another process has it and `wait` is
    false. Raises OSError."""
    while True:
        descriptor = _open_lock(directory / DRAWING)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError as reason:
            if reason.errno not in _NO_LOCKS:
                os.close(descriptor)
                raise
        if _is_at(descriptor, directory / DRAWING / _LOCK):
            return descriptor
        os.close(descriptor)  # who had it took the file away


def _open_lock(place: Path) -> int:
    while True:
        place.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # whoever was drawing is just tidying up
            return os.open(place / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False


def release(directory: Path, descriptor: int) -> None:
    """Give the lock back, and leave nothing of it in the record."""
    with contextlib.suppress(OSError):
        (directory / DRAWING / _LOCK).unlink()
        (directory / DRAWING).rmdir()  # not when there is a note in it
    os.close(descriptor)


@contextlib.contextmanager
def held(directory: Path) -> Iterator[None]:
    """The lock for drawing; waits for whoever has it. Raises OSError."""
    descriptor = take(directory, wait=True)
    try:
        yield
    finally:
        if descriptor is not None:
            release(directory, descriptor)


@contextlib.contextmanager
def drafts(directory: Path) -> Iterator[Path]:
    """An empty directory to draw in, beside the documents; what an earlier process left there goes. Whoever calls it
    holds the lock for drawing. Raises OSError."""
    for left in (directory / DRAWING).glob("draft-*"):
        shutil.rmtree(left, ignore_errors=True)
    place = Path(tempfile.mkdtemp(prefix="draft-", dir=directory / DRAWING))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def put(directory: Path, place: Path) -> None:
    """Put all documents in `place` where those of before are, and say in the manifest that they are of this revision.
    Of those that are not in it, older ones go: they would say what is no longer so.

    Whoever calls it holds the lock of the directory. When it is stopped half-way, the manifest says that nobody can
    tell of which revision the documents are. Raises OpleverError (`file-unwritable`), OSError.
    """
    bare_manifest = manifest.without_documents(directory)
    manifest.save(directory, bare_manifest)
    drawn = sorted(path.name for path in place.iterdir())
    for path in directory.glob("report.*"):
        if path.name not in drawn:
            path.unlink(missing_ok=True)
    for name in drawn:
        (place / name).replace(directory / name)
    manifest.save(directory, manifest.with_new_documents(directory, bare_manifest))


def problem(directory: Path) -> str:
    """Why the documents could not be made the last time; empty when they could."""
    try:
        return (directory / DRAWING / _PROBLEM).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def note(directory: Path, text: str) -> None:
    """Keep why documents could not be made, for the next command; an empty text takes the note away."""
    path = directory / DRAWING / _PROBLEM
    with contextlib.suppress(OSError, OpleverError):
        if text:
            write(path, f"{text}\n".encode())
        else:
            path.unlink(missing_ok=True)
