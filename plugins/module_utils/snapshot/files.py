"""Files that decide what a machine does: /etc, what starts with a login, what the clock starts, and the trees of roles.

Each has its rights and a digest; small texts have their lines too, so that a change can be shown.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import (
    catalogue,
    named,
    path_search,
    programs,
    rows,
    watched,
)
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import AS_NEW_HOME, Fact, Kind, Unseen, joined
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.homes import homes

KINDS = {
    "file": Kind(
        "bestand",
        "file",
        "/etc, crontabs and at jobs, what runtime directories of systemd and udev add, files in homes that run at a "
        "login, and the trees that roles and the task name: rights, owner, digest, access list, attributes, lines",
    ),
}

LARGEST_OF_A_HOME = 1 << 20  # bytes of a file in a home that is read: who fills a home does not stop the look


def collect(machine, places):
    search = _search(machine, places)
    skeleton = _skeleton(machine)
    shown, hidden = rows.below(places.show), rows.below(places.hide)
    conffiles = machine.once(catalogue.conffiles)
    packaged = machine.once(programs.brought).files

    def fact(path, status):
        diff = False if hidden and hidden.match(path) else True if shown and shown.match(path) else None
        limit = LARGEST_OF_A_HOME if path in search.of_homes else None
        told = rows.fact(machine, "file", path, status, conffiles.get(path), diff=diff, limit=limit)
        return _as_new(machine, told, path, status, skeleton)

    # What people may fill comes last: whatever it costs, the rest was seen before.
    for path, status in sorted(search.paths.items(), key=lambda pair: (pair[0] in search.of_homes, pair[0])):
        if not _is_of_a_package(machine, path, status, packaged):
            yield from rows.guarded("file", path, lambda path=path, status=status: fact(path, status))
    for place, paths in search.crowded.items():
        words = rows.together("files", sorted(paths.items()))
        yield Fact("file", place + "/*", "more than one by one can be told, " + words)
    for home, reason in search.unseen_of_homes.items():
        yield Fact("file", home + " (in part)", "not seen: " + reason)
    yield from _copies(machine)
    yield from _code(machine, places)
    yield from search.unseen_facts("file")


def _copies(machine):
    """Copies of lists of accounts are made again with each change of one, and hold the same hashes: only others' rights
    to them say something."""
    for path, most in watched.COPIES.items():
        status = machine.status(path, follow=False)
        if status is None:
            continue
        beyond = [*rows.beyond_mode(machine, path, status)]
        if not stat.S_ISREG(status.st_mode) or stat.S_IMODE(status.st_mode) & ~most or status.st_uid or beyond:
            yield Fact("file", path, joined(rows.rights(machine, status), *beyond))


def _code(machine, places):
    """What a web server runs among what the users of an application bring, which is left out otherwise."""
    if not places.exclude or os.geteuid() != 0:
        return
    of_users = re.compile("|".join(map(fnmatch.translate, places.exclude)))
    walked = machine.once(programs.walked)
    if "code" in walked.cut:
        yield Unseen("file", "more files that a web server may run than are kept")
    for entry in walked.code:
        if of_users.match(entry.path):
            yield from rows.of_entry(machine, "file", entry)


def _search(machine, places):
    """The search after all places: the trees, what is in homes, what roles own, and what those lead to."""
    left_out = re.compile("|".join([*map(_narrow, watched.PASSING), *map(fnmatch.translate, places.exclude)]))
    search = path_search.Search(machine, left_out)
    for pattern in watched.TREES:
        search.add_all(pattern, follow=False)
    for pattern in places.trees:
        search.add_all(pattern, follow=True)
    for home in homes(machine):
        search.add_home(home, watched.IN_HOME, watched.HISTORIES)
    _add_elsewhere(machine, search)
    for home in homes(machine):
        search.note(home)  # after the trees: the home of an account may be the top of one
    return search


def _add_elsewhere(machine, search):
    """What links and settings lead to outside the trees: those of the system first, then those of homes."""
    in_trees, of_homes = set(search.paths), set(search.of_homes)

    def of_system():
        return {path: status for path, status in search.paths.items() if path not in of_homes}

    in_time = search.add_elsewhere(search.link_targets(of_system()))
    in_time = search.add_elsewhere([*named.by_settings(machine, of_system()), *named.by_programs(machine)]) and in_time
    if not in_time:
        search.unseen.append("settings name too much elsewhere")
    in_homes = {path: search.paths[path] for path in of_homes}
    if not search.add_elsewhere([*search.link_targets(of_homes), *named.by_settings(machine, in_homes)]):
        search.unseen_of_homes["what settings in homes name elsewhere"] = "there is too much of it"
    # A crontab of an account is a setting of the system too: what is not root's may be large.
    search.of_homes.update(path for path in search.paths.keys() - in_trees if search.paths[path].st_uid)


def _is_of_a_package(machine, path, status, packaged):
    """Whether the facts about packages tell of a file: outside /etc when it is not as it was brought, and of a link to
    a certificate when its package comes or goes."""
    if path.startswith("/etc/"):
        return path.startswith("/etc/ssl/certs/") and _is_link_of_another(machine, path, status, packaged)
    return path in packaged


def _narrow(pattern):
    """A pattern of PASSING as a regular expression: `**` for anything, `*` for anything but a slash."""
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*|\*|\?)", pattern)
    return "(?:%s)\\Z" % "".join(words.get(part) or re.escape(part) for part in parts)


def _skeleton(machine):
    """Name -> content of the files that a new home gets."""
    contents = {}
    for name in machine.names("/etc/skel"):
        try:
            contents[name] = machine.content("/etc/skel/" + name)
        except UnreadableError:
            continue
    return contents


def _as_new(machine, fact, path, status, skeleton):
    """The fact, which says of a file that every new home gets that it is still as it was then, with rights of nobody
    but its account."""
    directory, _, name = path.rpartition("/")
    expected, home = skeleton.get(name), machine.status(directory)
    if expected is None or home is None or path.startswith("/etc/") or status.st_size != len(expected):
        return fact
    by_others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or status.st_uid != home.st_uid
    if by_others or any(rows.beyond_mode(machine, path, status)) or machine.content(path) != expected:
        return fact
    return fact._replace(words=AS_NEW_HOME)


def _is_link_of_another(machine, path, status, packaged):
    """A link to a certificate that a package brought comes and goes with that package; one by a hash is made again for
    each certificate beside it."""
    if not stat.S_ISLNK(status.st_mode):
        return False
    try:
        target = os.readlink(machine.path(path, follow=False))
    except FileNotFoundError:
        return True  # gone meanwhile
    if watched.HASHED.match(path) and "/" not in target:
        return True
    return os.path.normpath(os.path.join("/etc/ssl/certs", target)) in packaged
