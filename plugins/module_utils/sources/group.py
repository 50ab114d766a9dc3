"""Groups: /etc/group."""

from __future__ import annotations

MAIN = "name"
SELECTORS = ("name",)
NEEDS = ("name",)
ATTRIBUTES = ("exists", "gid", "members")


def describe(select):
    return "group %s in /etc/group" % select.get("name")


def look_up(machine, select):
    group = machine.once(groups).get(str(select["name"]))
    return {"exists": True, "gid": group[0], "members": group[1]} if group else {"exists": False}


def groups(machine):
    """name -> (gid, members)."""
    rows = (line.split(":") for line in (machine.text("/etc/group") or "").splitlines())
    return {
        row[0]: (int(row[2]), [m for m in row[3].split(",") if m]) for row in rows if len(row) == 4 and row[2].isdigit()
    }
