"""What the SSH server would do: `sshd -T`, as its own parser understands all its files.

Where it cannot be asked (a tree that does not run, a server that never ran) the files tell what they set, and
`sshd_builtin` what holds where they set nothing, of the versions that it knows."""

from __future__ import annotations

import posixpath
import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import InapplicableError, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import sshd_builtin

MAIN = "option"
SELECTORS = ("option", "user", "host", "address")
NEEDS = ("option",)
ATTRIBUTES = ("exists", "value", "values", "source")
CONFIGURATION = "/etc/ssh/sshd_config"
DEPTH = 16
WORDS = re.compile(r'"([^"]*)"|([^\s"]+)')
# It wants its empty directory, which exists only after its first start; making it would be a change.
NEVER_RAN = "Missing privilege separation directory"


class Line:
    """One line that sets something: `option` (lower case), `value`, `where` (file:line), `match` (inside a Match)."""

    __slots__ = ("match", "option", "value", "where")

    def __init__(self, option, value, where, match):
        self.option = option
        self.value = value
        self.where = where
        self.match = match


def describe(select):
    where = ["%s=%s" % (key, select[key]) for key in ("user", "host", "address") if select.get(key)]
    return "sshd -T%s, %s" % (" -C " + ",".join(where) if where else "", select.get("option"))


def look_up(machine, select):
    option = str(select["option"]).lower()
    connection = tuple(select.get(key) for key in ("user", "host", "address"))
    lines = [line for line in machine.once(configured) if line.option == option]
    first = next((line for line in lines if not line.match or any(connection)), None)
    options = _options(machine, connection)
    if options is None:
        return _as_written(machine, option, lines, any(connection))
    values = options.get(option)
    if values is None:
        return {"exists": False}
    source = first.where if first else ""
    evidence = "%s: %s" % (source or "built in", values[0])
    return {"exists": True, "value": values[0], "values": values, "source": source, "evidence": evidence}


def _options(machine, connection):
    """What sshd says for a connection, asked once for each; None when it cannot say anything here."""
    if machine.offline:
        return None
    known = machine.once(_asked)
    if connection not in known:
        known[connection] = _ask(machine, connection)
    if isinstance(known[connection], UnreadableError):
        raise known[connection]
    return known[connection]


def _asked(machine):
    return {}


def _ask(machine, connection):
    user, host, address = connection
    wanted = "user=%s,host=%s,addr=%s" % (user or "nobody", host or "localhost", address or "127.0.0.1")
    try:
        return parse(machine.output(["sshd", "-T"] + (["-C", wanted] if any(connection) else [])))
    except UnreadableError as problem:
        return None if NEVER_RAN in str(problem) else problem


def parse(text):
    """The output of `sshd -T`: an option that occurs more than once has several values."""
    options = {}
    for line in text.splitlines():
        option, _, value = line.partition(" ")
        options.setdefault(option.lower(), []).append(value)
    return options


def _as_written(machine, option, lines, about_connection):
    """From the files alone, of which the first line counts, and from what is built in."""
    kind = InapplicableError if machine.offline else UnreadableError
    if about_connection or any(line.match for line in lines):
        raise kind("which Match blocks hold for a connection only sshd itself can say, and it cannot run here")
    values = sshd_builtin.values(machine, option, [line.value for line in lines])
    if values is None and not lines:
        raise kind("no file sets %s, and sshd, which knows its default, cannot run here" % option)
    if values is None:
        raise kind("%s sets %s in a way that only sshd itself can work out" % (lines[0].where, option))
    if not values:
        return {"exists": False}
    source = lines[0].where if lines else ""
    place = source or "built into OpenSSH %s" % machine.once(sshd_builtin.version)
    evidence = "%s: %s (sshd cannot run here)" % (place, values[0])
    return {"exists": True, "value": values[0], "values": values, "source": source, "evidence": evidence}


def configured(machine, path=CONFIGURATION, depth=0, match=False):
    """Every line of the configuration as a Line, in the order in which sshd reads them: what comes first counts."""
    found = []
    for number, words in _lines(machine.read(path) or ""):
        option, value = words[0].lower(), " ".join(words[1:])
        if option == "include" and depth < DEPTH:
            for pattern in words[1:]:
                for inner in machine.glob(posixpath.join("/etc/ssh", pattern)):
                    found += configured(machine, inner, depth + 1, match)
        elif option == "match":
            match = value.lower() != "all"
        else:
            found.append(Line(option, value, "%s:%d" % (path, number), match))
    return found


def _lines(text):
    for number, line in enumerate(text.splitlines(), 1):
        option, _, rest = line.strip().replace("=", " ", 1).partition(" ")
        if option and not option.startswith("#"):
            words = [quoted or bare for quoted, bare in WORDS.findall(rest.partition(" #")[0])]
            yield number, [option, *words]
