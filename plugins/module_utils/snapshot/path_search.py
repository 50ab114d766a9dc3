"""A search for files below places, with limits: whoever fills one place hides nothing of the others."""

from __future__ import annotations

import glob
import os
import stat
import time

from ansible_collections.oplever.lab.plugins.module_utils import filesystems
from ansible_collections.oplever.lab.plugins.module_utils.machine import MAGIC, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import named
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Unseen

MOST = 20000
MOST_ELSEWHERE = 500  # files of a place outside the trees to which a link or a setting in them leads
MOST_NAMED = 2000  # files outside the trees that settings of one sort lead to
MOST_OF_A_HOME = 500  # after these, a directory in a home is one fact
SECONDS_ELSEWHERE = 5.0  # for what settings name: anybody may write what a name leads to


class Search:
    """`paths`: everything below the places that were added, path -> what lstat says. `of_homes`: those of them that an
    account may fill. `crowded`: directory in a home -> paths in it, where those are too many to be told one by one.
    `unseen`: reasons why not everything was seen; `unseen_of_homes`: home -> such a reason. An account makes of its
    home what it likes, and that is no reason to leave the rest of the machine uncompared."""

    def __init__(self, machine, left_out, most=None):
        self.machine, self.left_out, self.most = machine, left_out, most or MOST
        self.paths, self.unseen = {}, []
        self.of_homes, self.crowded, self.unseen_of_homes = set(), {}, {}
        self.table = machine.mounts()

    def add_all(self, pattern, follow):
        for place in self._places(pattern):
            self.add(place, follow)

    def add_home(self, home, names, links):
        """What is below the names in a home, each as a pattern, and those of the names `links` that are links."""
        looking = Search(self.machine, self.left_out)
        places = [place for name in names for place in looking._places("%s/%s" % (glob.escape(home), name))]
        count = 0
        for place in (place for place in places if looking._status(place) is not None):
            beyond = Search(self.machine, self.left_out)
            beyond.add(place, follow=False)
            if len(beyond.paths) > 1 and count + len(beyond.paths) > MOST_OF_A_HOME:
                self.crowded[place] = beyond.paths
                continue
            count += len(beyond.paths)
            self.of_homes.update(beyond.paths.keys() - self.paths.keys())
            self.paths.update(beyond.paths)
            looking.unseen += beyond.unseen
        for path in ("%s/%s" % (home, name) for name in links):
            status = looking._status(path)
            if status is not None and stat.S_ISLNK(status.st_mode):
                self.paths.setdefault(path, status)
        if looking.unseen:
            self.unseen_of_homes[home] = looking.unseen[0]

    def link_targets(self, paths):
        """What links among the paths lead to outside the trees, as patterns: whoever changes it changes what the link
        stands for."""
        looking = Search(self.machine, self.left_out)
        for path in [path for path in paths if stat.S_ISLNK(self.paths[path].st_mode)]:
            for target, _ in looking._target(path):
                if named.is_elsewhere(target):
                    yield glob.escape(target)

    def add_elsewhere(self, patterns):
        """What links and settings lead to outside the trees; whether it came to the end of them within the limits."""
        looking = Search(self.machine, self.left_out)
        until, most = time.monotonic() + SECONDS_ELSEWHERE, len(self.paths) + MOST_NAMED
        for pattern in dict.fromkeys(patterns):
            if time.monotonic() > until or len(self.paths) > most:
                return False
            for place in looking._places(pattern)[:MOST_ELSEWHERE]:
                if place not in self.paths:
                    self._add_few(place)
        return True

    def _add_few(self, place):
        """A file, or a directory with what is in it; with many files in it the directory alone."""
        beyond = Search(self.machine, self.left_out, MOST_ELSEWHERE + 1)
        beyond.add(place, follow=False)
        if len(beyond.paths) <= MOST_ELSEWHERE:
            self.paths.update(beyond.paths)
        else:
            self.note(place)

    def add(self, place, follow):
        """A file or a tree; `follow`: links in it lead on to what is then part of the tree."""
        status = self._status(place)
        if status is None:
            return
        to_do = [(place, status)]
        while to_do:
            path, status = to_do.pop()
            if path in self.paths or self.left_out.match(path):
                continue
            if len(self.paths) >= self.most:
                self.unseen.append("more than %d files; %s and what follows was left out" % (self.most, path))
                return
            self.paths[path] = status
            if stat.S_ISLNK(status.st_mode) and follow:
                to_do += self._target(path)
            elif stat.S_ISDIR(status.st_mode) and filesystems.local(self.table, path):
                to_do += self._inside(path)

    def note(self, path):
        """One directory without what is in it."""
        status = self._status(path)
        if status is not None:
            self.paths.setdefault(path, status)

    def unseen_facts(self, kind):
        return [Unseen(kind, reason) for reason in dict.fromkeys(self.unseen)]

    def _places(self, pattern):
        """Paths that fit a pattern; a directory that cannot be read is told."""
        if not MAGIC.search(pattern):
            return [pattern]
        try:
            return self.machine.glob(pattern)
        except UnreadableError as problem:
            self.unseen.append(str(problem))
            return []

    def _status(self, path):
        """What lstat says; None where nothing is, and where nobody answers, which is told."""
        try:
            return self.machine.status(path, follow=False)
        except UnreadableError as problem:
            self.unseen.append(str(problem))
            return None

    def _inside(self, path):
        try:
            names = self.machine.names(path)
        except UnreadableError as problem:
            self.unseen.append(str(problem))
            return
        for name in names:
            inner = "%s/%s" % (path.rstrip("/"), name)
            status = self._status(inner)
            if status is not None:
                yield inner, status

    def _target(self, path):
        try:
            target = os.path.realpath(self.machine.path(path))[len(self.machine.root) :]
        except UnreadableError as problem:
            self.unseen.append(str(problem))
            return
        status = self._status(target)
        if status is not None and not target.startswith(("/proc", "/sys", "/dev")):
            yield target, status
