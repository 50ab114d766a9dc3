"""Programs that carry rights of root of their own (file capabilities), and which of them no package brought."""

from __future__ import annotations

import errno
import os
import stat
import struct

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "programs", "unpackaged")
# Where programs are started from; the rest of the disk is for the walk of source tree.
PLACES = ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec", "/usr/local", "/opt")
ATTRIBUTE = "security.capability"
NONE = (errno.ENODATA, errno.ENOTSUP, errno.ENOENT)
# What Debian's own packages set when they are configured; dpkg does not know of it.
PACKAGED = {"/usr/bin/ping": "00002000", "/usr/bin/mtr-packet": "00002000", "/usr/bin/arping": "00002000"}


def describe(select):
    return "capabilities of the programs in %s" % ", ".join(PLACES)


def look_up(machine, select):
    capabilities = machine.once(programs)
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


def _permitted(entry):
    if not entry.stat(follow_symlinks=False).st_mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH):
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


def _digits(low, high):
    return ("%08x%08x" % (high, low) if high else "%08x" % low) if low or high else ""
