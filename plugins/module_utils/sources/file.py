"""One file. For a link, `type` and `target` are its own, everything else is of what it points to."""

from __future__ import annotations

import hashlib
import os
import stat

from ansible_collections.oplever.lab.plugins.module_utils import names
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import acl

MAIN = "path"
SELECTORS = ("path",)
NEEDS = ("path",)
ATTRIBUTES = ("exists", "type", "mode", "owner", "group", "size", "sha256", "content", "lines", "target", "acl")
TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
}


def describe(select):
    return "file %s" % select.get("path")


def look_up(machine, select):
    path = str(select["path"])
    status = machine.status(path, follow=False)
    if status is None:
        return {"exists": False}
    facts = {"exists": True, "type": kind(status)}
    if stat.S_ISLNK(status.st_mode):
        facts["target"] = os.readlink(machine.path(path, follow=False))
        status = machine.status(path)
        if status is None:
            return facts
    facts.update(
        mode=mode(status),
        owner=owner(machine, status.st_uid),
        group=group(machine, status.st_gid),
        size=status.st_size,
        acl=lambda: acl.entries(machine, path),
    )
    if stat.S_ISREG(status.st_mode):
        facts.update(
            content=lambda: _text(machine, path),
            lines=lambda: _lines(_text(machine, path)),
            sha256=lambda: hashlib.sha256(machine.content(path)).hexdigest(),
        )
    return facts


def kind(status):
    """The word for what sort of thing this is: file, directory, link, ..."""
    return TYPES.get(stat.S_IFMT(status.st_mode), "other")


def mode(status):
    """Permission bits as octal digits: 0644, 4755."""
    return "%04o" % stat.S_IMODE(status.st_mode)


def owner(machine, uid):
    """Name of a user, or the number when nobody has it."""
    return names.user(machine, uid) or str(uid)


def group(machine, gid):
    """Name of a group, or the number when there is none."""
    return names.group(machine, gid) or str(gid)


def _lines(text):
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _text(machine, path):
    text = machine.read(path)
    if text is None:
        raise UnreadableError("%s disappeared" % path)
    return text
