"""Logs that vanished or were emptied. That a log grows, turns or comes into being says nothing."""

from __future__ import annotations

import os
import re
import stat

from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind, Unseen

KINDS = {
    "log": Kind(
        "logbestand", "log", "files in /var/log that have content, rotation taken into account", only="removed"
    ),
}
MOST = 5000
ROTATED = re.compile(r"(?:[.-]\d{8}(?:-\d+)?|\.\d+|\.old)(?:\.(?:gz|xz|bz2|zst))?\Z|\.(?:gz|xz|bz2|zst)\Z")
# Names with a boot, a session or a day in them come and go by themselves.
PASSING = re.compile(r"/var/log/(?:journal/.+@|installer/|apt/term|.*~\Z|sysstat/|.*\.pid\Z|.*\d{4}-\d\d-\d\d)")


SLACK = 600  # seconds that a rotation may take, with the compression of older files


class _Log:
    """A log with its rotated files. `present`: under its own name; `has_content`: in one of them; `turned`: when the
    newest rotated file got its name."""

    __slots__ = ("has_content", "present", "turned")

    def __init__(self):
        self.has_content, self.present, self.turned = False, False, 0.0


def collect(machine, places):
    count = 0
    base = machine.path("/var/log")
    for directory, _, names in os.walk(base):
        count += len(names)
        if count > MOST:
            yield Unseen("log", "more than %d files in /var/log" % MOST)
            return
        place = "/var/log" + directory[len(base) :]
        for path, log in _logs(directory, place, names).items():
            if log.has_content and (log.present or _has_just_turned(directory, log)):
                yield Fact("log", path, "has content")


def _logs(directory, place, names):
    """Path -> _Log of the files in one directory."""
    logs = {}
    for name in names:
        try:
            status = os.lstat(os.path.join(directory, name))
        except OSError:
            continue
        path = "%s/%s" % (place, name)
        if stat.S_ISREG(status.st_mode) and not PASSING.match(path):
            current = ROTATED.sub("", path)
            log = logs.setdefault(current, _Log())
            log.has_content = log.has_content or status.st_size > 0
            if current == path:
                log.present = True
            else:
                log.turned = max(log.turned, status.st_ctime)
    return logs


def _has_just_turned(directory, log):
    """Whether the log was rotated and is not written in yet: nothing was removed from the directory since then."""
    return os.stat(directory).st_mtime <= log.turned + SLACK
