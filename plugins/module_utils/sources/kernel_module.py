"""Kernel modules: what is loaded, what could be, and what modprobe.d forbids."""

from __future__ import annotations

import fnmatch
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
# A command of a shell that does nothing: modprobe looks for it on the path, and hands words on to it.
NOTHING = re.compile(r"(?:exec\s+)?(?:(?:/usr)?/bin/)?(?:false|true)(?:\s[^;&|`$<>]*)?\Z|:\Z|exit(?:\s+\d+)?\Z")


def describe(select):
    return "kernel module %s in /proc/modules and modprobe.d" % select.get("name")


def look_up(machine, select):
    """`denied`: modprobe gets a command that does nothing. `blacklisted` alone only stops loading by itself, not by
    name; what is built into the kernel cannot be stopped by either."""
    name = plain(str(select["name"]))
    builtin = name in machine.once(_builtin)
    available = name in machine.once(_available)
    directives = machine.once(rules)
    instead = re.sub(r"\s+#.*", "", command(directives["install"], name))
    denied = not builtin and bool(NOTHING.match(instead))
    running = False if machine.offline else name in machine.once(loaded)
    return {
        "exists": builtin or available or running,
        "loaded": lambda: name in machine.once(loaded),
        "builtin": builtin,
        "loadable": available and not denied,
        "denied": denied,
        "blacklisted": name in directives["blacklist"],
    }


def loaded(machine):
    """Names of loaded modules."""
    lines = (machine.read("/proc/modules", limit=4 << 20) or "").splitlines()
    return [line.split()[0] for line in lines if line.strip()]


def rules(machine):
    """`install`: (pattern of names, command) in the order of modprobe.d, of which the first that fits counts;
    `blacklist`: names that are not loaded by themselves. Of files with one name the first directory counts."""
    directives = {"install": [], "blacklist": set()}
    for path in machine.first_by_name(place + "/*.conf" for place in DIRECTORIES).values():
        parse(machine.text(path) or "", directives)
    return directives


def parse(text, directives):
    """Adds what one file says to `install` and `blacklist`. A backslash at its end continues a line, also a comment."""
    for line in text.replace("\\\n", "").splitlines():
        words = line.split(None, 2)
        if words[:1] == ["blacklist"] and len(words) > 1:
            directives["blacklist"].add(plain(words[1]))
        elif words[:1] == ["install"] and len(words) > 2:
            directives["install"].append((plain(words[1]), words[2].strip()))


def command(install, name):
    """What modprobe runs instead of loading the module; empty when it loads it."""
    return next((text for pattern, text in install if fnmatch.fnmatchcase(name, pattern)), "")


def plain(name):
    """modprobe knows no difference between - and _."""
    return name.replace("-", "_")


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
