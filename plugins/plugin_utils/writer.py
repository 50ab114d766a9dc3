"""Append lines to the journal so that what stands there is always whole, in order and without a gap."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

COPY_SIZE = 1024 * 1024
RESERVE_SIZE = 16 * 1024
LINE_LIMIT = 32 * 1024 * 1024
"""Bytes of one line. A snapshot of a large machine is about 1 MB; more than this is no snapshot."""


class Clock:
    """Time that only goes forward: the wall clock at the start plus what has passed since. A step of the wall clock
    (NTP, a person, a daylight rule gone wrong) does not touch it; sleep of the machine counts as time that passed."""

    def __init__(self) -> None:
        self._passed, self._start, _ = min((_readings() for _ in range(3)), key=lambda reading: reading[2])
        self._shift = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        running, wall, between = _readings()
        now = self._start + running - self._passed
        # On a busy machine the process may wait between its looks at the two clocks: that is no step of either.
        ahead = wall - now
        self._shift = max(self._shift, ahead if ahead < 0 else max(0.0, ahead - between), key=abs)
        return now

    def shift(self) -> float:
        """How far the wall clock was from this one, in seconds: the most that was seen, since it can be set and set
        back. A part of a second is no step."""
        self.now()
        return round(self._shift, 3) if abs(self._shift) >= 1 else 0.0


def _readings() -> tuple[float, float, float]:
    """Time that passed, the wall clock right after, and how long it took to look."""
    running = _running()
    wall = time.time()
    return running, wall, _running() - running


def _running() -> float:
    # Not CLOCK_MONOTONIC: that stands still while a laptop sleeps.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def timestamp(seconds: float) -> str:
    """UTC with microseconds, as in `2026-11-23T10:00:00.000000Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def encode(seq: int, t: str, kind: str, fields: Mapping[str, Any]) -> bytes:
    """One line of the journal with its newline."""
    line = {"seq": seq, "t": t, "kind": kind, **fields}
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_type_name)
    return text.encode("utf-8", "replace") + b"\n"


def _type_name(value: object) -> str:
    # Never str(value): an unknown object can be a vaulted value that decrypts itself.
    return f"<{type(value).__name__}>"


class Reserve:
    """Space on the disk that is held for the last line, so that a full disk cannot keep the journal from saying what is
    missing. A file without a name: nothing stays behind, however the process ends."""

    def __init__(self, directory: int) -> None:
        """In the directory that the descriptor is of. Raises OSError."""
        name = ".reserve"
        self._fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=directory)
        os.unlink(name, dir_fd=directory)
        os.write(self._fd, bytes(RESERVE_SIZE))

    def release(self) -> None:
        descriptor, self._fd = self._fd, -1
        if descriptor >= 0:
            # A worker that has not ended yet holds the file too, so closing alone would free nothing.
            os.ftruncate(descriptor, 0)
            os.close(descriptor)


class Writer:
    """Writes lines to an open descriptor. A line that cannot be written is counted and leaves no trace.

    `failure` is the first error, for one warning; writing goes on, because space may come back.
    """

    def __init__(self, descriptor: int, reserve: Reserve, again: Callable[[], int]) -> None:
        """`reserve` is let go for the last line; `again` opens a new file in the place of one that was removed, for
        writing, and raises OSError."""
        self._reserve = reserve
        self._fd = descriptor
        self._again = again
        self._clock = Clock()
        self._seq = 0
        self._size = os.fstat(descriptor).st_size
        self.lost = 0
        self.is_put_back = False
        """Whether the file was taken away meanwhile, and stands there again with all that was written."""
        self.is_removed = False
        """Whether somebody took the file away meanwhile; what was written is still behind the descriptor."""
        self.failure: Exception | None = None

    @property
    def is_open(self) -> bool:
        return self._fd >= 0

    def write(self, kind: str, fields: Mapping[str, Any]) -> bool:
        """Append one line; whether it stands in the file."""
        if self._fd < 0:
            return False
        try:
            self._settle()
            line = encode(self._seq, timestamp(self._clock.now()), kind, fields)
            if len(line) > LINE_LIMIT:
                raise ValueError(f"a line of {len(line)} bytes is over the limit of {LINE_LIMIT}")
            self._append(line)
        except (OSError, ValueError, TypeError, RecursionError) as problem:
            self.lose(problem)
            return False
        self._size += len(line)
        self._seq += 1
        return True

    def lose(self, problem: Exception) -> None:
        """Count an event that did not reach the journal."""
        self.lost += 1
        self.failure = self.failure or problem

    def _append(self, line: bytes) -> None:
        written = os.write(self._fd, line)
        try:
            while written < len(line):  # a nearly full disk or a signal takes only part
                written += os.write(self._fd, line[written:])
        except OSError:
            os.ftruncate(self._fd, self._size)
            raise

    def _settle(self) -> None:
        """Bring the counter in line with the file: Ctrl-C can strike right after a write and before it was counted."""
        status = os.fstat(self._fd)
        self.is_removed = status.st_nlink == 0
        size = status.st_size
        if size > self._size and os.pread(self._fd, 1, size - 1) == b"\n":
            self._seq, self._size = self._seq + 1, size
        elif size > self._size:
            os.ftruncate(self._fd, self._size)

    def close(self, reason: str, more: Mapping[str, Any]) -> None:
        """Write the last line and let go of the file. Again: does nothing."""
        if self._fd < 0:
            return
        try:
            self._settle()
            self._reserve.release()
            last = {"lines": self._seq, "lost": self.lost, "reason": reason, "clock_shift": self._clock.shift(), **more}
            self.write("run_end", last)
            os.fsync(self._fd)
        except OSError as problem:
            self.failure = self.failure or problem
        descriptor, self._fd = self._fd, -1
        try:
            if self.is_removed:
                self._put_back(descriptor)
        finally:
            os.close(descriptor)

    def _put_back(self, descriptor: int) -> None:
        try:
            with os.fdopen(self._again(), "wb") as file:
                for start in range(0, self._size, COPY_SIZE):
                    file.write(os.pread(descriptor, min(COPY_SIZE, self._size - start), start))
            self.is_put_back = True
        except OSError as problem:
            self.failure = problem
