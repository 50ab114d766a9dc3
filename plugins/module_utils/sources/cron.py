"""What root lets run by the clock (cron, anacron and timers), and whether somebody else can change it."""

from __future__ import annotations

import os
import posixpath
import re
import stat

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import account, crontab, unit_file
from ansible_collections.oplever.lab.plugins.module_utils.sources.file import owner

MAIN = "what"
SELECTORS = ("what",)
NEEDS = ("what",)
ATTRIBUTES = ("exists", "programs", "writable")
TABLES = ("/etc/crontab", "/etc/anacrontab", "/etc/cron.d")
OWN_TABLES = "/var/spool/cron/crontabs/*"
DIRECTORIES = ("/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/etc/cron.yearly")
# anacrontab(5): a number of days or a word, a delay, a name, then the command.
ANACRON = re.compile(r"[ \t]*(?:\d+|@\w+)[ \t]+\d+[ \t]+\S+[ \t]+(.+)")
FULL_PATH = re.compile(r"/[^\s\"'$`*?\[\]]+\Z")
NAME = re.compile(r"[\w.+-]+\Z", re.ASCII)
EXEC = ("ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost")


def describe(select):
    return "programs that root starts by the clock, in cron, anacron and timers of systemd"


def look_up(machine, select):
    """`writable`: lines of `program or table: what is open to whom`, for all that others than root could change."""
    if select["what"] != "root_jobs":
        raise UnreadableError("cron does not know %s (it knows: root_jobs)" % select["what"])
    paths = sorted(machine.once(programs))
    decisive = dict.fromkeys([*_tables(machine), *paths])
    wrong = ["%s: %s" % (path, reason) for path in decisive for reason in open_to_others(machine, path)]
    return {"exists": True, "programs": paths, "writable": wrong}


def _tables(machine):
    """Files and directories that say what root's jobs are."""
    administrators = _administrators(machine)
    yield from (path for path in TABLES if machine.status(path) is not None)
    yield from _plain(machine.glob("/etc/cron.d/*"))
    yield from (path for path in machine.glob(OWN_TABLES) if posixpath.basename(path) in administrators)
    for timer in _timers(machine):
        yield from unit_file.files(machine, timer)
        yield from unit_file.files(machine, _started_by(machine, timer))


def programs(machine):
    """Full paths that root's jobs name: the tables, the directories and the timers."""
    administrators = _administrators(machine)
    paths = set()
    for job in _jobs(machine):
        if job.user in administrators:
            paths.update(_paths(machine, job))
    for directory in DIRECTORIES:
        paths.update(_plain(machine.glob(directory + "/*")))
    for timer in _timers(machine):
        paths.update(_of_service(machine, _started_by(machine, timer), administrators))
    return paths


def _administrators(machine):
    """Names that have the number of root."""
    try:
        return {"root", *(row[0] for row in machine.once(account.rows) if int(row[2]) == 0)}
    except UnreadableError:
        return {"root"}


def _jobs(machine):
    for path in ("/etc/crontab", *_plain(machine.glob("/etc/cron.d/*"))):
        yield from crontab.jobs(machine.read(path) or "")
    for path in machine.glob(OWN_TABLES):
        yield from crontab.jobs(machine.read(path) or "", posixpath.basename(path))
    for line in (machine.read("/etc/anacrontab") or "").splitlines():
        entry = ANACRON.match(line)
        if entry:
            yield crontab.Job("root", entry.group(1), crontab.DEFAULT_PATH)


def _plain(paths):
    """run-parts(8) and cron pass over names with other characters, as those that dpkg leaves behind."""
    return [path for path in paths if re.match(r"[A-Za-z0-9_-]+\Z", path.rsplit("/", 1)[1])]


def _paths(machine, job):
    """Full paths in a command, and the places of the programs that it names without a path: where each is found, and
    where everybody could put one that is found before it."""
    paths = set()
    for word in job.words():
        if FULL_PATH.match(word) and not word.startswith("/dev/"):
            paths.add(word)
        elif NAME.match(word):
            places = [posixpath.join(place, word) for place in job.path.split(":") if place.startswith("/")]
            first = next((number for number, path in enumerate(places) if _is_program(machine, path)), None)
            if first is not None:
                before = [path for path in places[:first] if any(open_to_others(machine, path))]
                paths.update([*before, places[first]])
    return paths


def paths_of(machine, command):
    """Full paths of the programs in a command that root runs in a shell."""
    return _paths(machine, crontab.Job("root", command, crontab.DEFAULT_PATH))


def _is_program(machine, path):
    status = machine.status(path)
    return status is not None and stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o111)


def _timers(machine):
    names = (
        posixpath.basename(path) for place in unit_file.ALL_DIRECTORIES for path in machine.glob(place + "/*.timer")
    )
    return list(dict.fromkeys(names))


def _started_by(machine, timer):
    """Name of the service that a timer starts."""
    units = unit_file.values(machine, timer, "Timer", "Unit")
    return units[-1] if units else timer[: -len(".timer")] + ".service"


def _of_service(machine, name, administrators):
    users = unit_file.values(machine, name, "Service", "User")
    if users and users[-1] not in ("0", *administrators):
        return set()
    commands = [value.lstrip("-@:+!|") for key in EXEC for value in unit_file.values(machine, name, "Service", key)]
    return {path for command in commands for path in _paths(machine, crontab.Job("root", command, ""))}


def open_to_others(machine, path):
    """What of a program and the directories above it others than root may write. Of a program that is not there, also
    a directory in which everybody may make it: there the sticky bit protects nothing."""
    real = os.path.realpath(machine.path(path))
    parts = real[len(machine.root) :].split("/")
    is_missing = False
    for length in range(len(parts), 0, -1):
        place = "/".join(parts[:length]) or "/"
        try:
            status = os.stat(machine.path(place))
        except OSError:
            is_missing = True
            continue
        is_sticky = status.st_mode & stat.S_ISVTX and not is_missing
        is_missing = False
        if status.st_uid != 0:
            yield "%s belongs to %s" % (place, owner(machine, status.st_uid))
        elif status.st_mode & stat.S_IWOTH and not is_sticky:
            yield "%s can be written by everybody" % place
        elif status.st_mode & stat.S_IWGRP and status.st_gid != 0 and not is_sticky:
            yield "%s can be written by its group" % place
