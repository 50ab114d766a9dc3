"""One walk of the local file systems for everything that must not be there: world-writable, unowned, suid."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import time

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import mount

MAIN = "what"
SELECTORS = ("what", "roots")
NEEDS = ("what",)
KINDS = ("world_writable_files", "world_writable_dirs_without_sticky", "unowned", "ungrouped", "suid", "sgid")
ATTRIBUTES = ("exists", "paths", "count")
# File systems that hold what people and packages put there; proc, sysfs, network shares and the like are left out.
LOCAL = (
    "ext2",
    "ext3",
    "ext4",
    "xfs",
    "btrfs",
    "f2fs",
    "zfs",
    "overlay",
    "tmpfs",
    "jfs",
    "reiserfs",
    "vfat",
    "bcachefs",
)
SECONDS = 60
MOST = 1000


def describe(select):
    return "walk of the local file systems for %s" % str(select.get("what")).replace("_", " ")


def look_up(machine, select):
    what = str(select["what"])
    if what not in KINDS:
        raise UnreadableError("tree does not know %s (it knows: %s)" % (what, ", ".join(KINDS)))
    paths = machine.once(walk)[what]
    roots = select.get("roots")
    if roots:
        paths = [
            path for path in paths if any(path == root or path.startswith(root.rstrip("/") + "/") for root in roots)
        ]
    return {"exists": True, "paths": paths, "count": len(paths)}


def walk(machine):
    """kind -> sorted paths, at most MOST of each. Raises UnreadableError when it takes too long or this is not root."""
    if os.geteuid() != 0:
        raise UnreadableError("only root can walk all of the file systems")
    users, groups = {row.pw_uid for row in pwd.getpwall()}, {row.gr_gid for row in grp.getgrall()}
    left_out = {t for t, (_, kind, _) in machine.once(mount.mounts).items() if kind not in LOCAL}
    found, until = {kind: [] for kind in KINDS}, time.monotonic() + SECONDS
    places = [machine.root or "/"]
    while places:
        if time.monotonic() > until:
            raise UnreadableError("the file systems are too large to walk in %d s" % SECONDS)
        try:
            entries = list(os.scandir(places.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.path[len(machine.root) :] in left_out:
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            for kind in _kinds(status, users, groups):
                found[kind].append(entry.path[len(machine.root) :])
            if stat.S_ISDIR(status.st_mode):
                places.append(entry.path)
    return {kind: sorted(paths)[:MOST] for kind, paths in found.items()}


def _kinds(status, users, groups):
    mode = status.st_mode
    if stat.S_ISREG(mode):
        if mode & stat.S_IWOTH:
            yield "world_writable_files"
        if mode & stat.S_ISUID:
            yield "suid"
        if mode & stat.S_ISGID:
            yield "sgid"
    elif stat.S_ISDIR(mode) and mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        yield "world_writable_dirs_without_sticky"
    if status.st_uid not in users:
        yield "unowned"
    if status.st_gid not in groups:
        yield "ungrouped"
