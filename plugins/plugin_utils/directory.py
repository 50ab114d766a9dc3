"""Make the directory of one record, following no links: who may write beside us must not choose where we write."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.oplever.lab.plugins.plugin_utils.shared import sequence
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import slug
from ansible_collections.oplever.lab.plugins.plugin_utils.writer import Reserve

LOCK_SECONDS = 2.0


@dataclass(frozen=True)
class RecordDirectory:
    """`descriptor` is the open journal (append, read for checks), to be closed by its writer, which also lets go of the
    reserve. `previous` is the record made before this one, None for the first."""

    id: str
    path: str
    previous: str | None
    descriptor: int
    reserve: Reserve

    @property
    def journal(self) -> str:
        return os.path.join(self.path, "journal.jsonl")


class RecordError(Exception):
    """The record cannot be kept; the text says why and what to do."""


def record_id(playbook: str, now: datetime) -> str:
    """`20261123T100000Z-site-a1b2c3`: when by the wall clock, which playbook, and what makes it unique."""
    name = slug(os.path.splitext(os.path.basename(playbook))[0])
    return f"{sequence.stamp(now)}-{name}-{secrets.token_hex(3)}"


def create(records: str, playbook: str, now: datetime) -> RecordDirectory:
    """Make records/<id>/ with an empty journal and point `latest` to it. Raises RecordError."""
    try:
        os.makedirs(os.path.dirname(records) or ".", exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mkdir(records, 0o700)
        if stat.S_ISLNK(os.lstat(records).st_mode):
            raise RecordError(
                f"{records} is a symbolic link; set `records` in ansible.cfg or OPLEVER_RECORDS to the real directory"
            )
        parent = os.open(records, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as problem:
        raise RecordError(f"{records}: {problem.strerror}; make it writable or set OPLEVER_RECORDS") from problem
    try:
        return _create_in(parent, records, playbook, now)
    except OSError as problem:
        raise RecordError(f"{records}: {problem.strerror}; make it writable or set OPLEVER_RECORDS") from problem
    finally:
        os.close(parent)


def _create_in(parent: int, records: str, playbook: str, now: datetime) -> RecordDirectory:
    with _one_at_a_time(parent):
        previous = next(sequence.newest_in(records, now), None)
        name = record_id(playbook, now)
        descriptor, reserve = _begin(parent, name)
        _point_latest(parent, name)
    return RecordDirectory(name, os.path.join(records, name), previous, descriptor, reserve)


@contextlib.contextmanager
def _one_at_a_time(parent: int) -> Iterator[None]:
    """Two runs that start at once follow each other. A lock that is not to be had does not hold up the play."""
    deadline = time.monotonic() + LOCK_SECONDS
    is_locked = False
    while not is_locked and time.monotonic() < deadline:
        try:
            fcntl.flock(parent, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_locked = True
        except BlockingIOError:
            time.sleep(0.02)
        except OSError:  # some file systems over a network have no locks
            break
    try:
        yield
    finally:
        if is_locked:
            fcntl.flock(parent, fcntl.LOCK_UN)


def _begin(parent: int, name: str) -> tuple[int, Reserve]:
    """The directory of a record with an empty journal: its descriptor, and the reserve."""
    os.mkdir(name, 0o700, dir_fd=parent)
    record = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open("journal.jsonl", flags, 0o600, dir_fd=record)
        reserve = Reserve(record)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink("journal.jsonl", dir_fd=record)
        with contextlib.suppress(OSError):
            os.rmdir(name, dir_fd=parent)
        raise
    finally:
        os.close(record)
    return descriptor, reserve


def reopen(place: RecordDirectory) -> int:
    """The descriptor of a new journal in the place of one that was removed, and its directory too. Raises OSError."""
    above, name = os.path.split(place.path)
    with contextlib.suppress(FileExistsError):
        os.mkdir(above, 0o700)
    parent = os.open(above, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=parent)
        record = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            descriptor = os.open("journal.jsonl", flags, 0o600, dir_fd=record)
        finally:
            os.close(record)
        if not os.path.exists(os.path.join(above, sequence.LATEST)):  # else a later run made its record meanwhile
            _point_latest(parent, name)
    finally:
        os.close(parent)
    return descriptor


def _point_latest(parent: int, name: str) -> None:
    """Replace the link in one step; a convenience, so a failure (`latest` is a directory, say) is let go."""
    temporary = f".latest-{secrets.token_hex(6)}"
    try:
        os.symlink(name, temporary, dir_fd=parent)
        os.rename(temporary, sequence.LATEST, src_dir_fd=parent, dst_dir_fd=parent)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=parent)
