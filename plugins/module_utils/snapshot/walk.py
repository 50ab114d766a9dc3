"""One walk of the local file systems for all sources of the snapshot, with lstat alone: no file is opened.

Of what a package brought it keeps only what is out of the ordinary, so that the result of a machine with a million
files fits in a few thousand rows. What is on the network is not touched (filesystems.py).
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
import time

from ansible_collections.oplever.lab.plugins.module_utils import filesystems
from ansible_collections.oplever.lab.plugins.module_utils.sources.tree import DIRECTORY, engines

SECONDS = 20
MOST = 20000  # entries of one sort
OFTEN = 2048  # entries between two looks at the clock
# Where programs and what they load come from: whatever no package brought there is listed.
PROGRAMS = ("/usr", "/opt", "/boot", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# What is there comes and goes: only what can be run counts.
PASSING = ("/tmp/", "/var/tmp/", "/dev/", "/run/")  # noqa: S108  places to look at, not to write to
SHARED_MEMORY = "/dev/shm/"  # noqa: S108  a place to look at, not to write to
# Of runtime directories: those of containers, and what the machine was started or shuts down with.
NOT_IN_RUN = (
    "/run/containerd", "/run/containers", "/run/docker", "/run/initramfs", "/run/credentials", "/run/netns",
)  # fmt: skip
# Where accounts may put what they like: walked last, so that however much it is, the system was seen before.
LAST = (
    "/home", "/srv", "/tmp", "/var/tmp", "/dev/shm", "/run/user", "/var/www", "/media", "/mnt",  # noqa: S108
)  # fmt: skip
# A program of no package is listed wherever it is, but in homes; /etc is listed whole as files, and programs of
# packages' own scripts as lists of packages.
NOT_LISTED = ("/home/", "/etc/", "/var/lib/dpkg/info/", "/var/spool/cron/")
# Made again by programs of packages when packages come and go.
MADE = (
    "*/__pycache__", "*/__pycache__/*", "*.pyc", "/usr/lib/modules/*/modules.*", "/usr/share/mime/*",
    "/usr/share/info/dir*", "/usr/share/applications/*.cache", "/usr/share/applications/defaults.list",
    "/usr/share/icons/*/icon-theme.cache", "/usr/share/glib-2.0/schemas/gschemas.compiled",
    "/usr/lib/*/gconv/gconv-modules.cache", "/usr/lib/locale/locale-archive", "/usr/lib/locale/*",
    "/usr/lib/*/gdk-pixbuf-2.0/*/loaders.cache", "/usr/lib/*/gio/modules/giomodule.cache",
    "/usr/lib/*/gtk-*/*/immodules.cache", "/usr/lib/udev/hwdb.bin", "/usr/lib/systemd/catalog/database",
    "/usr/share/perl5/XML/SAX/ParserDetails*", "/usr/share/fonts/*/.uuid", "/usr/share/man/*.db",
    "/usr/share/emacs/site-lisp/*/*",
    "/usr/lib/dkms/*", "/usr/share/dictionaries-common/*", "/usr/share/ghostscript/*",
    "/usr/share/vim/addons/doc/tags", "/usr/share/vim/*/doc/tags", "/usr/share/texmf/ls-R", "/usr/lib/*/ghostscript/*",
    "/usr/share/hunspell/*", "/usr/share/myspell/*", "/usr/lib/ispell/*", "/usr/share/maven-repo/*",
    "/boot/initrd.img*", "/boot/grub/grub.cfg", "/boot/grub/grubenv",
    "/boot/grub/*-pc/*", "/boot/grub/*-efi/*", "/boot/grub/locale/*", "/boot/grub/fonts/*", "/boot/grub/*.pf2",
    "/boot/grub/.background*", "/boot/efi/*", "/boot/System.map*", "/boot/.vmlinuz*",
    "/usr/share/snmp/mibs/*", "/usr/lib/firmware/regulatory*", "/usr/lib/*/security/.*",
    "/usr/lib/*/perl/*/perllocal.pod", "/usr/local/share/sgml*", "/usr/local/share/xml*",
    "/vmlinuz*", "/initrd.img*", "/lost+found", "/swap*", "/media", "/mnt", "/opt", "/srv", "/usr/lib/pcrlock.d/*",
    "/usr/share/plymouth/*", "/usr/lib/shim/*", "/usr/lib/firefox*/*.ini", "/usr/lib/clang/*",
)  # fmt: skip
# What loads or runs code is no data that a program of a package made again: a program, a library, a module of Python
# without its source.
LOADED = re.compile(r".*(?:\.so|\.ko(?:\.\w+)?|\.el|/(?!__pycache__/)[^/]+/[^/]+\.pyc)\Z")
# What a web server runs, or reads as its settings, wherever it is.
CODE = re.compile(r".*(?:\.(?:ph(?:p\d?|tml|ar|ps)|cgi|fcgi|jspx?|aspx?)|/\.htaccess|/\.user\.ini)\Z", re.IGNORECASE)
# The module that looks, where Ansible was told to put it.
OWN_MODULE = re.compile(r".*/ansible-tmp-\d+\.\d+-\d+-\d+/AnsiballZ_\w+\.py\Z")
# Memory and the like, as all machines have it: what everybody may do with any other device of this sort is odd.
MEMORY, MEMORY_FOR_ALL = 1, ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
MEMORY_FOR_ROOT = ("/dev/mem", "/dev/kmem", "/dev/port", "/dev/core", "/dev/kmsg", "/dev/oldmem")
# Directories in which services and people keep their data, down to this many names deep.
DATA, DEEP = ("/var/", "/srv/"), 3
METADATA = re.compile(r"/[^/]+\.(?:dist|egg)-info\Z")
ORDINARY = (0o644, 0o755, 0o444, 0o555)
EXECUTES = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


class _TooLongError(Exception):
    """The time for the walk is up."""


class Entry:
    """One thing on disk: `path`, what lstat says of it (`status`), and which package brought it (None: none)."""

    __slots__ = ("package", "path", "status")

    def __init__(self, path, status, package):
        self.path = path
        self.status = status
        self.package = package


class Result:
    """What the walk keeps, lists of Entry unless said otherwise.

    `outside`: of no package, in the directories of programs, at the top and among devices, and programs elsewhere.
    `odd`: rights out of the ordinary, and devices outside /dev.
    `touched`: files and directories of packages that changed after their package was unpacked, and `links` such links.
    `packaged`: all files of packages. `runnable`: programs in places that anybody may write. `python`: metadata of
    Python packages that apt did not bring. `code`: what a web server runs in /var and /srv, of no package.
    `executable`: paths of all that can be run. `missing`: paths of packages that are gone. `data`: directories at the
    top of /var and /srv that are not odd. `unseen`: why not all of this machine was walked. `cut`: names of those lists
    of which more than MOST were seen.
    """

    __slots__ = (
        "code", "cut", "data", "executable", "links", "missing", "odd", "outside", "packaged", "python", "runnable",
        "touched", "unseen",
    )  # fmt: skip

    def __init__(self):
        self.outside, self.odd, self.touched, self.links, self.runnable = [], [], [], [], []
        self.executable, self.python, self.missing, self.packaged = [], [], [], []
        self.unseen, self.data, self.code, self.cut = [], [], [], set()


def walk(machine, catalogue, seconds=SECONDS):
    """The Result for a Catalogue of what packages brought. Raises UnreadableError when mounts cannot be known."""
    return _Walk(machine, catalogue, seconds).result


class _Walk:
    def __init__(self, machine, catalogue, seconds):
        self.root, self.catalogue = machine.root, catalogue
        self.until, self.entries = time.monotonic() + seconds, 0
        self.result = Result()
        self.made = re.compile("|".join(fnmatch.translate(pattern) for pattern in MADE))
        table = machine.mounts()
        self.skip = {}  # directory -> names in it that are not to be touched
        walked = [m.target for m in table if filesystems.local(table, m.target) or m.fstype == "devtmpfs"]
        skipped = [m.target for m in table if m.target not in walked]
        # A file system that is mounted twice is walked once, where it is largest.
        for place in [*skipped, *engines(machine), *_twice(table), *NOT_IN_RUN]:
            directory, _, name = (self.root + place).rpartition("/")
            self.skip.setdefault(directory or "/", set()).add(name)
        self.left = set(catalogue.files)
        try:
            self._walk()
            untouched = tuple(place + "/" for place in skipped)
            self.result.missing = sorted(p for p in self.left if not (p + "/").startswith((*untouched, "/run/")))
        except _TooLongError:
            self.result.unseen.append("the file systems are too large to walk in %d s" % seconds)

    def _walk(self):
        places, last = [self.root or "/"], []
        while places or last:
            path = places.pop() if places else last.pop()
            try:
                handle = os.open(path, DIRECTORY)
            except OSError as problem:
                if not isinstance(problem, (FileNotFoundError, NotADirectoryError)):
                    self.result.unseen.append("%s: %s" % (path[len(self.root) :] or "/", problem.strerror))
                continue
            try:
                self._look(handle, path, places, last)
            except OSError as problem:
                self.result.unseen.append("%s: %s" % (path[len(self.root) :] or "/", problem.strerror))
            finally:
                os.close(handle)

    def _look(self, handle, directory, places, last):
        """What is in one open directory; directories in it join `places`, or `last`."""
        skip = self.skip.get(directory, ())
        prefix = directory[len(self.root) :].rstrip("/") + "/"
        programs = prefix == "/" or (prefix + "/").startswith(tuple(place + "/" for place in PROGRAMS))
        passing = prefix.startswith(PASSING)
        is_bin = prefix.endswith(("/bin/", "/sbin/", "/libexec/"))
        with os.scandir(handle) as entries:
            for entry in entries:
                self.entries += 1
                if self.entries % OFTEN == 0 and time.monotonic() > self.until:
                    raise _TooLongError
                if entry.name in skip:
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                path = prefix + entry.name
                if stat.S_ISDIR(status.st_mode):
                    (last if path in LAST else places).append(self.root + path)
                self._sort(path, status, programs, passing, is_bin)

    def _sort(self, path, status, programs, passing, is_bin):
        kind = stat.S_IFMT(status.st_mode)
        package = self.catalogue.files.get(path)
        result = self.result
        entry = Entry(path, status, package)
        if package is not None:
            self.left.discard(path)
            if kind == stat.S_IFREG:
                result.packaged.append(entry)
            if status.st_ctime > self.catalogue.unpacked[package]:
                (result.links if kind == stat.S_IFLNK else result.touched).append(entry)
        elif METADATA.search(path):
            result.python.append(entry)
        elif programs and (not self.made.match(path) or _is_code(path, status)):
            self._add("outside", entry)
        elif kind == stat.S_IFREG and path.startswith("/dev/") and not path.startswith(SHARED_MEMORY):
            if not status.st_mode & EXECUTES:  # a program is one of `runnable`
                self._add("outside", entry)  # there are no files among devices
        elif kind == stat.S_IFREG and path.startswith(DATA) and not passing and CODE.match(path):
            self._add("code", entry)
        if kind == stat.S_IFREG and status.st_mode & EXECUTES:
            self._executable(entry, programs, passing)
        if _is_odd(entry, programs or package is not None, passing, is_bin):
            self._add("odd", entry)
        elif kind == stat.S_IFDIR and not passing and path.startswith(DATA) and path.count("/") <= DEEP:
            self._add("data", entry)

    def _executable(self, entry, programs, passing):
        result = self.result
        result.executable.append(entry.path)
        if entry.package is None and not programs and not passing and not entry.path.startswith(NOT_LISTED):
            self._add("outside", entry)
        if passing and not OWN_MODULE.match(entry.path):
            self._add("runnable", entry)

    def _add(self, name, entry):
        """To one of the lists of the result."""
        rows = getattr(self.result, name)
        if len(rows) < MOST:
            rows.append(entry)
        else:
            self.result.cut.add(name)


def _is_code(path, status):
    """Whether a file that is among what programs of packages make again is run or loaded; on the partition of the
    firmware everything can be run."""
    if not stat.S_ISREG(status.st_mode):
        return not (stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode))
    is_program = status.st_mode & EXECUTES and not path.startswith(("/boot/", "/vmlinuz"))
    return bool(is_program or LOADED.match(path))


def _is_odd(entry, is_program, passing, is_bin):
    """`is_program`: it is of a package, or where programs are; `passing`: what is there comes and goes; `is_bin`: it is
    in a directory of programs."""
    status = entry.status
    kind, bits = stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode)
    foreign = bool(status.st_uid or status.st_gid)
    if kind == stat.S_IFREG:
        special = bits & (stat.S_ISUID | stat.S_ISGID)
        open_to_all = bits & stat.S_IWOTH and not passing
        lacks = is_bin and entry.package is not None and not bits & EXECUTES
        return bool(special or open_to_all or lacks or (is_program and (bits not in ORDINARY or foreign)))
    if kind == stat.S_IFDIR and not passing:
        open_to_all = bits & stat.S_IWOTH and not bits & stat.S_ISVTX
        return bool(open_to_all or (is_program and (bits != 0o755 or foreign)))
    # 0:0 is what systemd and overlay file systems put in the place of a file.
    if kind not in (stat.S_IFCHR, stat.S_IFBLK) or status.st_rdev == 0 or entry.path.startswith("/etc/"):
        return False
    return not entry.path.startswith("/dev/") or _is_odd_device(entry.path, status, bits)


def _is_odd_device(path, status, bits):
    """Whether a device among the others can be read or written by others, or is memory under another name."""
    if stat.S_ISBLK(status.st_mode):
        return bool(bits & stat.S_IRWXO or status.st_uid)
    if os.major(status.st_rdev) != MEMORY or path in MEMORY_FOR_ALL:
        return False
    return path not in MEMORY_FOR_ROOT or bool(bits & stat.S_IWOTH)


def _twice(table):
    """Targets of mounts that show what is in sight elsewhere. The device does not tell: all volumes of a btrfs have
    one."""
    roots_by_device, targets = {}, []
    for mount in sorted(table, key=lambda m: len(m.target)):
        roots = roots_by_device.setdefault(mount.device, [])
        if any((mount.root + "/").startswith(root.rstrip("/") + "/") for root in roots):
            targets.append(mount.target)
        else:
            roots.append(mount.root)
    return targets
