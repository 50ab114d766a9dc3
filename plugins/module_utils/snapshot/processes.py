"""Who listens, and what runs that no package brought or that is no longer on disk."""

from __future__ import annotations

import os
import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import programs
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind, Unseen, joined
from ansible_collections.oplever.lab.plugins.module_utils.sources import socket
from ansible_collections.oplever.lab.plugins.module_utils.sources.file import owner

KINDS = {
    "socket": Kind(
        "luisterende poort",
        "listening socket",
        "TCP and UDP sockets that listen, raw and packet sockets, with process and user",
    ),
    "process": Kind(
        "programma dat draait",
        "running program",
        "processes whose program no package brought, was deleted, or was replaced by something else, and those that "
        "call themselves a thread of the kernel",
    ),
}
TABLES = {"raw": ("/proc/net/raw", "/proc/net/raw6"), "packet": ("/proc/net/packet",)}
DELETED = " (deleted)"
HOMES = re.compile(r"/(?:home|root|run|srv|var|tmp|opt|dev|usr|memfd:)")


def collect(machine, places):
    running = list(_running(machine))
    yield from _listening(machine, running)
    yield from _raw(machine, running)
    if os.geteuid() != 0:
        yield Unseen("process", "only root can look into all processes")
    packaged = machine.once(programs.brought).files
    altered = {}
    for process in running:
        words = joined(_out_of_order(machine, process.program, packaged), _disguise(process))
        if words:
            altered.setdefault((process.program.replace(DELETED, ""), words), set()).add(process.user)
    for (program, words), users in altered.items():
        yield Fact("process", program, "%s, user %s" % (words, " ".join(sorted(users))))


class _Process:
    """`name` as the kernel has it, `title` as the process calls itself, `program`, `user`, `inodes` of its sockets."""

    __slots__ = ("inodes", "name", "program", "title", "user")

    def __init__(self, name, title, program, user, inodes):
        self.name, self.title, self.program, self.user, self.inodes = name, title, program, user, inodes


def _running(machine):
    """Each process that is no thread of the kernel and not our own."""
    for pid in machine.names("/proc"):
        if not pid.isdigit() or int(pid) == os.getpid():
            continue
        directory = machine.path("/proc/" + pid)
        try:
            program = os.readlink(directory + "/exe")
            user = owner(machine, os.stat(directory).st_uid)
            name = (machine.read("/proc/%s/comm" % pid) or "").strip()
            title = (machine.read("/proc/%s/cmdline" % pid) or "").partition("\0")[0]
            links = [os.readlink(os.path.join(directory, "fd", fd)) for fd in os.listdir(directory + "/fd")]
        except (OSError, UnreadableError):
            continue
        inodes = [link[8:-1] for link in links if link.startswith("socket:[")]
        yield _Process(name, title, program, user, inodes)


def _out_of_order(machine, program, packaged):
    if program.startswith("/memfd:"):
        return "runs from memory"
    path = program[: -len(DELETED)] if program.endswith(DELETED) else program
    if path in packaged and machine.status(path) is not None:
        return ""  # of a package, or an older copy of it that goes on after an upgrade
    if program.endswith(DELETED):
        return "was replaced" if machine.status(path) is not None else "was deleted"
    return "" if path in packaged else "no package brought it"


def _disguise(process):
    """The kernel's own threads are shown in brackets and have no program."""
    return "calls itself %s" % process.title if process.title.startswith("[") else ""


def _listening(machine, running):
    text = machine.read("/proc/sys/net/ipv4/ip_local_port_range") or "32768 60999"
    first, last = (int(word) for word in text.split())
    owners_by_port, regular = {}, set()
    for entry in machine.once(socket.listening):
        high = entry.protocol == "udp" and first <= entry.port <= last
        if entry.protocol == "udp" and not high:
            regular.add(entry.process)
        port = "high port" if high else str(entry.port)
        owners_by_port.setdefault((entry.protocol, entry.address, port, high), set()).add((entry.process, entry.user))
    for (protocol, address, port, high), owners in owners_by_port.items():
        # A server that asks others does so from ports that the kernel picks anew each time.
        kept = {pair for pair in owners if not (high and pair[0] in regular)}
        words = ", ".join(sorted("%s, user %s" % (process or "unknown process", user) for process, user in kept))
        if words:
            yield Fact("socket", "%s %s %s" % (protocol, address, port), words)


def _raw(machine, running):
    holders = {inode: (process.name, process.user) for process in running for inode in process.inodes}
    for kind, tables in TABLES.items():
        inodes = set()
        for path in tables:
            for row in (line.split() for line in (machine.read(path) or "").splitlines()[1:]):
                if row:
                    inodes.add(row[8] if kind == "packet" else row[9])
        names = sorted({"%s, user %s" % holders[inode] for inode in inodes if inode in holders})
        for words in names:
            yield Fact("socket", "%s %s" % (kind, words.split(",")[0]), words)
