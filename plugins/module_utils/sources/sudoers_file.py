"""The files of sudo read here, for a tree that does not run and where cvtsudoers is missing (sudoers(5)).

tests/unit/engine/test_sudoers.py holds it against cvtsudoers.
"""

from __future__ import annotations

import posixpath
import re
import stat

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources.sudo_policy import Member, Option, Policy, grant

DEPTH = 128
SPACE = re.compile(r"(?:[ \t]|\\[ \t]*\r?\n)*")
END_OF_LINE = re.compile(r"(?:(?!(?<=\n)#include(?:dir)?[ \t])#(?!-?\d)[^\n]*)?\r?\n")
INCLUDE = re.compile(
    r'(?:@include(dir)?(?=[ \t"\\])|(?:(?<=\n)|\A)#include(dir)?(?=[ \t]))[ \t]*'
    r'(?:"([^"\n]+)"|((?:\\[ \t]|[^\s"])(?:\\[ \t]|\S)*))'
)
WORD = re.compile(r'(?:[^#>!=:,() \t\r\n\\"]|\\[^\t\n])+')
GROUP = re.compile(r"%:?(?:#-?\d+|" + WORD.pattern + ")")
QUOTED = re.compile(r'"((?:[^"\\\r\n]|\\.|\\[ \t]*\r?\n[ \t]*)+)"')
NUMBER = re.compile(r"#(-?\d+)")
ADDRESS = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)(?:/[0-9A-Fa-f.:]+)?\Z")
HOST = re.compile(r"(?:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:/\d+)?)|" + WORD.pattern)
DEFAULTS = re.compile(r"Defaults(?:([:@>!])[ \t]*|(?=[ \t]))")
ALIASES = re.compile(r"(Host|Cmnd|Cmd|User|Runas)_Alias(?=[ \t])")
OPTION_NAME = re.compile(r"[a-z_]+")
OPERATOR = re.compile(r"[+-]?=")
OPTION_VALUE = re.compile(r'(?:[^#!=, \t\r\n\\"]|\\[^\r\n])(?:[^#=, \t\r\n\\"]|\\[^\r\n])*')
SETTING = re.compile(r"(ROLE|TYPE|APPARMOR_PROFILE|CWD|CHROOT|TIMEOUT|NOTBEFORE|NOTAFTER)(?=[ \t]*=)")
TAG = re.compile(r"(NO)?(PASSWD|EXEC|INTERCEPT|SETENV|LOG_OUTPUT|LOG_INPUT|MAIL|FOLLOW)[ \t]*:")
NOTHING = re.compile(r"(?:!!)+(?!!)")
DIGEST = re.compile(r"sha(224|256|384|512)[ \t]*:[ \t]*([A-Za-z0-9+/=]+)")
# A word ends before one of these; a backslash only with the end of its line behind it.
WORD_END = r"(?=[#>!=:,() \t\r\n\"]|\\[ \t]*\r?\n|\Z)"
PATH = re.compile(
    r"(?:/(?:\\[,:= \t#]|[^,:=\\ \t\r\n#])+|\^(?:[^#\r\n$\\]|\\.)*\$|(?:sudoedit|list))"
    r"(?=[,:= \t\r\n#]|\\[ \t]*\r?\n|\Z)"
)
ARGUMENT = re.compile(r"(?:\\[*?\[\]!^:\\,= \t#]|(?!=(?:[#\\:, \t\r\n]|\Z))[^#\\:, \t\r\n]+)+")
PATTERN = re.compile(r"\^(?:\\[^\r\n]|[^#\\\r\n$])*\$")
ESCAPED = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.))")
NAME = re.compile(r"[A-Z][A-Z0-9_]*")
ALIAS_NAME = re.compile(NAME.pattern + WORD_END)
KINDS = {"Host": "hostalias", "Cmnd": "cmndalias", "Cmd": "cmndalias", "User": "useralias", "Runas": "runasalias"}


def read(machine, path="/etc/sudoers"):
    """The Policy of a file with all that it includes; empty when there is no such file.

    Raises UnreadableError with file:line for what cannot be understood; sudo would pass over such a line.
    """
    policy = Policy({kind: {} for kind in ("useralias", "runasalias", "hostalias", "cmndalias")}, [], [])
    if machine.status(path) is not None:
        _file(machine, path, policy, 0)
    return policy


