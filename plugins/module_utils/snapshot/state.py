"""The state that roles change, from the same sources that checks use. What passes by itself is left out: it would look
as if somebody had changed the machine."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    account,
    group,
    kernel_module,
    mount,
    package,
    socket,
    unit,
)
from ansible_collections.oplever.lab.plugins.module_utils.sources import sysctl as sysctl_source

UNIT_KINDS = (".service", ".socket", ".timer", ".mount", ".path")
# Units that come and go with sessions, devices and instances of one connection.
PASSING = re.compile(r"^(run-user-|user@|user-runtime-dir@|session-|dev-|run-credentials|.*@\d+[-:]|run-r[0-9a-f]{8,})")
PSEUDO = (
    "proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "securityfs", "debugfs", "tracefs", "configfs",
    "fusectl", "bpf", "pstore", "mqueue", "hugetlbfs", "autofs", "ramfs", "efivarfs", "binfmt_misc", "nsfs",
    "rpc_pipefs", "selinuxfs",
)  # fmt: skip


def packages(machine):
    """name -> [version, origin]."""
    try:
        origins = machine.once(package.origins)
    except UnreadableError:
        origins = {}
    return {
        name: [version, origins[name].origin if name in origins else ""]
        for name, (version, status) in machine.once(package.installed).items()
        if status.endswith(" installed")
    }


def manual(machine):
    return package.manual(machine)


def upgradable(machine):
    return sum(origin.candidate is not None for origin in machine.once(package.origins).values())


def units(machine):
    """name -> [load, active, sub, enabled]; units that only have a file are there too."""
    found = {name: ["", "inactive", "dead", state] for name, state in unit.files(machine).items() if _lasting(name)}
    for properties in machine.once(unit.loaded).values():
        name = properties["Id"]
        known = properties.get("LoadState") != "not-found" and properties.get("Transient") != "yes"
        if known and _lasting(name):
            keys = ("LoadState", "ActiveState", "SubState", "UnitFileState")
            found[name] = [properties.get(key, "") for key in keys]
    return {name: _quiet(name, state) for name, state in sorted(found.items())}


def _lasting(name):
    return name.endswith(UNIT_KINDS) and not PASSING.match(name) and "@." not in name


def _quiet(name, state):
    """A service that a timer, socket or nobody starts runs now and then; only of enabled ones the activity matters."""
    load, active, sub, enabled = state
    if name.endswith(".service") and not enabled.startswith("enabled") and active != "failed":
        return [load, "", "", enabled]
    return [load, active, "" if name.endswith((".timer", ".path")) else sub, enabled]


def sockets(machine):
    """Listening sockets, without UDP ports that the kernel gave to a client for one question."""
    text = machine.read("/proc/sys/net/ipv4/ip_local_port_range") or "32768 60999"
    first, last = (int(word) for word in text.split())
    return [
        {"protocol": s.protocol, "address": s.address, "port": s.port, "process": s.process, "user": s.user}
        for s in machine.once(socket.listening)
        if not (s.protocol == "udp" and first <= s.port <= last)
    ]


def accounts(machine):
    keys = ("uid", "gid", "home", "shell", "groups", "password")
    known = machine.once(account.accounts)
    return {name: {key: _seen(found[key]) for key in keys} for name, found in known.items()}


def groups(machine):
    return {name: gid for name, (gid, _) in machine.once(group.groups).items()}


def mounts(machine):
    found = {}
    for target, (source, fstype, options) in machine.once(mount.mounts).items():
        if fstype in PSEUDO or target.startswith(("/proc", "/sys", "/dev", "/run/")):
            continue
        try:
            size, free = mount.space(machine, target)
        except (OSError, UnreadableError):
            size = free = None
        # Where the layers of an overlay lie says nothing about this machine.
        seen = [option for option in options if not option.startswith(("lowerdir=", "upperdir=", "workdir="))]
        found[target] = {"source": source, "fstype": fstype, "options": seen, "size_mb": size, "free_mb": free}
    return found


def sysctl(machine):
    """key -> value in force, of the keys that files name (patterns are left to the kernel)."""
    keys = sorted(
        {sysctl_source.dotted(key) for key, _, _ in machine.once(sysctl_source.configured) if not set(key) & set("*?[")}
    )
    values = {key: _seen(sysctl_source.running(machine, key)) for key in keys}
    return {key: value for key, value in values.items() if value is not None}


def modules(machine):
    return sorted(kernel_module.loaded(machine))


def hidden(machine):
    """What this user could not see, once for all accounts and sockets."""
    found = []
    try:
        secret = next((f["password"] for f in machine.once(account.accounts).values()), None)
    except UnreadableError:
        return found  # the section itself says so
    if isinstance(secret, UnreadableError):
        found.append({"source": "accounts", "reason": str(secret)})
    return found


def _seen(value):
    return None if isinstance(value, UnreadableError) else value
