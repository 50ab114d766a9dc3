"""The files of apt.conf(5), read here for a tree that does not run: `apt-config` would run programs that they name.

tests/lab/test_engine.py holds it against what apt itself says of the same files.
"""

from __future__ import annotations

import posixpath
import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

PARTS, MAIN = "/etc/apt/apt.conf.d", "/etc/apt/apt.conf"
PART = re.compile(r"[\w:-]+(\.conf|[\w:.-]*\.conf)?\Z", re.ASCII)
TOKEN = re.compile(
    r"""\s+ | //[^\n]* | /\*.*?\*/ | \#(?!clear\b|include\b)[^\n]* | "(?P<text>[^"\n]*)"
    | (?P<mark>[{};]) | (?P<word>(?:[^\s{};"/\#]|/(?![/*])|\#(?=clear\b|include\b))+)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)

# What holds where no file says so, of what a check may ask; of what else apt has of its own nothing is known here.
BUILT_IN = {
    "acquire::allowdowngradetoinsecurerepositories": "0",
    "acquire::allowinsecurerepositories": "0",
    "acquire::allowweakrepositories": "0",
    "apt::install-recommends": "1",
    "apt::install-suggests": "0",
    "apt::sandbox::user": "_apt",
    "binary::apt::apt::keep-downloaded-packages": "0",
}
APT_ITSELF = re.compile(
    "(apt(::(architectures?|build-essential|key|compressor)|$)|acquire(::(cdrom|indextargets|changelogs|snapshots|"
    "languages|compressiontypes)|$)|dpkg(::path|$)|dir|binary|commandline)(::|$)"
)


def in_force(machine):
    """Key in lower case, since apt knows no difference -> value; of a list its last member, behind its key and `::`."""
    return dict(machine.once(rows))


def rows(machine):
    """(key, value) of each setting and each member of a list, of `apt-config dump`; of a tree that of its files."""
    if machine.offline:
        return list(settings(machine).items())
    lines = (line.rstrip(";").split(" ", 1) for line in machine.output(["apt-config", "dump"]).splitlines())
    return [(words[0].lower(), words[1].strip('"')) for words in lines if len(words) == 2]


def place(machine, key, usual):
    """Path of a file or directory of apt, which a setting may have moved, as `Dir::Etc::sourceparts`."""
    try:
        values = machine.once(in_force)
    except UnreadableError:
        return usual
    value = values.get("dir::etc::" + key)
    if value is None:
        return usual
    return posixpath.normpath(posixpath.join("/", values.get("dir", "/"), values.get("dir::etc", "etc/apt"), value))


def settings(machine):
    """Key in lower case -> value, of all files in the order in which apt reads them: the last one wins."""
    values = dict(BUILT_IN)
    parts = [name for name in machine.names(PARTS) if PART.match(name)]
    for path in [*("%s/%s" % (PARTS, name) for name in parts), MAIN]:
        for words, key in statements(machine.text(path) or "", path):
            _apply(values, words, key, path)
    _clear(values, "acquire::languages")  # apt makes something of its own of it
    return values


def statements(text, path):
    """(words, names of the blocks around them) of each statement. Raises UnreadableError for what cannot be read."""
    blocks, words = [], []
    for kind, value, line in _tokens(text, path):
        if kind != "mark":
            words.append((kind, value))
        elif value == "}":
            if words or not blocks:
                raise UnreadableError("%s:%d closes a block that was not opened, or lacks a ;" % (path, line))
            blocks.pop()
        else:
            if words:
                yield words, list(blocks)
            if value == "{":
                if not words:
                    raise UnreadableError("%s:%d opens a block without a name" % (path, line))
                blocks.append(words[0][1])
            words = []
    if blocks or words:
        raise UnreadableError("%s ends inside a block or a statement" % path)


def _tokens(text, path):
    at, line = 0, 1
    while at < len(text):
        hit = TOKEN.match(text, at)
        if hit is None:
            raise UnreadableError("%s:%d cannot be understood" % (path, line))
        if hit.lastgroup:
            yield hit.lastgroup, hit.group(hit.lastgroup), line
        line += hit.group().count("\n")
        at = hit.end()


def _apply(values, words, blocks, path):
    names = [value for _, value in words]
    if names[0].lower() == "#include":
        raise UnreadableError("%s includes other files, which is not followed" % path)
    if names[0].lower() == "#clear":
        for name in names[1:]:
            _clear(values, _key([*blocks, name]))
    elif len(words) > 2:
        raise UnreadableError("%s: %s has more than one value" % (path, names[0]))
    elif len(words) == 2 and words[0][0] == "word":
        values[_key([*blocks, names[0]])] = names[1]
    elif len(words) == 1 and words[0][0] == "text" and blocks:
        values[_key(blocks) + "::"] = names[0]  # a member of a list


def _clear(values, key):
    for setting in [setting for setting in values if setting == key or setting.startswith(key + "::")]:
        del values[setting]


def _key(names):
    return "::".join(names).lower()
