"""Kernel modules: what is loaded, what could be, and what modprobe.d forbids."""

from __future__ import annotations

import os
import re

MAIN = "name"
SELECTORS = ("name",)
NEEDS = ("name",)
ATTRIBUTES = ("exists", "loaded", "builtin", "loadable", "denied", "blacklisted")
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
    """`denied`: modprobe gets a command that does nothing. `blacklisted` alone only stops loading by itself, not by
    name; what is built into the kernel cannot be stopped by either."""
    name = str(select["name"]).replace("-", "_")
    builtin = name in machine.once(_builtin)
    available = name in machine.once(_available)
    rules = machine.once(denials)
    denied = name in rules["install"] and not builtin
    running = False if machine.offline else name in machine.once(loaded)
    return {
        "exists": builtin or available or running,
        "loaded": lambda: name in machine.once(loaded),
        "builtin": builtin,
        "loadable": available and not denied,
        "denied": denied,
        "blacklisted": name in rules["blacklist"],
    }


def loaded(machine):
    """Names of loaded modules."""
    lines = (machine.read("/proc/modules", limit=4 << 20) or "").splitlines()
    return [line.split()[0] for line in lines if line.strip()]


def denials(machine):
    """`install`: names that modprobe.d answers with a command that does nothing; `blacklist`: names it will not load by
    itself. Of files with one name the first directory counts."""
    found, seen = {"install": set(), "blacklist": set()}, set()
    for path in (path for directory in DIRECTORIES for path in machine.glob(directory + "/*.conf")):
        name = path.rsplit("/", 1)[1]
        if name in seen:
            continue
        seen.add(name)
        for words in (line.split() for line in (machine.read(path) or "").splitlines()):
            if words[:1] == ["blacklist"] and len(words) > 1:
                found["blacklist"].add(words[1].replace("-", "_"))
            elif len(words) > 2 and words[0] == "install" and words[2] in NOTHING:
                found["install"].add(words[1].replace("-", "_"))
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
