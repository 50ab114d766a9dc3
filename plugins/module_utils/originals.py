# Copyright: The Oplever team; MIT licence
"""Files as they were before a role or a run changed them, kept on the machine with what it made of them.

Below DIRECTORY/<name> for a role, and below RUNS/<name> for a run, lie `index.json` and `kept/<digest of the path>`
(the contents). The index has for each path the state `before`, the state `after` once the role changed it, the state
`now` while the role runs, `whole` (its content is kept too), `parents` (directories that were not there), `edited`
(EDITED) and `units` (of systemd that use the file). A state is a mapping: `kind` (file, link, directory, value, other),
`mode`, `uid`, `gid`, and `digest` of the content; None where nothing exists.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import re
import shutil
import stat

from ansible_collections.oplever.lab.plugins.module_utils.files import text_of

DIRECTORY = "/var/lib/oplever/originals"
RUNS = "/var/lib/oplever/runs"
RUNS_KEPT = 5
VALUES = "/proc/sys/"
"""Files below it are settings of the kernel, which are written in place."""

UNFINISHED = "the role did not finish, so it is not known what it made of it"
EDITED = "somebody else changed it between two runs of the role"
CHANGED = "it was changed after the role"


class Originals:
    """What one role or run, by its `name`, found on the machine."""

    def __init__(self, name, directory=DIRECTORY):
        self.place = os.path.join(directory, name)
        self.index = os.path.join(self.place, "index.json")
        try:
            with open(self.index, encoding="utf-8") as stream:
                self.entries = json.load(stream)
        except FileNotFoundError:
            self.entries = {}

    def keep(self, contents, rights):
        """Keep paths before the role works on them: `contents` whole, of `rights` only owner and mode. A `*` stands for
        any name. What an earlier run kept stays the original."""
        for patterns, whole in ((contents, True), (rights, False)):
            for path in expanded(patterns):
                self._keep(path, whole)
        self._save()

    def keep_path(self, path, units=()):
        """Keep one path whole, as it is: a link as a link. The `units` are restarted when it comes back."""
        self._keep(path, True)
        entry = self.entries[path]
        entry["units"] = sorted({*entry.get("units", ()), *units})
        self._save()

    def _keep(self, path, whole):
        present = state(path, whole)
        entry = self.entries.get(path)
        if entry is None:
            if present is not None or whole:
                self.entries[path] = self._new(path, present, whole)
            return
        # Where there was nothing, the whole file is the role's own, whoever changed it meanwhile.
        foreign = "after" in entry and present not in (entry["after"], entry["before"])
        entry["edited"] = entry["edited"] or bool(foreign and entry["before"] is not None)
        entry["now"] = present

    def _new(self, path, present, whole):
        parents = []
        if present is None:
            parent = os.path.dirname(path)
            while not os.path.isdir(parent):
                parents.append(parent)
                parent = os.path.dirname(parent)
        elif whole and present["kind"] in ("file", "value"):
            os.makedirs(self.place, mode=0o700, exist_ok=True)
            os.makedirs(self._copies(), mode=0o700, exist_ok=True)
            _copy(path, self._copy(path))
        return {"before": present, "now": present, "edited": False, "whole": whole, "parents": parents}

    def seal(self):
        """Note what the role made of the kept paths; those that are as they were are forgotten."""
        for path, entry in sorted(self.entries.items()):
            present = state(path, entry["whole"])
            if present != entry.get("now", present):
                entry["after"] = present
            elif entry["edited"] and entry.get("after") != present:
                entry["edited"] = False  # the role left it alone, so that it differs from `after` says enough
            entry.pop("now", None)
            if "after" not in entry and present == entry["before"]:
                self._forget(path)
        self._save()

    def restore(self, check=False):
        """Put everything back that is still as the role left it. Returns the paths with their texts before and after,
        and those that stay with the reason: [(path, before, after)], [(path, reason)]."""
        restored, left = [], []
        for path, entry in sorted(self.entries.items(), reverse=True):  # what is in a directory before the directory
            present = state(path, entry["whole"])
            if present == entry["before"]:
                if not check:
                    self._forget(path)
                continue
            reason = _reason(entry, present)
            if not reason:
                shown = text_of(path) if entry["whole"] else ""
                try:
                    if not check:
                        self._put_back(path, entry)
                except OSError as error:
                    reason = error.strerror or str(error)
                else:
                    restored.append((path, shown, text_of(self._copy(path)) if entry["whole"] else ""))
                    if not check:
                        self._forget(path)
            if reason:
                left.append((path, reason))
        if not check:
            self._save()
        return restored[::-1], left[::-1]

    def units(self):
        """Path -> the units of systemd that use it."""
        return {path: entry.get("units", []) for path, entry in self.entries.items()}

    def _put_back(self, path, entry):
        before = entry["before"]
        if before is None:
            if os.path.isdir(path) and not os.path.islink(path):
                os.rmdir(path)
            else:
                os.unlink(path)
            for parent in entry["parents"]:
                if os.path.isdir(parent) and not os.listdir(parent):
                    os.rmdir(parent)
            return
        kind = before["kind"] if entry["whole"] else ""
        if kind == "value":
            _copy(self._copy(path), path)
        elif kind in ("file", "link"):
            beside = path + ".oplever-original"
            if kind == "link":
                os.symlink(before["target"], beside)
            else:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                _copy(self._copy(path), beside)
                _rights(beside, before)
            os.rename(beside, path)
        else:
            _rights(path, before)

    def _copies(self):
        return os.path.join(self.place, "kept")

    def _copy(self, path):
        return os.path.join(self._copies(), hashlib.sha256(path.encode()).hexdigest()[:32])

    def _forget(self, path):
        del self.entries[path]
        if os.path.exists(self._copy(path)):
            os.unlink(self._copy(path))

    def _save(self):
        if not self.entries:
            shutil.rmtree(self.place, ignore_errors=True)
            return
        os.makedirs(self.place, mode=0o700, exist_ok=True)
        new = self.index + ".new"
        with open(new, "w", encoding="utf-8") as stream:
            json.dump(self.entries, stream, indent=1, sort_keys=True)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(new, 0o600)
        os.rename(new, self.index)


def of_run(name, directory=RUNS):
    """The originals of a run. When it is a new one, those of the oldest runs make room. Raises ValueError when this is
    no name of a run."""
    if not re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z", name):
        raise ValueError("%r is no name of a run" % name)
    names = runs(directory)
    if name not in names:
        for oldest in names[RUNS_KEPT - 1 :]:
            shutil.rmtree(os.path.join(directory, oldest), ignore_errors=True)
    return Originals(name, directory)


@contextlib.contextmanager
def kept(name, units=(), directory=RUNS):
    """A function that keeps a path before this run changes it; `units` use what is kept. Nothing is made on the machine
    before the first call, and nothing is kept when the run has no name."""
    opened = []

    def keep(path):
        if name:
            opened[:] = opened or [of_run(name, directory)]
            opened[0].keep_path(path, units)

    try:
        yield keep
    finally:
        for originals in opened:
            originals.seal()


def runs(directory=RUNS):
    """Names of the runs of which originals are kept, the latest first: names of records begin with a moment."""
    indexes = glob.glob(os.path.join(directory, "*", "index.json"))
    return sorted((os.path.basename(os.path.dirname(path)) for path in indexes), reverse=True)


def expanded(patterns):
    """Paths of patterns, each once; a pattern without a star also where nothing is. A link to a file stands for it."""
    paths = [path for pattern in patterns for path in (sorted(glob.glob(pattern)) if "*" in pattern else [pattern])]
    return list(dict.fromkeys(os.path.realpath(path) if os.path.isfile(path) else path for path in paths))


def state(path, whole):
    """How a path is now; None when it does not exist. Raises OSError when it cannot be read."""
    try:
        status = os.lstat(path)
        if not whole and stat.S_ISLNK(status.st_mode):
            status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    rights = {"mode": "%04o" % stat.S_IMODE(status.st_mode), "uid": status.st_uid, "gid": status.st_gid}
    if stat.S_ISLNK(status.st_mode):
        return {"kind": "link", "target": os.readlink(path)}
    if stat.S_ISREG(status.st_mode):
        kind = "value" if path.startswith(VALUES) else "file"
        return {"kind": kind, **rights, **({"digest": _digest(path)} if whole else {})}
    return {"kind": "directory" if stat.S_ISDIR(status.st_mode) else "other", **rights}


def _reason(entry, present):
    """Why a path cannot be put back; empty when it can."""
    if "after" not in entry:
        return UNFINISHED
    if present != entry["after"]:
        return CHANGED
    return EDITED if entry["edited"] else ""


def _digest(path):
    with open(path, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def _copy(source, target):
    """Copy the content. A target that is made is for root alone until it gets its rights: the file can be secret."""
    with open(source, "rb") as stream:
        content = stream.read()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as stream:
        stream.write(content)


def _rights(path, before):
    os.chown(path, before["uid"], before["gid"])
    os.chmod(path, int(before["mode"], 8))
