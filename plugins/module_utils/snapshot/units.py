"""Units of systemd with the state that lasts: whether they run and whether they start at boot.

What a timer, a socket, a bus name or nobody starts runs now and then; of those only a failure is told. A unit without a
file (systemd-run) that runs is told too.
"""

from __future__ import annotations

import re
import time

from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind, joined, masked
from ansible_collections.oplever.lab.plugins.module_utils.sources import account

KINDS = {
    "unit": Kind(
        "eenheid van systemd",
        "systemd unit",
        "services, sockets, timers, path units and scopes: whether they run, start at boot, are masked; units without "
        "a file; a stop or restart that is planned",
    ),
    "manager": Kind(
        "omgeving van systemd", "environment of systemd", "variables that systemd gives all services (set-environment)"
    ),
    "user_unit": Kind(
        "eenheid van een gebruiker", "unit of a user", "units that run in the session manager of an account"
    ),
}
TYPES = ("service", "socket", "timer", "path", "scope")
PROPERTIES = (
    "Id", "LoadState", "ActiveState", "UnitFileState", "Transient", "Type", "RemainAfterExit", "TriggeredBy",
    "BusName", "NeedDaemonReload", "FreezerState",
)  # fmt: skip
SHOW = ["systemctl", "show", "--no-pager", "--all", "--property=" + ",".join(PROPERTIES), "--"]
FILES = ["systemctl", "list-unit-files", "--no-legend", "--no-pager", "--type=" + ",".join(TYPES)]
COMMANDS = ([*SHOW, *("*." + kind for kind in TYPES)], FILES, ["systemctl", "show-environment"])
# Units that come and go with sessions, containers, devices and instances of one connection.
SCOPES = r"(?:init|session-c?\d+|(?:docker|libpod|conmon|libpod-conmon|crio|cri-containerd|machine|lxc)-.*)\.scope\Z"
PASSING = re.compile(
    SCOPES + r"|user@|user-runtime-dir@|.*@\d+-[^/]*[.:\]]\d+\.service|.*@\d+-\d+-\d+\.service|.*@\d+:\d+\.|"
    r"systemd-fsck@|modprobe@|systemd-coredump@|dbus-:|"
    r".*@dev-|.*@sys-|systemd-udevd-(?:kernel|control)\.socket|ifup@|getty@(?!tty1\.)|lvm2-pvscan@"
)
# Whoever has systemd-run make a unit gives it any name; of these the bus makes its own.
PASSING_WITHOUT_A_FILE = re.compile(SCOPES + r"|dbus-:")
PLANNED_END = "/run/systemd/shutdown/scheduled"
RESTARTS = re.compile(r'^\s*Unattended-Upgrade::Automatic-Reboot\s+"(?:true|1|yes|on)"', re.MULTILINE | re.IGNORECASE)
ENVIRONMENT = ["systemctl", "show-environment"]
# Given by the boot, not by a person. PATH too, with no other directories than these.
USUAL_VARIABLES = re.compile(r"(?:LANG|LANGUAGE|LC_\w+|container|container_\w+|NOTIFY_SOCKET|SHELL|HOME|USER)=")
USUAL_PATH = re.compile(r"PATH=(?:(?:/usr/local|/usr|/snap)?/s?bin:?)+\Z")
RUNS = ("active", "activating", "reloading", "refreshing")


def collect(machine, places):
    states = {}
    for line in machine.output(FILES).splitlines():
        words = line.split()
        if len(words) > 1 and not PASSING.match(words[0]) and "@." not in words[0]:
            states[words[0]] = joined(words[1] if words[1] == "masked" else "stopped", words[1])
    for block in machine.output(COMMANDS[0]).split("\n\n"):
        unit = dict(line.partition("=")[::2] for line in block.splitlines())
        name = unit.get("Id", "")
        passing = PASSING_WITHOUT_A_FILE if unit.get("Transient") == "yes" else PASSING
        if not name or passing.match(name) or unit.get("LoadState") == "not-found":
            continue
        words = state(unit)
        if words:
            states[name] = words
    for name, words in states.items():
        # Nobody enables what is static: that it does not run now says nothing.
        is_on_demand = words.startswith("stopped, static")
        yield Fact("unit", name, words.replace("stopped", "started on demand", 1) if is_on_demand else words)
    for line in machine.output(ENVIRONMENT).splitlines():
        if not USUAL_VARIABLES.match(line) and not USUAL_PATH.match(line):
            yield Fact("manager", line.partition("=")[0], masked(line).partition("=")[2] or "empty")
    yield from _planned_end(machine)
    yield from _of_users(machine)


