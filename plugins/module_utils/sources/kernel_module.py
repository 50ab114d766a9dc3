"""Kernel modules: what is loaded, what could be, and what modprobe.d forbids."""

from __future__ import annotations

import os
import re

MAIN = "name"
SELECTORS = ("name",)
NEEDS = ("name",)
ATTRIBUTES = ("exists", "loaded", "builtin", "loadable", "denied")
DIRECTORIES = (
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
)
NOTHING = ("/bin/false", "/bin/true", "/usr/bin/false", "/usr/bin/true")


def describe(select):
    return "kernel module %s in /proc/modules and modprobe.d" % select.get("name")


def look_up(machine, select):
    name = str(select["name"]).replace("-", "_")
    builtin = name in machine.once(_builtin)
    available = name in machine.once(_available)
    denied = name in machine.once(denials)
    running = False if machine.offline else name in machine.once(loaded)
    return {
        "exists": builtin or available or running,
        "loaded": lambda: name in machine.once(loaded),
        "builtin": builtin,
        "loadable": available and not denied,
        "denied": denied,
    }


def loaded(machine):
    """Names of loaded modules."""
    return [line.split()[0] for line in (machine.read("/proc/modules", limit=4 << 20) or "").splitlines()]


def denials(machine):
    """Names that modprobe.d blacklists, or answers with a command that does nothing."""
    found = set()
    for directory in DIRECTORIES:
        for path in machine.glob(directory + "/*.conf"):
            for words in (line.split() for line in (machine.read(path) or "").splitlines()):
                nothing = len(words) > 2 and words[0] == "install" and words[2] in NOTHING
                if nothing or (words[:1] == ["blacklist"] and len(words) > 1):
                    found.add(words[1].replace("-", "_"))
    return found


def _builtin(machine):
    return _names(machine, "modules.builtin")


def _available(machine):
    return _names(machine, "modules.dep")


def _version(name):
    return [int(part) for part in re.findall(r"\d+", name)]


def _names(machine, listing):
    # The kernel that runs here is not the one of a tree that does not run: that starts its newest.
    kernels = sorted(machine.names("/lib/modules"), key=_version) if machine.offline else [os.uname().release]
    text = machine.read("/lib/modules/%s/%s" % (kernels[-1], listing), limit=8 << 20) if kernels else ""
    paths = (line.split(":")[0].strip() for line in (text or "").splitlines())
    return {path.rsplit("/", 1)[-1].split(".ko")[0].replace("-", "_") for path in paths}
