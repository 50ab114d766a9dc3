"""What the SSH server would do: `sshd -T`, as its own parser understands its files and the words it is started with.

Where it cannot be asked (a tree that does not run, a server that never ran) the files tell what they set, and
`sshd_builtin` what holds where they set nothing, of the versions that it knows."""

from __future__ import annotations

import getopt
import posixpath
import re
import shlex

from ansible_collections.oplever.lab.plugins.module_utils import ssh_line
from ansible_collections.oplever.lab.plugins.module_utils.machine import InapplicableError, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import sshd_builtin, sshd_match, unit, unit_file

MAIN = "option"
SELECTORS = ("option", "user", "host", "address")
NEEDS = ("option",)
ATTRIBUTES = ("exists", "value", "values", "source", "file")
NAMES_A_FILE = ("banner",)
CONFIGURATION = "/etc/ssh/sshd_config"
DEPTH = 16
# It wants its empty directory, which exists only after its first start; making it would be a change.
NEVER_RAN = "Missing privilege separation directory"
FLAGS = "46C:DE:GQRTVb:c:def:g:h:ik:no:p:qrtu:"  # of sshd(8)
WITH_VALUE = ("-o", "-f", "-p", "-h", "-c", "-u")
SERVICE = "ssh.service"
NAMES_OF_SERVICE = (SERVICE, "sshd.service")
# A part of a value in a file of variables: in quotes, behind a backslash, or plain (systemd.exec(5)).
VALUE = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|([^'"\\]+)""")
ESCAPED = re.compile(r"\\(.)")
# Of these levels the first says the most important; what is below LogLevelMax of a unit is not kept.
LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
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
    """Without user, host and address also `variants`: what the Match blocks make of the option for some connections,
    and what other servers than that of ssh.service have. Of an option that names a file, `file` is present, empty or
    missing: sshd does without, and says nothing."""
    facts = _look_up(machine, select)
    if str(select["option"]).lower() == "loglevel" and facts["exists"]:
        facts = _kept_by_journal(machine, facts)
    if str(select["option"]).lower() in NAMES_A_FILE:
        for variant in (facts, *(other for _, other in facts.get("variants", ()))):
            variant["file"] = _file(machine, str(variant.get("value") or ""))
    return facts


def _file(machine, path):
    if not path.startswith("/"):
        return None
    status = machine.status(path)
    return "missing" if status is None else "present" if status.st_size else "empty"


def _kept_by_journal(machine, facts):
    """The level of the lines that the journal keeps, where the unit has it drop some of those that sshd writes."""
    limits = unit_file.values(machine, SERVICE, "Service", "LogLevelMax")
    limit = LEVELS[int(limits[-1])] if limits and limits[-1] in map(str, range(len(LEVELS))) else (limits or [""])[-1]
    if limit not in LEVELS[: LEVELS.index("info")]:
        return facts
    value = "%s, of which LogLevelMax=%s of %s keeps little" % (facts["value"], limit, SERVICE)
    return dict(facts, value=value, values=[value])


def _look_up(machine, select):
    option = str(select["option"]).lower()
    about = {name: str(select[key]) for key, name in ABOUT.items() if select.get(key)}
    facts = _of_server(machine, option, about, machine.once(arguments))
    if about:
        return facts
    variants = list(facts["variants"])
    for name, words in machine.once(other_servers):
        other = _of_server(machine, option, {}, words)
        of_others = [(name, other), *(("%s, %s" % (name, label), more) for label, more in other["variants"])]
        variants += [(label, more) for label, more in of_others if _differs(facts, more)]
    return dict(facts, variants=variants)


def _of_server(machine, option, about, words):
    """What the server that is started with these words has for an option."""
    every = machine.once(configured_by, words)
    lines = [line for line in every if line.option == option]
    # What a Match block sets goes before what is set for everybody, also of `Match all`.
    lines.sort(key=lambda line: not line.match)
    first = next((line for line in lines if not line.is_conditional or about), None)
    # With Match blocks sshd wants to know about whom: somebody whom no block names, unless it is about everybody.
    matching = any(line.is_conditional for line in every)
    options = _options(machine, words, {**sshd_match.DEFAULTS, **about} if about or matching else None)
    if options is None:
        return dict({"variants": []}, **_as_written(machine, option, lines, bool(about)))
    facts = _facts(options, option, first.where if first else "")
    return facts if about else dict(facts, variants=_variants(machine, option, facts, lines, words))


def _facts(options, option, source):
    values = options.get(option)
    if values is None:
        return {"exists": False}
    evidence = "%s: %s" % (source or "built in", values[0])
    return {"exists": True, "value": values[0], "values": values, "source": source, "evidence": evidence}


def _variants(machine, option, facts, lines, words):
    """(connection, facts) for each that has another value. No Match block sets the option: then nothing is asked."""
    places = [line.where for line in lines if line.is_conditional]
    if not places:
        return []
    samples, total = machine.once(connections, words)
    result = []
    for connection in samples:
        other = _facts(_options(machine, words, connection), option, ", ".join(places))
        if _differs(facts, other):
            limit = "" if total <= len(samples) else " (%d of %d kinds of connection asked)" % (len(samples), total)
            result.append((sshd_match.label(connection) + limit, other))
    return result


def _differs(facts, other):
    return any(facts.get(key) != other.get(key) for key in ("exists", "value", "values"))


def connections(machine, words=()):
    """(connections that the Match blocks can tell apart, how many there are)."""
    blocks = dict.fromkeys(line.match for line in machine.once(configured_by, words) if line.is_conditional)
    return sshd_match.connections(machine, [sshd_match.criteria(match) for match in blocks])


def _options(machine, words, connection):
    """What sshd says for a connection (None: of no one in particular), asked once for each; None when it cannot say
    anything here."""
    if machine.offline:
        return None
    answers = machine.once(_answers)
    key = words, tuple(connection.items()) if connection else ()
    if key not in answers:
        answers[key] = _ask(machine, words, connection)
    if isinstance(answers[key], UnreadableError):
        raise answers[key]
    return answers[key]


def _answers(machine):
    return {}


def _ask(machine, words, connection):
    about = ["-C", sshd_match.specification(connection)] if connection else []
    try:
        return parse(machine.output(["sshd", "-T", *words, *about]))
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
    return _words(machine, SERVICE)


def other_servers(machine):
    """(unit, its words) of each other unit that people made or changed, that starts sshd, and that is started."""
    names = set()
    for directory in unit_file.ALL_DIRECTORIES[:3]:
        for entry in machine.names(directory):
            names.add(entry[:-2] if entry.endswith(".service.d") else entry)
    own = machine.once(arguments)
    servers = []
    for name in sorted(name for name in names if name.endswith(".service") and name not in NAMES_OF_SERVICE):
        commands = unit_file.values(machine, name, "Service", "ExecStart")
        if commands and posixpath.basename(commands[-1].split()[0]) == "sshd" and _starts(machine, name):
            words = _words(machine, name)
            servers += [(name, words)] if words != own else []
    return servers


def _starts(machine, name):
    """A service for one connection is started by its socket."""
    head, at, _ = name.partition("@")
    return unit.starts(machine, head + ".socket" if at else name)


def _words(machine, name):
    commands = unit_file.values(machine, name, "Service", "ExecStart")
    words = _expanded(commands[-1], _environment(machine, name)) if commands else []
    try:
        pairs, _ = getopt.getopt(words[1:], FLAGS)
    except getopt.GetoptError:
        return ()  # sshd does not start with them
    return tuple(word for flag, value in pairs if flag in WITH_VALUE for word in (flag, value))


def _expanded(command, environment):
    """Words of a command of a unit; a variable that is a word of its own becomes as many words as it has."""
    words = []
    for word in _split_as_systemd(command):
        if word.startswith("$") and "{" not in word:
            words += _split_as_systemd(environment.get(word[1:], ""))
        else:
            words.append(re.sub(r"\$\{(\w+)\}", lambda hit: environment.get(hit.group(1), ""), word))
    return words


def _split_as_systemd(text):
    """Words of a text, quotes taken off (systemd.service(5))."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _environment(machine, name):
    settings = {}
    for value in unit_file.values(machine, name, "Service", "Environment"):
        settings.update(pair.partition("=")[::2] for pair in _split_as_systemd(value) if "=" in pair)
    for path in unit_file.values(machine, name, "Service", "EnvironmentFile"):
        for line in (machine.text(path.lstrip("-")) or "").splitlines():
            key, equals, value = line.strip().partition("=")
            if equals and not key.startswith(("#", ";")):
                settings[key.strip()] = _unquoted(value.strip())
    return settings


def _unquoted(value):
    return "".join(
        single or ESCAPED.sub(r"\1", double) or escaped or plain
        for single, double, escaped, plain in VALUE.findall(value)
    )


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
    """Every line of the configuration of the service, as `configured_by` gives it."""
    return machine.once(configured_by, machine.once(arguments))


def configured_by(machine, words):
    """Every line of the configuration as a Line, in the order in which sshd reads them: what comes first counts. What
    it is started with comes before its files."""
    started_with, path = [], CONFIGURATION
    for flag, value in zip(words[::2], words[1::2]):  # noqa: B905
        if flag == "-f":
            path = value
        elif flag in ("-o", "-p"):
            started_with += [
                Line(option, text, "ssh.service (%s %s)" % (flag, value), "")
                for option, text in (ssh_line.split(value) if flag == "-o" else ("port", value),)
            ]
    return started_with + _in_file(machine, path, 0, "")


def _in_file(machine, path, depth, match):
    """The lines of a file with those that it includes; a Match of a file ends with it."""
    result = []
    for number, line in enumerate((machine.text(path) or "").splitlines(), 1):
        option, value = ssh_line.split(line)
        if option == "include" and depth < DEPTH:
            for pattern in value.split():
                for inner in machine.glob(posixpath.join("/etc/ssh", pattern)):
                    result += _in_file(machine, inner, depth + 1, match)
        elif option == "match":
            match = value
        elif option:
            result.append(Line(option, value, "%s:%d" % (path, number), match))
    return result
