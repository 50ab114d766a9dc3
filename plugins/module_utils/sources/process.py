"""Running processes by the name of their command."""

from __future__ import annotations

import os
import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources.file import owner

MAIN = "name"
SELECTORS = ("name", "all")
NEEDS = ("name", "all")
ATTRIBUTES = ("exists", "count", "users", "outdated")
RUNNING = True
# In the map of a process: code (r-xp) of a file below these directories that is gone.
REPLACED = re.compile(r"^\S+ r-xp \S+ \S+ \d+ +/(?:usr/|s?bin/|lib|opt/).* \(deleted\)$", re.MULTILINE)


def describe(select):
    return "processes named %s" % select["name"] if select.get("name") else "all processes"


def look_up(machine, select):
    if select.get("all"):
        return {
            "exists": True,
            "count": sum(map(len, machine.once(processes).values())),
            "outdated": lambda: machine.once(outdated),
        }
    # The kernel keeps 15 characters of a name.
    users = machine.once(processes).get(str(select["name"])[:15], [])
    return {"exists": bool(users), "count": len(users), "users": sorted(set(users))}


def processes(machine):
    """Name of the command -> the user of each process that has it."""
    users = {}
    for pid in machine.names("/proc"):
        if not pid.isdigit():
            continue
        try:
            name = machine.read("/proc/%s/comm" % pid)
            user = owner(machine, os.stat(machine.path("/proc/" + pid)).st_uid)
        except (OSError, UnreadableError):
            continue
        if name:
            users.setdefault(name.strip(), []).append(user)
    return users


def outdated(machine):
    """`name (pid)` of each process that still runs a library or program that was replaced under it: an upgrade counts
    only after a restart. Raises UnreadableError when this user may not look into all processes."""
    programs = []
    for pid in sorted((name for name in machine.names("/proc") if name.isdigit()), key=int):
        try:
            maps = machine.read("/proc/%s/maps" % pid, limit=16 << 20)
            name = machine.read("/proc/%s/comm" % pid)
        except UnreadableError as problem:
            if "ermission denied" in str(problem):
                raise UnreadableError("only root can look into all processes") from None
            continue  # it ended meanwhile
        if REPLACED.search(maps or ""):
            programs.append("%s (%s)" % ((name or "").strip(), pid))
    return programs
