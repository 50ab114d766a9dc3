"""Listening sockets, from the kernel's own tables in /proc."""

from __future__ import annotations

import os
import pwd
import socket

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "port"
SELECTORS = ("port", "protocol", "address", "any")
NEEDS = ("port", "any")
ATTRIBUTES = ("exists", "addresses", "process", "user", "ports")
RUNNING = True
# State in the table: TCP listens, UDP is not connected.
LISTENS = {"tcp": "0A", "udp": "07", "udplite": "07"}


class Socket:
    """One listening socket: `protocol` (tcp, udp), bare `address`, `port`, `process` and `user` (None: unknown), and
    `inode`, its number among the files of the process."""

    __slots__ = ("address", "inode", "port", "process", "protocol", "user")

    def __init__(self, protocol, address, port, process, user):
        self.protocol = protocol
        self.address = address
        self.port = port
        self.process = process
        self.user = user
        self.inode = ""

    @property
    def local(self):
        """Only this machine itself can reach it."""
        return self.address.startswith("127.") or self.address in ("::1", "::ffff:127.0.0.1")


def describe(select):
    ports = "all ports" if select.get("any") else "port %s" % select.get("port")
    return "listening %s sockets, %s" % (select.get("protocol", "tcp and udp"), ports)


def endpoint(machine, select):
    return "" if select.get("any") else "%s * %d" % (select.get("protocol", "tcp"), int(select["port"]))


def look_up(machine, select):
    sockets = [s for s in machine.once(listening) if select.get("protocol") in (None, s.protocol)]
    if select.get("any"):
        return {"exists": bool(sockets), "ports": sorted({s.port for s in sockets if not s.local})}
    sockets = [s for s in sockets if s.port == int(select["port"]) and select.get("address") in (None, s.address)]
    if not sockets:
        return {"exists": False}
    hidden = UnreadableError("whose socket it is can only be seen as root")
    return {
        "exists": True,
        "addresses": sorted({s.address for s in sockets}),
        "process": next((s.process for s in sockets if s.process), hidden),
        "user": next((s.user for s in sockets if s.user), hidden),
    }


def listening(machine):
    """All listening sockets, in the order of protocol, port and address."""
    owners = None
    sockets = []
    for protocol, state in LISTENS.items():
        for family in ("", "6"):
            text = machine.read("/proc/net/" + protocol + family, limit=16 << 20)
            for row in (line.split() for line in (text or "").splitlines()[1:]):
                if len(row) < 10 or row[3] != state or int(row[2].rsplit(":", 1)[1], 16):
                    continue
                owners = _owners(machine) if owners is None else owners
                address, port = row[1].rsplit(":", 1)
                sockets.append(Socket(protocol, _address(address), int(port, 16), owners.get(row[9]), _user(row[7])))
                sockets[-1].inode = row[9]
    return sorted(sockets, key=lambda s: (s.protocol, s.port, s.address))


def _address(digits):
    """The kernel writes each 32-bit word in the byte order of the machine: little endian."""
    data = b"".join(bytes.fromhex(digits[i : i + 8])[::-1] for i in range(0, len(digits), 8))
    return socket.inet_ntop(socket.AF_INET if len(data) == 4 else socket.AF_INET6, data)


def _user(uid):
    try:
        return pwd.getpwuid(int(uid)).pw_name
    except KeyError:
        return uid


def _owners(machine):
    """Inode of a socket -> name of the first process that holds it; only those that this user may look at."""
    owners = {}
    for pid in sorted((name for name in machine.names("/proc") if name.isdigit()), key=int):
        directory = machine.path("/proc/" + pid)
        try:
            held = inodes(directory)
            name = machine.read("/proc/%s/comm" % pid)
        except (OSError, UnreadableError):
            continue
        for inode in held:
            owners.setdefault(inode, (name or "").strip())
    return owners


def inodes(directory):
    """Sockets that a process holds; `directory` is its own in /proc. Raises OSError when it may not be looked at."""
    held = []
    for name in os.listdir(directory + "/fd"):
        try:
            link = os.readlink("%s/fd/%s" % (directory, name))
        except FileNotFoundError:
            continue  # closed meanwhile: a process that opens and closes all the time is told all the same
        if link.startswith("socket:["):
            held.append(link[8:-1])
    return held
