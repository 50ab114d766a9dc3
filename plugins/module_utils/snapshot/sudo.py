"""What sudo allows, as it means: who may do what as whom."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind, masked
from ansible_collections.oplever.lab.plugins.module_utils.sources import sudoers

KINDS = {
    "sudo_rule": Kind("recht van sudo", "right of sudo", "who may run what as whom, and the options of sudo"),
}
RULE = re.compile(r"(?P<who>.+?)\s+(?P<hosts>\S+?)\s*=\s*(?P<assignment>.*)\Z")
AS = re.compile(r"\((?P<users>[^:)]*)(?::(?P<groups>[^)]*))?\)\s*")
ASKS = re.compile(r"\b(NO|)PASSWD:\s*")


def collect(machine, places):
    rights, options = {}, {}
    for line in sudoers.look_up(machine, {"what": "rules"})["values"]:
        rule = RULE.match(line)
        if rule is None:
            rights.setdefault(line, []).append("not understood")
            continue
        hosts = "" if rule.group("hosts") == "ALL" else " on " + rule.group("hosts")
        rights.setdefault(rule.group("who"), []).append(meaning(rule.group("assignment")) + hosts)
    for sort, aliases in machine.once(sudoers.read).aliases.items():
        for name, members in aliases.items():
            rights["%s %s" % (sudoers.ALIAS_WORDS[sort], name)] = ["stands for " + sudoers.member_texts(members)]
    for line in sudoers.look_up(machine, {"what": "defaults"})["values"]:
        head, _, option = line.partition(" ")
        name = re.split(r"[+-]?=", option, maxsplit=1)[0].strip().lstrip("!")
        options.setdefault("%s %s" % (head, name), []).append(masked(option))
    for key, values in [*rights.items(), *options.items()]:
        yield Fact("sudo_rule", key, "; ".join(values))


def meaning(text):
    """`(root) NOPASSWD: /bin/ls` in words."""
    as_whom = AS.match(text)
    users = "root" if as_whom is None else as_whom.group("users").strip() or "themselves"
    groups = as_whom.group("groups") if as_whom else None
    commands = text[as_whom.end() :] if as_whom else text
    who = "anybody" if users == "ALL" else users
    group = " with group " + groups.strip() if groups and groups.strip() != "ALL" else ""
    parts = ["run %s as %s%s, %s" % (tasks, who, group, asks) for tasks, asks in _by_password(commands)]
    return "may " + "; may ".join(parts)


def _by_password(commands):
    """(commands, whether sudo asks for a password), in turn: each tag holds until the other one."""
    pieces = ["", *ASKS.split(commands)]
    for tag, piece in ((pieces[at], pieces[at + 1]) for at in range(0, len(pieces), 2)):
        text = piece.strip().rstrip(",").strip()
        if text:
            yield "everything" if text == "ALL" else text, "without a password" if tag == "NO" else "with a password"
