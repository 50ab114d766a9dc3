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
    "group_passwords", "subordinate_clashes", "in_group_0", "unshadowed",
)  # fmt: skip
ATTRIBUTES = (
    "exists", "uid", "gid", "home", "shell", "groups", "gecos", "locked", "password", *AGES, *LISTS,
)  # fmt: skip
EMPTY = "empty"
AGE = re.compile(r"-?\d{1,18}\Z", re.ASCII)
# By full path: a shell of somebody else may have any name.
NO_LOGIN = tuple(
    place + name
    for place in ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/")
    for name in ("nologin", "false", "true", "sync", "halt", "shutdown")
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
    return [row for row in map(_row, group.rows(text)) if row]


def _row(fields):
    numbers = [group.number(field) for field in fields[2:4]]
    if len(numbers) < 2 or None in numbers:
        return None
    shell = [":".join(fields[6:])] if len(fields) > 6 else []
    row = [*fields[:2], *map(str, numbers), *fields[4:6], *shell]
    return [*row, *[""] * (7 - len(row))]


def shadow(machine):
    """name -> the fields of its line in /etc/shadow, of two lines of the first one."""
    table = {}
    for row in group.rows(machine.text("/etc/shadow")):
        if _is_whole(row):
            table.setdefault(row[0], [*row, *[""] * (9 - len(row))])
    return table


def _is_whole(row):
    """Whether the C library takes a line: one that is old ends behind the third number, and a colon may lack behind
    the last one."""
    size = len(row)
    return size in (5, 9) or (size == 6 and not row[5].strip()) or (size == 8 and row[7] != "")


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
    """What the password field says, never the field itself. What /etc/passwd holds itself counts before the other
    file, and without a line there nobody can give a password."""
    try:
        fields = machine.once(shadow).get(row[0])
    except UnreadableError as problem:
        return dict.fromkeys(("locked", "password", *AGES), problem)
    fields = fields or [row[0], "*", *[""] * 7]
    secret = fields[1] if _is_shadowed(row[1]) else row[1]
    state = EMPTY if secret == "" else "locked" if secret[0] in "!*" else "set"
    ages = {key: int(fields[at]) if AGE.match(fields[at]) else None for key, at in AGES.items()}
    return dict(ages, locked=state == "locked", password=state)


def _is_shadowed(field):
    """Whether a field of /etc/passwd says that the password is in /etc/shadow, as PAM has it."""
    return field == "x" or field.startswith("##")


def _gids(machine):
    numbers = (group.number(row[2]) for row in group.rows(machine.text("/etc/group")) if len(row) > 3)
    return Counter(str(number) for number in numbers if number is not None)


def _in_group_0(machine, lines):
    """Accounts beside root that belong to the group with the number 0, and other groups that have it."""
    zero = {name: members for name, (number, members) in machine.once(group.groups).items() if number == 0}
    accounts = {row[0] for row in lines if row[3] == "0"}.union(*zero.values())
    return sorted(accounts - {"root"}) + ["group " + name for name in zero if name != "root"]


def _group_passwords(machine):
    """Groups that newgrp lets anybody in to who has their password; none where gshadow has `!` or `*`."""
    try:
        texts = [machine.text("/etc/gshadow") or "", machine.text("/etc/group") or ""]
    except UnreadableError as problem:
        return problem
    secrets = {}
    for row in (row for text in texts for row in group.rows(text) if len(row) > 3):
        secrets.setdefault(row[0], row[1])
    return sorted(name for name, secret in secrets.items() if secret not in ("", "x") and secret[0] not in "!*")


def _subordinate_clashes(machine, uids):
    """Ranges of subuid and subgid that hold root or another number of this machine, or one of another account: who has
    them becomes that account."""
    gids = {number for number, _ in machine.once(group.groups).values()}
    clashes = []
    for path, numbers in (("/etc/subuid", uids.values()), ("/etc/subgid", gids)):
        ranges = list(_ranges(machine.text(path) or "", {str(uid): name for name, uid in uids.items()}))
        for span, name in ranges:
            if any(number in span for number in numbers):
                clashes.append("%s: %s has a number of this machine" % (path, name))
            elif any(
                name != other and max(span.start, more.start) < min(span.stop, more.stop) for more, other in ranges
            ):
                clashes.append("%s: %s shares numbers with another account" % (path, name))
    return clashes


def _ranges(text, names):
    """(range, name of the account) of each line of subuid or subgid, where an account may stand by its number too."""
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) == 3:
            first, count = map(_as_c, fields[1:])
            if first is not None and count is not None:
                yield range(first, first + count), names.get(fields[0], fields[0])


def _as_c(word):
    """A number as strtoul(3) reads it with the base 0: 0x10, 010 and 10. None of what is none."""
    try:
        return int(word, 8 if word.startswith("0") and word.isdigit() else 0)
    except ValueError:
        return None


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
        "subordinate_clashes": _subordinate_clashes(machine, {row[0]: int(row[2]) for row in lines}),
        "in_group_0": _in_group_0(machine, lines),
        # Nobody can give a password that begins so.
        "unshadowed": sorted(row[0] for row in lines if not (_is_shadowed(row[1]) or row[1].startswith(("*", "!")))),
        "system_login": sorted(
            name for name in login if 0 < by_name[name]["uid"] < FIRST_PERSON or by_name[name]["uid"] == NOBODY
        ),
    }
