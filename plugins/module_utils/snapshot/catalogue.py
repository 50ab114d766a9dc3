"""What packages brought: path -> package, when each was unpacked, and the sums that dpkg keeps."""

from __future__ import annotations

import fnmatch
import os
import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

INFO = "/var/lib/dpkg/info"
LARGEST = 16 << 20
# Seconds after the unpacking in which the rest of the package's installation may touch files.
SLACK = 60
MERGED = ("/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/", "/libx32/")
# What a package asks and does with the answers when it is configured again; read as root, and no part of SCRIPTS.
QUESTIONS = (".config", ".templates")
CONFFILE = re.compile(r"^ (/\S+) ([0-9a-f]{32})$", re.MULTILINE)
# Packages that were made without Debian's own tools have one blank, "/" or "./" before the path.
SUM = re.compile(r"^([0-9a-f]{32})[ \t]+\*?(?:\./)*/*(\S.*)$", re.MULTILINE)
SCRIPTS = (".md5sums", ".preinst", ".postinst", ".prerm", ".postrm", ".triggers", ".conffiles")


class Catalogue:
    """`files`: path -> package; `unpacked`: package -> moment until which a change belongs to its installation."""

    __slots__ = ("files", "unpacked")

    def __init__(self):
        self.files, self.unpacked = {}, {}


def catalogue(machine):
    """The Catalogue of all packages that dpkg has a list of."""
    result = Catalogue()
    merged = tuple(place for place in MERGED if os.path.islink(machine.path(place.rstrip("/"), follow=False)))
    diverted = diversions(machine)
    for name in machine.names(INFO):
        if not name.endswith(".list"):
            continue
        package, path = name[: -len(".list")], "%s/%s" % (INFO, name)
        moment = unpacking(machine, package)
        if moment is None:
            continue
        result.unpacked[package] = moment + SLACK
        for line in (machine.read(path, limit=LARGEST) or "").split("\n"):
            if line and line != "/.":
                elsewhere, by = diverted.get(line, (line, package))
                result.files[real(line if by == package else elsewhere, merged)] = package
    return result


def unpacking(machine, package):
    """When a package was unpacked, None when dpkg has no list of it. Its list and its sums are written together, and
    the list again when another package takes over a file; so the earlier of the two counts, and one touched file
    alone hides nothing."""
    files = ("%s/%s%s" % (INFO, package, suffix) for suffix in (".list", ".md5sums"))
    moments = [max(status.st_mtime, status.st_ctime) for status in map(machine.status, files) if status is not None]
    return min(moments) if moments else None


def real(path, merged):
    """The path as the walk sees it: /bin, /sbin and /lib are links into /usr."""
    return "/usr" + path if path.startswith(merged) and merged else path


def sums(machine, package):
    """Path -> MD5 of the files of one package; conffiles are not among them."""
    merged = tuple(place for place in MERGED if os.path.islink(machine.path(place.rstrip("/"), follow=False)))
    text = machine.read("%s/%s.md5sums" % (INFO, package), limit=LARGEST) or ""
    return {real("/" + path, merged): digest for digest, path in SUM.findall(text)}


def diversions(machine):
    """Path -> (where it went, package that asked for it; `:` is a person)."""
    lines = (machine.read("/var/lib/dpkg/diversions") or "").splitlines()
    return {lines[at]: (lines[at + 1], lines[at + 2]) for at in range(0, len(lines) - 2, 3)}


def conffiles(machine):
    """Path -> (MD5 that the installed version of its package brought, package); what is obsolete is left out."""
    text = machine.read("/var/lib/dpkg/status", limit=64 << 20) or ""
    brought = {}
    for paragraph in text.split("\n\n"):
        package = paragraph.split("\n", 1)[0].rpartition(" ")[2]
        for path, digest in CONFFILE.findall(paragraph):
            brought[path] = digest, package
    return brought


def left_out(machine):
    """Patterns of paths that dpkg was told not to unpack, so that they do not count as missing."""
    patterns = []
    for path in ["/etc/dpkg/dpkg.cfg", *machine.glob("/etc/dpkg/dpkg.cfg.d/*")]:
        try:
            text = machine.read(path) or ""
        except UnreadableError:
            continue
        patterns += re.findall(r"^\s*path-exclude\s*=\s*(\S+)", text, re.MULTILINE)
    return re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns) or r"\Z.")
