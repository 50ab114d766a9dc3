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
CAUSE = "[emerg]"  # its last line only says that the test failed
HOME = "/etc/nginx"  # names of included files are relative to it
FILE = re.compile(r"# configuration file (.+):\Z")
# Quotes and # mean something only where a word begins, and } only there too; ${ does not open a block.
WORD = re.compile(
    r"""\s+|#[^\n]*|[{};]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?!["'])(?:\\.|\$\{|[^\s;{\\])+""", re.DOTALL
)
ESCAPED = re.compile(r"\\([\"'\\trn])")
SPECIAL = {"t": "\t", "r": "\r", "n": "\n"}


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
    hits = [directive for directive in every if directive.name == str(select["directive"])]
    if select.get("context"):
        hits = [directive for directive in hits if directive.context == str(select["context"]).strip("/")]
    if select.get("server_name"):
        name = str(select["server_name"])
        servers = {
            directive.server for directive in every if directive.name == "server_name" and name in directive.words
        }
        hits = [directive for directive in hits if directive.server in servers and directive.server is not None]
    if not hits:
        return {"exists": False}
    values = [" ".join(directive.words) for directive in hits]
    evidence = "; ".join("%s: %s" % pair for pair in list(zip((directive.where for directive in hits), values))[:5])  # noqa: B905
    return {"exists": True, "value": values[0], "values": values, "source": hits[0].where, "evidence": evidence}


def directives(machine):
    """All of them, in the order in which nginx reads the files."""
    done = machine.run(["nginx", "-T"])
    if done.rc:
        lines = done.stderr.strip().splitlines() or ["exit code %d" % done.rc]
        raise UnreadableError("nginx -T: %s" % next((line for line in lines if CAUSE in line), lines[-1]))
    return parse(done.stdout)


def parse(text):
    """The output of `nginx -T`, as nginx reads it: a file counts wherever it is included, though it is shown once.

    Raises UnreadableError when its braces do not match.
    """
    files = dict(_files(text))
    return list(_read(files, next(iter(files)), [], ())) if files else []


def _read(files, path, place, above):
    """The Directives of a file with what it includes, read inside the blocks `place` of the files `above`."""
    if path in above:
        raise UnreadableError("%s includes itself" % path)
    for directive, blocks in _directives(path, files[path], place):
        yield directive
        if directive.name == "include" and directive.words:
            for inner in _included(files, posixpath.join(HOME, directive.words[0])):
                yield from _read(files, inner, blocks, (*above, path))


def _included(files, pattern):
    """As glob(7): a wildcard stands for no slash, and not for a dot that begins a name."""
    hidden = posixpath.basename(pattern).startswith(".")
    near = (path for path in files if path.count("/") == pattern.count("/"))
    visible_paths = (path for path in near if hidden or not posixpath.basename(path).startswith("."))
    return sorted(path for path in visible_paths if path == pattern or fnmatch.fnmatchcase(path, pattern))


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
            bare = word[1:-1] if word[0] in "\"'" else word
            words.append(ESCAPED.sub(lambda hit: SPECIAL.get(hit.group(1), hit.group(1)), bare))
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
