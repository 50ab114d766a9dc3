"""Mount points: /proc/self/mountinfo and /etc/fstab."""

from __future__ import annotations

import os
import re

MAIN = "target"
SELECTORS = ("target",)
NEEDS = ("target",)
ATTRIBUTES = ("exists", "source", "fstype", "options", "in_fstab", "fstab_options")
OCTAL = re.compile(r"\\([0-7]{3})")


def describe(select):
    return "mount point %s" % select.get("target")


def look_up(machine, select):
    target = str(select["target"])
    found = machine.once(mounts).get(target)
    planned = machine.once(fstab).get(target)
    facts = {"in_fstab": planned is not None, "fstab_options": planned[2] if planned else None}
    if found is None:
        return {"exists": False}
    return dict(facts, exists=True, source=found[0], fstype=found[1], options=found[2])


def mounts(machine):
    """target -> (source, fstype, options); of mounts on top of each other the last, which is the one in sight."""
    found = {}
    for line in (machine.read("/proc/self/mountinfo", limit=4 << 20) or "").splitlines():
        left, _, right = line.partition(" - ")
        fields, tail = left.split(), right.split()
        if len(fields) < 6 or len(tail) < 2:
            continue
        options = fields[5].split(",") + (tail[2].split(",") if len(tail) > 2 else [])
        found[_unescape(fields[4])] = (_unescape(tail[1]), tail[0], list(dict.fromkeys(options)))
    return found


def fstab(machine):
    """target -> (source, fstype, options) that the next boot mounts."""
    rows = (line.split() for line in (machine.read("/etc/fstab") or "").splitlines())
    return {
        _unescape(row[1]): (_unescape(row[0]), row[2], row[3].split(",") if len(row) > 3 else [])
        for row in rows
        if len(row) > 2 and not row[0].startswith("#")
    }


def space(machine, target):
    """(size, free) of a mounted file system in MB, free as an ordinary user has it."""
    status = os.statvfs(machine.path(target))
    return status.f_blocks * status.f_frsize >> 20, status.f_bavail * status.f_frsize >> 20


def _unescape(text):
    return OCTAL.sub(lambda code: chr(int(code.group(1), 8)), text)
