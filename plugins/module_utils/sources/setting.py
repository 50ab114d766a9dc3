"""One key of a configuration file with its drop-ins, as login.defs, journald.conf or pwquality.conf."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "key"
SELECTORS = ("file", "key", "separator", "section", "drop_ins", "order")
NEEDS = ("key",)
ATTRIBUTES = ("exists", "value", "source")
WHITE_SPACE = " "
"""As the separator: white space alone, as in login.defs, where `KEY=value` sets nothing."""
SECTION = re.compile(r"\[(.+)\]\s*\Z")


def describe(select):
    section = "[%s] " % select["section"] if select.get("section") else ""
    return "%s, %s%s" % (select.get("file"), section, select.get("key"))


def look_up(machine, select):
    if not select.get("file"):
        raise UnreadableError("source setting needs a file")
    hits = [hit for path in _files(machine, select) for hit in _in_file(machine, path, select)]
    if not hits:
        return {"exists": False}
    value, source = hits[0] if select.get("order") == "first" else hits[-1]
    return {"exists": True, "value": value, "source": source, "evidence": source}


def _files(machine, select):
    """The file and then its drop-ins; in a system with the same name in /etc, /run and /usr/lib, /etc wins."""
    main_file = str(select["file"])
    if not select.get("drop_ins"):
        return [main_file]
    directory = str(select["drop_ins"])
    places = (directory, directory.replace("/etc/", "/run/", 1), directory.replace("/etc/", "/usr/lib/", 1))
    return [main_file, *machine.first_by_name(place + "/*.conf" for place in places).values()]


def _in_file(machine, path, select):
    key, section = str(select["key"]), None
    separator = select.get("separator") or ""
    separator = r"\s+" if separator == WHITE_SPACE else re.escape(separator) or r"(?:\s*=\s*|\s+)"
    pattern = re.compile(re.escape(key) + r"(?:\s*" + separator + r"\s*(.*))?\Z")
    lines = (line.strip() for line in (machine.text(path) or "").splitlines())
    for number, line in enumerate(lines, 1):
        heading = SECTION.match(line)
        if heading:
            section = heading.group(1)
        elif line and line[0] not in "#;" and select.get("section") in (None, section):
            hit = pattern.match(line)
            if hit:
                yield (hit.group(1) or "").strip().strip("\"'"), "%s:%d" % (path, number)
