"""Kernel settings: what runs (/proc/sys) and what the next boot gives (sysctl.d, in systemd's order)."""

from __future__ import annotations

import fnmatch
import re
import stat

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "key"
SELECTORS = ("key",)
NEEDS = ("key",)
ATTRIBUTES = ("exists", "running", "configured", "configured_in")
# sysctl.d(5): the first directory that has a file of some name wins; files are read by name. /etc/sysctl.conf counts
# only where a link in sysctl.d leads to it, as Debian 12 has and Debian 13 has not.
DIRECTORIES = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
SEPARATOR = re.compile(r"[./]")
SWAP = str.maketrans("./", "/.")


def describe(select):
    return "sysctl %s" % select.get("key")


def look_up(machine, select):
    key = str(select["key"])
    value = running(machine, key)
    set_to, where = configured_for(machine.once(configured), key)
    if value is None and set_to is None:
        return {"exists": False}
    evidence = "%s sets %s" % (where, set_to) if where else "no file in sysctl.d sets it"
    facts = {"running": value, "configured": set_to, "configured_in": where.rpartition(":")[0], "evidence": evidence}
    return dict(facts, exists=value is not None)


def running(machine, key):
    """The value in force, fields separated by one space; None when the kernel has no such key."""
    try:
        text = machine.read("/proc/sys/" + _path(key))
    except UnreadableError as problem:
        return problem
    return None if text is None else " ".join(text.split())


def configured(machine):
    """Settings in the order in which systemd-sysctl applies them: list of (key or pattern with slashes, value,
    file:line); a value of None excludes the key from patterns."""
    files = {}
    for directory in DIRECTORIES:
        for path in machine.glob(directory + "/*.conf"):
            files.setdefault(path.rsplit("/", 1)[1], path)
    return [entry for name in sorted(files) for entry in parse(_text(machine, files[name]), files[name])]


def parse(text, path):
    """One file of sysctl.d, as `configured` gives it."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        key, equals, value = line.strip().partition("=")
        key = key.strip()
        if key and key[0] not in "#;" and (equals or key[0] == "-"):
            found.append(
                (_path(key.lstrip("-")), " ".join(value.split()) if equals else None, "%s:%d" % (path, number))
            )
    return found


def _text(machine, path):
    """A link to /dev/null is how an admin switches off a file of that name."""
    status = machine.status(path)
    if status is not None and stat.S_ISCHR(status.st_mode):
        return ""
    return machine.read(path) or ""


def _path(key):
    """sysctl.d(5): where the first separator is a dot, dots and slashes change places."""
    first = SEPARATOR.search(key)
    return key.translate(SWAP) if first and first.group() == "." else key


def dotted(path):
    """The usual spelling of a key that is written with slashes."""
    return path.translate(SWAP)


def configured_for(settings, key):
    """(value, file:line) that the next boot gives to a key; a key by name, also an excluded one, wins from a pattern.
    (None, "") when nothing gives it one."""
    path = _path(key)
    named = [entry for entry in settings if entry[0] == path]
    given = [entry for entry in named if entry[1] is not None]
    if named:
        return given[-1][1:] if given else (None, "")
    matching = [entry for entry in settings if entry[1] is not None and fnmatch.fnmatchcase(path, entry[0])]
    return matching[-1][1:] if matching else (None, "")
