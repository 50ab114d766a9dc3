"""The configuration of nginx as it reads it itself: `nginx -T`, with the file and line of each directive."""

from __future__ import annotations

import fnmatch
import posixpath
import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "directive"
SELECTORS = ("directive", "context", "server_name")
NEEDS = ("directive",)
ATTRIBUTES = ("exists", "value", "values", "source")
RUNNING = True
HOME = "/etc/nginx"  # names of included files are relative to it
FILE = re.compile(r"# configuration file (.+):\Z")
WORD = re.compile(r"""\s+|#[^\n]*|[{};]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?:[^\s{};"'\\]|\\.|(?<=\$)\{[^}]*\})+""")


class Directive:
    """`name`, `words` (list), `context` (as http/server/location), `server` (file:line of its block, or None) and
    `where` (file:line)."""

    __slots__ = ("context", "name", "server", "where", "words")

    def __init__(self, name, words, context, server, where):
        self.name = name
        self.words = words
        self.context = context
        self.server = server
        self.where = where


def describe(select):
    inside = " in %s" % select["context"] if select.get("context") else ""
    server = " of server %s" % select["server_name"] if select.get("server_name") else ""
    return "nginx -T, %s%s%s" % (select.get("directive"), inside, server)


def look_up(machine, select):
    every = machine.once(directives)
    found = [each for each in every if each.name == str(select["directive"])]
    if select.get("context"):
        found = [each for each in found if each.context == str(select["context"]).strip("/")]
    if select.get("server_name"):
        name = str(select["server_name"])
        servers = {each.server for each in every if each.name == "server_name" and name in each.words}
        found = [each for each in found if each.server in servers and each.server is not None]
    if not found:
        return {"exists": False}
    values = [" ".join(each.words) for each in found]
    evidence = "; ".join("%s: %s" % pair for pair in list(zip((each.where for each in found), values))[:5])  # noqa: B905
    return {"exists": True, "value": values[0], "values": values, "source": found[0].where, "evidence": evidence}


def directives(machine):
    """All of them, in the order in which nginx reads the files."""
    return parse(machine.output(["nginx", "-T"]))


def parse(text):
    """The output of `nginx -T`. Raises UnreadableError when its braces do not match."""
    found, included = [], {}
    for path, content in _files(text):
        place = next((place for pattern, place in included.items() if fnmatch.fnmatchcase(path, pattern)), [])
        for each in _directives(path, content, place):
            found.append(each[0])
            if each[0].name == "include" and each[0].words:
                included.setdefault(posixpath.join(HOME, each[0].words[0]), each[1])
    return found


def _directives(path, content, place):
    """(Directive, blocks around it) of one file, which is read inside the blocks `place`: list of (name, number)."""
    blocks, words, start, line, at = list(place), [], 0, 1, 0
    while at < len(content):
        hit = WORD.match(content, at)
        if hit is None:
            raise UnreadableError("%s:%d cannot be understood" % (path, line))
        word, at = hit.group(), hit.end()
        if word in ("{", ";"):
            if words:
                context = "/".join(name for name, _ in blocks)
                server = next((number for name, number in reversed(blocks) if name == "server"), None)
                yield Directive(words[0], words[1:], context, server, "%s:%d" % (path, start)), list(blocks)
            if word == "{":
                blocks.append((words[0] if words else "", "%s:%d" % (path, start)))
            words = []
        elif word == "}":
            if len(blocks) <= len(place):
                raise UnreadableError("%s:%d closes a block that was not opened" % (path, line))
            blocks.pop()
        elif not word[0].isspace() and word[0] != "#":
            start = start if words else line
            words.append(word[1:-1] if word[0] in "\"'" else word)
        line += word.count("\n")
    if len(blocks) > len(place):
        raise UnreadableError("%s ends inside a block" % path)


def _files(text):
    """(path, content) of each file in the output, which names each before it shows it."""
    path, lines = "", []
    for line in text.splitlines():
        hit = FILE.match(line)
        if hit:
            if path:
                yield path, "\n".join(lines)
            path, lines = hit.group(1), []
        else:
            lines.append(line)
    if path:
        yield path, "\n".join(lines)
