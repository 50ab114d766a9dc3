"""One thing on disk in words: sort, rights, owner, size, digest, and what a mode does not show."""

from __future__ import annotations

import array
import fcntl
import fnmatch
import hashlib
import os
import posixpath
import re
import stat
import struct

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import marks
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import (
    LONGEST_TEXT,
    Fact,
    Unseen,
    joined,
    masked,
)
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.homes import homes
from ansible_collections.oplever.lab.plugins.module_utils.sources import acl, capability
from ansible_collections.oplever.lab.plugins.module_utils.sources.file import group, kind, mode, owner

LARGEST = 8 << 20  # bytes of a file that is read
FLAGS = 0x80086601  # FS_IOC_GETFLAGS of linux/fs.h
IMMUTABLE, APPEND_ONLY = 0x10, 0x20
# Keys, hashes and passwords: never a line of these, whoever may read them (`diff: false`).
SECRET = (
    "*shadow", "*shadow-", "*.key", "*_key", "*/private/*", "*.keytab", "*.pem", "*.p12", "*.pfx", "*/wireguard/*",
    "*/NetworkManager/system-connections/*", "*/ppp/*-secrets", "*/ipsec.secrets", "*/debian.cnf", "*.htpasswd",
    "*/users.auth.php", "*/opasswd*", "*/machine-id", "*/credstore*/*", "*/.netrc", "*/.pgpass", "*/.my.cnf",
    "*/id_rsa", "*/id_ecdsa", "*/id_ed25519", "*/id_dsa", "*/krb5.conf.d/*secret*", "*/.ssh/environment", "*.asc",
    "*.gpg", "*.crt", "*.cer", "*/sasldb2", "*/rndc.key", "*/chrony.keys", "*/ntp.keys", "*/secrets/*", "*/lvm/*",
)  # fmt: skip
# Closed to others, and yet of lines that must be shown: what they start or allow is the point.
SHOWN = (
    "/etc/sudoers", "/etc/sudoers.d/*", "/etc/nftables.conf", "/etc/nftables.d/*", "/etc/ssh/sshd_config*",
    "/etc/cron*", "/var/spool/cron/*", "*/.profile", "*/.bash*", "*/.zsh*", "*/.ssh/authorized_keys*", "*/.ssh/config",
    "*/.ssh/rc", "*/.config/systemd/*", "*/.config/autostart/*", "/etc/audit/*", "/etc/at.*", "/etc/security/*",
    "/etc/polkit-1/*", "/var/lib/polkit-1/*", "/etc/systemd/*", "/etc/rc.local", "/etc/pam.d/*",
    "/run/user/*/systemd/*",
)  # fmt: skip
# Other facts tell what is in these, better than their lines: accounts and groups.
TOLD_ELSEWHERE = ("/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/subuid", "/etc/subgid",
                  "/etc/security/opasswd", "/etc/security/opasswd.old")  # fmt: skip


def _any_of(patterns):
    return re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns))


_SECRET, _SHOWN = _any_of(SECRET), _any_of(SHOWN)


def rights(machine, status):
    """`file 4755 root root`."""
    return "%s %s %s %s" % (kind(status), mode(status), owner(machine, status.st_uid), group(machine, status.st_gid))


def device(status):
    """`device 8:1`; empty for what is none."""
    is_device = stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode)
    return "device %d:%d" % (os.major(status.st_rdev), os.minor(status.st_rdev)) if is_device else ""


def below(patterns):
    """A pattern for the paths that fit one of the patterns, and for all that is below these; None without patterns."""
    places = [place.rstrip("/") for place in patterns]
    return _any_of([*places, *(place + "/*" for place in places)]) if places else None


def of_entry(machine, name, entry):
    """The facts of kind `name` about what the walk has: one, or none when it is gone meanwhile."""
    return guarded(name, entry.path, lambda: fact(machine, name, entry.path, entry.status))


def guarded(name, path, work):
    """What `work` returns about a path, as a list of one. What is gone meanwhile is no fact, and what cannot be read
    says so: one path never hides the others."""
    try:
        return [work()]
    except FileNotFoundError:
        return []
    except (OSError, UnreadableError) as problem:
        return [Unseen(name, "%s: %s" % (path, getattr(problem, "strerror", None) or problem))]


