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


def collect(machine, places):
    has_content, present = set(), {}
    count = 0
    base = machine.path("/var/log")
    for directory, _, names in os.walk(base):
        for name in names:
            count += 1
            if count > MOST:
                yield Unseen("log", "more than %d files in /var/log" % MOST)
                return
            path = os.path.join(directory, name)
            try:
                status = os.lstat(path)
            except OSError:
                continue
            path = "/var/log" + path[len(base) :]
            if stat.S_ISREG(status.st_mode) and not PASSING.match(path):
                current = ROTATED.sub("", path)
                present.setdefault(current, False)
                present[current] = present[current] or current == path
                if status.st_size:
                    has_content.add(current)
    for path in has_content:
        if present[path]:
            yield Fact("log", path, "has content")
