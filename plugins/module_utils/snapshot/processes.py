"""Who listens, and what runs that no package brought or that is no longer on disk."""

from __future__ import annotations

import os
import re
import shutil
import time

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import catalogue, programs
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
        "processes whose program no package brought, was deleted, or was replaced by something else, that have a "
        "library which no package brought, call themselves something else, or are stopped",
    ),
}
TABLES = {"raw": ("/proc/net/raw", "/proc/net/raw6"), "packet": ("/proc/net/packet",)}
DELETED = " (deleted)"
# Letters of proc(5) for a process that somebody holds.
STOPPED = {"T": "is stopped by a signal", "t": "is held by a debugger"}
CODE = re.compile(r"^\S+ ..x. \S+ \S+ \d+ +(.+)$", re.MULTILINE)
OF_LANGUAGE = re.compile(r"/(?:site-packages|dist-packages|node_modules|gems|site_perl)/|\.jar$|\.so\.cache$")
# Code that a program makes while it runs.
ANONYMOUS = ("/memfd:", "/dev/", "/SYSV", "/tmp/ffi", "/run/user/", "/[")  # noqa: S108
TITLE = re.compile(r"[\w./+-]+\Z")
# Names of threads of the kernel, which have no program.
OF_KERNEL = re.compile(r"(?:kworker|ksoftirqd|migration|cpuhp|irq|jbd2)/|kthreadd|kswapd\d|khugepaged|rcu_\w+")
# Processes of containers have a root of their own, with programs of the same names.
IN_A_CONTAINER = re.compile(
    r"/(?:docker|libpod|cri-containerd|crio|lxc|machine|kubepods|containerd|app-flatpak|snap)[-./:@]"
)
# Bytes that are read of what a process itself makes as long as it likes.
LONGEST_TITLE, LONGEST_MAPS = 1 << 16, 16 << 20
PLACES = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"


def collect(machine, places):
    running = list(_running(machine))
    yield from _listening(machine, running)
    yield from _raw(machine, running)
    if os.geteuid() != 0:
        yield Unseen("process", "only root can look into all processes")
    brought = machine.once(programs.brought)
    packaged = brought.files
    altered = {}
    for process in running:
        words = joined(
            _out_of_order(machine, process, brought),
            "runs another file than the one in sight there" if process.is_another_file else "",
            _disguise(machine, process, packaged),
            *_foreign_libraries(machine, process, packaged),
            STOPPED.get(process.state, "") if process.is_of_service else "",
        )
        if words:
            users_by_words = altered.setdefault(process.program.replace(DELETED, ""), {})
            users_by_words.setdefault(words, set()).add(process.user)
    for program, users_by_words in altered.items():
        of_each = ("%s, user %s" % (words, " ".join(sorted(users))) for words, users in users_by_words.items())
        yield Fact("process", program, "; ".join(sorted(of_each)))


class _Process:
    """`name` and `state` as the kernel has them, `title` as the process calls itself, `program`, `user`, `inodes` of
    its sockets, `libraries`: paths of files of which it runs code; `is_of_service`: no login started it;
    `is_another_file`: something is mounted over its program, for it alone or for all but it; `started`: when, in
    seconds since 1970, 0 when that is not known."""

    __slots__ = (
        "inodes", "is_another_file", "is_of_service", "libraries", "name", "program", "started", "state", "title",
        "user",
    )  # fmt: skip

    def __init__(self, **values):
        for name in self.__slots__:
            setattr(self, name, values[name])


def _running(machine):
    """Each process that is no thread of the kernel and not our own."""
    booted = _boot(machine)
    for pid in machine.names("/proc"):
        if pid.isdigit() and int(pid) != os.getpid():
            try:
                yield _process(machine, pid, booted)
            except (OSError, UnreadableError):
                continue  # it ended, it is a thread of the kernel, or somebody else's


def _process(machine, pid, booted):
    """What a process shows. Whoever runs it decides how much there is to read and where its program lies, so nothing of
    that keeps it from being told."""
    directory = machine.path("/proc/" + pid)
    program = os.readlink(directory + "/exe")
    name, state, ticks = _name_state_and_start(machine.read("/proc/%s/stat" % pid) or "")
    group = machine.read("/proc/%s/cgroup" % pid) or ""
    return _Process(
        name=name, state=state, program=program, user=owner(machine, os.stat(directory).st_uid),
        started=booted + ticks / os.sysconf("SC_CLK_TCK") if booted and ticks else 0,
        title=_beginning(directory + "/cmdline", LONGEST_TITLE).partition("\0")[0],
        inodes=socket.inodes(directory),
        libraries=set(CODE.findall(_beginning(directory + "/maps", LONGEST_MAPS))) - {program},
        is_of_service="/user.slice/" not in group,
        is_another_file=_is_another_file(machine, directory, program) and not IN_A_CONTAINER.search(group),
    )  # fmt: skip


