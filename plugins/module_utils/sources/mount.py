"""Mount points: /proc/self/mountinfo, /etc/fstab and mount units."""

from __future__ import annotations

import os
import re

from ansible_collections.oplever.lab.plugins.module_utils import filesystems
from ansible_collections.oplever.lab.plugins.module_utils.machine import InapplicableError

MAIN = "target"
SELECTORS = ("target",)
NEEDS = ("target",)
ATTRIBUTES = ("exists", "source", "fstype", "options", "in_fstab", "fstab_options", "configured_options")
UNITS = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system")
OPTIONS = re.compile(r"^[ \t]*Options\s*=\s*(.*)$", re.MULTILINE)
# What systemd mounts by itself, before it reads any unit.
BUILT_IN = {"/dev/shm": ["nosuid", "nodev", "strictatime", "mode=1777"]}  # noqa: S108  a place to look at, not to write to


def describe(select):
    return "mount point %s" % select.get("target")


def look_up(machine, select):
    target = str(select["target"])
    planned = machine.once(fstab).get(target)
    facts = {
        "in_fstab": planned is not None,
        "fstab_options": planned[2] if planned else None,
        "configured_options": planned[2] if planned else _unit_options(machine, target),
    }
    if machine.offline:
        running = InapplicableError("what is mounted needs a running system; this one is only mounted")
        return dict(facts, **dict.fromkeys(("exists", "source", "fstype", "options"), running))
    found = machine.once(mounts).get(target)
    if found is None:
        return dict(facts, exists=False)
    return dict(facts, exists=True, source=found[0], fstype=found[1], options=found[2])


def mounts(machine):
    """target -> (source, fstype, options); of mounts on top of each other the last, which is the one in sight."""
    return {m.target: (m.source, m.fstype, m.options) for m in machine.mounts()}


def fstab(machine):
    """target -> (source, fstype, options) that the next boot mounts."""
    rows = (line.split() for line in (machine.read("/etc/fstab") or "").splitlines())
    return {
        filesystems.unescape(row[1]): (filesystems.unescape(row[0]), row[2], row[3].split(",") if len(row) > 3 else [])
        for row in rows
        if len(row) > 2 and not row[0].startswith("#")
    }


def _unit_options(machine, target):
    """Options that a mount unit (or systemd itself) gives a place that fstab does not name; None when nothing does."""
    name = target.strip("/").replace("-", "\\x2d").replace("/", "-") + ".mount"
    main = next((path for path in (d + "/" + name for d in UNITS) if machine.glob(path)), None)
    drop_ins = {}
    for directory in UNITS:
        for path in machine.glob("%s/%s.d/*.conf" % (directory, name)):
            drop_ins.setdefault(path.rsplit("/", 1)[1], path)
    if main is None or os.path.realpath(machine.path(main)) == "/dev/null":
        return BUILT_IN.get(target)
    paths = [main] + [drop_ins[key] for key in sorted(drop_ins)]
    found = [line for path in paths for line in OPTIONS.findall(machine.read(path) or "")]
    return [option.strip() for option in found[-1].split(",")] if found else []


def space(machine, target):
    """(size, free) of a mounted file system in MB, free as an ordinary user has it."""
    status = os.statvfs(machine.path(target))
    return status.f_blocks * status.f_frsize >> 20, status.f_bavail * status.f_frsize >> 20
