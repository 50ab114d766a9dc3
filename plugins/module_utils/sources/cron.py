"""What root lets run by the clock (cron, anacron and timers), and whether somebody else can change it."""

from __future__ import annotations

import posixpath
import re

from ansible_collections.oplever.lab.plugins.module_utils import shell_command, writable
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import account, crontab, unit_file

MAIN = "what"
SELECTORS = ("what",)
NEEDS = ("what",)
ATTRIBUTES = ("exists", "programs", "writable")
CRONTAB = "/etc/crontab"
TABLES = ("/etc/anacrontab", "/etc/cron.d")
OWN_TABLES = "/var/spool/cron/crontabs/*"
DIRECTORIES = ("/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/etc/cron.yearly")
# anacrontab(5): a number of days or a word, a delay, a name, then the command.
ANACRON = re.compile(r"[ \t]*(?:\d+|@\w+)[ \t]+\d+[ \t]+\S+[ \t]+(.+)")
# A command that is started before, instead of, or after the one of a service (systemd.service(5)).
EXEC = ("ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost")
WITH_ALL_RIGHTS = ("+", "!")
VARIABLE = re.compile(r"""["']?([A-Za-z_]\w*)=((?:[^\s"'\\]|\\.)*)["']?""")


def describe(select):
    return "programs that root starts by the clock, in cron, anacron and timers of systemd"


def look_up(machine, select):
    """`writable`: lines of `program or table: what is open to whom`, for all that others than root could change."""
    if select["what"] != "root_jobs":
        raise UnreadableError("cron does not know %s (it knows: root_jobs)" % select["what"])
    paths = sorted(machine.once(programs))
    decisive = dict.fromkeys([*_tables(machine), *paths])
    wrong = ["%s: %s" % (path, reason) for path in decisive for reason in writable.by_others(machine, path)]
    return {"exists": True, "programs": paths, "writable": wrong}


def _tables(machine):
    """Files and directories that say what root's jobs are."""
    yield from (path for path in TABLES if machine.status(path) is not None)
    yield from (path for path, _ in _crontabs(machine))
    for timer in _timers(machine):
        yield from unit_file.files(machine, timer)
        yield from unit_file.files(machine, _started_by(machine, timer))


def _crontabs(machine):
    """(path, whose table it is) of each table of cron that may have a job of root; None for those of the system, of
    which each line names its user."""
    administrators = _administrators(machine)
    of_system = (CRONTAB, *_plain(machine.glob("/etc/cron.d/*")))
    yield from ((path, None) for path in of_system if machine.status(path) is not None)
    for path in machine.glob(OWN_TABLES):
        if posixpath.basename(path) in administrators:
            yield path, posixpath.basename(path)


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
    return paths | shell_command.of_scripts(machine, paths)


def _administrators(machine):
    """Names that have the number of root."""
    try:
        return {"root", *(row[0] for row in machine.once(account.rows) if int(row[2]) == 0)}
    except UnreadableError:
        return {"root"}


def _jobs(machine):
    for path, user in _crontabs(machine):
        yield from crontab.jobs(machine.text(path) or "", user)
    for line in (machine.text("/etc/anacrontab") or "").splitlines():
        entry = ANACRON.match(line)
        if entry:
            yield crontab.Job("root", entry.group(1))


def _plain(paths):
    """run-parts(8) and cron pass over names with other characters, as those that dpkg leaves behind."""
    return [path for path in paths if re.match(r"[A-Za-z0-9_-]+\Z", path.rsplit("/", 1)[1])]


def _paths(machine, job):
    """Full paths that a job comes to, with the shell that reads it and the libraries that it loads."""
    home = _home(machine, job.user)
    result = shell_command.paths(machine, job.command, shell_command.Place(job.path, home, home))
    for name, value in job.settings.items():
        result |= {value} if name == "SHELL" and value.startswith("/") else shell_command.of_variable(name, value)
    return result


def _home(machine, name):
    try:
        return next((row[5] for row in machine.once(account.rows) if row[0] == name), "/root")
    except UnreadableError:
        return "/root"


def paths_of(machine, command):
    """Full paths of the programs in a command that root runs in a shell."""
    return shell_command.paths(machine, command, shell_command.Place(crontab.DEFAULT_PATH))


def of_service(machine, name):
    """Full paths of the programs that a service runs as root."""
    return _of_service(machine, name, _administrators(machine))


def settings_of_service(machine, name):
    """Files from which a service that runs as root gets variables, among them those that have a library loaded."""
    if not _runs_as_root(machine, name, _administrators(machine)):
        return []
    values = unit_file.values(machine, name, "Service", "EnvironmentFile")
    return [path for path in (value.lstrip("-") for value in values) if path.startswith("/") and machine.status(path)]


def _timers(machine):
    names = (
        posixpath.basename(path) for place in unit_file.ALL_DIRECTORIES for path in machine.glob(place + "/*.timer")
    )
    return list(dict.fromkeys(names))


def _started_by(machine, timer):
    """Name of the service that a timer starts."""
    units = unit_file.values(machine, timer, "Timer", "Unit")
    return units[-1] if units else timer[: -len(".timer")] + ".service"


def _runs_as_root(machine, name, administrators):
    users = unit_file.values(machine, name, "Service", "User")
    if (unit_file.values(machine, name, "Service", "DynamicUser") or ["no"])[-1].lower() in ("1", "yes", "true", "on"):
        return False
    return not users or users[-1] in ("0", *administrators)


def _of_service(machine, name, administrators):
    """Of a service that runs as somebody else, the commands that have all rights all the same."""
    lines = [value for key in EXEC for value in unit_file.values(machine, name, "Service", key)]
    is_root = _runs_as_root(machine, name, administrators)
    directory = (unit_file.values(machine, name, "Service", "WorkingDirectory") or [""])[-1].lstrip("-")
    result = set()
    for line in lines:
        command = line.lstrip(unit_file.PREFIXES)
        if is_root or set(WITH_ALL_RIGHTS) & set(line[: len(line) - len(command)]):
            result |= shell_command.paths(machine, command, shell_command.Place("", directory))
    for value in unit_file.values(machine, name, "Service", "Environment") if is_root else ():
        for variable, text in VARIABLE.findall(value):
            result |= shell_command.of_variable(variable, text)
    return result
