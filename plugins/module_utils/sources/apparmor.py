"""AppArmor: whether the kernel has it on, what mode each loaded profile has, and which processes escape theirs."""

from __future__ import annotations

import os

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "enabled", "profiles", "enforcing", "complaining", "unconfined", "escaped")
LOADED = "/sys/kernel/security/apparmor/profiles"


def describe(select):
    return "profiles of AppArmor in the kernel"


def look_up(machine, select):
    enabled = (machine.read("/sys/module/apparmor/parameters/enabled") or "").strip() == "Y"
    if not enabled:
        return {"exists": False, "enabled": False}
    try:
        modes = machine.once(profiles)
    except UnreadableError as problem:
        return dict(dict.fromkeys(ATTRIBUTES[2:], problem), exists=True, enabled=True)
    return {
        "exists": True,
        "enabled": True,
        "profiles": sorted(modes),
        "enforcing": sorted(name for name, mode in modes.items() if mode in ("enforce", "kill")),
        "complaining": sorted(name for name, mode in modes.items() if mode in ("complain", "prompt")),
        "unconfined": sorted(name for name, mode in modes.items() if mode == "unconfined"),
        "escaped": _escaped(machine, modes),
    }


def profiles(machine):
    """name -> mode (enforce, complain, kill, prompt, unconfined) of what is loaded."""
    text = machine.text(LOADED, limit=4 << 20)
    if text is None:
        raise UnreadableError("%s does not exist: securityfs is not mounted" % LOADED)
    return parse(text)


def parse(text):
    """Lines of `name (mode)`; a name may itself have spaces and brackets."""
    rows = (line.rpartition(" (") for line in text.splitlines() if line.endswith(")"))
    return {name: mode.rstrip(")") for name, _, mode in rows}


def _escaped(machine, modes):
    """Programs that run without the profile that is loaded for their path, as `pid program`."""
    escaped = []
    for pid in sorted((name for name in machine.names("/proc") if name.isdigit()), key=int):
        try:
            program = os.readlink(machine.path("/proc/%s/exe" % pid))
            current = (machine.read("/proc/%s/attr/current" % pid) or "").strip("\0\n ")
        except (OSError, UnreadableError):
            continue  # it has ended, or is a thread of the kernel
        if current == "unconfined" and modes.get(program, "unconfined") != "unconfined":
            escaped.append("%s %s" % (pid, program))
    return escaped
