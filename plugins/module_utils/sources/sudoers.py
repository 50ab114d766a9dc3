"""The rules of sudo: /etc/sudoers and what it includes."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "what"
SELECTORS = ("what",)
NEEDS = ("what",)
ATTRIBUTES = ("exists", "values")
INCLUDE = re.compile(r"[#@](include|includedir)\s+(\S+)\Z")
NOPASSWD = re.compile(r"\bNOPASSWD\s*:|!authenticate\b")


def describe(select):
    return "sudoers, %s" % select.get("what")


def look_up(machine, select):
    lines = machine.once(rules)
    defaults = [line for line in lines if line.startswith("Defaults")]
    chosen = {
        "rules": [line for line in lines if line not in defaults],
        "defaults": defaults,
        "nopasswd": [line for line in lines if NOPASSWD.search(line)],
    }
    if select["what"] not in chosen:
        raise UnreadableError("sudoers does not know %s (it knows: %s)" % (select["what"], ", ".join(sorted(chosen))))
    return {"exists": bool(lines), "values": chosen[select["what"]]}


def rules(machine, path="/etc/sudoers", depth=0):
    """All lines that count, in order, white space made one space."""
    found = []
    text = (machine.read(path) or "").replace("\\\n", " ")
    for line in text.splitlines():
        include = INCLUDE.match(line.strip())
        if include and depth < 8:
            found += _included(machine, include.group(1), include.group(2), depth)
        elif line.strip() and not line.lstrip().startswith(("#", "@")):
            found.append(" ".join(line.split()))
    return found


def _included(machine, kind, target, depth):
    if kind == "include":
        return rules(machine, target, depth + 1)
    paths = [
        path for path in machine.glob(target + "/*") if "." not in path.rsplit("/", 1)[1] and not path.endswith("~")
    ]
    return [line for path in paths for line in rules(machine, path, depth + 1)]