def _file(machine, path, policy, depth):
    text = machine.text(path)
    if text is None:
        raise UnreadableError("%s is included, and does not exist" % path)
    cursor = _Cursor(text, path)
    while not cursor.at_end():
        keyword = next((word for word in (INCLUDE, ALIASES, DEFAULTS) if word.match(text, cursor.at)), None)
        cursor.need(not (keyword and cursor.continued))  # such a word begins a line of its own
        include = cursor.take(INCLUDE)
        if include:
            cursor.end_line()
            if depth >= DEPTH:
                raise UnreadableError("%s: too many levels of includes" % path)
            directory = bool(include.group(1) or include.group(2))
            name = include.group(3) or re.sub(r"\\([ \t])", r"\1", include.group(4))
            for target in _targets(machine, posixpath.join(posixpath.dirname(path), name), directory):
                _file(machine, target, policy, depth + 1)
        elif not cursor.take(END_OF_LINE):
            _entry(cursor, policy)
            cursor.end_line()


def _targets(machine, name, directory):
    """The files that an include means. `%h` is the name of the machine up to its first dot."""
    if "%h" in name:
        name = name.replace("%h", (machine.text("/etc/hostname") or "").strip().split(".")[0])
    if not directory:
        return [name]
    paths = [posixpath.join(name, entry) for entry in machine.names(name) if "." not in entry and entry[-1] != "~"]
    return [path for path in paths if stat.S_ISREG(getattr(machine.status(path), "st_mode", 0))]


class _Cursor:
    """A place in the text of a file, always behind white space and continued line ends."""

    def __init__(self, text, path):
        # The last line may lack its end; one that a backslash continues may not.
        self.text, self.path, self.at = text if text.endswith("\n") else text + "\n", path, 0
        self.skip()

    def skip(self):
        space = SPACE.match(self.text, self.at)
        self.at, self.continued = space.end(), "\n" in space.group()

    def at_end(self):
        return self.at >= len(self.text)

    def take(self, pattern):
        """The match at this place, which the cursor passes with the white space behind it; None when there is none."""
        hit = pattern.match(self.text, self.at)
        if hit:
            self.at = hit.end()
            self.skip()
        return hit

    def sign(self, character):
        """Whether this character is next; it is passed."""
        if self.text.startswith(character, self.at):
            self.at += len(character)
            self.skip()
            return True
        return False

    def need(self, hit):
        if not hit:
            line = self.text.count("\n", 0, self.at) + 1
            raise UnreadableError("%s:%d cannot be understood (visudo -c says more)" % (self.path, line))
        return hit

    def end_line(self):
        self.need(self.take(END_OF_LINE))

    def negated(self):
        count = 0
        while self.sign("!"):
            count += 1
        return count % 2 == 1


def _entry(cursor, policy):
    alias, defaults = cursor.take(ALIASES), None
    if alias:
        return _alias_definitions(cursor, KINDS[alias.group(1)], policy.aliases)
    defaults = cursor.take(DEFAULTS)
    if defaults:
        return policy.options.extend(_options(cursor, defaults.group(1) or ""))
    users = _list(cursor, _user)
    while True:
        policy.rules.append(_rule(cursor, users))
        if not cursor.sign(":"):
            return None


def _alias_definitions(cursor, kind, aliases):
    reader = {"hostalias": _host, "cmndalias": _command, "useralias": _user, "runasalias": _runas}[kind]
    while True:
        name = cursor.need(cursor.take(NAME)).group()
        cursor.need(cursor.sign("="))
        cursor.need(name not in aliases[kind] and name != "ALL")
        aliases[kind][name] = _list(cursor, reader)
        if not cursor.sign(":"):
            return


def _options(cursor, scope):
    reader = {"@": _host, ":": _user, ">": _runas, "!": _bound_command}.get(scope)
    start = cursor.at
    binding = _list(cursor, reader) if reader else ()
    # White space ends the binding, except beside a comma.
    cursor.need(not re.search(r"![ \t]", cursor.text[start : cursor.at]))
    while True:
        negated = cursor.negated()
        name = cursor.need(cursor.take(OPTION_NAME)).group()
        operator = cursor.take(OPERATOR)
        value, operation = not negated, ""
        if operator:
            cursor.need(not negated)
            value = _value(cursor)
            operation = {"+=": "list_add", "-=": "list_remove"}.get(operator.group(), "")
        yield Option(binding, name, value, operation)
        if not cursor.sign(","):
            return


def _value(cursor):
    quoted = cursor.take(QUOTED)
    if quoted:
        return re.sub(r"\\[ \t]*\r?\n[ \t]*", "", quoted.group(1)).replace('\\"', '"')
    return _plain(cursor.need(cursor.take(OPTION_VALUE)).group())


def _list(cursor, reader):
    members = [reader(cursor)]
    while cursor.sign(","):
        members.append(reader(cursor))
    return tuple(members)


def _user(cursor, alias="useralias"):
    negated = cursor.negated()
    quoted, number = cursor.take(QUOTED), None
    name = quoted.group(1).replace('\\"', '"') if quoted else ""
    if not quoted:
        number = cursor.take(NUMBER)
        name = "" if number else _named(cursor)
    if number:
        return Member("userid", str(int(number.group(1))), negated)
    if name[0] == "%":
        return _group(cursor, name[1:], negated)
    if name[0] == "+":
        return Member("netgroup", cursor.need(name[1:]), negated)
    cursor.need(quoted or not (ADDRESS.match(name) or name[0] == "/"))
    return Member(alias if not quoted and name != "ALL" and NAME.fullmatch(name) else "username", name, negated)


