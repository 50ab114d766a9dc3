"""Groups: /etc/group."""

from __future__ import annotations

import re

MAIN = "name"
SELECTORS = ("name",)
NEEDS = ("name",)
ATTRIBUTES = ("exists", "gid", "members")
# As strtoul(3) takes it: white space and a sign may stand before it.
NUMBER = re.compile(r"\s*(?:\+?(\d{1,18})|-0+)\Z", re.ASCII)
LARGEST = 0xFFFFFFFF


def describe(select):
    return "group %s in /etc/group" % select.get("name")


def look_up(machine, select):
    """`members`: those of the list of the group, and accounts of which it is the first group."""
    group = machine.once(groups).get(str(select["name"]))
    if group is None:
        return {"exists": False}
    gid, listed = group
    others = [row[0] for row in rows(machine.text("/etc/passwd")) if len(row) > 3 and number(row[3]) == gid]
    # The group of an account of the same name is its own.
    others = [name for name in others if name not in (*listed, str(select["name"]))]
    return {"exists": True, "gid": gid, "members": [*listed, *others]}


def groups(machine):
    """name -> (gid, members). Of two lines with one name the first says the number, and both have members."""
    result = {}
    for row in rows(machine.text("/etc/group")):
        gid = number(row[2]) if len(row) > 2 else None
        if gid is not None:
            members = [name.strip() for name in "".join(row[3:4]).split(",") if name.strip()]
            first, others = result.get(row[0], (gid, []))
            result[row[0]] = first, list(dict.fromkeys([*others, *members]))
    return result


def rows(text):
    """The fields of each line of a table of accounts or groups, as the C library reads them: without blanks before the
    name, and without comments."""
    lines = (line.lstrip() for line in (text or "").splitlines())
    return [line.split(":") for line in lines if line and not line.startswith("#")]


def number(field):
    """The number of an account or group; None of what the C library does not take for one."""
    hit = NUMBER.match(field)
    value = int(hit.group(1) or 0) if hit else LARGEST + 1
    return value if value <= LARGEST else None
