"""APT: its settings, where it gets packages, and what waits to be upgraded."""

from __future__ import annotations

import re
import time

from ansible_collections.oplever.lab.plugins.module_utils import writable
from ansible_collections.oplever.lab.plugins.module_utils.machine import InapplicableError, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import apt_conf, apt_source, cron, package

MAIN = "what"
SELECTORS = ("what", "key")
NEEDS = ("what",)
ATTRIBUTES = (
    "exists", "unsigned", "upgradable", "security_upgradable", "value", "pending", "security", "lists_age_days",
    "values", "writable", "unpackaged", "of_hosts",
)  # fmt: skip
LISTS = "/var/lib/apt/lists"
DAY = 86400
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
    if select["what"] not in ("sources", "updates"):
        raise UnreadableError("apt does not know %s (it knows: hooks, settings, sources, updates)" % select["what"])
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
    hook_lines = []
    for path in ("/etc/apt/apt.conf", *machine.glob("/etc/apt/apt.conf.d/*")):
        if path == "/etc/apt/apt.conf" or apt_conf.PART.match(path.rsplit("/", 1)[1]):
            text = machine.text(path) or ""
            for words, blocks in apt_conf.statements(text, path):
                name = "::".join([*blocks, *(value for kind, value in words if kind == "word")])
                command = next((value for kind, value in words if kind == "text"), "")
                if HOOK.match(name) and command:
                    hook_lines.append((path, _line_of(text, command), command))
    for path in ("/etc/dpkg/dpkg.cfg", *machine.glob("/etc/dpkg/dpkg.cfg.d/*")):
        for number, line in enumerate((machine.text(path) or "").splitlines(), 1):
            hit = DPKG_HOOK.match(line)
            if hit:
                hook_lines.append((path, number, hit.group(1).strip().strip("\"'")))
    return hook_lines


def _line_of(text, command):
    return text.count("\n", 0, max(text.find(command), 0)) + 1


def _setting(machine, key):
    value = _weakest(machine, key)
    if value is None and machine.offline and apt_conf.APT_ITSELF.match(key):
        raise InapplicableError("no file sets %s, and apt, which knows its default, cannot run here" % key)
    return {"exists": value is not None, "value": value, "of_hosts": _of_hosts(machine, key)}


def _weakest(machine, key):
    """The value of a setting, words for yes and no in lower case. Of one by which something is allowed or checked, and
    that has other values for some programs (`Binary::apt::...`), the one that lets most pass."""
    values = machine.once(apt_conf.in_force)
    pattern = re.compile(r"(?:binary::[^:]+::)?%s\Z" % re.escape(key))
    known = [values[name] for name in sorted(values, key=len) if pattern.match(name)]
    loose = [value for value in known if apt_source.boolean(value) is key.rpartition("::")[2].startswith("allow")]
    value = (loose or [values.get(key)])[0]
    return value.strip().lower() if value and apt_source.boolean(value) is not None else value


def _of_hosts(machine, key):
    """Values that a setting has for some servers alone, as `host: value`."""
    head, _, name = key.rpartition("::")
    pattern = re.compile(r"%s::(.+)::%s\Z" % (re.escape(head), re.escape(name)))
    hits = ((pattern.match(other), value) for other, value in sorted(machine.once(apt_conf.in_force).items()))
    return ["%s: %s" % (hit.group(1), value) for hit, value in hits if hit]


def unsigned(machine):
    """Entries of the sources that switch off the check of signatures, as file:line."""
    return list(dict.fromkeys(entry.source for entry in machine.once(apt_source.entries) if entry.is_unchecked))
