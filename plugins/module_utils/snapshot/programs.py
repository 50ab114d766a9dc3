"""Programs and files: those of packages that are no longer as the package brought them, and those of no package.

A file of a package is compared with dpkg's own sum when it changed after the package was unpacked. That moment is its
ctime, which nobody can set; so no cache is kept on the machine and what did not change costs one lstat. Beside these a
rolling part of all files is read each day, or everything on request (docs/decisions/0057).
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import time
import zlib

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import catalogue, marks, rows
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind, Unseen, joined
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.walk import MOST, walk
from ansible_collections.oplever.lab.plugins.module_utils.sources import capability, package

KINDS = {
    "program": Kind(
        "bestand van een pakket",
        "file of a package",
        "files that differ from what their package brought, or are gone, by dpkg's own sums",
    ),
    "outside": Kind(
        "bestand buiten pakketten",
        "file outside packages",
        "what no package brought in /usr, /opt, /boot and at the top of the tree, files among devices, and programs "
        "elsewhere but in homes",
    ),
    "runnable": Kind(
        "programma in een tijdelijke map",
        "program in a temporary directory",
        "files that can be run in /tmp, /var/tmp, /run and /dev",
        only="added",
    ),
    "rights": Kind(
        "bijzonder recht",
        "unusual right",
        "setuid and setgid, what everybody may write, rights or owners that files of packages do not usually have, "
        "devices outside /dev, and those in it that others may use as no other machine lets them",
    ),
    "directory": Kind(
        "map met gegevens",
        "data directory",
        "rights, owner, access list and attributes of directories in /var and /srv, three names deep",
        only="changed",
    ),
    "capability": Kind(
        "programma met eigen rechten",
        "program with rights of its own",
        "file capabilities of programs on all local file systems",
    ),
    "python": Kind(
        "Python-pakket buiten apt", "Python package outside apt", "metadata of Python packages that apt did not bring"
    ),
    "package_list": Kind(
        "bestandenlijst van een pakket",
        "file list of a package",
        "dpkg's list, sums and scripts of each installed version of a package",
        only="changed",
    ),
    "unpacking": Kind(
        "uitpakken van een pakket",
        "unpacking of a package",
        "when each installed version of a package was unpacked, by the times of dpkg's own files, and its list",
        only="changed",
    ),
}
WALKED = ("outside", "rights", "directory", "capability", "runnable", "python")
# List of the walk -> the kind that it makes, which is not seen in full when the list was cut.
KINDS_OF_LISTS = {"outside": "outside", "odd": "rights", "data": "directory", "runnable": "runnable"}
DAYS = 30  # in which the rolling part has been round
SECONDS = {"part": 0.25, "whole": 600.0}  # for reading, beyond the files that changed after the unpacking
CHANGED_SECONDS = 10.0
PIECE = 1 << 18
LINKS = "/etc/alternatives/"
INDEX = "/etc/ld.so.cache"
LIBRARY = re.compile(rb"/[^\0\n]+\.so[^\0/]*(?=\0)")


def brought(machine):
    return catalogue.catalogue(machine)


def walked(machine):
    """The walk, made once for all sources that need it."""
    return walk(machine, machine.once(brought))


def collect(machine, places):
    if os.geteuid() != 0:
        raise UnreadableError("only root can walk all of the file systems")
    result = machine.once(walked)
    for reason in result.unseen:
        for kind in (*WALKED, "program"):  # which files of packages are gone is then not known either
            yield Unseen(kind, reason)
    for name, kind in KINDS_OF_LISTS.items():
        if name in result.cut:
            yield Unseen(kind, "more than %d; the rest was left out" % MOST)
    yield from _changed(machine, result, places.whole)
    yield from _lists(machine)
    for entry in result.python:
        name, _, version = entry.path.rsplit("/", 1)[1].rsplit(".", 1)[0].partition("-")
        directory = entry.path.rsplit("/", 1)[0]
        yield Fact("python", "%s in %s" % (name, directory), version.partition("-py")[0] or "no version")
    yield from _outside(machine, result)
    for entry in result.runnable:
        yield from rows.of_entry(machine, "runnable", entry)
    yield from _libraries(machine)
    yield from _rights(machine, result)
    for entry in result.data:
        words = joined(rows.rights(machine, entry.status), *rows.beyond_mode(machine, entry.path, entry.status))
        yield Fact("directory", entry.path, words)
    for path in result.executable:
        try:
            bits = _capabilities(machine, path)
        except OSError as problem:
            yield Unseen("capability", "%s: %s" % (path, problem.strerror))
            continue
        if bits:
            yield Fact("capability", path, capability.in_words(bits))


def _outside(machine, result):
    places_of_python = {entry.path.rsplit("/", 1)[0] for entry in result.python}
    inside = {}
    for entry in result.outside:
        place = next(
            (p for p in places_of_python if "/" in entry.path[len(p) + 1 :] and entry.path.startswith(p + "/")), None
        )
        if place:
            inside.setdefault(place, []).append(entry)
        elif not _is_alternative(machine, entry):
            yield from rows.of_entry(machine, "outside", entry)
    for place, entries in inside.items():
        files = sorted((entry.path, entry.status) for entry in entries)
        yield Fact("outside", place + "/*/", rows.together("files of Python packages", files))


def _libraries(machine):
    """The index of the linker is made again with each package; a library in it that no package brought counts."""
    packaged = machine.once(brought).files
    for name in sorted(set(LIBRARY.findall(machine.content(INDEX, rows.LARGEST) or b""))):
        path = os.fsdecode(name)
        if path not in packaged and catalogue.real(path, catalogue.MERGED) not in packaged:
            yield Fact("outside", "%s, %s" % (INDEX, path), "programs load it from there")


def _rights(machine, result):
    beyond = {entry.path: joined(*rows.beyond_mode(machine, entry.path, entry.status)) for entry in result.touched}
    beyond = {path: words for path, words in beyond.items() if words and not path.startswith("/etc/")}
    for entry in result.odd:
        package_of = "of package %s" % entry.package.split(":")[0] if entry.package else ""
        rights = joined(rows.rights(machine, entry.status), rows.device(entry.status))
        words = joined(rights, beyond.pop(entry.path, ""), package_of)
        yield Fact("rights", entry.path, words)
    for path, words in beyond.items():
        yield Fact("rights", path, words)


def _is_alternative(machine, entry):
    """Links that update-alternatives makes are told as alternatives."""
    if not stat.S_ISLNK(entry.status.st_mode):
        return False
    try:
        return os.readlink(machine.path(entry.path, follow=False)).startswith(LINKS)
    except OSError:
        return False


def _capabilities(machine, path):
    try:
        return capability.parse(os.getxattr(machine.root + path, capability.ATTRIBUTE, follow_symlinks=False))
    except OSError as problem:
        if problem.errno in (*capability.NONE, errno.EACCES):
            return ""
        raise


def _changed(machine, result, every_file):
    """Facts about files of packages that are not as they were brought."""
    excluded = catalogue.left_out(machine)
    conffiles = machine.once(catalogue.conffiles)
    for path in result.missing:
        if path not in conffiles and not excluded.match(path) and not path.startswith(("/etc/", "/run/", "/var/run/")):
            yield Fact("program", path, "gone")
    files = [entry for entry in result.touched if stat.S_ISREG(entry.status.st_mode)]
    touched = {entry.path for entry in files}
    for entry in (*result.links, *result.touched):
        if not stat.S_ISREG(entry.status.st_mode) and not entry.path.startswith("/etc/"):
            yield from _no_longer_a_file(machine, entry)
    slices = [entry for entry in result.packaged if entry.path not in touched and (every_file or _is_due(entry.path))]
    newest = sorted(files, key=lambda entry: -entry.status.st_ctime)
    yield from _compared(machine, newest, CHANGED_SECONDS if not every_file else SECONDS["whole"], touched, True)
    yield from _compared(machine, slices, SECONDS["whole" if every_file else "part"], (), every_file)


def _no_longer_a_file(machine, entry):
    """A link that was made after its package was unpacked, and whatever stands where a package has a file."""
    if stat.S_ISLNK(entry.status.st_mode):
        yield from rows.of_entry(machine, "program", entry)
    elif entry.path in catalogue.sums(machine, entry.package):
        yield Fact("program", entry.path, rows.rights(machine, entry.status))


def _is_due(path):
    return zlib.crc32(path.encode("utf-8", "surrogateescape")) % DAYS == int(time.time() // 86400) % DAYS


def _compared(machine, entries, seconds, touched, all_of_them):
    """A fact for each of the entries whose content is not that of its package, and for those of the paths `touched`
    that are among its files and not among its sums; Unseen when the time was up before the
    end, unless the next day goes on where this one stopped."""
    until, sums = time.monotonic() + seconds, {}
    for at, entry in enumerate(entries):
        if time.monotonic() > until:
            if all_of_them:
                yield Unseen("program", "%d files could not be read in %d s" % (len(entries) - at, seconds))
            return
        if entry.package not in sums:
            sums[entry.package] = catalogue.sums(machine, entry.package)
        expected = sums[entry.package].get(entry.path)
        # Configuration has no sum among those of its package, and stands in the snapshot as files.
        sumless = sums[entry.package] and entry.path in touched and not entry.path.startswith("/etc/")
        if expected is None and not sumless:
            continue
        try:
            digest = _md5(machine.root + entry.path)
        except OSError as problem:
            yield Unseen("program", "%s: %s" % (entry.path, problem.strerror))
            continue
        if digest != expected:
            yield Fact("program", entry.path, _in_words(machine, entry, digest, has_sum=expected is not None))


def _in_words(machine, entry, digest, has_sum):
    """What it is instead, so that the next change of it is another difference."""
    name = entry.package.split(":")[0]
    words = "not as package %s brought it" % name if has_sum else "changed, and package %s has no sum of it" % name
    everybody = entry.status.st_mode & stat.S_IROTH
    mark = "md5 %s" % digest[:16] if everybody else marks.keyed(machine, digest.encode("ascii"))
    return joined(words, mark, "%d bytes" % entry.status.st_size)


def _md5(path):
    digest = hashlib.new("md5", usedforsecurity=False)  # dpkg has no other sums
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, "rb", buffering=0) as stream:
        while True:
            piece = stream.read(PIECE)
            if not piece:
                return digest.hexdigest()
            digest.update(piece)


def _lists(machine):
    """Whoever changes a sum in dpkg's own database hides a changed file; so the sums themselves have a digest."""
    versions = _versions(machine)
    files = {}
    for name in machine.names(catalogue.INFO):
        package, dot, suffix = name.rpartition(".")
        if dot + suffix in catalogue.SCRIPTS:
            files.setdefault(package, []).append(name)
    for package, names in files.items():
        version = versions.get(package) or versions.get(package.split(":")[0], "")
        questions = _digest(machine, [package + suffix for suffix in catalogue.QUESTIONS])
        if questions:
            yield Fact("package_list", "%s %s, what it asks" % (package, version), questions)
        yield Fact("package_list", "%s %s" % (package, version), _digest(machine, names))
        files_of_package = machine.content("%s/%s.list" % (catalogue.INFO, package), 16 << 20) or b""
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(catalogue.unpacking(machine, package) or 0))
        words = "%s, %d files, %s" % (moment, files_of_package.count(b"\n"), marks.plain(files_of_package))
        yield Fact("unpacking", "%s %s" % (package, version), words)


def _digest(machine, names):
    """One digest of files in dpkg's database; empty when none of them is there."""
    digest, found = hashlib.sha256(), False
    for name in names:
        path = "%s/%s" % (catalogue.INFO, name)
        if machine.status(path) is not None:
            found = True
            digest.update(name.encode() + b"\0" + (machine.content(path, 16 << 20) or b""))
    return digest.hexdigest()[:16] if found else ""


def _versions(machine):
    return {name: version for name, (version, _) in machine.once(package.installed).items()}
