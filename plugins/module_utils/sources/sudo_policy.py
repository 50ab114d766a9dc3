"""What the files of sudo come to: aliases, defaults and grants, as `cvtsudoers -f json` tells them.

Debian 12's cvtsudoers writes options of a directory (CWD=, CHROOT=) in a way that is not JSON; `from_json` mends that.
"""

from __future__ import annotations

import json
import re
from collections import namedtuple

# `kind` is cvtsudoers' word (username, userid, usergroup, useralias, hostname, command, cmndalias, ...).
Member = namedtuple("Member", "kind name negated")
# One option of a Defaults line. It holds for the users, hosts or commands in `binding`, or for everybody; `value` is
# True, False or a text; `operation` is "", "list_add" or "list_remove".
# cvtsudoers does not tell users from those whom they run as.
Option = namedtuple("Option", "binding name value operation")
# One command that some may run. `run_as` and `as_group` are tuples of members, None where the rule names nobody (root);
# `authenticate` is None where no tag says whether a password is asked for, `setenv` where none says whether the caller
# gives the command its environment, `noexec` whether the command may start no other program.
Grant = namedtuple("Grant", "users hosts run_as as_group authenticate setenv noexec command")
# `aliases`: kind of alias (useralias, runasalias, hostalias, cmndalias) -> name -> members; `rules`: list of lists of
# grants, one list for each rule as it is written (users, hosts = commands).
Policy = namedtuple("Policy", "aliases options rules")

ALIAS_KINDS = {
    "User_Aliases": "useralias",
    "Runas_Aliases": "runasalias",
    "Host_Aliases": "hostalias",
    "Command_Aliases": "cmndalias",
}
BARE_PAIR = re.compile(r'^(\s*)("\w+": "(?:[^"\\]|\\.)*")(,?)$', re.MULTILINE)
LIST_OPEN = re.compile(r'"(?:Options|SELinux_Spec|Solaris_Priv_Spec)": \[\s*$')


def grant(*values):
    """The Grant of these values. Who may run everything may set the environment too, which cvtsudoers says."""
    entry = Grant(*values)
    return entry._replace(setenv=None) if entry.command.name == "ALL" else entry


def from_json(text):
    """The Policy in the output of cvtsudoers. Raises ValueError when it is no JSON, also when mended."""
    try:
        document = json.loads(text or "{}")
    except ValueError:
        document = json.loads(_mended(text))
    aliases = {
        kind: {name: _members(members) for name, members in document.get(key, {}).items()}
        for key, kind in ALIAS_KINDS.items()
    }
    options = [option for entry in document.get("Defaults", ()) for option in _options(entry)]
    return Policy(aliases, options, [_rule(entry) for entry in document.get("User_Specs", ())])


def _mended(text):
    """A pair in a list, without braces around it, gets them."""
    lines, in_list = [], False
    for line in text.splitlines():
        if LIST_OPEN.search(line):
            in_list = True
        elif in_list and line.strip().startswith("]"):
            in_list = False
        lines.append(BARE_PAIR.sub(r"\1{ \2 }\3", line) if in_list else line)
    return "\n".join(lines)


def _members(entries):
    return tuple(_member(entry) for entry in entries)


def _member(entry):
    kind, name = next((kind, name) for kind, name in entry.items() if kind != "negated" and not kind.startswith("sha"))
    return Member(kind, str(name), bool(entry.get("negated")))


def _options(entry):
    binding = _members(entry.get("Binding", ()))
    for option in entry["Options"]:
        operation = option.get("operation", "")
        ((name, value),) = ((name, value) for name, value in option.items() if name != "operation")
        value = " ".join(value) if isinstance(value, list) else value
        yield Option(binding, name, value, operation)


def _rule(entry):
    users, hosts = _members(entry["User_List"]), _members(entry["Host_List"])
    return [
        grant(users, hosts, *run_as, *(_tag(spec, name) for name in ("authenticate", "setenv", "noexec")), command)
        for spec in entry["Cmnd_Specs"]
        for run_as in [(_listed(spec, "runasusers"), _listed(spec, "runasgroups"))]
        for command in _members(spec["Commands"])
    ]


def _listed(spec, key):
    return _members(spec[key]) if key in spec else None


def _tag(spec, name):
    values = [option[name] for option in spec.get("Options", ()) if name in option]
    return values[-1] if values else None
