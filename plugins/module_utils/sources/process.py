"""Running processes by the name of their command."""

from __future__ import annotations

import os

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources.file import owner

MAIN = "name"
SELECTORS = ("name",)
NEEDS = ("name",)
ATTRIBUTES = ("exists", "count", "users")
RUNNING = True


def describe(select):
    return "processes named %s" % select.get("name")


def look_up(machine, select):
    # The kernel keeps 15 characters of a name.
    users = machine.once(processes).get(str(select["name"])[:15], [])
    return {"exists": bool(users), "count": len(users), "users": sorted(set(users))}


def processes(machine):
    """Name of the command -> the user of each process that has it."""
    found = {}
    for pid in machine.names("/proc"):
        if not pid.isdigit():
            continue
        try:
            name = machine.read("/proc/%s/comm" % pid)
            user = owner(machine, os.stat(machine.path("/proc/" + pid)).st_uid)
        except (OSError, UnreadableError):
            continue
        if name:
            found.setdefault(name.strip(), []).append(user)
    return found
