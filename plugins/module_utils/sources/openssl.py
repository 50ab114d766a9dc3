"""What the configuration of OpenSSL lets programs use that ask for nothing else (config(5ssl), SSL_CONF_cmd(3)).

A weak line counts in whatever section it stands: which section a program takes is its own affair.
"""

from __future__ import annotations

import posixpath
import re

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "old_protocols", "short_keys")
FILE = "/etc/ssl/openssl.cnf"
DEPTH = 8
FIRST_SECTION = "default"
SECTION = re.compile(r"\[\s*(.*?)\s*\]")
INCLUDE = re.compile(r"\.include(?:[ \t]*=[ \t]*|[ \t]+)(.*)", re.IGNORECASE)
PLACE_OF_INCLUDES = re.compile(r"\.pragma[ \t]*=?[ \t]*includedir[ \t]*:[ \t]*(.*)", re.IGNORECASE)
SETTING = re.compile(r"(?:([^=:\s]+)::)?([^=\s]+)\s*=\s*(.*)")
VARIABLE = re.compile(r"\$(?:\{([\w:]+)\}|\(([\w:]+)\)|(\w+(?:::\w+)?))")
# A comment, quoted text that is kept, and a character that a backslash protects.
TOKEN = re.compile(r"""\\.|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|(\#.*)""", re.DOTALL)
QUOTE = re.compile(r"""\\(.)|["'`]""", re.DOTALL)
LEVEL = re.compile(r"@SECLEVEL=(\d)")
LOWEST_LEVEL = 2
"""As Debian builds it: 112 bits."""
OLD = ("All", "ALL", "None", "SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "DTLSv1")


def describe(select):
    return "%s with what it includes" % FILE


def look_up(machine, select):
    """`old_protocols` and `short_keys`: lines, as `file:line: name = value`, that allow what Debian does not."""
    settings = [
        (name.rpartition(".")[2].lower(), "%s: %s = %s" % (where, name, value), value)
        for section in machine.once(sections).values()
        for name, (value, where) in section.items()
    ]
    return {
        "exists": machine.status(FILE) is not None,
        "old_protocols": [text for name, text, value in settings if _is_old(name, value)],
        "short_keys": [text for name, text, value in settings if name == "cipherstring" and _is_short(value)],
    }


def _is_old(name, value):
    if name == "protocol":
        return any(word.strip().lstrip("+") in OLD for word in value.split(","))
    return name == "minprotocol" and value in OLD


def _is_short(value):
    """Of several levels in a list of ciphers the last one counts; a list without one leaves Debian's."""
    return any(int(level) < LOWEST_LEVEL for level in LEVEL.findall(value)[-1:])


def sections(machine):
    """Section -> name -> (value, file:line), of two lines with one name the last one."""
    reader = _Reader(machine)
    reader.read(FILE)
    return reader.sections


class _Reader:
    """`section` is the one that the next line belongs to, also when that stands in another file."""

    def __init__(self, machine):
        self.machine = machine
        self.sections = {}
        self.section = FIRST_SECTION
        self.place_of_includes = "/"

    def read(self, path, depth=0):
        for number, line in _lines(self.machine.text(path) or ""):
            heading, include, place = (pattern.match(line) for pattern in (SECTION, INCLUDE, PLACE_OF_INCLUDES))
            if heading:
                self.section = heading.group(1)
            elif place:
                self.place_of_includes = self.value(place.group(1))
            elif include:
                for inner in self.included(self.value(include.group(1))) if depth < DEPTH else ():
                    self.read(inner, depth + 1)
            else:
                self.take(line, "%s:%d" % (path, number))

    def take(self, line, where):
        hit = SETTING.match(line)
        if hit:
            section = self.sections.setdefault(hit.group(1) or self.section, {})
            section.pop(hit.group(2), None)
            section[hit.group(2)] = self.value(hit.group(3)), where

    def included(self, name):
        path = posixpath.join(self.place_of_includes, name)
        inside = [*self.machine.glob(path + "/*.cnf"), *self.machine.glob(path + "/*.conf")]
        return inside or [path]

    def value(self, text):
        """A value without quotes, and with what its variables stand for."""
        return QUOTE.sub(lambda hit: hit.group(1) or "", VARIABLE.sub(self.variable, text))

    def variable(self, hit):
        section, colons, name = next(filter(None, hit.groups())).rpartition("::")
        places = [section] if colons else [self.section, FIRST_SECTION]
        return next((self.sections[place][name][0] for place in places if name in self.sections.get(place, {})), "")


def _lines(text):
    """(number of the first line, text) of each line that says something; a backslash continues a line."""
    pending, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        start = start if pending else number
        line = pending + TOKEN.sub(lambda hit: "" if hit.group(1) else hit.group(), raw)
        if re.search(r"(?<!\\)(?:\\\\)*\\\Z", line):
            pending = line[:-1]
            continue
        pending = ""
        if line.strip():
            yield start, line.strip()
