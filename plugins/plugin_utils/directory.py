"""Make the directory of one record, following no links: who may write beside us must not choose where we write."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from dataclasses import dataclass
from datetime import UTC, datetime

from ansible import constants as C  # noqa: N812 - the name everyone knows it by
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import slug
from ansible_collections.oplever.lab.plugins.plugin_utils.writer import Reserve


@dataclass(frozen=True)
class RecordDirectory:
    """`descriptor` is the open journal (append, read for checks), to be closed by its writer, which also lets go of the
    reserve."""

    id: str
    path: str
    descriptor: int
    reserve: Reserve

    @property
    def journal(self) -> str:
        return os.path.join(self.path, "journal.jsonl")


class RecordError(Exception):
    """The record cannot be kept; the text says why and what to do."""


def base() -> str:
    """Where relative paths start: beside ansible.cfg, else here."""
    return os.path.dirname(os.path.abspath(C.CONFIG_FILE)) if C.CONFIG_FILE else os.getcwd()


def records(option: str) -> str:
    """The directory of all records; `option` as the callback's option `records` has it."""
    return os.path.normpath(os.path.join(base(), os.path.expanduser(option)))


def record_id(playbook: str, now: datetime) -> str:
    """`20261123T100000Z-site-a1b2c3`: sorts by time, says which playbook, is unique."""
    name = slug(os.path.splitext(os.path.basename(playbook))[0])
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{name}-{secrets.token_hex(3)}"


def create(records: str, playbook: str, now: datetime) -> RecordDirectory:
    """Make records/<id>/ with an empty journal and point `latest` to it. Raises RecordError."""
    try:
        os.makedirs(os.path.dirname(records) or ".", exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mkdir(records, 0o700)
        if stat.S_ISLNK(os.lstat(records).st_mode):
            raise RecordError(
                f"{records} is a link; set `records` in ansible.cfg or OPLEVER_RECORDS to the place itself"
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
    name = record_id(playbook, now)
    os.mkdir(name, 0o700, dir_fd=parent)
    own = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open("journal.jsonl", flags, 0o600, dir_fd=own)
        reserve = Reserve(own)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink("journal.jsonl", dir_fd=own)
        with contextlib.suppress(OSError):
            os.rmdir(name, dir_fd=parent)
        raise
    finally:
        os.close(own)
    _point_latest(parent, name)
    return RecordDirectory(name, os.path.join(records, name), descriptor, reserve)


def reopen(place: RecordDirectory) -> int:
    """The descriptor of a new journal in the place of one that was removed, and its directory too. Raises OSError."""
    above, name = os.path.split(place.path)
    with contextlib.suppress(FileExistsError):
        os.mkdir(above, 0o700)
    parent = os.open(above, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=parent)
        own = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            descriptor = os.open("journal.jsonl", flags, 0o600, dir_fd=own)
        finally:
            os.close(own)
        _point_latest(parent, name)
    finally:
        os.close(parent)
    return descriptor


def _point_latest(parent: int, name: str) -> None:
    """Replace the link in one step; a convenience, so a failure (`latest` is a directory, say) is let go."""
    temporary = f".latest-{secrets.token_hex(6)}"
    try:
        os.symlink(name, temporary, dir_fd=parent)
        os.rename(temporary, "latest", src_dir_fd=parent, dst_dir_fd=parent)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=parent)
