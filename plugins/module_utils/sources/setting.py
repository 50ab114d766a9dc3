"""One key of a configuration file with its drop-ins, as login.defs, journald.conf or pwquality.conf."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "key"
SELECTORS = ("file", "key", "separator", "section", "drop_ins", "order", "include")
NEEDS = ("key",)
ATTRIBUTES = ("exists", "value", "source")
DEPTH = 8
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
    if select.get("include"):
        return list(
            _with_included(machine, main_file, re.compile(r"[ \t]*%s[ \t=]+(\S+)" % re.escape(str(select["include"]))))
        )
    if not select.get("drop_ins"):
        return [main_file]
    by_name = {}
    directory = str(select["drop_ins"])
    for place in (directory, directory.replace("/etc/", "/run/", 1), directory.replace("/etc/", "/usr/lib/", 1)):
        for path in machine.glob(place + "/*.conf"):
            by_name.setdefault(path.rsplit("/", 1)[1], path)
    return [main_file] + [by_name[name] for name in sorted(by_name)]


def _with_included(machine, path, include, depth=0):
    """A file and, behind it, those that its lines include: a file, or all that ends in .cnf or .conf of a directory
    (config(5ssl))."""
    yield path
    for line in (machine.text(path) or "").splitlines() if depth < DEPTH else ():
        hit = include.match(line)
        place = hit.group(1) if hit else ""
        if place.startswith("/"):
            inside = [*machine.glob(place + "/*.cnf"), *machine.glob(place + "/*.conf")]
            for inner in inside or [place]:
                yield from _with_included(machine, inner, include, depth + 1)


def _in_file(machine, path, select):
    key, section = str(select["key"]), None
    separator = re.escape(str(select["separator"])) if select.get("separator") else r"(?:\s*=\s*|\s+)"
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