def _planned_end(machine):
    """A stop or restart that a person planned. Restarts that unattended-upgrades may plan are left out."""
    words = dict(line.partition("=")[::2] for line in (machine.read(PLANNED_END) or "").splitlines())
    mode, moment = words.get("MODE", ""), words.get("USEC", "")
    if moment and not (mode == "reboot" and _restarts_for_updates(machine)):
        yield Fact("unit", "planned end", "%s at %s" % (mode or "shutdown", _moment(moment)))


def _moment(microseconds):
    try:
        return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(int(microseconds) // 1000000))
    except (ValueError, OverflowError, OSError):
        return "an unknown moment"


def _restarts_for_updates(machine):
    return any(RESTARTS.search(machine.read(path) or "") for path in machine.glob("/etc/apt/apt.conf.d/*"))


def state(unit):
    """The properties of a unit in words; empty when it says nothing that lasts."""
    enabled, load, active = unit.get("UnitFileState", ""), unit.get("LoadState", ""), unit.get("ActiveState", "")
    frozen = "its processes are held (systemctl freeze)" if unit.get("FreezerState") == "frozen" else ""
    if unit.get("Transient") == "yes":
        lasting = "running" if active in RUNS else "failed" if active == "failed" else ""
        return joined(lasting, "without a file", frozen) if lasting else ""
    loaded = joined("" if load in ("loaded", "masked") else load, frozen)
    if active == "failed":
        return joined("failed", enabled, loaded)
    if load == "masked" and active not in RUNS:
        return joined("masked", enabled or "masked")
    if unit.get("Id", "").endswith(".service") and _now_and_then(unit):
        return joined("started on demand", enabled or "no file in a directory of units", loaded)
    # What was set, loaded and taken away again works on in the process that was started with it.
    stale = "its files changed since systemd read them" if unit.get("NeedDaemonReload") == "yes" else ""
    return joined("running" if active in RUNS else "stopped", enabled or "no state", loaded, stale)


def _now_and_then(unit):
    nobody_enables = unit.get("UnitFileState") in ("static", "", "indirect", "alias")
    # Many of those that stay "active" ran at the first boot only, or after an upgrade.
    passing = unit.get("Type") == "oneshot" and (unit.get("RemainAfterExit") != "yes" or nobody_enables)
    on_request = nobody_enables and unit.get("BusName")
    return passing or on_request or bool(unit.get("TriggeredBy"))


def _of_users(machine):
    """Services of session managers that run; those of packages belong to a desktop session and pass."""
    uids = {facts["uid"]: name for name, facts in machine.once(account.accounts).items()}
    for path in _groups(machine):
        match = re.search(r"/user@(\d+)\.service/.*?([^/]+\.service)\Z", path)
        if match:
            who = uids.get(int(match.group(1)), match.group(1))
            unit = match.group(2)
            if not _packaged(machine, unit):
                yield Fact("user_unit", "%s, %s" % (who, unit), "running")


def _groups(machine):
    for pid in machine.names("/proc"):
        if pid.isdigit():
            try:
                with open(machine.path("/proc/%s/cgroup" % pid), encoding="utf-8", errors="replace") as stream:
                    for line in stream:
                        if ("/user@" in line and "systemd" in line) or line.startswith("0::"):
                            yield line.strip()
            except OSError:
                continue


def _packaged(machine, unit):
    template = re.sub(r"@.*\.", "@.", unit)
    return any(machine.status("/usr/lib/systemd/user/" + name) is not None for name in (unit, template))
