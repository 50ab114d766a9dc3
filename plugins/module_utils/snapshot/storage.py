"""What is mounted, swap, and whether there is room."""

from __future__ import annotations

import os
import re

from ansible_collections.oplever.lab.plugins.module_utils import filesystems
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind
from ansible_collections.oplever.lab.plugins.module_utils.sources import mount

KINDS = {
    "mount": Kind("koppeling", "mount", "mounted file systems with source and options, also those over /proc"),
    "swap": Kind("wisselgeheugen", "swap", "swap in use with kind and size"),
    "space": Kind(
        "vrije ruimte", "free space", "room on local file systems, for bytes and for inodes, in coarse steps"
    ),
}
PSEUDO = (
    "proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "securityfs", "debugfs", "tracefs", "configfs",
    "fusectl", "bpf", "pstore", "mqueue", "hugetlbfs", "autofs", "ramfs", "efivarfs", "binfmt_misc", "nsfs",
    "rpc_pipefs", "selinuxfs",
)  # fmt: skip
PASSING = re.compile(
    r"/run/(?!shm)|/proc(?!/\d)|/sys\b|/dev(?!/shm)|/tmp/systemd-private|/var/lib/(docker|containerd)/|/snap/"
)
# What the kernel adds to an overlay says nothing about this machine, nor where the layers of the whole system lie; the
# size of a tmpfs follows the memory.
ADDED = ("workdir=", "size=", "nr_inodes=", "uuid=", "index=", "xino=", "metacopy=", "redirect_dir=")
LAYERS = ("lowerdir", "upperdir=")
# Percentage that is free -> the step below it.
STEPS = ((mount.FULL, "full"), (5, "less than 5 % free"), (10, "less than 10 % free"))


def collect(machine, places):
    for target, facts in mounts(machine).items():
        words = ["source=%s" % facts["source"], "fstype=%s" % facts["fstype"], "options=" + " ".join(facts["options"])]
        yield Fact("mount", target, ", ".join(words))
    for line in (machine.read("/proc/swaps") or "").splitlines()[1:]:
        name, kind, size = line.split()[:3]
        yield Fact("swap", name, "%s, %d MB" % (kind, int(size) >> 10))
    for entry in machine.mounts():
        if entry.fstype in filesystems.LOCAL and not PASSING.match(entry.target) and entry.fstype not in PSEUDO:
            yield from _room(machine, entry.target)


def _room(machine, target):
    try:
        status = os.statvfs(machine.path(target))
    except (OSError, UnreadableError):
        return
    for unit, free, everything in (
        ("bytes", status.f_bavail, status.f_blocks),
        ("inodes", status.f_favail, status.f_files),
    ):
        if everything:
            percentage = 100 * free / everything
            yield Fact(
                "space", "%s, %s" % (target, unit), next((w for limit, w in STEPS if percentage < limit), "enough")
            )


def mounts(machine):
    """target -> `source`, `fstype`, `options`, `size_mb`, `free_mb`."""
    targets = {}
    for target, (source, fstype, options) in machine.once(mount.mounts).items():
        if (fstype in PSEUDO and not re.match(r"/proc/\d", target)) or PASSING.match(target):
            continue
        try:
            size, free = mount.space(machine, target)
        except (OSError, UnreadableError):
            size = free = None
        left_out = (*ADDED, *LAYERS) if target == "/" else ADDED
        kept = [option for option in options if not option.startswith(left_out)]
        targets[target] = {"source": source, "fstype": fstype, "options": kept, "size_mb": size, "free_mb": free}
    return targets
