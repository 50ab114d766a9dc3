"""One walk of the local file systems for everything that must not be there: world-writable, unowned, suid.

Directories are never entered through a link and what is in them is looked at with stat alone: a fifo, a device or a
loop of links does nothing here. File systems on the network are not touched at all,
since one whose server is gone would hold the walk for ever.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections import Counter

from ansible_collections.oplever.lab.plugins.module_utils import filesystems, names
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import package

MAIN = "what"
SELECTORS = ("what", "roots", "except")
NEEDS = ("what",)
ATTRIBUTES = ("exists", "paths", "count", "left_out", "unpackaged", "unexpected")
SECONDS = 60
MOST = 1000
OFTEN = 2048  # entries between two looks at the clock
# What container engines keep has owners of its own, and a root of its own that its own checks are about; each with the
# programs of which one keeps it.
CONTAINERS = {
    "/var/lib/docker": ("dockerd",),
    "/var/lib/containerd": ("containerd",),
    "/var/lib/containers/storage": ("podman", "buildah", "crio"),
    "/var/lib/lxc": ("lxc-start",),
    "/var/lib/machines": ("systemd-nspawn",),
    "/var/lib/kubelet/pods": ("kubelet",),
    "/var/lib/snapd/snaps": ("snap",),
}
PROGRAMS = ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
# Programs that packages of Debian 12 and 13 install with setuid or setgid. dpkg keeps no modes, so that of a program of
# a package only this list (and dpkg-statoverride) tells whether it should have it.
SET_BY_PACKAGES = (
    "Xorg.wrap", "at", "bsd-write", "bwrap", "chage", "chfn", "chrome-sandbox", "chsh", "crontab",
    "dbus-daemon-launch-helper", "dotlockfile", "dumpcap", "exim4", "expiry", "fusermount", "fusermount3",
    "gpasswd", "kismet_capture", "locate", "lockspool", "lxc-user-nic", "mail-lock", "mail-touchlock",
    "mail-unlock", "mlocate", "mlock", "mount", "mount.cifs", "mount.ecryptfs_private", "mount.nfs",
    "newgidmap", "newgrp", "newuidmap", "ntfs-3g", "pam_extrausers_chkpwd", "passwd", "ping", "pkexec",
    "plocate", "polkit-agent-helper-1", "postdrop", "postlog", "postqueue", "pppd", "procmail", "screen",
    "snap-confine", "sperl", "ssh-agent", "ssh-keysign", "su", "sudo", "suexec-custom", "suexec-pristine",
    "tcptraceroute", "traceroute6", "umount", "unix_chkpwd", "utempter", "vmware-user-suid-wrapper", "wall",
    "write", "write.ul", "xlock", "xtrlock",
)  # fmt: skip
OVERRIDES = "/var/lib/dpkg/statoverride"
SET_ID = stat.S_ISUID | stat.S_ISGID
OWNERS = ("unowned", "ungrouped")
# Numbers that a program gives to owners of its own files without an account, and where those files are.
NUMBERED = (
    # Services with DynamicUser, while they run (systemd.exec(5), and UIDs and GIDs in systemd's documentation).
    (range(61184, 65520), re.compile(r"/(?:run/credentials|(?:run|var/cache|var/lib|var/log)/private)/")),
    # A Samba domain controller numbers the owners of its policies itself: lowerBound and upperBound of its idmap.ldb.
    (range(3000000, 4000001), re.compile(r"/var/lib/samba/sysvol(?:/|$)")),
)
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def engines(machine):
    """The directories of those container engines that are on the machine: without one, such a directory is as good a
    place as any."""
    return [
        place
        for place, programs in CONTAINERS.items()
        if any(machine.status("%s/%s" % (directory, name)) is not None for directory in PROGRAMS for name in programs)
    ]


def _ordinary(bits):
    return lambda mode: stat.S_ISREG(mode) and mode & bits


# kind -> whether it is about a thing of this mode. Owners are looked at apart: they are not in the mode.
KINDS = {
    "world_writable_files": _ordinary(stat.S_IWOTH),
    "world_writable_dirs_without_sticky": lambda mode: (
        stat.S_ISDIR(mode) and mode & stat.S_IWOTH and not mode & stat.S_ISVTX
    ),
    "suid": _ordinary(stat.S_ISUID),
    "sgid": _ordinary(stat.S_ISGID),
    "unowned": None,
    "ungrouped": None,
    "capable": None,
}
CAPABILITY = "security.capability"
EXECUTABLE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


class TreeFacts:
    """What one walk saw: `paths` (kind -> paths, at most MOST), `counts` (kind -> how many there are), `left_out`
    (mount points of other machines' file systems)."""

    __slots__ = ("counts", "left_out", "paths")

    def __init__(self, left_out):
        self.paths = {kind: [] for kind in KINDS}
        self.counts = dict.fromkeys(KINDS, 0)
        self.left_out = left_out

    def add(self, kind, path):
        self.counts[kind] += 1
        if self.counts[kind] <= MOST:
            self.paths[kind].append(path)


def describe(select):
    return "walk of the local file systems for %s" % str(select.get("what")).replace("_", " ")


def look_up(machine, select):
    kind = str(select["what"])
    if kind not in KINDS:
        raise UnreadableError("tree does not know %s (it knows: %s)" % (kind, ", ".join(sorted(KINDS))))
    facts = machine.once(walk)
    paths, count = sorted(facts.paths[kind]), facts.counts[kind]
    if select.get("roots") or select.get("except"):
        if count > MOST:
            raise UnreadableError("%d are too many to choose from; the walk keeps %d" % (count, MOST))
        roots, allowed = _places(select.get("roots") or ["/"]), _places(select.get("except") or [])
        paths = [path for path in paths if _below(path, roots) and not _below(path, allowed)]
        count = len(paths)
    return {
        "exists": True,
        "paths": paths,
        "count": count,
        "left_out": facts.left_out,
        "unpackaged": lambda: package.unowned(machine, paths),
        "unexpected": lambda: unexpected(machine, paths),
    }


def unexpected(machine, paths):
    """Those of `paths` that a package brought and that no package makes setuid or setgid, unless dpkg was told to."""
    rows = (line.split() for line in (machine.text(OVERRIDES) or "").splitlines())
    overrides = {row[3] for row in rows if len(row) > 3 and row[2].isdigit() and int(row[2], 8) & SET_ID}
    strange = [path for path in paths if path.rsplit("/", 1)[1] not in SET_BY_PACKAGES and path not in overrides]
    owners = package.owners(machine, strange)
    return sorted(path for path, owner in owners.items() if not package.sets_bits(machine, owner, path))


def _places(value):
    return [str(place) for place in (value if isinstance(value, list) else [value])]


def _below(path, places):
    return any(path == place or path.startswith(place.rstrip("/") + "/") for place in places)


def walk(machine, seconds=SECONDS):
    """Found, of every local file system, each directory once. Raises UnreadableError when it takes too long, when a
    directory cannot be read (what is in it would count as not there), and when this is not root."""
    if os.geteuid() != 0:
        raise UnreadableError("only root can walk all of the file systems")
    return _Walk(machine, seconds).facts()


class _Walk:
    def __init__(self, machine, seconds):
        self.machine, self.root = machine, machine.root
        self.seconds, self.until = seconds, time.monotonic() + seconds
        table = machine.mounts()
        if table and not filesystems.local(table, "/"):
            raise UnreadableError("the root file system is not a local one")
        self.result = TreeFacts(sorted("%s (%s)" % (m.target, m.fstype) for m in table if filesystems.remote(m)))
        self.skip = {}  # directory -> names in it that are not to be touched
        for place in [m.target for m in table if not filesystems.local(table, m.target)] + engines(machine):
            directory, _, name = (self.root + place).rpartition("/")
            self.skip.setdefault(directory or "/", set()).add(name)
        devices = Counter(m.device for m in table)
        # A bind mount shows directories twice; only where there is one are all directories remembered.
        self.directories = set() if any(count > 1 for count in devices.values()) else None
        self.kinds, self.entries = {}, 0

    def facts(self):
        places = [self.root or "/"]
        while places:
            path = places.pop()
            try:
                handle = os.open(path, DIRECTORY)
            except OSError as problem:
                if path != self.root and isinstance(problem, (FileNotFoundError, NotADirectoryError)):
                    continue  # it went away meanwhile, or became something else
                raise self._unread(path, problem) from None
            try:
                if self._is_new(handle):
                    self._look(handle, path, places)
            except OSError as problem:
                raise self._unread(path, problem) from None
            finally:
                os.close(handle)
        return self.result

    def _unread(self, path, problem):
        return UnreadableError("%s: %s" % (path[len(self.root) :] or "/", problem.strerror))

    def _is_new(self, handle):
        if self.directories is None:
            return True
        status = os.fstat(handle)
        count = len(self.directories)
        self.directories.add((status.st_dev, status.st_ino))
        return len(self.directories) > count

    def _look(self, handle, path, places):
        """What is in one open directory; directories in it join `places`."""
        skip = self.skip.get(path, ())
        prefix = path.rstrip("/") + "/"
        with os.scandir(handle) as entries:
            for entry in entries:
                self.entries += 1
                if self.entries % OFTEN == 0 and time.monotonic() > self.until:
                    raise UnreadableError("the file systems are too large to walk in %s s" % self.seconds)
                if entry.name in skip:
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                about = (status.st_mode, status.st_uid, status.st_gid)
                kinds = self.kinds.get(about)
                if kinds is None:
                    kinds = self.kinds[about] = self._kinds(*about)
                for kind in kinds:
                    place = (prefix + entry.name)[len(self.root) :]
                    if kind not in OWNERS or not _is_numbered(status, kind, place):
                        self.result.add(kind, place)
                if stat.S_ISDIR(status.st_mode):
                    places.append(prefix + entry.name)
                elif stat.S_ISREG(status.st_mode) and status.st_mode & EXECUTABLE and _is_capable(prefix + entry.name):
                    self.result.add("capable", (prefix + entry.name)[len(self.root) :])

    def _kinds(self, mode, uid, gid):
        """The kinds that a thing of this mode and these owners is of; a machine has few such combinations."""
        kinds = [kind for kind, about in KINDS.items() if about and about(mode)]
        if names.user(self.machine, uid) is None:
            kinds.append("unowned")
        if names.group(self.machine, gid) is None:
            kinds.append("ungrouped")
        return kinds


def _is_capable(path):
    """Whether a program has capabilities of its own."""
    try:
        return bool(os.getxattr(path, CAPABILITY, follow_symlinks=False))
    except OSError:
        return False


def _is_numbered(status, kind, path):
    """Whether the owner, or the group, is of those that a program numbers itself, on a file of that program."""
    number = status.st_uid if kind == "unowned" else status.st_gid
    return any(number in numbers and places.match(path) for numbers, places in NUMBERED)
