"""Limits of sessions: /etc/security/limits.conf and limits.d, as pam_limits reads them (limits.conf(5)), and those that
systemd gives services: to all of the machine or of a person, and to one by its unit."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.sources import systemd_setting, unit_file

MAIN = "item"
SELECTORS = ("item",)
NEEDS = ("item",)
ATTRIBUTES = ("exists", "values", "above_zero")
FILES = ("/etc/security/limits.conf", "/etc/security/limits.d/*.conf")
KINDS = ("soft", "hard", "-")
MANAGERS = ("system.conf", "user.conf")
# The soft limit stands before the colon, and counts.
NOTHING = re.compile(r" 0+[BKMGTPE]?(?::\w+)?\Z")


def describe(select):
    return "limits.conf and limits.d, %s" % select.get("item")


def look_up(machine, select):
    """`values`: `file:line domain kind value` of each line about the item. `above_zero`: those that allow something;
    for one domain the last line counts, as pam_limits has it."""
    item = str(select["item"])
    lines = [line for line in machine.once(entries) if line[3] == item]
    last = {(line[1], kind): line for line in lines for kind in (KINDS[:2] if line[2] == "-" else [line[2]])}
    in_force = set(last.values())
    of_services = list(_of_services(machine, item))
    return {
        "exists": bool(lines or of_services),
        "values": [_text(line) for line in lines] + of_services,
        "above_zero": [_text(line) for line in lines if line[4].strip("0") and line in in_force]
        + [text for text in of_services if not NOTHING.search(text)],
    }


def _of_services(machine, item):
    """`file:line DefaultLimitCORE value` (systemd-system.conf(5)), and the same of units that people made."""
    for name in MANAGERS:
        select = {"file": name, "section": "Manager", "key": "DefaultLimit" + item.upper()}
        setting = systemd_setting.look_up(machine, select)
        if setting["exists"]:
            yield "%s %s %s" % (setting["source"], select["key"], setting["value"])
    for where, section, key, value in unit_file.settings_of_people(machine):
        if (section, key) == ("Service", "Limit" + item.upper()) and value:
            yield "%s %s %s" % (where, key, value)


def entries(machine):
    """(file:line, domain, kind, item, value) of each line, files by name after the main one."""
    paths = [path for pattern in FILES for path in machine.glob(pattern)]
    result = []
    for path in paths:
        for number, line in enumerate((machine.text(path) or "").splitlines(), 1):
            # pam_limits reads four words, kind, item and value in any case, and passes over the rest.
            words = line.partition("#")[0].split()[:4]
            if len(words) == 4 and words[1].lower() in KINDS:
                result.append(("%s:%d" % (path, number), words[0], *(word.lower() for word in words[1:])))
    return result


def _text(line):
    where, domain, kind, _, value = line
    return "%s %s %s %s" % (where, domain, kind, value)
