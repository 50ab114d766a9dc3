"""Where apt gets packages: every enabled entry of sources.list and sources.list.d, in both of its formats."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "entries", "hosts", "suites", "without_key")
LINE = re.compile(r"(deb|deb-src)\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)")
# These read packages from this machine itself.
LOCAL = ("file", "cdrom", "copy")


class Entry:
    """One place: `uri`, `suite`, `signed_by` (text; empty when it names no key) and `source` (file:line)."""

    __slots__ = ("signed_by", "source", "suite", "uri")

    def __init__(self, uri, suite, signed_by, source):
        self.uri = uri
        self.suite = suite
        self.signed_by = signed_by
        self.source = source


def describe(select):
    return "/etc/apt/sources.list and sources.list.d"


def look_up(machine, select):
    """`hosts`: names of servers. `without_key`: file:line of entries that any trusted key may sign."""
    found = machine.once(entries)
    places = [urlsplit(entry.uri) for entry in found]
    return {
        "exists": bool(found),
        "entries": [entry.uri for entry in found],
        "hosts": sorted({place.hostname or place.path for place in places if place.scheme not in LOCAL}),
        "suites": sorted({entry.suite for entry in found}),
        "without_key": [entry.source for entry in found if not entry.signed_by],
    }


def entries(machine):
    """All enabled entries, in the order of the files."""
    found = []
    for path in ("/etc/apt/sources.list", *machine.glob("/etc/apt/sources.list.d/*")):
        text = machine.read(path) or ""
        if path.endswith(".list"):
            found += parse_lines(text, path)
        elif path.endswith(".sources"):
            found += parse_blocks(text, path)
    return found


def parse_lines(text, path):
    """The format of one line, sources.list(5)."""
    for number, line in enumerate(text.splitlines(), 1):
        hit = LINE.match(line.strip())
        if hit:
            options = dict(pair.partition("=")[::2] for pair in (hit.group(2) or "").split())
            yield Entry(hit.group(3), hit.group(4), options.get("signed-by", ""), "%s:%d" % (path, number))


def parse_blocks(text, path):
    """The format of blocks (deb822); a line that begins with white space belongs to the field above it."""
    block, start, key = {}, 0, ""
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.startswith("#"):
            continue
        if not line.strip():
            yield from _of_block(block, path, start)
            block = {}
        elif line[0].isspace() and key:
            block[key] += " " + line.strip()
        else:
            start = start if block else number
            key, _, value = line.partition(":")
            key = key.strip().lower()
            block[key] = value.strip()


def _of_block(block, path, start):
    if block.get("enabled", "yes").lower() in ("no", "false", "0", "off", "without", "disable"):
        return
    for uri in block.get("uris", "").split():
        for suite in block.get("suites", "").split():
            yield Entry(uri, suite, block.get("signed-by", ""), "%s:%d" % (path, start))