def _named(cursor):
    """A name without quotes; that of a group may have a colon and a number."""
    return _plain(cursor.need(cursor.take(GROUP) or cursor.take(WORD)).group())


def _group(cursor, name, negated):
    if name.startswith(":"):
        return Member("nonunixgid" if name[1:2] == "#" else "nonunixgroup", cursor.need(name[1:].lstrip("#")), negated)
    if NUMBER.fullmatch(name):
        return Member("usergid", str(int(name[1:])), negated)
    return Member("usergroup", cursor.need(name), negated)


def _runas(cursor):
    return _user(cursor, "runasalias")


def _runas_group(cursor):
    """Behind the colon of a list of run-as, a bare name is that of a group."""
    member = _runas(cursor)
    if member.kind == "userid":
        return Member("usergroup", "#" + member.name, member.negated)
    return member._replace(kind="usergroup") if member.kind == "username" else member


def _host(cursor):
    negated = cursor.negated()
    quoted = cursor.take(QUOTED)
    name = quoted.group(1) if quoted else _plain(cursor.need(cursor.take(HOST)).group())
    if name[0] == "+":
        return Member("netgroup", name[1:], negated)
    if not quoted and ADDRESS.match(name):
        return Member("networkaddr", name, negated)
    return Member("hostalias" if not quoted and name != "ALL" and NAME.fullmatch(name) else "hostname", name, negated)


def _rule(cursor, users):
    """The grants of one `hosts = commands`; what a command does not say itself, the one before it says."""
    hosts = _list(cursor, _host)
    cursor.need(cursor.sign("="))
    grants, run_as, as_group, tags = [], None, None, {}
    while True:
        if cursor.sign("("):
            run_as, as_group = _run_as(cursor)
        while cursor.take(SETTING):
            cursor.need(cursor.sign("="))
            cursor.need(cursor.take(QUOTED) or cursor.take(WORD))
        tag = cursor.take(TAG)
        while tag:
            tags[tag.group(2)] = not tag.group(1)
            tag = cursor.take(TAG)
        noexec = None if tags.get("EXEC") is None else not tags["EXEC"]
        of_command = tags.get("PASSWD"), tags.get("SETENV"), noexec
        grants.append(grant(users, hosts, run_as, as_group, *of_command, _command(cursor)))
        if not cursor.sign(","):
            return grants


def _run_as(cursor):
    """(users, groups) between parentheses; an empty list of users means: as who one is."""
    users = groups = None
    if not cursor.text.startswith((")", ":"), cursor.at):
        users = _list(cursor, _runas)
    if cursor.sign(":") and (users or not cursor.text.startswith(")", cursor.at)):
        groups = _list(cursor, _runas_group)
    cursor.need(cursor.sign(")"))
    return ((Member("username", "", False),) if users is None and groups is None else users), groups


def _bound_command(cursor):
    """A command of a Defaults line has no arguments: its options come there."""
    return _command(cursor, arguments=False)


def _command(cursor, arguments=True):
    cursor.take(NOTHING)
    digest = arguments and cursor.take(DIGEST)
    while digest:
        cursor.need(_is_whole(int(digest.group(1)) // 8, digest.group(2)))
        cursor.sign(",")
        digest = cursor.take(DIGEST)
    negated = cursor.negated()
    path = cursor.take(PATH)
    if path is None:
        name = cursor.need(cursor.take(ALIAS_NAME)).group()
        return Member("command" if name == "ALL" else "cmndalias", name, negated)
    words = [re.sub(r"\\([,:= \t#])", r"\1", path.group())]
    pattern = arguments and cursor.take(PATTERN)
    if pattern:
        words.append(pattern.group())
    while arguments and not pattern and not words[0].endswith("/"):
        word = cursor.take(ARGUMENT)
        if word is None:
            break
        words.append(re.sub(r"\\([:\\,= \t#])", r"\1", word.group()))
    return Member("command", " ".join(words), negated)


def _is_whole(size, text):
    """Whether a digest of `size` bytes is written out in full, in hexadecimal or base64."""
    if re.fullmatch(r"[0-9A-Fa-f]+", text):
        return len(text) == 2 * size
    return len(text) == (4 * ((size + 2) // 3) if text.endswith("=") else (4 * size + 2) // 3)


def _plain(word):
    """A word without the backslashes before its characters; \\xHH is the character with that number."""
    return ESCAPED.sub(lambda hit: chr(int(hit.group(1), 16)) if hit.group(1) else hit.group(2), word)
