"""One file. For a link, `type` and `target` are its own, everything else is of what it points to."""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
import stat

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "path"
SELECTORS = ("path",)
NEEDS = ("path",)
ATTRIBUTES = ("exists", "type", "mode", "owner", "group", "size", "sha256", "content", "lines", "target")
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
    try:
        own = os.lstat(machine.path(path))
    except (FileNotFoundError, NotADirectoryError):
        return {"exists": False}
    except OSError as problem:
        raise UnreadableError("%s: %s" % (path, problem.strerror)) from None
    facts = {"exists": True, "type": TYPES.get(stat.S_IFMT(own.st_mode), "other")}
    if stat.S_ISLNK(own.st_mode):
        facts["target"] = os.readlink(machine.path(path))
        try:
            own = os.stat(machine.path(path))
        except OSError:
            return facts
    facts.update(mode=mode(own), owner=owner(own.st_uid), group=group(own.st_gid), size=own.st_size)
    return dict(facts, **_inside(machine, path)) if stat.S_ISREG(own.st_mode) else facts


def mode(status):
    """Permission bits as octal digits: 0644, 4755."""
    return "%04o" % stat.S_IMODE(status.st_mode)


def owner(uid):
    """Name of a user, or the number when nobody has it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group(gid):
    """Name of a group, or the number when there is none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _inside(machine, path):
    try:
        content = machine.read(path)
    except UnreadableError as problem:
        return {"content": problem, "lines": problem, "sha256": problem}
    if content is None:
        return {}
    lines = (line.strip() for line in content.splitlines())
    return {
        "content": content,
        "lines": [line for line in lines if line and not line.startswith("#")],
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
    }
