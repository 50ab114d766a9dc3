"""Access control lists of one file: what its mode does not show (acl(5))."""

from __future__ import annotations

import errno
import os
import struct

from ansible_collections.oplever.lab.plugins.module_utils import names
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "path"
SELECTORS = ("path",)
NEEDS = ("path",)
ATTRIBUTES = ("exists", "entries", "default")
ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
VERSION = 2
# Tags of linux/posix_acl_xattr.h; those of owner, group and others only repeat the mode.
USER, OWN_GROUP, GROUP, MASK = 0x02, 0x04, 0x08, 0x10
TAGS = {0x01: "user::", USER: "user:", OWN_GROUP: "group::", GROUP: "group:", MASK: "mask::", 0x20: "other::"}
NOTHING = (errno.ENODATA, errno.EOPNOTSUPP)


def describe(select):
    return "getfacl %s" % select.get("path")


def look_up(machine, select):
    path = str(select["path"])
    if machine.status(path) is None:
        return {"exists": False}
    return {
        "exists": True,
        "entries": lambda: entries(machine, path),
        "default": lambda: entries(machine, path, DEFAULT),
    }


def entries(machine, path, kind=ACCESS):
    """What the list gives beyond the mode, as getfacl writes it: `user:jan:rw-`; empty when there is no list."""
    try:
        data = os.getxattr(machine.path(path), kind)
    except OSError as problem:
        if problem.errno in NOTHING:
            return []
        raise UnreadableError("%s: %s" % (path, problem.strerror)) from None
    try:
        rows = parse(data)
    except struct.error:
        raise UnreadableError("%s: its access control list is damaged" % path) from None
    everything = kind == DEFAULT
    return [_row(machine, *row) for row in rows if everything or row[0] in (USER, GROUP, MASK)]


def group_rights(machine, path):
    """Bits of the group itself, where the mode has those of the mask in their place; None without a list."""
    try:
        rows = parse(os.getxattr(machine.path(path), ACCESS))
    except (OSError, struct.error):
        return None
    bits = {tag: bits for tag, bits, _ in rows if tag in (OWN_GROUP, MASK)}
    return bits.get(OWN_GROUP, 0) & bits[MASK] if MASK in bits else None


def parse(data):
    """The value of the extended attribute as (tag, permission bits, number of user or group)."""
    (version,) = struct.unpack_from("<I", data)
    if version != VERSION or (len(data) - 4) % 8:
        raise struct.error("version %d" % version)
    return list(struct.iter_unpack("<HHI", data[4:]))


def _row(machine, tag, bits, number):
    who = ""
    if tag in (USER, GROUP):
        name = names.user(machine, number) if tag == USER else names.group(machine, number)
        who = (name or str(number)) + ":"
    rights = "".join(letter if bits & bit else "-" for letter, bit in (("r", 4), ("w", 2), ("x", 1)))
    return TAGS.get(tag, "?:") + who + rights
