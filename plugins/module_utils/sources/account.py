"""Accounts: /etc/passwd with /etc/shadow and /etc/group."""

from __future__ import annotations

import re
from collections import Counter

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import group

MAIN = "name"
SELECTORS = ("name", "all")
NEEDS = ("name", "all")
AGES = {"min_days": 3, "max_days": 4, "warn_days": 5, "inactive_days": 6}
LISTS = (
    "uid0", "empty_password", "login", "duplicate_uids", "duplicate_names", "duplicate_gids", "system_login",
    "group_passwords", "subordinate_clashes",
    "unshadowed",
)  # fmt: skip
ATTRIBUTES = (
    "exists", "uid", "gid", "home", "shell", "groups", "gecos", "locked", "password", *AGES, *LISTS,
)  # fmt: skip
EMPTY = "empty"
# As strtoul(3) takes it: white space and a sign may stand before it.
NUMBER = re.compile(r"\s*\+?\d+\Z", re.ASCII)
# By full path: a shell of somebody else may have any name.
NO_LOGIN = tuple(
    place + name
    for place in ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/")
    for name in ("nologin", "false", "sync", "halt", "shutdown")
)
# Debian gives people numbers from here (UID_MIN of login.defs), and 65534 to nobody.
FIRST_PERSON, NOBODY = 1000, 65534


def describe(select):
    return "all accounts" if select.get("all") else "account %s in /etc/passwd and /etc/shadow" % select.get("name")


def look_up(machine, select):
    if select.get("all"):
        return _all(machine)
    name = str(select["name"])
    row = next((row for row in machine.once(rows) if row[0] == name), None)
    return dict(_account(machine, row), exists=True) if row else {"exists": False}


def accounts(machine):
    """name -> attributes of one account."""
    return {row[0]: _account(machine, row) for row in machine.once(rows)}


def can_log_in(shell):
    """Whether a shell of /etc/passwd lets somebody in; an empty one is /bin/sh."""
    return shell not in NO_LOGIN


def rows(machine):
    """The lines of /etc/passwd as the C library reads them: a name and two numbers, and what lacks is empty."""
    text = machine.text("/etc/passwd")
    if text is None:
        raise UnreadableError("/etc/passwd does not exist")
    return [row for row in map(_row, text.splitlines()) if row]


def _row(line):
    row = line.split(":", 6)
    if len(row) < 4 or line.lstrip().startswith("#") or not all(NUMBER.match(field) for field in row[2:4]):
        return None
    return [*row[:2], *(str(int(field)) for field in row[2:4]), *row[4:], *[""] * (7 - len(row))]


def shadow(machine):
    """name -> the fields of its line in /etc/shadow. One with five fields is old, and counts too."""
    text = machine.text("/etc/shadow")
    lines = (line.split(":") for line in (text or "").splitlines())
    return {row[0]: [*row, *[""] * (9 - len(row))] for row in lines if len(row) in (5, 9)}


def _account(machine, row):
    name, uid, gid = row[0], int(row[2]), int(row[3])
    by_number, by_member = machine.once(_memberships)
    facts = {"uid": uid, "gid": gid, "gecos": row[4], "home": row[5], "shell": row[6]}
    groups = by_number.get(gid, set()) | by_member.get(name, set())
    return dict(facts, groups=sorted(groups), **_secret(machine, row))


def _memberships(machine):
    """(number -> names of groups, member -> names of groups)."""
    by_number, by_member = {}, {}
    for name, (number, members) in machine.once(group.groups).items():
        by_number.setdefault(number, set()).add(name)
        for member in members:
            by_member.setdefault(member, set()).add(name)
    return by_number, by_member


def _secret(machine, row):
    """What the password field says, never the field itself."""
    try:
        fields = machine.once(shadow).get(row[0])
    except UnreadableError as problem:
        return dict.fromkeys(("locked", "password", *AGES), problem)
    if fields is None:
        return {"locked": row[1] not in ("", "x"), "password": EMPTY if row[1] == "" else "locked"}
    state = EMPTY if fields[1] == "" else "locked" if fields[1][0] in "!*" else "set"
    ages = {key: int(fields[at]) if fields[at].lstrip("-").isdigit() else None for key, at in AGES.items()}
    return dict(ages, locked=state == "locked", password=state)


def _gids(machine):
    rows_of_groups = (line.split(":") for line in (machine.text("/etc/group") or "").splitlines())
    return Counter(str(int(row[2])) for row in rows_of_groups if len(row) > 3 and NUMBER.match(row[2]))


def _group_passwords(machine):
    """Groups that newgrp lets anybody in to who has their password; none where gshadow has `!` or `*`."""
    try:
        texts = [machine.text("/etc/gshadow") or "", machine.text("/etc/group") or ""]
    except UnreadableError as problem:
        return problem
    secrets = {
        row[0]: row[1]
        for text in texts[::-1]
        for row in (line.split(":") for line in text.splitlines())
        if len(row) > 3
    }
    return sorted(name for name, secret in secrets.items() if secret not in ("", "x") and secret[0] not in "!*")


def _subordinate_clashes(machine, uids):
    """Ranges of subuid and subgid that hold root or another number of this machine, or one of another account: who has
    them becomes that account."""
    gids = {number for number, _ in machine.once(group.groups).values()}
    clashes = []
    for path, numbers in (("/etc/subuid", uids), ("/etc/subgid", gids)):
        ranges = []
        for line in (machine.text(path) or "").splitlines():
            name, _, rest = line.partition(":")
            first, _, count = rest.partition(":")
            if first.isdigit() and count.isdigit():
                ranges.append((range(int(first), int(first) + int(count)), name))
        for span, name in ranges:
            if any(number in span for number in numbers):
                clashes.append("%s: %s has a number of this machine" % (path, name))
            elif any(
                name != other and max(span.start, more.start) < min(span.stop, more.stop) for more, other in ranges
            ):
                clashes.append("%s: %s shares numbers with another account" % (path, name))
    return clashes


def _all(machine):
    by_name = machine.once(accounts)
    lines = machine.once(rows)
    names, uids = Counter(row[0] for row in lines), Counter(int(row[2]) for row in lines)
    login = [name for name, account in by_name.items() if can_log_in(account["shell"])]
    passwords = [account["password"] for account in by_name.values()]
    unknown = next((value for value in passwords if isinstance(value, UnreadableError)), None)
    return {
        "exists": True,
        "uid0": sorted(name for name, account in by_name.items() if account["uid"] == 0),
        "empty_password": unknown or sorted(name for name, account in by_name.items() if account["password"] == EMPTY),
        "login": sorted(login),
        "duplicate_uids": sorted(str(uid) for uid, count in uids.items() if count > 1),
        "duplicate_names": sorted(name for name, count in names.items() if count > 1),
        "duplicate_gids": sorted(gid for gid, count in _gids(machine).items() if count > 1),
        "group_passwords": _group_passwords(machine),
        "subordinate_clashes": _subordinate_clashes(machine, {int(row[2]) for row in lines}),
        "unshadowed": sorted(row[0] for row in lines if row[1] != "x"),
        "system_login": sorted(
            name for name in login if 0 < by_name[name]["uid"] < FIRST_PERSON or by_name[name]["uid"] == NOBODY
        ),
    }
