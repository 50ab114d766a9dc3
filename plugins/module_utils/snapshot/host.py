"""Who the machine is: names, system, kernel, language."""

from __future__ import annotations

import hashlib
import os
import re

from ansible_collections.oplever.lab.plugins.module_utils.sources import context, time

SETTING = re.compile(r"^\s*(?:export\s+)?([A-Z]+)=(.*?)\s*$", re.MULTILINE)


def host(machine):
    system = machine.once(context.os_release)
    kernel = os.uname()
    name = (machine.read("/proc/sys/kernel/hostname") or kernel.nodename).strip()
    return {
        "hostname": name,
        "fqdn": _fqdn(machine, name),
        "os": system.get("PRETTY_NAME", ""),
        "os_id": system.get("ID", ""),
        "os_version": (machine.read("/etc/debian_version") or system.get("VERSION_ID", "")).strip(),
        "kernel": kernel.release,
        "architecture": kernel.machine,
        "virtualization": machine.once(context.virtualization),
        "boot_time": _boot_time(machine),
        "machine_id_digest": _digest(machine.read("/etc/machine-id")),
        "timezone": time.timezone(machine),
        "locale": _setting(machine, ("/etc/locale.conf", "/etc/default/locale"), "LANG"),
        "keyboard": _setting(machine, ("/etc/default/keyboard",), "XKBLAYOUT"),
    }


def _fqdn(machine, name):
    """From /etc/hosts alone: asking a name server could take long, and answer something else tomorrow."""
    for line in (machine.read("/etc/hosts") or "").splitlines():
        names = line.partition("#")[0].split()[1:]
        if name in names:
            return next((alias for alias in names if alias.startswith(name + ".")), name)
    return name


def _boot_time(machine):
    """Seconds since 1970 at which the machine (in a container: its init) started."""
    try:
        return int(os.stat(machine.path("/proc/1")).st_mtime)
    except OSError:
        return None


def _digest(text):
    """The machine id is confidential (machine-id(5)), so only a digest of it leaves the machine."""
    return hashlib.sha256((text or "").strip().encode()).hexdigest()[:16] if text else ""


def _setting(machine, paths, key):
    for path in paths:
        values = dict(SETTING.findall(machine.read(path) or ""))
        if values.get(key):
            return values[key].strip("\"'")
    return ""
