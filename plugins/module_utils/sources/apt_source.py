"""Where apt gets packages: every enabled entry of sources.list and sources.list.d, in both of its formats."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ansible_collections.oplever.lab.plugins.module_utils.sources import apt_conf, package

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "entries", "hosts", "suites", "without_key")
LINE = re.compile(r"(deb|deb-src)\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)")
PART = re.compile(r"[\w:.-]+\Z", re.ASCII)
"""apt passes over files whose names have other characters."""
PREFERENCES = ("/etc/apt/preferences", "/etc/apt/preferences.d/*")
REFUSED = re.compile(r"^ *-\d+ \S+ (\S+?)/\S+ ", re.MULTILINE)
"""A list of packages with a priority below none, in `apt-cache policy`: nothing is installed from it."""
# These read packages from this machine itself.
LOCAL = ("file", "cdrom", "copy")
# apt's words for yes and no.
YES, NO = ("yes", "true", "with", "on", "enable", "1"), ("no", "false", "without", "off", "disable", "0")
# With one of these apt installs what nobody signed, or what is signed with a broken method.
UNCHECKED = ("trusted", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure")


class Entry:
    """One place: `uri`, `suite`, `options` (name -> text, as `signed-by`) and `source` (file:line)."""

    __slots__ = ("options", "source", "suite", "uri")

    def __init__(self, uri, suite, options, source):
        self.uri = uri
        self.suite = suite
        self.options = options
        self.source = source

    @property
    def signed_by(self):
        return self.options.get("signed-by", "")

    @property
    def is_unchecked(self):
        """Whether an option switches off the check of signatures, or a part of it."""
        return any(boolean(self.options.get(name, "")) for name in UNCHECKED)


def boolean(word):
    """What apt makes of a word: True, False, or None when it is neither."""
    text = word.strip().lower()
    return True if text in YES else False if text in NO else None


def describe(select):
    return "/etc/apt/sources.list and sources.list.d"


def look_up(machine, select):
    """`hosts`: names of servers. `suites`: without those that nothing is installed from. `without_key`: file:line of
    entries that any trusted key may sign."""
    sources = machine.once(entries)
    places = [urlsplit(entry.uri) for entry in sources]
    suites = {entry.suite for entry in sources}
    return {
        "exists": bool(sources),
        "entries": [entry.uri for entry in sources],
        "hosts": sorted({place.hostname or place.path for place in places if place.scheme not in LOCAL}),
        "suites": (lambda: sorted(suites - _refused(machine))) if _has_preferences(machine) else sorted(suites),
        "without_key": [entry.source for entry in sources if not entry.signed_by],
    }


def _has_preferences(machine):
    return not machine.offline and any(machine.glob(pattern) for pattern in PREFERENCES)


def _refused(machine):
    """Suites that preferences pin away."""
    return set(REFUSED.findall(package.apt_cache(machine, ["policy"])))


def entries(machine):
    """All enabled entries, in the order of the files."""
    sources = []
    directory = apt_conf.place(machine, "sourceparts", "/etc/apt/sources.list.d")
    parts = [path for path in machine.glob(directory + "/*") if PART.match(path.rpartition("/")[2])]
    for path in (apt_conf.place(machine, "sourcelist", "/etc/apt/sources.list"), *parts):
        text = machine.text(path) or ""
        if path.endswith(".list"):
            sources += parse_lines(text, path)
        elif path.endswith(".sources"):
            sources += parse_blocks(text, path)
    return sources


def parse_lines(text, path):
    """The format of one line, sources.list(5)."""
    for number, line in enumerate(text.splitlines(), 1):
        hit = LINE.match(line.strip())
        if hit:
            pairs = (pair.partition("=")[::2] for pair in (hit.group(2) or "").split())
            # apt does not know an option that is written with capitals.
            yield Entry(hit.group(3), hit.group(4), dict(pairs), "%s:%d" % (path, number))


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
    if boolean(block.get("enabled", "yes")) is False:
        return
    for uri in block.get("uris", "").split():
        for suite in block.get("suites", "").split():
            yield Entry(uri, suite, block, "%s:%d" % (path, start))
