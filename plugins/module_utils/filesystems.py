"""Which file systems of a machine are its own, and whether those of others still answer.

Whoever looks at a file on a network share whose server is gone hangs in the kernel, where no signal reaches; so what is
not local is not walked, and asked about by a process that can be left behind.
"""

from __future__ import annotations

import os
import re
import signal
import time

TABLE = "/proc/self/mountinfo"
OCTAL = re.compile(r"\\([0-7]{3})")
# File systems that hold what people and packages put there, on disks of this machine.
LOCAL = (
    "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "overlay", "tmpfs", "jfs", "reiserfs", "vfat", "exfat",
    "ntfs3", "bcachefs", "nilfs2", "ramfs",
)  # fmt: skip
# What the kernel makes up; nobody keeps files there.
PSEUDO = (
    "proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "securityfs", "debugfs", "tracefs", "configfs", "bpf",
    "fusectl", "fuse.gvfsd-fuse", "fuse.portal", "fuse.lxcfs", "pstore", "mqueue", "hugetlbfs", "autofs", "efivarfs",
    "binfmt_misc", "nsfs", "rpc_pipefs", "selinuxfs", "squashfs",
)  # fmt: skip
PATIENCE = 3.0  # seconds that a file system on the network gets to answer


class Mount:
    """One mount: `target`, `source`, `fstype`, `options` (list), `device` (major:minor), `root`: the directory of the
    file system that is mounted there."""

    __slots__ = ("device", "fstype", "options", "root", "source", "target")

    def __init__(self, target, source, fstype, options, device):
        self.target = target
        self.source = source
        self.fstype = fstype
        self.options = options
        self.device = device
        self.root = "/"

    def seen_from(self, root):
        """The same mount as a system sees it that has its root there."""
        target = self.target[len(root.rstrip("/")) :] or "/"
        mount = Mount(target, self.source, self.fstype, self.options, self.device)
        mount.root = self.root
        return mount


def parse(text):
    """The lines of mountinfo (proc(5)) as a list of Mount."""
    mounts = []
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        fields, tail = left.split(), right.split()
        if len(fields) < 6 or len(tail) < 2:
            continue
        options = fields[5].split(",") + (tail[2].split(",") if len(tail) > 2 else [])
        mounts.append(Mount(unescape(fields[4]), unescape(tail[1]), tail[0], list(dict.fromkeys(options)), fields[2]))
        mounts[-1].root = unescape(fields[3])
    return mounts


def below(table, root):
    """The mounts of this system that make up the tree at `root`, targets as seen from there; that of / among them."""
    mounts = [m.seen_from(root) for m in table if m.target.startswith(root + "/")]
    top = covering(table, root)
    return ([top.seen_from(top.target)] if top else []) + mounts


def _holds(target, path):
    return target in ("/", path) or path.startswith(target + "/")


def covering(table, path):
    """The mount that `path` lies on, or None."""
    return max((m for m in table if _holds(m.target, path)), key=lambda m: len(m.target), default=None)


def local(table, path):
    """Whether `path` lies on a file system of this machine's own disks or memory."""
    mount = covering(table, path)
    return mount is not None and mount.fstype in LOCAL


def remote(entry):
    """Whether a mount is neither local nor made up by the kernel, so that it depends on something else to answer."""
    return entry.fstype not in LOCAL and entry.fstype not in PSEUDO


def answers(path, seconds=PATIENCE):
    """Whether stat(2) comes back in time, tried by a process that can be left behind."""
    child = os.fork()
    if not child:
        try:
            os.stat(path)
        except OSError:
            pass  # an error is an answer
        finally:
            os._exit(0)
    until = time.monotonic() + seconds
    pause = 0.0005
    while time.monotonic() < until:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
    os.kill(child, signal.SIGKILL)
    time.sleep(0.05)
    os.waitpid(child, os.WNOHANG)
    return False


def unescape(text):
    """As proc(5) and fstab(5) write blanks in names."""
    return OCTAL.sub(lambda code: chr(int(code.group(1), 8)), text)
