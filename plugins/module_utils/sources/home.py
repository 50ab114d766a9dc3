"""Homes of people: whose they are, who else may look in, and what in them lets others in."""

from __future__ import annotations

import stat

from ansible_collections.oplever.lab.plugins.module_utils.sources import account, acl
from ansible_collections.oplever.lab.plugins.module_utils.sources.file import mode, owner

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "open", "loose", "trusting", "missing")
# Left behind by rsh and mail of long ago, or holding passwords in clear text.
TRUSTING = (".rhosts", ".shosts", ".forward", ".netrc")
SECRET = (".bash_history", ".zsh_history", ".python_history", ".mysql_history", ".psql_history")
# They let the users of other machines in, for everybody.
TRUSTING_FOR_ALL = ("/etc/hosts.equiv", "/etc/shosts.equiv")
OTHERS_ANYTHING, OTHERS_WRITE, ANYBODY, GROUP_ALL = 0o027, 0o022, 0o077, 0o070


def describe(select):
    return "homes of the people in /etc/passwd"


def look_up(machine, select):
    """`open`: homes of another or wider than 0750. `loose`: files with a dot that others own or may write (or
    read, for a history). `trusting`: files that let others in. `missing`: people without home."""
    facts = {key: [] for key in ATTRIBUTES[1:]}
    facts["trusting"] += [path for path in TRUSTING_FOR_ALL if machine.status(path, follow=False) is not None]
    people = sorted(machine.once(account.accounts).items())
    for name, person in people:
        if not is_person(person):
            continue
        home = person["home"].rstrip("/") or "/"
        status = machine.status(home)
        if status is None or not stat.S_ISDIR(status.st_mode):
            facts["missing"].append("%s: %s" % (name, home))
            continue
        if status.st_uid != person["uid"] or _bits(machine, home, status) & OTHERS_ANYTHING:
            facts["open"].append("%s %s %s" % (home, mode(status), owner(machine, status.st_uid)))
        else:
            facts["open"] += ["%s %s" % (home, entry) for entry in _listed(machine, home, name)]
        _files(machine, home, person["uid"], facts)
    return dict(facts, exists=any(is_person(person) for _, person in people))


def _bits(machine, home, status):
    """The permission bits, with those of the group itself where an access list has put its mask in their place."""
    group = acl.group_rights(machine, home)
    return status.st_mode if group is None else status.st_mode & ~GROUP_ALL | group << 3


def is_person(facts):
    """Somebody who can log in and is no account of a service; root is one too."""
    uid = facts["uid"]
    is_of_people = uid == 0 or (uid >= account.FIRST_PERSON and uid != account.NOBODY)
    return is_of_people and account.can_log_in(facts["shell"])


def _listed(machine, home, name):
    """Entries of an access list by which others than the person, root and services may look in. A web server may be let
    through to the pages of a person (x alone)."""
    entries = (entry.rsplit(":", 2) for entry in acl.entries(machine, home))
    return [
        ":".join([sort, who, rights])
        for sort, who, rights in entries
        if sort != "mask" and who not in (name, "root") and set(rights) & {"r", "w"}
    ]


def _files(machine, home, uid, facts):
    for name in machine.names(home):
        path = home + "/" + name
        status = machine.status(path) if name.startswith(".") else None
        if status is None or not stat.S_ISREG(status.st_mode):
            continue
        if name in TRUSTING:
            facts["trusting"].append(path)
        if status.st_uid not in (uid, 0) or status.st_mode & (ANYBODY if name in SECRET else OTHERS_WRITE):
            facts["loose"].append("%s %s %s" % (path, mode(status), owner(machine, status.st_uid)))
