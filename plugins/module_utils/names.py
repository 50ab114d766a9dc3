"""Names of users and groups by number: those that this system knows, or a tree's own."""

from __future__ import annotations

import grp
import pwd


def user(machine, uid):
    """Name of a user, or None when nobody has the number."""
    users = machine.once(_users)
    if uid not in users:
        users[uid] = None if machine.offline else _name_of(pwd.getpwuid, uid)
    return users[uid]


def group(machine, gid):
    """Name of a group, or None when there is none with the number."""
    groups = machine.once(_groups)
    if gid not in groups:
        groups[gid] = None if machine.offline else _name_of(grp.getgrgid, gid)
    return groups[gid]


def _name_of(ask, number):
    try:
        return ask(number)[0]
    except KeyError:
        return None


def _users(machine):
    """Number -> name, of a tree in full; of this system those that were asked for."""
    return _table(machine, "/etc/passwd") if machine.offline else {}


def _groups(machine):
    return _table(machine, "/etc/group") if machine.offline else {}


def _table(machine, path):
    """The first line with a number counts, as for the system itself."""
    rows = [line.split(":") for line in (machine.read(path) or "").splitlines()]
    return {int(row[2]): row[0] for row in reversed(rows) if len(row) > 3 and row[2].isdigit()}
