"""The clock: who keeps it right, from which sources, and whether that works."""

from __future__ import annotations

import os

from ansible_collections.oplever.lab.plugins.module_utils.machine import InapplicableError, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import unit

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "synchronised", "service", "services", "sources", "timezone")
SERVICES = ("chrony.service", "systemd-timesyncd.service", "ntpsec.service", "openntpd.service", "ntp.service",
            "ntpd-rs.service")  # fmt: skip


def describe(select):
    return "time service and its sources"


def look_up(machine, select):
    if machine.offline:
        running = InapplicableError("the clock needs a running system; this one is only mounted")
        return dict(
            dict.fromkeys(("exists", "service", "services", "synchronised", "sources"), running),
            timezone=timezone(machine),
        )
    running = _named(machine, "active", ("active",))
    service = running[0] if running else None
    facts = {
        "exists": service is not None,
        "service": service,
        # One stops the other when it starts: of two that start at boot, nobody knows which runs after the next one.
        "services": list(dict.fromkeys(running + _named(machine, "enabled", ("enabled", "enabled-runtime")))),
        "timezone": timezone(machine),
        "sources": [],
    }
    if service == "chrony.service":
        return dict(facts, **_chrony(machine))
    if service is None:
        return facts
    shown = machine.output(["timedatectl", "show", "--property=NTPSynchronized", "--value"])
    return dict(facts, synchronised=shown.strip() == "yes")


def prepare(machine, selects):
    unit.prepare(machine, [{"name": name} for name in SERVICES])


def _named(machine, key, values):
    """Names of those of which that is the state; of a unit that has the name of another as an alias, the first name."""
    names = {}
    for name in SERVICES:
        state = unit.look_up(machine, {"name": name})
        if state.get(key) in values:
            names.setdefault(state.get("fragment") or name, name)
    return list(names.values())


def timezone(machine):
    """Name of the time zone, as Europe/Amsterdam."""
    try:
        return os.readlink(machine.path("/etc/localtime", follow=False)).partition("zoneinfo/")[2]
    except OSError:
        return (machine.text("/etc/timezone") or "").strip()


def _chrony(machine):
    """Chrony is asked itself: the kernel does not know of it where chrony may not set the clock."""
    try:
        tracking = machine.output(["chronyc", "-n", "-c", "tracking"]).strip().split(",")
        rows = [line.split(",") for line in machine.output(["chronyc", "-n", "-c", "sources"]).splitlines()]
    except UnreadableError as problem:
        return {"synchronised": problem, "sources": problem}
    return {
        "synchronised": tracking[-1] in ("Normal", "Insert second", "Delete second"),
        "sources": [r[2] for r in rows if len(r) > 2],
    }
