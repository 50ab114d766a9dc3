"""One setting of a program of systemd (journald, logind, coredump, ...) with its drop-ins: the last one wins."""

from __future__ import annotations

import os

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "key"
SELECTORS = ("file", "section", "key")
NEEDS = ("key",)
ATTRIBUTES = ("exists", "value", "source")
# systemd.syntax: of a file, or of a drop-in of some name, the one in the first of these directories counts.
DIRECTORIES = ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd")


def describe(select):
    return "%s of systemd, [%s] %s" % (select.get("file"), select.get("section"), select.get("key"))


def look_up(machine, select):
    if not select.get("file") or not select.get("section"):
        raise UnreadableError("source systemd_setting needs a file and a section")
    hits = _settings(machine, str(select["file"]), str(select["section"]), str(select["key"]))
    # An empty value means: as if it was never set.
    if not hits or not hits[-1][0]:
        return {"exists": False, "source": hits[-1][1] if hits else ""}
    return {"exists": True, "value": hits[-1][0], "source": hits[-1][1]}


def values(machine, file, section, key):
    """(value, file:line) of a setting of which the values of all lines count together, up to an empty one."""
    result = []
    for value, where in _settings(machine, file, section, key):
        result = [*result, (value, where)] if value else []
    return result


def _settings(machine, file, section, key):
    return [
        (value, "%s:%d" % (path, number))
        for path in _files(machine, file)
        for number, *name, value in parse(machine.text(path) or "")
        if name == [section, key]
    ]


def parse(text):
    """(line number, section, key, value) of each setting; a backslash continues a line."""
    section, pending, start = "", "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith(("#", ";")) or not (line or pending):
            continue
        start = start if pending else number
        if line.endswith("\\"):
            pending += line[:-1].strip() + " "
            continue
        line, pending = pending + line, ""
        key, equals, value = line.partition("=")
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif equals:
            yield start, section, key.strip(), value.strip().strip("\"'")


def _files(machine, name):
    """The file itself, then its drop-ins by name; a link to /dev/null switches one off."""
    main = next((path for path in (d + "/" + name for d in DIRECTORIES) if machine.glob(path)), None)
    drop_ins = machine.first_by_name("%s/%s.d/*.conf" % (directory, name) for directory in DIRECTORIES)
    chosen = [*([main] if main else []), *drop_ins.values()]
    return [path for path in chosen if os.path.realpath(machine.path(path)) != "/dev/null"]
