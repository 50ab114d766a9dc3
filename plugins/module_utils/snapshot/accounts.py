"""Accounts and groups: who can log in, with what rights, and whose programs go on after a logout."""

from __future__ import annotations

import time
from collections import Counter

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import marks
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind, Unseen, joined, masked
from ansible_collections.oplever.lab.plugins.module_utils.sources import account, group

KINDS = {
    "account": Kind(
        "account",
        "account",
        "accounts with number, home, shell, groups, whether a password is set (with a keyed digest of its hash), ages "
        "of the password, expiry, and lingering",
    ),
    "group": Kind(
        "groep",
        "group",
        "groups with number, members (those of gshadow too), administrators and whether a password is set",
    ),
}
# Fields of shadow(5) that say something when they are not what Debian gives everybody.
USUAL = {"min_days": (0, None), "max_days": (99999, None), "warn_days": (7, None), "inactive_days": (None,)}
EXPIRES = 7


def collect(machine, places):
    lingering = set(machine.names("/var/lib/systemd/linger"))
    hidden = None
    try:
        hashes = machine.once(account.shadow)
    except UnreadableError as problem:
        hashes, hidden = {}, problem
    for name, facts in machine.once(account.accounts).items():
        yield Fact("account", _shown(name), _account(machine, name, facts, hashes.get(name), name in lingering))
    yield from _other_lines(machine)
    for name in sorted(hashes.keys() - machine.once(account.accounts).keys()):
        yield Fact("account", "%s (in /etc/shadow alone)" % name, "no account has this line")
    if hidden:
        yield Unseen("account", str(hidden))
    yield from _numbers_of_others(machine)
    yield from _no_groups(machine)
    shadowed = {}
    try:
        shadowed = _group_shadow(machine)
    except UnreadableError as problem:
        yield Unseen("group", str(problem))
    for name, (gid, members) in machine.once(group.groups).items():
        row = shadowed.get(name)
        words = "members=" + " ".join(sorted(members)) if members else ""
        yield Fact(
            "group", name, joined("gid=%d" % gid, words, *(_beyond_members(machine, row, members) if row else ()))
        )


def _shown(name):
    """A name that can be seen: one may be empty, or begin or end with a blank."""
    return name if name and name == name.strip() else "'%s'" % name


def _account(machine, name, facts, row, lingers):
    subordinate = machine.once(subordinate_ids)
    words = ["uid=%d" % facts["uid"], "gid=%d" % facts["gid"], "home=%s" % facts["home"], "shell=%s" % facts["shell"]]
    words.append("groups=" + " ".join(facts["groups"]))
    state = facts["password"]
    if not isinstance(state, UnreadableError):
        words.append("password=" + (_since(machine, row) if state == "set" and row else state))
        words += ["%s=%s" % (key, facts[key]) for key, usual in USUAL.items() if facts.get(key) not in usual]
    if row and row[EXPIRES]:
        words.append("expires=day %s" % row[EXPIRES])
    words += ["%s=%s" % (key, " ".join(ranges[name])) for key, ranges in subordinate.items() if name in ranges]
    if lingers:
        words.append("its programs go on after a logout")
    if facts["gecos"]:
        words.append("name=%s" % facts["gecos"])
    return joined(*words)


def _since(machine, row):
    """The day of the last change is the owner's word; the digest tells whether it is another password."""
    return "set (%s) on %s" % (marks.keyed(machine, row[1].encode()), _day(row[2]))


def _day(field):
    """A day as shadow(5) counts it, in words."""
    try:
        return time.strftime("%Y-%m-%d", time.gmtime(int(field) * 86400))
    except (ValueError, OverflowError, OSError):
        return "an unknown day"


def _other_lines(machine):
    """Lines of /etc/passwd that are no account, and names that come more than once."""
    counts = Counter(row[0] for row in machine.once(account.rows))
    for name, count in sorted(counts.items()):
        if count > 1:
            yield Fact("account", name + " (more than once)", "%d lines" % count)
    lines = [line for line in (machine.read("/etc/passwd") or "").splitlines() if line.strip()]
    strange = [line for line in lines if len(line.split(":")) != 7 or not line.split(":")[2].isdigit()]
    if strange:
        yield Fact("account", "(lines that are no account)", masked("; ".join(strange)) or "too many")


def _numbers_of_others(machine):
    """Numbers for containers that are given by the number of an account, or to a name that no account has yet."""
    names = machine.once(account.accounts)
    for key, ranges in machine.once(subordinate_ids).items():
        for name in sorted(ranges.keys() - names.keys()):
            yield Fact("account", "%s (in /etc/%s)" % (name, key), "%s=%s" % (key, " ".join(ranges[name])))


def _no_groups(machine):
    """Lines of /etc/group that are no group."""
    lines = [line for line in (machine.read("/etc/group") or "").splitlines() if line.strip()]
    strange = [line for line in lines if len(line.split(":")) != 4 or not line.split(":")[2].isdigit()]
    if strange:
        yield Fact("group", "(lines that are no group)", masked("; ".join(strange)) or "too many")


def subordinate_ids(machine):
    """Numbers that an account may give to its containers: `subuid` and `subgid` -> name -> ranges."""
    ranges = {}
    for name in ("subuid", "subgid"):
        for row in (line.split(":") for line in (machine.read("/etc/" + name) or "").splitlines()):
            if len(row) == 3:
                ranges.setdefault(name, {}).setdefault(row[0], []).append("%s+%s" % (row[1], row[2]))
    return ranges


def _group_shadow(machine):
    """Group -> its line in gshadow, as a list."""
    text = machine.read("/etc/gshadow") or ""
    return {row[0]: row for row in (line.split(":") for line in text.splitlines()) if len(row) == 4}


def _beyond_members(machine, row, members):
    """What a line of gshadow says beyond the members: newgrp lets in whom it names there."""
    if row[1].strip("!*"):
        yield "password set (%s)" % marks.keyed(machine, row[1].encode())
    if row[2]:
        yield "administrators=" + row[2]
    others = sorted(set(row[3].split(",")) - set(members) - {""})
    if others:
        yield "members in gshadow alone=" + " ".join(others)
