"""APT: its settings, where it gets packages, and what waits to be upgraded."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import package

MAIN = "what"
SELECTORS = ("what", "key")
NEEDS = ("what",)
ATTRIBUTES = ("exists", "unsigned", "upgradable", "security_upgradable", "value")
TRUSTED = re.compile(r"\b(trusted|allow-insecure)\s*=\s*yes\b", re.IGNORECASE)
TRUSTED_FIELD = re.compile(r"^(Trusted|Allow-Insecure):\s*yes\s*\Z", re.IGNORECASE)


def describe(select):
    return "apt-config dump, %s" % select.get("key") if select.get("what") == "settings" else "sources of apt"


def look_up(machine, select):
    if select["what"] == "settings":
        value = machine.once(settings).get(str(select.get("key", "")))
        return {"exists": value is not None, "value": value}
    if select["what"] != "sources":
        raise UnreadableError("apt does not know %s (it knows: settings, sources)" % select["what"])
    found = {"exists": True, "unsigned": machine.once(unsigned)}
    try:
        known = machine.once(package.origins).values()
    except UnreadableError as problem:
        return dict(found, upgradable=problem, security_upgradable=problem)
    return dict(
        found,
        upgradable=sum(o.candidate is not None for o in known),
        security_upgradable=sum(o.security for o in known),
    )


def settings(machine):
    """Key -> value of `apt-config dump`."""
    rows = (line.rstrip(";").split(" ", 1) for line in machine.output(["apt-config", "dump"]).splitlines())
    return {row[0]: row[1].strip('"') for row in rows if len(row) == 2}


def unsigned(machine):
    """Lines of the sources that switch off the check of signatures, as file:line."""
    found = []
    paths = ["/etc/apt/sources.list", *machine.glob("/etc/apt/sources.list.d/*")]
    for path in paths:
        lines = (line.strip() for line in (machine.read(path) or "").splitlines())
        for number, line in enumerate(lines, 1):
            if not line.startswith("#") and (TRUSTED.search(line) or TRUSTED_FIELD.match(line)):
                found.append("%s:%d" % (path, number))
    return found