def _boot(machine):
    """When the kernel started, in seconds since 1970; 0 when it does not tell."""
    try:
        return time.time() - float((machine.read("/proc/uptime") or "").split()[0])
    except (ValueError, IndexError):
        return 0


def _beginning(path, size):
    with open(path, "rb") as stream:
        return stream.read(size).decode("utf-8", "replace")


def _is_another_file(machine, directory, program):
    """Whether the file that a process runs is not the one that has its path here. Of what even root may not look at, as
    in a file system that an account mounted, nothing is known."""
    try:
        here = None if program.endswith(DELETED) else machine.status(program)
        return here is not None and not os.path.samestat(here, os.stat(directory + "/exe"))
    except (OSError, UnreadableError):
        return False


def _name_state_and_start(text):
    """The second field of proc(5) stat, in brackets and with any character in it, the letter behind it, and the 22nd,
    in ticks since the boot."""
    name, _, fields = text.partition("(")[2].rpartition(")")
    words = fields.split()
    return name, words[0] if words else "", int(words[19]) if len(words) > 19 else 0


def _out_of_order(machine, process, brought):
    program = process.program
    if program.startswith("/memfd:"):
        return "runs from memory"
    is_deleted = program.endswith(DELETED)
    path = program[: -len(DELETED)] if is_deleted else program
    package = brought.files.get(path)
    if not is_deleted:
        return "" if package else "no package brought it"
    try:
        is_there = machine.status(path) is not None
    except UnreadableError:
        is_there = False
    # An older copy goes on after an upgrade, which was after its start.
    if package and is_there and process.started <= brought.unpacked[package]:
        return ""
    return "was replaced" if is_there else "was deleted"


def _disguise(machine, process, packaged):
    """The kernel's own threads are shown in brackets and have no program. A process that poses as another program has
    the path or the name of that one; a script names itself, and is run by its interpreter."""
    title = process.title
    if title.startswith("["):
        return "calls itself %s" % title
    if OF_KERNEL.match(process.name):
        return "calls itself %s" % process.name
    if process.program.endswith(DELETED) or not TITLE.match(title):
        return ""
    path = title if title.startswith("/") else shutil.which(title, path=PLACES) or ""
    real = os.path.realpath(path)
    if real == process.program or real not in packaged or not _is_binary(real):
        return ""
    return "calls itself %s" % title


def _is_binary(path):
    try:
        with open(path, "rb") as stream:
            return stream.read(4) == b"\x7fELF"
    except OSError:
        return False


def _foreign_libraries(machine, process, packaged):
    """Libraries that no package brought, in a program of a package. Those of Python and other languages come as they
    are asked for; of those that were deleted, packages leave some behind with each upgrade."""
    if process.program not in packaged or process.program.endswith("/java"):  # which unpacks libraries as it starts
        return
    for library in sorted(process.libraries):
        path = library.replace(DELETED, "")
        is_left_behind = library.endswith(DELETED) and path.startswith(("/usr/", "/lib"))
        if not path.startswith("/") or OF_LANGUAGE.search(path) or is_left_behind or path.startswith(ANONYMOUS):
            continue
        if path not in packaged and catalogue.real(path, catalogue.MERGED) not in packaged:
            yield "has loaded %s, which no package brought" % library


def _listening(machine, running):
    text = machine.read("/proc/sys/net/ipv4/ip_local_port_range") or "32768 60999"
    first, last = (int(word) for word in text.split())
    programs_by_inode = {inode: process.program for process in running for inode in process.inodes}
    owners_by_port, servers = {}, set()  # servers by program too: a process takes any name
    for entry in machine.once(socket.listening):
        program = programs_by_inode.get(entry.inode)
        high = entry.protocol == "udp" and first <= entry.port <= last
        if entry.protocol == "udp" and not high and program:
            servers.add((program, entry.process))
        port = "high port" if high else str(entry.port)
        owners = owners_by_port.setdefault((entry.protocol, entry.address, port, high), set())
        owners.add((entry.process, entry.user, program))
    for (protocol, address, port, high), owners in owners_by_port.items():
        # A server that asks others does so from ports that the kernel picks anew each time.
        kept = {(process, user) for process, user, program in owners if not (high and (program, process) in servers)}
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
        names = {"%s, user %s" % holders[inode] for inode in inodes if inode in holders}
        if inodes - holders.keys() and os.geteuid() == 0:
            names.add("unknown process, user unknown")
        for words in sorted(names):
            yield Fact("socket", "%s %s" % (kind, words.split(",")[0]), words)
