"""Programs that carry rights of root of their own (file capabilities), and which of them no package brought."""

from __future__ import annotations

import errno
import os
import struct

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import tree

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "programs", "unpackaged")
# Where programs are started from; the rest of the disk is for the walk of source tree.
PLACES = ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec", "/usr/local", "/opt")
ATTRIBUTE = tree.CAPABILITY
NONE = (errno.ENODATA, errno.ENOTSUP, errno.ENOENT)
# By number, linux/capability.h.
NAMES = (  # noqa: SIM905  in lines that can be read
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service "
    "net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin "
    "sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override "
    "mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore"
).split()
# What Debian's own packages set when they are configured; dpkg does not know of it.
PACKAGED = {"/usr/bin/ping": "00002000", "/usr/bin/mtr-packet": "00002000", "/usr/bin/arping": "00002000"}


def describe(select):
    return "capabilities of programs on the local file systems"


def look_up(machine, select):
    capabilities = {**_elsewhere(machine), **machine.once(programs)}
    lines = ["%s %s" % (path, bits) for path, bits in sorted(capabilities.items())]
    unknown = sorted(path for path, bits in capabilities.items() if PACKAGED.get(path) != bits)
    return {"exists": bool(capabilities), "programs": lines, "unpackaged": unknown}


def programs(machine):
    """Path -> permitted capabilities as 8 or 16 hexadecimal digits (capabilities(7))."""
    capabilities = {}
    for place in PLACES:
        to_do = [machine.path(place)]
        while to_do:
            try:
                entries = list(os.scandir(to_do.pop()))
            except OSError:
                continue
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    to_do.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    bits = _permitted(entry)
                    if bits:
                        capabilities[entry.path[len(machine.root) :]] = bits
    return capabilities


def _elsewhere(machine):
    """The same of all other places, from the one walk of the disks."""
    capabilities = {}
    for path in machine.once(tree.walk).paths["capable"]:
        try:
            bits = parse(os.getxattr(machine.path(path, follow=False), ATTRIBUTE, follow_symlinks=False))
        except OSError:
            continue  # it is gone
        if bits:
            capabilities[path] = bits
    return capabilities


def _permitted(entry):
    if not entry.stat(follow_symlinks=False).st_mode & tree.EXECUTABLE:
        return ""
    try:
        return parse(os.getxattr(entry.path, ATTRIBUTE, follow_symlinks=False))
    except OSError as problem:
        if problem.errno in NONE:
            return ""
        raise UnreadableError("%s: %s" % (entry.path, problem.strerror)) from None


def parse(data):
    """Permitted capabilities of the extended attribute, with those that the program may inherit; empty for none."""
    if len(data) < 12:
        return ""
    words = (*struct.unpack_from("<%dI" % (len(data) // 4), data), 0, 0)
    permitted, inherited = _digits(words[1], words[3]), _digits(words[2], words[4])
    return (permitted or "0" * 8) + " inherits " + inherited if inherited else permitted


def in_words(bits):
    """What `parse` gives, by the names of capabilities(7): `cap_net_raw`, `inherits cap_setuid`."""
    permitted, _, inherited = bits.partition(" inherits ")
    names = [_names(permitted), "inherits " + _names(inherited) if inherited else ""]
    return ", ".join(name for name in names if name) or bits


def _names(digits):
    value = int(digits or "0", 16)
    if value == (1 << len(NAMES)) - 1:
        return "all capabilities"
    known = [name for number, name in enumerate(NAMES) if value >> number & 1]
    beyond = ["cap_%d" % number for number in range(len(NAMES), 64) if value >> number & 1]
    return " ".join([*("cap_" + name for name in known), *beyond])


def _digits(low, high):
    return ("%08x%08x" % (high, low) if high else "%08x" % low) if low or high else ""
