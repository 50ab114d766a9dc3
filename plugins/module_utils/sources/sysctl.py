"""Kernel settings: what runs (/proc/sys) and what the next boot gives (sysctl.d, in systemd's order)."""

from __future__ import annotations

import fnmatch

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "key"
SELECTORS = ("key",)
NEEDS = ("key",)
ATTRIBUTES = ("exists", "running", "configured", "configured_in")
# sysctl.d(5): the first directory that has a file of some name wins; files are read by name.
DIRECTORIES = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")


def describe(select):
    return "sysctl %s" % select.get("key")


def look_up(machine, select):
    key = str(select["key"])
    value = running(machine, key)
    set_to, where = configured_for(machine.once(configured), key)
    if value is None and set_to is None:
        return {"exists": False}
    return {"exists": value is not None, "running": value, "configured": set_to, "configured_in": where}


def running(machine, key):
    """The value in force, fields separated by one space; None when the kernel has no such key."""
    path = "/proc/sys/" + (key if "/" in key else key.replace(".", "/"))
    try:
        text = machine.read(path)
    except UnreadableError as problem:
        return problem
    return None if text is None else " ".join(text.split())


def configured(machine):
    """Settings in the order in which systemd-sysctl applies them: list of (key or pattern, value, file)."""
    files = {}
    for directory in DIRECTORIES:
        for path in machine.glob(directory + "/*.conf"):
            files.setdefault(path.rsplit("/", 1)[1], path)
    found = []
    for name in sorted(files):
        for line in (machine.read(files[name]) or "").splitlines():
            key, equals, value = line.strip().partition("=")
            if equals and not key.startswith(("#", ";")):
                found.append((key.strip().lstrip("-").replace("/", "."), " ".join(value.split()), files[name]))
    return found


def configured_for(settings, key):
    """(value, file) that the next boot gives to a key; a key by name wins from a pattern. (None, "") when none does."""
    named = [entry for entry in settings if entry[0] == key]
    matching = named or [entry for entry in settings if fnmatch.fnmatchcase(key, entry[0])]
    return matching[-1][1:] if matching else (None, "")
