"""Arguments of the kernel: what it was started with, and what the boot loader gives it at the next boot."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.sources import boot_loader

MAIN = "name"
SELECTORS = ("name", "all")
NEEDS = ("name", "all")
ATTRIBUTES = ("exists", "running", "configured")
SWITCHED_ON = "on"
WORD = re.compile(r'(?:[^\s"]+|"[^"]*(?:"|$))+')


def describe(select):
    subject = "all arguments" if select.get("all") else select.get("name")
    return "/proc/cmdline and the boot loader, %s" % subject


def look_up(machine, select):
    """Values of one argument (`on` when it has none), or with `all` the words; the last occurrence counts."""
    running = split(machine.read("/proc/cmdline") or "")
    configured = machine.once(boot_loader.arguments)
    if select.get("all"):
        return {"exists": True, "running": running, "configured": configured}
    name = str(select["name"])
    now, then = value(running, name), None if configured is None else value(configured, name)
    return {"exists": now is not None or then is not None, "running": now, "configured": then}


def value(words, name):
    """What `name` is set to by a list of arguments; None when it does not occur."""
    occurrences = [word for word in words if word.partition("=")[0].replace("-", "_") == name.replace("-", "_")]
    if not occurrences:
        return None
    return occurrences[-1].partition("=")[2] if "=" in occurrences[-1] else SWITCHED_ON


def split(text):
    """Words of a command line; spaces between double quotes do not part them, and after `--` the rest is for init. A
    quote that is not closed goes on to the end, as in the kernel."""
    words = [word.replace('"', "") for word in WORD.findall(text.strip())]
    words = [word for word in words if word]
    return words[: words.index("--")] if "--" in words else words
