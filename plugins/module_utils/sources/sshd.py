"""What the SSH server would do: `sshd -T`, as its own parser understands its files and the words it is started with.

Where it cannot be asked (a tree that does not run, a server that never ran) the files tell what they set, and
`sshd_builtin` what holds where they set nothing, of the versions that it knows."""

from __future__ import annotations

import posixpath
import re
import shlex

from ansible_collections.oplever.lab.plugins.module_utils.machine import InapplicableError, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import sshd_builtin, sshd_match, unit_file

MAIN = "option"
SELECTORS = ("option", "user", "host", "address")
NEEDS = ("option",)
ATTRIBUTES = ("exists", "value", "values", "source", "file")
NAMES_A_FILE = ("banner",)
CONFIGURATION = "/etc/ssh/sshd_config"
DEPTH = 16
KEYWORD = re.compile(r'\s*(?:"([^"]*)"\s*|([^\s="]*)\s*=?\s*)')
# Where one word of an option ends, as argv_split of OpenSSH has it; a # that begins a word begins a comment.
WORD = re.compile(r"""(?:\\["'\\ ]|"(?:\\["\\]|[^"])*"|'(?:\\['\\]|[^'])*'|[^\s"'])+""")
PIECE = re.compile(r"""\\(["'\\ ])|"((?:\\["\\]|[^"])*)"|'((?:\\['\\]|[^'])*)'|(.)""", re.DOTALL)
# It wants its empty directory, which exists only after its first start; making it would be a change.
NEVER_RAN = "Missing privilege separation directory"
WITH_VALUE = ("-o", "-f", "-p", "-h", "-c", "-u")
ABOUT = {"user": "user", "host": "host", "address": "addr"}


class Line:
    """One line that sets something: `option` (lower case), `value`, `where` (file:line) and `match` (what stands behind
    the Match that it is under; empty under none)."""

    __slots__ = ("match", "option", "value", "where")

    def __init__(self, option, value, where, match):
        self.option = option
        self.value = value
        self.where = where
        self.match = match

    @property
    def is_conditional(self):
        return self.match.lower() not in ("", "all")


def describe(select):
    where = ["%s=%s" % (key, select[key]) for key in ("user", "host", "address") if select.get(key)]
    return "sshd -T%s, %s" % (" -C " + ",".join(where) if where else "", select.get("option"))


def look_up(machine, select):
    """Without user, host and address also `variants`: what the Match blocks make of the option for some connections.
    Of an option that names a file, `file` is present, empty or missing: sshd does without, and says nothing."""
    facts = _look_up(machine, select)
    if str(select["option"]).lower() in NAMES_A_FILE:
        for variant in (facts, *(other for _, other in facts.get("variants", ()))):
            variant["file"] = _file(machine, str(variant.get("value") or ""))
    return facts


def _file(machine, path):
    if not path.startswith("/"):
        return None
    status = machine.status(path)
    return "missing" if status is None else "present" if status.st_size else "empty"


def _look_up(machine, select):
    option = str(select["option"]).lower()
    about = {name: str(select[key]) for key, name in ABOUT.items() if select.get(key)}
    lines = [line for line in machine.once(configured) if line.option == option]
    # What a Match block sets goes before what is set for everybody, also of `Match all`.
    lines.sort(key=lambda line: not line.match)
    first = next((line for line in lines if not line.is_conditional or about), None)
    # With Match blocks sshd wants to know about whom: somebody whom no block names, unless it is about everybody.
    matching = any(line.is_conditional for line in machine.once(configured))
    options = _options(machine, {**sshd_match.DEFAULTS, **about} if about or matching else None)
    if options is None:
        return _as_written(machine, option, lines, bool(about))
    facts = _facts(options, option, first.where if first else "")
    return facts if about else dict(facts, variants=_variants(machine, option, facts, lines))


def _facts(options, option, source):
    values = options.get(option)
    if values is None:
        return {"exists": False}
    evidence = "%s: %s" % (source or "built in", values[0])
    return {"exists": True, "value": values[0], "values": values, "source": source, "evidence": evidence}


def _variants(machine, option, facts, lines):
    """(connection, facts) for each that has another value. No Match block sets the option: then nothing is asked."""
    places = [line.where for line in lines if line.is_conditional]
    if not places:
        return []
    samples, total = machine.once(connections)
    result = []
    for connection in samples:
        other = _facts(_options(machine, connection), option, ", ".join(places))
        if other != {**facts, "source": other.get("source"), "evidence": other.get("evidence")}:
            limit = "" if total <= len(samples) else " (%d of %d kinds of connection asked)" % (len(samples), total)
            result.append((sshd_match.label(connection) + limit, other))
    return result