def fact(machine, name, path, status, packaged=None, *, diff=None, limit=None):
    """The Fact of kind `name` about a path. `packaged`: for a configuration file, the
    MD5 that its package brought, and the package. `limit`: bytes of a file that is read.
    `diff`: whether its lines may be shown whatever its mode (True), never (False), or as its mode says (None).
    Raises FileNotFoundError when it is gone."""
    if stat.S_ISLNK(status.st_mode):
        return Fact(name, path, "-> " + os.readlink(machine.path(path, follow=False)))
    words, text = rights(machine, status), None
    if stat.S_ISREG(status.st_mode):
        content, text = _content(machine, path, status, packaged, diff=diff, limit=limit or LARGEST)
        words = joined(words, content)
    return Fact(name, path, joined(words, device(status), *beyond_mode(machine, path, status)), text)


def _content(machine, path, status, packaged, *, diff, limit):
    """(size and digest in words, text that may be shown or None)."""
    if path in TOLD_ELSEWHERE:
        return "", None
    if status.st_size > limit:
        return "%d bytes, too large to read, changed %d" % (status.st_size, int(status.st_ctime)), None
    try:
        data = machine.content(path, limit)
    except UnreadableError as problem:
        return "not read: %s" % problem, None
    if data is None:
        raise FileNotFoundError(path)
    secret, closed = _SECRET.match(path), _is_closed(machine, path)
    readable_by_all = status.st_mode & stat.S_IROTH
    text = None
    shown = _is_shown(machine, path, readable_by_all, closed) if diff is None else diff
    if shown and not secret and len(data) <= LONGEST_TEXT and b"\0" not in data:
        text = masked(data.decode("utf-8", "replace"))
    if packaged and hashlib.new("md5", data, usedforsecurity=False).hexdigest() == packaged[0]:
        return "as package %s brought it" % packaged[1], text
    is_open = readable_by_all and not closed and not secret
    return "%d bytes, %s" % (len(data), marks.plain(data) if is_open else marks.keyed(machine, data)), text


def _is_shown(machine, path, readable_by_all, closed):
    """Whether lines may be shown. What stands in a home that is closed is what its account runs, and is shown by its
    own rights."""
    return bool(_SHOWN.match(path) or (readable_by_all and (not closed or path.startswith(machine.once(_in_homes)))))


def _in_homes(machine):
    return tuple(home + "/" for home in homes(machine))


def _is_closed(machine, path):
    """Whether a directory above keeps out who is neither its owner nor of its group, whatever the file itself says."""
    known = machine.once(_closed_directories)
    directory = posixpath.dirname(path)
    if directory in ("", "/"):
        return False
    if directory not in known:
        status = machine.status(directory)
        is_open = status is not None and status.st_mode & stat.S_IXOTH
        known[directory] = not is_open or _is_closed(machine, directory)
    return known[directory]


def _closed_directories(machine):
    """Directory -> whether it is one of these, filled as they are asked for."""
    return {}


def together(what, entries):
    """Many files, pairs of a path and what lstat says, in one line that changes with any of them."""
    digest = hashlib.sha256()
    for path, status in entries:
        # Nobody can set a ctime. That of a directory changes when Python keeps what it compiled.
        is_directory = stat.S_ISDIR(status.st_mode)
        size, moment = (0, 0) if is_directory else (status.st_size, status.st_ctime_ns)
        line = "%s %o %d %d %d %d\n" % (path, status.st_mode, status.st_uid, status.st_gid, size, moment)
        digest.update(line.encode("utf-8", "surrogateescape"))
    return "%d %s, %s" % (len(entries), what, digest.hexdigest()[:16])


def beyond_mode(machine, path, status):
    """Access list, capabilities and attributes of a file or directory."""
    real = machine.path(path, follow=False)
    try:
        names = os.listxattr(real, follow_symlinks=False)
    except OSError:
        names = ()
    if acl.ACCESS in names or acl.DEFAULT in names:
        for kind_of_list, label in ((acl.ACCESS, "acl"), (acl.DEFAULT, "default acl")):
            try:
                entries = acl.entries(machine, path, kind_of_list)
            except (UnreadableError, struct.error):
                entries = ["unreadable"]
            if entries:
                yield "%s %s" % (label, " ".join(entries))
    if capability.ATTRIBUTE in names:
        try:
            bits = capability.parse(os.getxattr(real, capability.ATTRIBUTE, follow_symlinks=False))
            yield "capabilities %s" % capability.in_words(bits)
        except OSError:
            yield "capabilities that cannot be read"
    flags = _flags(real) if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) else 0
    if flags & IMMUTABLE:
        yield "immutable"
    if flags & APPEND_ONLY:
        yield "append only"


def _flags(path):
    """Attributes as chattr(1) sets them; 0 on a file system without them, and where they cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        value = array.array("l", [0])
        fcntl.ioctl(handle, FLAGS, value, True)
        return value[0]
    except OSError:
        return 0
    finally:
        os.close(handle)
