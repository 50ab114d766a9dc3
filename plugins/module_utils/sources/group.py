"""Groups: /etc/group."""

from __future__ import annotations

MAIN = "name"
SELECTORS = ("name",)
NEEDS = ("name",)
ATTRIBUTES = ("exists", "gid", "members")


def describe(select):
    return "group %s in /etc/group" % select.get("name")


def look_up(machine, select):
    """`members`: those of the list of the group, and accounts of which it is the first group."""
    group = machine.once(groups).get(str(select["name"]))
    if group is None:
        return {"exists": False}
    number, listed = group
    first = (line.split(":") for line in (machine.text("/etc/passwd") or "").splitlines())
    others = [row[0] for row in first if len(row) > 3 and row[3].strip().isdigit() and int(row[3]) == number]
    # The group of an account of the same name is its own.
    others = [name for name in others if name not in (*listed, str(select["name"]))]
    return {"exists": True, "gid": number, "members": [*listed, *others]}


def groups(machine):
    """name -> (gid, members)."""
    rows = (line.split(":") for line in (machine.text("/etc/group") or "").splitlines())
    return {
        row[0].strip(): (int(row[2]), [m for m in "".join(row[3:4]).split(",") if m])
        for row in rows
        if len(row) > 2 and row[2].strip().isdigit()
    }