def connections(machine):
    """(connections that the Match blocks can tell apart, how many there are)."""
    blocks = dict.fromkeys(line.match for line in machine.once(configured) if line.is_conditional)
    return sshd_match.connections(machine, [sshd_match.criteria(match) for match in blocks])


def _options(machine, connection):
    """What sshd says for a connection (None: of no one in particular), asked once for each; None when it cannot say
    anything here."""
    if machine.offline:
        return None
    answers = machine.once(_answers)
    key = tuple(connection.items()) if connection else ()
    if key not in answers:
        answers[key] = _ask(machine, connection)
    if isinstance(answers[key], UnreadableError):
        raise answers[key]
    return answers[key]


def _answers(machine):
    return {}


def _ask(machine, connection):
    about = ["-C", ",".join("%s=%s" % item for item in connection.items())] if connection else []
    try:
        return parse(machine.output(["sshd", "-T", *machine.once(arguments), *about]))
    except UnreadableError as problem:
        return None if NEVER_RAN in str(problem) else problem


def parse(text):
    """The output of `sshd -T`: an option that occurs more than once has several values."""
    options = {}
    for line in text.splitlines():
        option, _, value = line.partition(" ")
        options.setdefault(option.lower(), []).append(value)
    return options


def arguments(machine):
    """Words that the service gives to sshd and that change what it does: -o, -f, -p, ... (SSHD_OPTS, drop-ins)."""
    commands = unit_file.values(machine, "ssh.service", "Service", "ExecStart")
    words = _expanded(commands[-1], _environment(machine)) if commands else []
    result = []
    for at, word in enumerate(words[1:], 1):
        if word in WITH_VALUE and at + 1 < len(words):
            result += [word, words[at + 1]]
        elif word.startswith(WITH_VALUE) and len(word) > 2:
            result += [word[:2], word[2:]]
    return result


def _expanded(command, environment):
    """Words of a command of a unit; a variable that is a word of its own becomes as many words as it has."""
    words = []
    for word in command.split():
        if word.startswith("$") and "{" not in word:
            words += environment.get(word[1:], "").split()
        else:
            words.append(re.sub(r"\$\{(\w+)\}", lambda hit: environment.get(hit.group(1), ""), word))
    return words


def _environment(machine):
    settings = {}
    for value in unit_file.values(machine, "ssh.service", "Service", "Environment"):
        settings.update(pair.partition("=")[::2] for pair in shlex.split(value) if "=" in pair)
    for path in unit_file.values(machine, "ssh.service", "Service", "EnvironmentFile"):
        for line in (machine.text(path.lstrip("-")) or "").splitlines():
            name, equals, value = line.strip().partition("=")
            if equals and not name.startswith(("#", ";")):
                settings[name.strip()] = value.strip().strip("\"'")
    return settings


def _as_written(machine, option, lines, about_connection):
    """From the files alone, of which the first line counts, and from what is built in."""
    kind = InapplicableError if machine.offline else UnreadableError
    if about_connection or any(line.is_conditional for line in lines):
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


def configured(machine):
    """Every line of the configuration as a Line, in the order in which sshd reads them: what comes first counts. What
    it is started with comes before its files."""
    started_with, path = [], CONFIGURATION
    words = machine.once(arguments)
    for flag, value in zip(words[::2], words[1::2]):  # noqa: B905
        if flag == "-f":
            path = value
        elif flag in ("-o", "-p"):
            started_with += [
                Line(option, text, "ssh.service (%s %s)" % (flag, value), "")
                for option, text in (_split(value) if flag == "-o" else ("port", value),)
            ]
    return started_with + _in_file(machine, path, 0, "")


def _in_file(machine, path, depth, match):
    """The lines of a file with those that it includes; a Match of a file ends with it."""
    result = []
    for number, line in enumerate((machine.text(path) or "").splitlines(), 1):
        option, value = _split(line)
        if option == "include" and depth < DEPTH:
            for pattern in value.split():
                for inner in machine.glob(posixpath.join("/etc/ssh", pattern)):
                    result += _in_file(machine, inner, depth + 1, match)
        elif option == "match":
            match = value
        elif option:
            result.append(Line(option, value, "%s:%d" % (path, number), match))
    return result


def _split(line):
    """(option in lower case, value) of a line, words of the value separated by one space; ("", "") of a comment."""
    keyword = KEYWORD.match(line)
    option = keyword.group(1) or keyword.group(2) or ""
    if not option or option.startswith("#"):
        return "", ""
    words = []
    for hit in WORD.finditer(line, keyword.end()):
        if hit.group().startswith("#"):
            break
        words.append("".join("".join(part) for part in PIECE.findall(hit.group())))
    return option.lower(), " ".join(words)
