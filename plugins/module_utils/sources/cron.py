"""What root lets run by the clock (cron and timers), and whether somebody else can change it."""

from __future__ import annotations

import os
import re
import shlex
import stat

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources.file import owner

MAIN = "what"
SELECTORS = ("what",)
NEEDS = ("what",)
ATTRIBUTES = ("exists", "programs", "writable")
# crontab(5): five fields or one word, then the user (only in the tables of the system), then the command.
ENTRY = re.compile(r"(?:@\w+|(?:\S+\s+){4}\S+)\s+(.*)\Z")
SETTING = re.compile(r"\w+\s*=")
DIRECTORIES = ("/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/etc/cron.yearly")
UNITS = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system")
START = re.compile(r"^[ \t]*Exec(?:Start|StartPre|StartPost|Condition)\s*=\s*[-@:+!|]*(.+)$", re.MULTILINE)


def describe(select):
    return "programs that root starts by the clock, in cron and timers of systemd"


def look_up(machine, select):
    """`writable`: lines of `program: what is open to whom`, for all that others than root could change."""
    if select["what"] != "root_jobs":
        raise UnreadableError("cron does not know %s (it knows: root_jobs)" % select["what"])
    found = sorted(machine.once(programs))
    wrong = ["%s: %s" % (path, told) for path in found for told in _open(machine, path)]
    return {"exists": True, "programs": found, "writable": wrong}


def programs(machine):
    """Full paths that root's jobs name: the tables, the directories and the timers."""
    found = set()
    for path in ("/etc/crontab", *_plain(machine.glob("/etc/cron.d/*"))):
        for user, command in _system_entries(machine.read(path) or ""):
            found.update(_paths(command) if user == "root" else ())
    for line in (machine.read("/var/spool/cron/crontabs/root") or "").splitlines():
        entry = ENTRY.match(line.strip())
        if entry and not line.lstrip().startswith("#") and not SETTING.match(line.strip()):
            found.update(_paths(entry.group(1)))
    for directory in DIRECTORIES:
        found.update(_plain(machine.glob(directory + "/*")))
    for path in _timers(machine):
        found.update(_of_service(machine, path))
    return found


def _plain(paths):
    """run-parts(8) and cron pass over names with other characters, as those that dpkg leaves behind."""
    return [path for path in paths if re.match(r"[A-Za-z0-9_-]+\Z", path.rsplit("/", 1)[1])]


def _system_entries(text):
    for line in (raw.strip() for raw in text.splitlines()):
        entry = None if line.startswith("#") or SETTING.match(line) else ENTRY.match(line)
        if entry:
            user, _, command = entry.group(1).partition(" ")
            yield user, command


def _paths(command):
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    return {word for word in words if re.match(r"/[\w./+-]+\Z", word) and not word.startswith("/dev/")}


def _timers(machine):
    """Names of the services that a timer starts."""
    for directory in UNITS:
        for path in machine.glob(directory + "/*.timer"):
            text = _text(machine, path)
            unit = re.search(r"^[ \t]*Unit\s*=\s*(\S+)", text, re.MULTILINE)
            yield unit.group(1) if unit else path.rsplit("/", 1)[1][: -len(".timer")] + ".service"


def _of_service(machine, name):
    path = next((p for p in (d + "/" + name for d in UNITS) if machine.glob(p)), None)
    text = _text(machine, path) if path else ""
    user = re.findall(r"^[ \t]*User\s*=\s*(\S*)", text, re.MULTILINE)
    if user and user[-1] not in ("", "root", "0"):
        return set()
    return {word for command in START.findall(text) for word in _paths(command)}


def _text(machine, path):
    try:
        return machine.read(path) or ""
    except UnreadableError:
        return ""  # a masked unit is a link to /dev/null: it starts nothing


def _open(machine, path):
    """What of a program and the directories above it others than root may write."""
    real = os.path.realpath(machine.path(path))
    parts = real[len(machine.root) :].split("/")
    for length in range(len(parts), 0, -1):
        place = "/".join(parts[:length]) or "/"
        try:
            status = os.stat(machine.path(place))
        except OSError:
            continue
        if status.st_uid != 0:
            yield "%s belongs to %s" % (place, owner(machine, status.st_uid))
        elif status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
            yield "%s can be written by everybody" % place
        elif status.st_mode & stat.S_IWGRP and status.st_gid != 0 and not status.st_mode & stat.S_ISVTX:
            yield "%s can be written by its group" % place
