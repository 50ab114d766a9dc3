"""APT: its settings, where it gets packages, and what waits to be upgraded."""

from __future__ import annotations

import re
import time

from ansible_collections.oplever.lab.plugins.module_utils import writable
from ansible_collections.oplever.lab.plugins.module_utils.machine import InapplicableError, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    apt_automatic,
    apt_conf,
    apt_source,
    cron,
    package,
)

MAIN = "what"
SELECTORS = ("what", "key")
NEEDS = ("what",)
ATTRIBUTES = (
    "exists", "unsigned", "upgradable", "security_upgradable", "value", "pending", "security", "lists_age_days",
    "values", "writable", "unpackaged",
)  # fmt: skip
LISTS = "/var/lib/apt/lists"
# With one of these apt installs what nobody signed, what is old, or what comes from anybody.
UNCHECKED = {
    "APT::Get::AllowUnauthenticated": True,
    "APT::Get::Force-Yes": True,
    "Acquire::AllowInsecureRepositories": True,
    "Acquire::AllowWeakRepositories": True,
    "Acquire::AllowDowngradeToInsecureRepositories": True,
    "Acquire::Check-Valid-Until": False,
    "Acquire::Check-Date": False,
    "Acquire::https::Verify-Peer": False,
    "Acquire::https::Verify-Host": False,
}
# What checks signatures, or is started to install.
PROGRAMS = ("Dir::Bin::apt-key", "Dir::Bin::dpkg", "Dir::Bin::gpg", "Dir::Bin::methods", "APT::Key::GPGVCommand")
NAMES = {name.lower(): name for name in (*UNCHECKED, *PROGRAMS)}
OF_A_PROGRAM = re.compile(r"binary::[^:]+::")
OF_A_SERVER = re.compile(r"(acquire::https)::(.+)::(verify-(?:peer|host))\Z")
DAY = 86400
DEEPEST = 8  # includes in includes that are followed
HOOK = re.compile(
    r"(?:DPkg::(?:Pre-Invoke|Post-Invoke|Pre-Install-Pkgs)|APT::Update::(?:Pre-Invoke|Post-Invoke(?:-Success|-Stats)?)"
    r"|AptCli::Hooks::\w+)(?:::.*)?\Z",
    re.IGNORECASE,
)
DPKG_HOOK = re.compile(r"[ \t]*(?:pre-invoke|post-invoke|status-logger)(?:[ \t]*=[ \t]*|[ \t]+)(.+)")


def describe(select):
    return "apt-config dump, %s" % select.get("key") if select.get("what") == "settings" else "sources of apt"


def look_up(machine, select):
    if select["what"] == "settings":
        return _setting(machine, str(select.get("key", "")).lower())
    if select["what"] == "hooks":
        return _hooks(machine)
    if select["what"] in LISTS_OF_WORDS:
        values = LISTS_OF_WORDS[select["what"]](machine)
        return {"exists": bool(values), "values": values}
    if select["what"] not in ("sources", "updates"):
        known = ", ".join(sorted([*LISTS_OF_WORDS, "hooks", "settings", "sources", "updates"]))
        raise UnreadableError("apt does not know %s (it knows: %s)" % (select["what"], known))
    return {
        "exists": True,
        "unsigned": lambda: machine.once(unsigned),
        "upgradable": lambda: len(_pending(machine)),
        "security_upgradable": lambda: len(_pending(machine, security=True)),
        "pending": lambda: _pending(machine),
        "security": lambda: _pending(machine, security=True),
        "lists_age_days": lambda: lists_age(machine, time.time()),
    }


def _pending(machine, security=False):
    """Names of packages of which a newer version waits. What is held back waits too: it is no less vulnerable."""
    origins = machine.once(package.origins).items()
    return sorted(name for name, origin in origins if origin.candidate and (origin.security or not security))


