"""Append lines to the journal so that what stands there is always whole, in order and without a gap."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

LINE_LIMIT = 32 * 1024 * 1024
"""Bytes of one line. A snapshot of a large machine is about 1 MB; more than this is no snapshot."""


def timestamp() -> str:
    """UTC with microseconds, as in `2026-11-23T10:00:00.000000Z`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def encode(seq: int, kind: str, fields: Mapping[str, Any]) -> bytes:
    """One line of the journal with its newline."""
    line = {"seq": seq, "t": timestamp(), "kind": kind, **fields}
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_type_name)
    return text.encode("utf-8", "replace") + b"\n"


def _type_name(value: object) -> str:
    # Never str(value): an unknown object can be a vaulted value that decrypts itself.
    return f"<{type(value).__name__}>"


class Writer:
    """Writes lines to an open descriptor. A line that cannot be written is counted and leaves no trace.

    `failure` is the first error, for one warning; writing goes on, because space may come back.
    """

    def __init__(self, descriptor: int) -> None:
        self._fd = descriptor
        self._seq = 0
        self._size = os.fstat(descriptor).st_size
        self.lost = 0
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
            line = encode(self._seq, kind, fields)
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
        size = os.fstat(self._fd).st_size
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
            self.write("run_end", {"lines": self._seq, "lost": self.lost, "reason": reason, **more})
            os.fsync(self._fd)
        except OSError as problem:
            self.failure = self.failure or problem
        descriptor, self._fd = self._fd, -1
        os.close(descriptor)
