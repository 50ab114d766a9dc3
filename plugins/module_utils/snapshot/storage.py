"""What is mounted, swap, and whether there is room."""

from __future__ import annotations

import os
import re

from ansible_collections.oplever.lab.plugins.module_utils import filesystems
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind
from ansible_collections.oplever.lab.plugins.module_utils.sources import mount

KINDS = {
    "mount": Kind(
        "koppeling",
        "mount",
        "mounted file systems with source and options, also /proc, /sys and /dev and what is over them",
    ),
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
    r"/run/(?:lock|user|credentials|netns|docker|containerd?s?|crio|runc|podman|libvirt|k3s|host|rpc_pipefs|lxcfs|"
    r"vmblock-fuse|snapd|media|mount|udisks2|live|initramfs|flatpak|"
    r"systemd/(?:unit-root|propagate|inaccessible|mount-rootfs|nspawn|volatile-root|namespace-\w+))(?:/|\Z)"
    r"|/tmp/systemd-private|/var/lib/(docker|containerd)/|/snap/"
)
# What the kernel and containers have in these is of the kinds PSEUDO and MASKS; anything else was put over it.
OF_KERNEL = re.compile(r"/(?:proc(?!/\d)|sys|dev(?!/shm))(?:/|\Z)")
MASKS = ("tmpfs", "devtmpfs", "fuse.lxcfs", "nfsd", "efivarfs", "resctrl", "functionfs")
# Of these the options say something: what may be run there, and whose processes can be seen.
WITH_OPTIONS = ("/proc", "/sys", "/dev")
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
        passing = PASSING.match(entry.target) or OF_KERNEL.match(entry.target)
        if entry.fstype in filesystems.LOCAL and not passing and entry.fstype not in PSEUDO:
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


def _says_something(target, fstype):
    """Whether a mount is not one that every machine has, or one with options that count."""
    if target in WITH_OPTIONS:
        return True
    if OF_KERNEL.match(target):
        return fstype not in (*PSEUDO, *MASKS)
    return fstype not in PSEUDO or re.match(r"/proc/\d", target) is not None


def mounts(machine):
    """target -> `source`, `fstype`, `options`, `size_mb`, `free_mb`."""
    targets = {}
    roots = {entry.target: entry.root for entry in machine.mounts()}
    for target, (source, fstype, options) in machine.once(mount.mounts).items():
        if PASSING.match(target) or not _says_something(target, fstype):
            continue
        try:
            size, free = mount.space(machine, target)
        except (OSError, UnreadableError):
            size = free = None
        left_out = (*ADDED, *LAYERS) if target == "/" else ADDED
        kept = [option for option in options if not option.startswith(left_out)]
        root = roots.get(target, "/")
        part = "[%s]" % root if root != "/" and fstype != "btrfs" else ""  # the options of btrfs have it
        targets[target] = {"source": source + part, "fstype": fstype, "options": kept, "size_mb": size, "free_mb": free}
    return targets