def lists_age(machine, now):
    """Whole days since apt last got its lists; None when it never did. Without new lists nothing seems to wait."""
    files = (machine.status(path) for path in machine.glob(LISTS + "/*_*"))
    times = [status.st_mtime for status in files if status is not None]
    # Lists keep the time of the archive; that of their directory is when apt put them there.
    directory = machine.status(LISTS + "/partial")
    if not times or directory is None:
        return None
    return int((now - max([directory.st_mtime, *times])) // DAY)


def _hooks(machine):
    """Commands that apt and dpkg run as root: `values` (file:line command), `writable` (what others could change of the
    programs in them) and `unpackaged` (files with hooks that no package brought)."""
    hook_lines = machine.once(hooks)
    paths = {path for _, _, command in hook_lines for path in cron.paths_of(machine, command)}
    files = sorted({path for path, _, _ in hook_lines})
    return {
        "exists": bool(hook_lines),
        "values": ["%s:%d %s" % hook for hook in hook_lines],
        "writable": [
            "%s: %s" % (path, reason) for path in sorted(paths) for reason in writable.by_others(machine, path)
        ],
        "unpackaged": lambda: package.unowned(machine, files),
    }


def hooks(machine):
    """(file, line, command) of every hook in the files of apt and dpkg."""
    parts = [path for path in machine.glob("/etc/apt/apt.conf.d/*") if apt_conf.PART.match(path.rsplit("/", 1)[1])]
    hook_lines = [line for path in ("/etc/apt/apt.conf", *parts) for line in _hooks_in(machine, path)]
    for path in ("/etc/dpkg/dpkg.cfg", *machine.glob("/etc/dpkg/dpkg.cfg.d/*")):
        for number, line in enumerate((machine.text(path) or "").splitlines(), 1):
            hit = DPKG_HOOK.match(line)
            if hit:
                hook_lines.append((path, number, hit.group(1).strip().strip("\"'")))
    return hook_lines


def _hooks_in(machine, path, depth=0):
    """The same of one file of apt with those that it includes. A value needs no quotes."""
    text = machine.text(path) or ""
    for words, blocks in apt_conf.statements(text, path):
        values = [value for _, value in words]
        if values[0].lower() == "#include" and depth < DEEPEST:
            for target in values[1:]:
                for inner in machine.glob(target + "*") if target.endswith("/") else [target]:
                    yield from _hooks_in(machine, inner, depth + 1)
        elif len(values) > 1 or words[0][0] == "text":
            name = "::".join([*blocks, *values[:-1]])
            if HOOK.match(name) and values[-1]:
                yield path, _line_of(text, values[-1]), values[-1]


def _line_of(text, command):
    return text.count("\n", 0, max(text.find(command), 0)) + 1


def _setting(machine, key):
    value = machine.once(apt_conf.in_force).get(key)
    if value is None and machine.offline and apt_conf.APT_ITSELF.match(key):
        raise InapplicableError("no file sets %s, and apt, which knows its default, cannot run here" % key)
    if value and apt_source.boolean(value) is not None:
        value = value.strip().lower()
    return {"exists": value is not None, "value": value}


def _unchecked(machine):
    """Settings, as `name value`, by which apt takes what it should not: for everything, for one program alone
    (`Binary::apt::...`), or for one server."""
    lines = []
    for key, value in machine.once(apt_conf.in_force).items():
        bare = OF_A_PROGRAM.sub("", key, count=1)
        server = OF_A_SERVER.match(bare)
        name = NAMES.get("::".join(server.group(1, 3)) if server else bare)
        is_loose = name in UNCHECKED and apt_source.boolean(value) is UNCHECKED[name]
        if is_loose or (name in PROGRAMS and _is_strange(machine, value)):
            lines.append("%s %s%s" % (name, value, " for " + server.group(2) if server else ""))
    return sorted(lines)


def _is_strange(machine, path):
    """Whether a program that is there came with no package."""
    return path.startswith("/") and machine.status(path) is not None and bool(package.unowned(machine, [path]))


# What is answered by a list of what is wrong, in words.
LISTS_OF_WORDS = {"automatic": apt_automatic.gaps, "unchecked": _unchecked}


def unsigned(machine):
    """Entries of the sources that switch off the check of signatures, as file:line."""
    return list(dict.fromkeys(entry.source for entry in machine.once(apt_source.entries) if entry.is_unchecked))
