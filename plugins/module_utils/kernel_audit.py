"""What the kernel's audit says of its rules that auditctl does not print: `-a never` on a path looks as `-w` there."""

from __future__ import annotations

import os
import socket
import struct

NETLINK_AUDIT = 9
LIST_RULES, ERROR, END = 1013, 2, 3
REQUEST_OF_ALL = 0x1 | 0x300
NEVER, DIRECTORY = 0, 107
HEAD = struct.Struct("=IHHII")
"""length, type, flags, sequence and port of a message."""
RULE = struct.Struct("=III256x64I")
"""filter list, action, number of fields; then which fields (struct audit_rule_data of linux/audit.h)."""
PATIENCE = 5


def rules():
    """Of each loaded rule, in the order of `auditctl -l`: (whether it is a `never`, whether it is about a directory
    with all that is in it). Raises OSError when the kernel does not tell."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT) as link:
        link.settimeout(PATIENCE)
        link.sendto(HEAD.pack(HEAD.size, LIST_RULES, REQUEST_OF_ALL, 1, 0), (0, 0))
        return [_rule(body) for body in _answers(link)]


def _answers(link):
    while True:
        data = link.recv(1 << 16)
        while len(data) >= HEAD.size:
            length, kind = HEAD.unpack_from(data)[:2]
            body = data[HEAD.size : length]
            if kind == END:
                return
            if kind == ERROR:
                code = struct.unpack_from("=i", body)[0]
                if code:
                    raise OSError(-code, os.strerror(-code))
            elif kind == LIST_RULES:
                yield body
            data = data[(max(length, HEAD.size) + 3) & ~3 :]


def _rule(body):
    _, action, count, *fields = RULE.unpack_from(body)
    return action == NEVER, DIRECTORY in fields[:count]
