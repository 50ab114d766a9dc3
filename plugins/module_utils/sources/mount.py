"""Mount points: /proc/self/mountinfo, /etc/fstab and mount units."""

from __future__ import annotations

import os
import re

from ansible_collections.oplever.lab.plugins.module_utils import filesystems
from ansible_collections.oplever.lab.plugins.module_utils.machine import InapplicableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import unit_file

MAIN = "target"
SELECTORS = ("target", "all")
NEEDS = ("target", "all")
ATTRIBUTES = ("exists", "source", "fstype", "options", "in_fstab", "fstab_options", "configured_options", "full")
FULL = 1
"""Per cent; with less free than this, programs soon cannot write."""
IMPLIED = {
    **dict.fromkeys(("user", "users"), ("noexec", "nosuid", "nodev")),
    **dict.fromkeys(("owner", "group"), ("nosuid", "nodev")),
}
# What systemd mounts by itself, before it reads any unit.
BUILT_IN = {"/dev/shm": ["nosuid", "nodev", "strictatime", "mode=1777"]}  # noqa: S108  a place to look at, not to write to


def describe(select):
    return "mount point %s" % select["target"] if select.get("target") else "all local file systems"


def look_up(machine, select):
    if select.get("all"):
        return {"exists": True, "full": lambda: _full(machine)}
    target = str(select["target"])
    planned = machine.once(fstab).get(target)
    facts = {
        "in_fstab": planned is not None,
        "fstab_options": planned[2] if planned else None,
        "configured_options": configured(machine, target),
    }
    if machine.offline:
        running = InapplicableError("what is mounted needs a running system; this one is only mounted")
        return dict(facts, **dict.fromkeys(("exists", "source", "fstype", "options"), running))
    mount = machine.once(mounts).get(target)
    if mount is None:
        return dict(facts, exists=False)
    return dict(facts, exists=True, source=mount[0], fstype=mount[1], options=mount[2])


def mounts(machine):
    """target -> (source, fstype, options); of mounts on top of each other the last, which is the one in sight."""
    return {m.target: (m.source, m.fstype, m.options) for m in machine.mounts()}


def fstab(machine):
    """target -> (source, fstype, options) that the next boot mounts: of two lines for a place the first one."""
    planned = {}
    for line in (machine.read("/etc/fstab") or "").split("\n"):
        row = [filesystems.unescape(field) for field in re.split("[ \t]+", line.strip(" \t"))]
        if len(row) > 2 and not row[0].startswith("#"):
            planned.setdefault(_plain(row[1]), (row[0], row[2], row[3].split(",") if len(row) > 3 else []))
    return planned


def _plain(path):
    """Without what names no other place: /tmp for //tmp/./"""
    if not path.startswith("/"):
        return path
    return "/" + "/".join(part for part in path.split("/") if part not in ("", "."))


def _unit_options(machine, target):
    """Options that a mount unit (or systemd itself) gives a place; None when nothing does."""
    options = unit_file.values(machine, _unit_name(target), "Mount", "Options")
    if options:
        return [option.strip() for option in options[-1].split(",")]
    return [] if unit_file.exists(machine, _unit_name(target)) else BUILT_IN.get(target)


def _unit_name(target):
    """As systemd-escape --path makes it."""
    name = target.strip("/")
    escaped = "".join(
        "-"
        if sign == "/"
        else sign
        if sign.isalnum() or sign in "_:" or (sign == "." and at)
        else "\\x%02x" % ord(sign)
        for at, sign in enumerate(name)
    )
    return (escaped or "-") + ".mount"


def in_force(options):
    """Options as mount(8) understands them: a later word takes back its opposite, and what people may mount is closed
    unless a later word opens it."""
    result = []
    for option in options:
        for word in (*IMPLIED.get(option, ()), option):
            opposite = word[2:] if word.startswith("no") else "no" + word
            result = [other for other in result if other not in (word, opposite)] + [word]
    return result


def configured(machine, target):
    options = _configured(machine, target)
    return None if options is None else in_force(options)


def _configured(machine, target):
    """Options of the next boot, or None: those of a unit in /etc, else of fstab (which systemd turns into a unit in
    /run), else of another unit; drop-ins of the unit go over each of them."""
    planned = machine.once(fstab).get(target)
    name = _unit_name(target)
    if planned is None or unit_file.is_of_admin(machine, name):
        return _unit_options(machine, target)
    drop_ins = unit_file.values(machine, name, "Mount", "Options", only_drop_ins=True)
    return [option.strip() for option in drop_ins[-1].split(",")] if drop_ins else planned[2]


def _full(machine):
    """Local file systems on which nearly nothing can be written any more: by bytes, or by number of files."""
    if machine.offline:
        raise InapplicableError("how full it is needs a running system; this one is only mounted")
    local = sorted((mount for mount in machine.mounts() if mount.fstype in filesystems.LOCAL), key=lambda m: m.target)
    once = {mount.device: mount.target for mount in reversed(local)}  # what is mounted twice is full once
    texts = [_fullness(machine, target) for target in sorted(once.values())]
    return [text for text in texts if text]


def _fullness(machine, target):
    """In words; empty when there is room, or when it is for reading only."""
    try:
        status = os.statvfs(machine.path(target))
    except OSError:
        return ""
    if status.f_flag & os.ST_RDONLY:
        return ""
    if 100 * status.f_bavail < FULL * status.f_blocks:
        return "%s: %d MB of %d MB free" % (target, *reversed(space(machine, target)))
    if 100 * status.f_favail < FULL * status.f_files:
        return "%s: room for %d files more" % (target, status.f_favail)
    return ""


def space(machine, target):
    """(size, free) of a mounted file system in MB, free as an ordinary user has it."""
    status = os.statvfs(machine.path(target))
    return status.f_blocks * status.f_frsize >> 20, status.f_bavail * status.f_frsize >> 20
