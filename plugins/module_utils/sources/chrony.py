"""Settings of chronyd: its file with what that includes (chrony.conf(5))."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.sources import unit_file

MAIN = "directive"
SELECTORS = ("directive",)
NEEDS = ("directive",)
ATTRIBUTES = ("exists", "values", "source")
FILE = "/etc/chrony/chrony.conf"
# Its service may be told to read another file.
VARIABLES, UNIT = "/etc/default/chrony", "chrony.service"
OTHER_FILE = re.compile(r"(?:^|[\s\"'=])-f[ \t]*([^\s\"']+)", re.MULTILINE)
DEPTH = 8
COMMENTS = ("#", "!", ";", "%")


def describe(select):
    return "%s, %s" % (FILE, select.get("directive"))


def look_up(machine, select):
    """`values`: what stands behind the directive on each of its lines; empty where nothing does, as after `allow`."""
    name = str(select["directive"]).lower()
    settings = [(value, where) for key, value, where in machine.once(lines, _file(machine)) if key == name]
    return {
        "exists": bool(settings),
        "values": [value for value, _ in settings],
        "source": settings[0][1] if settings else "",
    }


def _file(machine):
    options = re.findall(r"^[ \t]*DAEMON_OPTS=(.*)", machine.text(VARIABLES) or "", re.MULTILINE)[-1:]
    named = OTHER_FILE.findall("\n".join([*options, *unit_file.values(machine, UNIT, "Service", "ExecStart")]))
    return named[0] if named else FILE


def lines(machine, path=FILE, depth=0):
    """(directive in lower case, value, file:line) of each line, with includes, confdir and sourcedir in their place."""
    result = []
    for number, line in enumerate((machine.text(path) or "").splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith(COMMENTS):
            continue
        key, value = words[0].lower(), " ".join(words[1:])
        result.append((key, value, "%s:%d" % (path, number)))
        if depth < DEPTH:
            for inner in _included(machine, key, words[1:]):
                result += lines(machine, inner, depth + 1)
    return result


def _included(machine, key, words):
    if key == "include" and words:
        return machine.glob(words[0])
    if key in ("confdir", "sourcedir"):
        ending = "*.conf" if key == "confdir" else "*.sources"
        return machine.first_by_name(place + "/" + ending for place in words).values()
    return []
