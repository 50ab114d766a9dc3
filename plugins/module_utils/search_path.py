"""Directories in which programs and libraries are looked for, and whether somebody else than root may put one there."""

from __future__ import annotations

import os
import stat

KEPT = ("$PATH", "${PATH}")


def wrong(machine, value):
    """What is wrong with the directories of a value of PATH, in words."""
    for entry in value.split(":"):
        if entry not in KEPT:
            yield from _wrong(machine, entry)


def _wrong(machine, entry):
    if entry in ("", "."):
        yield "the directory one happens to be in"
    elif not entry.startswith("/"):
        yield "%s is not a full path" % entry
    else:
        try:
            status = os.stat(machine.path(entry))
        except OSError:
            return  # what is not there, nobody can put a program in: /usr/local/sbin may be missing
        if not stat.S_ISDIR(status.st_mode):
            yield "%s is not a directory" % entry
        elif status.st_uid != 0 or status.st_mode & 0o022:
            yield "%s can be written by others than root" % entry
