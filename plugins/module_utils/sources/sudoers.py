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
# who hosts = (as whom) TAG: commands
RULE = re.compile(r"(?P<who>[^=]+?)\s+(?P<hosts>\S+)\s*=\s*(?:\((?P<runas>[^)]*)\))?\s*(?P<commands>.*)\Z")
TAG = re.compile(r"[A-Z_]+:\s*")
WORDS = ("Defaults", "User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias")
# Who may be root in everything: root itself, and on Debian the group sudo.
ADMINISTRATORS = ("root", "%sudo", "%admin")


def describe(select):
    return "sudoers, %s" % select.get("what")


def look_up(machine, select):
    lines = machine.once(rules)
    defaults = [line for line in lines if line.startswith("Defaults")]
    chosen = {
        "rules": [line for line in lines if line not in defaults],
        "defaults": defaults,
        "nopasswd": [line for line in lines if NOPASSWD.search(line)],
        "negated": [line for line in lines if any(c.startswith("!") for c in commands(line))],
        "loose": [line for line in lines if any(_loose(c) for c in commands(line))],
        "wholesale": [line for line in lines if _wholesale(line)],
    }
    if select["what"] not in chosen:
        raise UnreadableError("sudoers does not know %s (it knows: %s)" % (select["what"], ", ".join(sorted(chosen))))
    return {"exists": bool(lines), "values": chosen[select["what"]]}


def commands(line):
    """Commands of a rule or of an alias of commands, without their tags; none for other lines."""
    if line.startswith(("Cmnd_Alias", "Cmd_Alias")):
        text = line.partition("=")[2]
    else:
        rule = None if line.startswith(WORDS) else RULE.match(line)
        text = rule.group("commands") if rule else ""
    parts = re.split(r"(?<!\\),", text)
    return [TAG.sub("", part.strip()).strip() for part in parts if part.strip()]


def _loose(command):
    """A command that takes any argument, or whose arguments have wildcards; `ALL` and aliases are another matter."""
    words = command.lstrip("!").split()
    path = bool(words) and words[0].startswith("/")
    return path and (len(words) == 1 or any(character in command for character in "*?["))


def _wholesale(line):
    rule = None if line.startswith(WORDS) else RULE.match(line)
    if not rule or rule.group("who").strip() in ADMINISTRATORS:
        return False
    as_whom = {name.strip() for name in (rule.group("runas") or "root").split(":")[0].split(",")}
    return "ALL" in commands(line) and bool(as_whom & {"ALL", "root", "#0", ""})


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
