"""Whether others than root may change what is at a path, or put something there: the one rule for programs that root
starts, tables that say which, and directories in which programs and libraries are looked for."""

from __future__ import annotations

import os
import stat

from ansible_collections.oplever.lab.plugins.module_utils import names
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import acl

MOST_LINKS = 40
NOTHING = os.makedev(1, 3)
"""/dev/null: a unit that is masked, or a file that is switched off, leads there, and nobody can put something in it."""


def by_others(machine, path, *, new_entry=False):
    """What of a path and the directories above it others than root may write, in words, the deepest first; the
    directories that hold a link on the way count too. Where something is not there yet, in a directory in which
    everybody may make it, the sticky bit protects nothing; `new_entry` asks that of the directory `path` itself."""
    places, is_whole = _decisive(machine, path)
    is_missing = new_entry or not is_whole
    for place, status in reversed(places):
        is_sticky = status.st_mode & stat.S_ISVTX and not is_missing
        is_missing = False
        if status.st_uid != 0:
            yield "%s belongs to %s" % (place, names.user(machine, status.st_uid) or status.st_uid)
        elif stat.S_ISLNK(status.st_mode) or _is_nothing(status):
            continue
        elif status.st_mode & stat.S_IWOTH and not is_sticky:
            yield "%s can be written by everybody" % place
        elif status.st_mode & stat.S_IWGRP and status.st_gid != 0 and not is_sticky:
            yield "%s can be written by its group" % place
        elif not is_sticky:
            yield from _by_list(machine, place)


def _by_list(machine, place):
    """Others than root to whom an access list gives the right to write."""
    try:
        entries = acl.entries(machine, place)
    except UnreadableError as problem:
        yield str(problem)
        return
    rows = [entry.rsplit(":", 2) for entry in entries]
    if all(rights[1:2] == "w" for sort, _, rights in rows if sort == "mask"):
        writers = [
            " ".join(row[:2]) for row in rows if row[0] != "mask" and row[1] not in ("root", "0") and row[2][1] == "w"
        ]
        if writers:
            yield "%s can be written by %s" % (place, ", ".join(writers))


def _is_nothing(status):
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == NOTHING


def _decisive(machine, path):
    """([(place, what lstat says)], whether all of the path is there): from the top to the end of the path, through
    links. A link to itself ends as one that leads nowhere."""
    places, ahead, links = {"/": machine.status("/")}, path.split("/")[::-1], 0
    behind = []
    while ahead:
        part = ahead.pop()
        if part in ("", "."):
            continue
        if part == "..":
            del behind[-1:]
            continue
        place = "/".join(["", *behind, part])
        status = machine.status(place, follow=False)
        if status is None:
            return list(places.items()), False
        places.setdefault(place, status)
        if not stat.S_ISLNK(status.st_mode):
            behind.append(part)
            continue
        links += 1
        if links > MOST_LINKS:
            return list(places.items()), False
        target = os.readlink(machine.path(place, follow=False))
        behind = [] if target.startswith("/") else behind
        ahead += target.split("/")[::-1]
    return list(places.items()), True
