"""Who works on this machine: runs write down that they begin and end, so that each sees those beside it.

The list lies below /run, which a reboot empties, and is for root alone. Runs of all controllers write in it; a run that
was cut off stays without an end, and is forgotten after KEPT seconds.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time

DIRECTORY = "/run/oplever"
NAME = "runs"
KEPT = 12 * 3600
PATIENCE = 10.0  # seconds that another run may hold the list
PAUSE = 0.05
MOST = 200
LARGEST = 1 << 20


class Runs:
    """The list, locked while it is read and written. Every method raises OSError when it cannot be had."""

    def __init__(self, directory=DIRECTORY, clock=time.time):
        self.directory = directory
        self.clock = clock
        self.now = 0.0

    def begin(self, run):
        """Runs beside this one, which begins now. `run` has at least `run`, its name."""
        os.makedirs(self.directory, mode=0o755, exist_ok=True)
        return self._held(
            run["run"], os.O_RDWR | os.O_CREAT, lambda rows: [*rows, dict(run, begun=self.now, ended=None)]
        )

    def end(self, name):
        """Runs beside this one, which ends now. One that did not say that it began leaves no trace."""
        return self._held(name, os.O_RDWR, lambda rows: [self._ended(row, name) for row in rows])

    def look(self, name):
        """Runs beside this one, without a trace."""
        return self._held(name, os.O_RDONLY, None)

    def _ended(self, row, name):
        return dict(row, ended=self.now) if row.get("run") == name else row

    def _held(self, name, flags, change):
        try:
            descriptor = self._open(flags)
        except FileNotFoundError:
            return []
        try:
            _lock(descriptor)
            # Not before: a run that wrote while this one waited would lie in the future, and be forgotten.
            self.now = self.clock()
            rows = self._read(descriptor)
            beside = self._beside(rows, name)
            changed = change(rows) if change else rows
            if changed != rows:
                _write(descriptor, changed[-MOST:])
            return beside
        finally:
            os.close(descriptor)

    def _open(self, flags):
        parent = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            status = os.fstat(parent)
            if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise PermissionError("%s is not for this account alone" % self.directory)
            return os.open(NAME, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=parent)
        finally:
            os.close(parent)

    def _read(self, descriptor):
        try:
            rows = json.loads(os.read(descriptor, LARGEST) or b"[]")
        except (ValueError, RecursionError):
            return []
        rows = rows if isinstance(rows, list) else []
        whole = [row for row in rows if isinstance(row, dict) and _has_moments(row)]
        # A clock that was set back a little makes no run unknown.
        return [row for row in whole if abs(self.now - max(row["begun"], row.get("ended") or 0)) < KEPT]

    def _beside(self, rows, name):
        """Other runs whose time meets that of this one: since it began, or now when it did not say so. `inside`: one
        began or ended in that time, so that both surely were there at once."""
        begun = max([row["begun"] for row in rows if row.get("run") == name], default=self.now)
        return [
            dict(row, inside=row["begun"] >= begun or row.get("ended") is not None)
            for row in rows
            if row.get("run") != name and (row.get("ended") is None or row["ended"] >= begun)
        ]


def _lock(descriptor):
    """Raises OSError when another process holds the list and does not let go."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise TimeoutError("another process held the list of runs for %d s" % PATIENCE) from None
            time.sleep(PAUSE)


def _has_moments(row):
    """Whether the moments of a run are numbers, the end perhaps not there yet."""
    return isinstance(row.get("begun"), (int, float)) and isinstance(row.get("ended"), (int, float, type(None)))


def _write(descriptor, rows):
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, json.dumps(rows).encode())
