"""Files that their owner alone can read, written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from oplever.errors import OpleverError
from oplever.messages import M_, N_, Message


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
        raise unwritable(path, problem) from None


def put(path: Path, content: bytes) -> None:
    """Content where a person wants it. A file is written as `write` does, also one that a link leads to; a device or a
    pipe gets the content and stays what it is. Raises OpleverError (`file-unwritable`)."""
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except OSError:  # there is nothing yet, or `write` meets the same and says it
        is_file = True
    if is_file:
        write(Path(os.path.realpath(path)), content)
        return
    try:
        with path.open("wb") as sink:
            sink.write(content)
    except OSError as problem:
        raise unwritable(path, problem) from None


def append_line(path: Path, line: bytes) -> None:
    """A line at the end of a file that its owner alone can read, on disk before it returns; all of it or nothing.

    Follows no link. Raises OSError.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        before = os.fstat(descriptor).st_size
        try:
            remaining = line
            while remaining:
                remaining = remaining[os.write(descriptor, remaining) :]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, before)  # a full disk leaves no half line
            raise
    finally:
        os.close(descriptor)


def extend(path: Path, content: bytes) -> None:
    """Add `content` at the end of a file: all of it or nothing, also when the process is killed or the power fails
    half-way. It is on disk before this returns. A new file can be read by its owner alone. Follows no link.

    Raises OSError.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_content(path, file.fileno()) + content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _content(path: Path, draft: int) -> bytes:
    """The bytes of a file, whose owner and rights the draft takes over; none when there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
            os.fchown(draft, status.st_uid, status.st_gid)
        os.fchmod(draft, status.st_mode & 0o777)
        return file.read()


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """One writer at a time in a directory; others wait. Does not nest. Raises OSError.

    A file system without locks (some of those over a network) gives none.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as problem:
            if problem.errno not in (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP):
                raise
        yield
    finally:
        os.close(descriptor)


def below(directory: Path) -> list[Path]:
    """Every file and link below a directory, sorted; links are not followed. A directory that goes while it is walked
    through, as drafts do when documents are done, holds nothing: pathlib would end with an error."""
    return sorted(
        Path(place) / name
        for place, directories, files in os.walk(directory)
        for name in (*files, *(name for name in directories if os.path.islink(os.path.join(place, name))))
    )


def open_file(path: Path) -> IO[bytes]:
    """A file to read that somebody named: nobody waits for a pipe into which nothing is written. /dev/null is an empty
    file. Raises OSError, ENXIO for a pipe, a socket or another device."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(status.st_mode) and not os.path.samestat(status, os.stat(os.devnull)):
            raise OSError(errno.ENXIO, os.strerror(errno.ENXIO))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def require_file(path: Path) -> None:
    """For a file that is needed later. Raises OpleverError (`file-unreadable`) when it cannot be opened, or is none."""
    try:
        open_file(path).close()
    except OSError as problem:
        raise unreadable(path, problem) from None


def refuse_pipe(path: Path) -> None:
    """For a file that another program opens. Raises OpleverError (`file-unreadable`) for a pipe, a socket or a device;
    of what else is wrong with it the other program says so."""
    try:
        open_file(path).close()
    except OSError as problem:
        if problem.errno == errno.ENXIO:
            raise unreadable(path, problem) from None


def sha256(path: Path, size_bytes: int | None = None) -> str:
    """Digest of a file, or of its first `size_bytes`. Raises OSError."""
    digest, remaining_bytes = hashlib.sha256(), size_bytes
    with open_file(path) as file:
        while remaining_bytes is None or remaining_bytes > 0:
            block = file.read(1 << 20 if remaining_bytes is None else min(remaining_bytes, 1 << 20))
            if not block:
                break
            digest.update(block)
            remaining_bytes = None if remaining_bytes is None else remaining_bytes - len(block)
    return digest.hexdigest()


def bounded(path: Path, largest_bytes: int) -> bytes:
    """All of a file that somebody named. Raises OSError as `open_file` does, and EFBIG when it is larger than this."""
    with open_file(path) as file:
        return bounded_stream(file, largest_bytes)


def bounded_stream(stream: IO[bytes], largest_bytes: int) -> bytes:
    """All that is left of a stream, as `bounded`."""
    content = stream.read(largest_bytes + 1)
    if len(content) > largest_bytes:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return content


_OF_THE_SYSTEM = {
    errno.ENOENT: N_("No such file or directory"),
    errno.EACCES: N_("Permission denied"),
    errno.EISDIR: N_("Is a directory"),
    errno.ENOTDIR: N_("Not a directory"),
    errno.EEXIST: N_("File exists"),
    errno.ENOSPC: N_("No space left on device"),
    errno.EROFS: N_("Read-only file system"),
    errno.EFBIG: N_("File too large"),
    errno.ELOOP: N_("Too many levels of symbolic links"),
    errno.ENXIO: N_("Is a pipe, a socket or a device"),
}
_TO_READ = {
    errno.ENOENT: N_("check its name"),
    errno.ENOTDIR: N_("check its name"),
    errno.ELOOP: N_("check where its links lead"),
    errno.EISDIR: N_("name a file and no directory"),
    errno.EFBIG: N_("name a smaller file"),
    errno.ENXIO: N_("name a file; put in one first what a program prints"),
    errno.EACCES: N_("check who owns it and run oplever as that user"),
    errno.EPERM: N_("check who owns it and run oplever as that user"),
}
"""What helps against it; anything else is looked into by who knows the disk."""
_TO_WRITE = {
    errno.ENOSPC: N_("make room and try again"),
    errno.EDQUOT: N_("make room and try again"),
    errno.ENOENT: N_("make the directory first"),
    errno.ENOTDIR: N_("make the directory first"),
    errno.EEXIST: N_("something else has its name: name another place"),
    errno.EISDIR: N_("name a file and no directory"),
    errno.EACCES: N_("make the directory writable, or run oplever as who owns it"),
    errno.EPERM: N_("make the directory writable, or run oplever as who owns it"),
    errno.EROFS: N_("make it writable, or name another place"),
}


def why(problem: OSError) -> str:
    """What the system says went wrong, in words that can be translated where it is one of the usual things."""
    number = problem.errno
    return Message(_OF_THE_SYSTEM[number], {}) if number in _OF_THE_SYSTEM else problem.strerror or str(problem)


def unreadable(path: Path, problem: OSError) -> OpleverError:
    return OpleverError(
        "file-unreadable",
        M_("{path}: {reason}", path=path, reason=why(problem)),
        Message(_TO_READ.get(problem.errno or 0, N_("check its name and its owner")), {}),
    )


def unwritable(path: Path, problem: OSError) -> OpleverError:
    return OpleverError(
        "file-unwritable",
        M_("{path}: {reason}", path=path, reason=why(problem)),
        Message(
            _TO_WRITE.get(problem.errno or 0, N_("make room or make the directory writable, and try again")),
            {},
        ),
    )


_FULL_OR_READ_ONLY = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def unusable(problem: OSError) -> OpleverError:
    """What the system refused, of a file that nobody expected it of: the error names it."""
    refusal = unwritable if problem.errno in _FULL_OR_READ_ONLY else unreadable
    return refusal(Path(str(problem.filename)), problem)
