"""Where apt gets packages: every enabled entry of sources.list and sources.list.d, in both of its formats."""

from __future__ import annotations

import re
import stat
from urllib.parse import urlsplit

from ansible_collections.oplever.lab.plugins.module_utils.sources import apt_conf, context, package

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "entries", "hosts", "suites", "without_key", "security", "passwords")
LINE = re.compile(r"(deb|deb-src)\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)([^#]*)")
BYTE = re.compile(r"%([0-9A-Fa-f]{2})")
PART = re.compile(r"[\w:.-]+\Z", re.ASCII)
"""apt passes over files whose names have other characters."""
PREFERENCES = ("/etc/apt/preferences", "/etc/apt/preferences.d/*")
REFUSED = re.compile(r"^ *-\d+ \S+ (\S+?)/\S+ ", re.MULTILINE)
"""A list of packages with a priority below none, in `apt-cache policy`: nothing is installed from it."""
# These read packages from this machine itself.
LOCAL = ("file", "cdrom", "copy")
# apt's words for yes and no.
YES, NO = ("yes", "true", "with", "on", "enable", "1"), ("no", "false", "without", "off", "disable", "0")
NUMBER = re.compile(r"0[xX]?0*[01]\Z")
# With one of these apt installs what nobody signed, or what is signed with a broken method.
UNCHECKED = ("trusted", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure")
# Without one of these it takes what was signed long ago.
CHECKS_OF_AGE = ("check-valid-until", "check-date")
SECURITY = re.compile(r"(?:(?:old)*stable|%s)-security/?\Z")


class Entry:
    """One place: `uri`, `suite`, `components` (list), `options` (name -> text, as `signed-by`), `source` (file:line)
    and whether programs come from there, not sources alone (`is_binary`)."""

    __slots__ = ("components", "is_binary", "options", "source", "suite", "uri")

    def __init__(self, uri, suite, options, source, *, components=(), is_binary=True):
        self.uri = uri
        self.suite = suite
        self.options = options
        self.source = source
        self.components = components
        self.is_binary = is_binary

    @property
    def signed_by(self):
        return self.options.get("signed-by", "")

    @property
    def is_unchecked(self):
        """Whether an option switches off the check of signatures, or a part of it."""
        options = {name: boolean(value) for name, value in self.options.items()}
        return any(options.get(name) for name in UNCHECKED) or any(options.get(n) is False for n in CHECKS_OF_AGE)


def boolean(word):
    """What apt makes of a word: True, False, or None when it is neither."""
    text = word.strip().lower()
    text = text[-1] if NUMBER.match(text) else text
    return True if text in YES else False if text in NO else None


def describe(select):
    return "/etc/apt/sources.list and sources.list.d"


def look_up(machine, select):
    """`hosts`: names of servers. `suites`: without those that nothing is installed from, and `security`: those of them
    that are the security archive of this release. `without_key`: file:line of entries that any trusted key may sign;
    `passwords`: of those that show a password to everybody."""
    sources = machine.once(entries)
    places = [urlsplit(entry.uri) for entry in sources]
    with_password = [entry for entry in sources if urlsplit(entry.uri).password]
    suites = {entry.suite for entry in sources if entry.is_binary}
    return {
        "exists": bool(sources),
        "entries": [entry.uri for entry in sources],
        "hosts": sorted({place.hostname or place.path for place in places if place.scheme not in LOCAL}),
        "suites": (lambda: sorted(suites - _refused(machine))) if _has_preferences(machine) else sorted(suites),
        "without_key": [entry.source for entry in sources if not entry.signed_by],
        "security": lambda: sorted(_security(machine, sources)),
        "passwords": [entry.source for entry in with_password if _is_open(machine, entry)],
    }


def _security(machine, sources):
    refused = _refused(machine) if _has_preferences(machine) else set()
    pattern = SECURITY.pattern % re.escape(machine.once(context.os_release).get("VERSION_CODENAME", ""))
    suites = {
        entry.suite
        for entry in sources
        if entry.is_binary and "main" in entry.components and re.match(pattern, entry.suite)
    }
    return suites - refused


def _is_open(machine, entry):
    status = machine.status(entry.source.rpartition(":")[0])
    return status is not None and bool(status.st_mode & stat.S_IROTH)


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
    main = apt_conf.place(machine, "sourcelist", "/etc/apt/sources.list")
    for path in (main, *parts):
        text = machine.text(path) or ""
        if path.endswith(".sources"):
            sources += parse_blocks(text, path)
        elif path.endswith(".list") or path == main:
            sources += parse_lines(text, path)
    return sources


def parse_lines(text, path):
    """The format of one line, sources.list(5)."""
    for number, line in enumerate(text.splitlines(), 1):
        hit = LINE.match(line.strip())
        if hit:
            kind, options, uri, suite, components = (part or "" for part in hit.groups())
            pairs = (_decoded(pair).partition("=")[::2] for pair in options.split())
            # apt does not know an option that is written with capitals.
            yield Entry(uri, suite, dict(pairs), "%s:%d" % (path, number),
                        components=components.split(), is_binary=kind == "deb")  # fmt: skip


def _decoded(word):
    """A word as apt reads it: without quotes, and %79 is a y."""
    return BYTE.sub(lambda hit: chr(int(hit.group(1), 16)), word.replace('"', ""))


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
            yield Entry(uri, suite, block, "%s:%d" % (path, start), components=block.get("components", "").split(),
                        is_binary="deb" in block.get("types", "").split())  # fmt: skip
