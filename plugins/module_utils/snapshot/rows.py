"""One thing on disk in words: sort, rights, owner, size, digest, and what a mode does not show."""

from __future__ import annotations

import array
import errno
import fcntl
import fnmatch
import hashlib
import os
import re
import stat
import struct

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import marks
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import LONGEST_TEXT, Fact, joined, masked
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
    "/etc/polkit-1/*", "/etc/systemd/*", "/etc/rc.local", "/etc/pam.d/*",
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


def fact(machine, name, path, status, packaged=None, *, diff=None):
    """The Fact of kind `name` about a path. `packaged`: for a configuration file, the
    MD5 that its package brought, and the package.
    `diff`: whether its lines may be shown whatever its mode (True), never (False), or as its mode says (None)."""
    if stat.S_ISLNK(status.st_mode):
        return Fact(name, path, "-> " + os.readlink(machine.path(path, follow=False)))
    words, text = rights(machine, status), None
    if stat.S_ISREG(status.st_mode):
        content, text = _content(machine, path, status, packaged, diff)
        words = joined(words, content)
    return Fact(name, path, joined(words, device(status), *beyond_mode(machine, path, status)), text)


def _content(machine, path, status, packaged, diff):
    """(size and digest in words, text that may be shown or None)."""
    if path in TOLD_ELSEWHERE:
        return "", None
    if status.st_size > LARGEST:
        return "%d bytes, too large to read, changed %d" % (status.st_size, int(status.st_ctime)), None
    try:
        data = machine.content(path, LARGEST)
    except UnreadableError as problem:
        return "not read: %s" % problem, None
    if data is None:
        return "gone meanwhile", None
    secret, everybody = _SECRET.match(path), status.st_mode & stat.S_IROTH
    text = None
    shown = (everybody or _SHOWN.match(path)) if diff is None else diff
    if shown and not secret and len(data) <= LONGEST_TEXT and b"\0" not in data:
        text = masked(data.decode("utf-8", "replace"))
    if packaged and hashlib.new("md5", data, usedforsecurity=False).hexdigest() == packaged[0]:
        return "as package %s brought it" % packaged[1], text
    digest = marks.plain(data) if everybody and not secret else marks.keyed(machine, data)
    return "%d bytes, %s" % (len(data), digest), text


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
        bits = capability.parse(os.getxattr(real, capability.ATTRIBUTE, follow_symlinks=False))
        yield "capabilities %s" % capability.in_words(bits)
    flags = _flags(real) if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) else 0
    if flags & IMMUTABLE:
        yield "immutable"
    if flags & APPEND_ONLY:
        yield "append only"


def _flags(path):
    """Attributes as chattr(1) sets them; 0 on a file system without them."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        value = array.array("l", [0])
        fcntl.ioctl(handle, FLAGS, value, True)
        return value[0]
    except OSError as problem:
        if problem.errno in (errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS, errno.EPERM):
            return 0
        raise
    finally:
        os.close(handle)
