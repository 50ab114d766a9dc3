"""Digests of configuration files: enough to see that one changed, never what is in it."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import os
import stat

from ansible_collections.oplever.lab.plugins.module_utils.sources.file import group, mode, owner

ALWAYS = "/etc"
LARGEST = 8 << 20
MOST = 20000
DIGITS = 16
# Changed by the machine itself all the time; caches made from other files in /etc.
PASSING = (
    "/etc/mtab", "/etc/ld.so.cache", "/etc/.pwd.lock", "/etc/adjtime", "/etc/udev/hwdb.bin", "/etc/*-", "/etc/.updated",
    "/etc/.#*", "/etc/resolv.conf.*", "/etc/cups/subscriptions.conf*",
)  # fmt: skip
# A digest of a short secret can be guessed back to the secret, so these show only size, rights and owner.
SECRET = (
    "*shadow", "*shadow-", "*.key", "*_key", "*/private/*", "*.keytab", "*.pem", "*.p12", "*.pfx", "*/wireguard/*",
    "*/NetworkManager/system-connections/*", "*/ppp/*-secrets", "*/ipsec.secrets", "*/debian.cnf", "*.htpasswd",
    "*/users.auth.php", "*/opasswd", "*/machine-id", "*/credstore*/*",
)  # fmt: skip


def digests(machine, patterns=(), exclude=()):
    """(path -> [digest, mode, owner, group, size] or ["-> target"], problems). Raises nothing."""
    found, problems = {}, []
    skip = PASSING + tuple(exclude)
    for path in _paths(machine, patterns):
        name = path[len(machine.root) :]
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in skip):
            continue
        if len(found) >= MOST:
            problems.append("more than %d files; the rest was left out" % MOST)
            break
        try:
            row = _row(machine, path, name)
        except OSError as problem:
            problems.append("%s: %s" % (name, problem.strerror))
            continue
        if row:
            found[name] = row
    return found, problems


def _paths(machine, patterns):
    places = [machine.path(ALWAYS)]
    for pattern in patterns:
        places += sorted(glob.glob(machine.path(pattern)))
    for place in places:
        if os.path.islink(place) or not os.path.isdir(place):
            yield place
        for directory, inner, names in os.walk(place):
            inner.sort()
            links = [each for each in inner if os.path.islink(os.path.join(directory, each))]
            for name in sorted(names + links):
                yield os.path.join(directory, name)


def _row(machine, path, name):
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        return ["-> " + os.readlink(path)]
    if not stat.S_ISREG(status.st_mode):
        return None
    names = owner(machine, status.st_uid), group(machine, status.st_gid)
    return [_digest(path, name, status), mode(status), *names, status.st_size]


def _digest(path, name, status):
    """A word in brackets stands for a digest that is not made."""
    if any(fnmatch.fnmatchcase(name, pattern) for pattern in SECRET) or not status.st_mode & stat.S_IROTH:
        return "(secret)"
    if status.st_size > LARGEST:
        return "(large)"
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as stream:
        return hashlib.sha256(stream.read(LARGEST)).hexdigest()[:DIGITS]
