"""What people get when they log in: the umask, the path on which root finds programs, and when an idle shell ends."""

from __future__ import annotations

import os
import re
import stat

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import pam, umask

MAIN = "what"
SELECTORS = ("what",)
NEEDS = ("what",)
ATTRIBUTES = ("exists", "value", "source", "unsafe", "values", "wrong")
SHELL_FILES = ("/etc/profile", "/etc/bash.bashrc")
ROOT_FILES = ("/root/.profile", "/root/.bash_profile", "/root/.bash_login", "/root/.bashrc")
LOGIN_UMASK = re.compile(r"^[ \t]*UMASK[ \t]+([0-7]+)[ \t]*$", re.MULTILINE)
TMOUT = re.compile(r"^[^#\n]*?\bTMOUT=[\"']?(\d*)", re.MULTILINE)
LONGEST_IDLE = 900
PATH = re.compile(r"^[^#\n]*?\bPATH=[\"']?([^\"'\n;]*)", re.MULTILINE)
SUPATH = re.compile(r"^[ \t]*ENV_SUPATH\s+PATH=(\S+)", re.MULTILINE)


def describe(select):
    return "environment at login, %s" % str(select.get("what")).replace("_", " ")


def look_up(machine, select):
    subject = str(select["what"])
    if subject == "umask":
        return _umask(machine)
    if subject == "root_path":
        return _root_path(machine)
    if subject == "idle_shell":
        return _idle_shell(machine)
    raise UnreadableError("environment does not know %s (it knows: idle_shell, root_path, umask)" % subject)


def _shell_files(machine):
    """Files that a shell of anybody reads when somebody logs in, and those of root."""
    return [*SHELL_FILES, *machine.glob("/etc/profile.d/*.sh"), *ROOT_FILES]


def _idle_shell(machine):
    """TMOUT in the files of shells, in seconds: `wrong` are those that never end an idle shell, or too late."""
    values = [(value, path) for path in _shell_files(machine) for value in TMOUT.findall(machine.read(path) or "")]
    wrong = ["%s: TMOUT=%s" % (path, value) for value, path in values if not 0 < int(value or 0) <= LONGEST_IDLE]
    return {
        "exists": bool(values),
        "value": values[-1][0] if values else None,
        "values": [value for value, _ in values],
        "source": values[-1][1] if values else "",
        "wrong": wrong,
    }


def _umask(machine):
    """The weakest of what counts: a shell's own files come after PAM, and PAM after login.defs."""
    settings = [(mask, path) for path in _shell_files(machine) for mask in umask.settings(machine.read(path) or "")]
    inherited = [int(value, 8) for value in LOGIN_UMASK.findall(machine.read("/etc/login.defs") or "")]
    for line in pam.stack(machine, "common-session", "session") or []:
        if line.module == "pam_umask.so":
            words = [word.partition("=")[2] for word in line.arguments if word.startswith("umask=")]
            masks = [int(word, 8) for word in words if re.match(r"[0-7]+\Z", word)]
            settings += [(mask, line.source) for mask in (masks or inherited)[-1:]]
    settings = settings or [(mask, "/etc/login.defs") for mask in inherited[-1:]]
    if not settings:
        return {"exists": False, "wrong": []}  # then it is 022: login(1), systemd.exec(5)
    # What is not masked by every one of them is not masked.
    weakest = umask.EVERYBODY
    for mask, _ in settings:
        weakest &= mask
    return {
        "exists": True,
        "value": "%03o" % weakest,
        "values": ["%s: %03o" % (path, mask) for mask, path in settings],
        "source": ", ".join(dict.fromkeys(path for _, path in settings)),
        "wrong": ["%s: umask %03o" % (path, mask) for mask, path in settings if ~mask & 0o022],
    }


def _root_path(machine):
    places = [(value, "/etc/login.defs") for value in SUPATH.findall(machine.read("/etc/login.defs") or "")]
    for path in ("/etc/environment", *ROOT_FILES):
        places += [(value, path) for value in PATH.findall(machine.read(path) or "")]
    unsafe = [
        "%s: %s" % (source, reason)
        for value, source in places
        for entry in value.split(":")
        for reason in _wrong(machine, entry)
    ]
    return {
        "exists": bool(places),
        "value": places[-1][0] if places else None,
        "source": places[-1][1] if places else "",
        "unsafe": list(dict.fromkeys(unsafe)),
    }


def _wrong(machine, entry):
    if entry in ("$PATH", "${PATH}"):
        return
    if entry in ("", "."):
        yield "the directory one happens to be in"
    elif not entry.startswith("/"):
        yield "%s is not a full path" % entry
    else:
        try:
            status = os.stat(machine.path(entry))
        except OSError:
            return  # what is not there, nobody can put a program in: /usr/local/sbin may be missing
        if not stat.S_ISDIR(status.st_mode):
            yield "%s is not a directory" % entry
        elif status.st_uid != 0 or status.st_mode & 0o022:
            yield "%s can be written by others than root" % entry
