"""What people get when they log in: the umask, and the path on which root finds programs."""

from __future__ import annotations

import os
import re
import stat

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import pam

MAIN = "what"
SELECTORS = ("what",)
NEEDS = ("what",)
ATTRIBUTES = ("exists", "value", "source", "unsafe")
SHELL_FILES = ("/etc/profile", "/etc/bash.bashrc")
ROOT_FILES = ("/root/.profile", "/root/.bash_profile", "/root/.bash_login", "/root/.bashrc")
UMASK = re.compile(r"^[^#\n]*?\bumask\s+(0?[0-7]{3})\b", re.MULTILINE)
LOGIN_UMASK = re.compile(r"^[ \t]*UMASK\s+(0?[0-7]{3})\b", re.MULTILINE)
PATH = re.compile(r"^[^#\n]*?\bPATH=[\"']?([^\"'\n;]*)", re.MULTILINE)
SUPATH = re.compile(r"^[ \t]*ENV_SUPATH\s+PATH=(\S+)", re.MULTILINE)


def describe(select):
    return "environment at login, %s" % str(select.get("what")).replace("_", " ")


def look_up(machine, select):
    what = str(select["what"])
    if what == "umask":
        return _umask(machine)
    if what == "root_path":
        return _root_path(machine)
    raise UnreadableError("environment does not know %s (it knows: root_path, umask)" % what)


def _umask(machine):
    """The weakest of what counts: a shell's own files come after PAM, and PAM after login.defs."""
    settings = [
        (value, path)
        for path in (*SHELL_FILES, *machine.glob("/etc/profile.d/*.sh"))
        for value in UMASK.findall(machine.read(path) or "")
    ]
    for line in pam.stack(machine, "common-session", "session") or []:
        if line.module == "pam_umask.so":
            given = [word.partition("=")[2] for word in line.arguments if word.startswith("umask=")]
            inherited = LOGIN_UMASK.findall(machine.read("/etc/login.defs") or "")
            settings += [(value, line.source) for value in (given or inherited)[-1:]]
    if not settings:
        settings = [(value, "/etc/login.defs") for value in LOGIN_UMASK.findall(machine.read("/etc/login.defs") or "")]
    if not settings:
        return {"exists": False}
    # What is not masked by every one of them is not masked.
    kept, source = settings[-1][0], ", ".join(dict.fromkeys(path for _, path in settings))
    for value, _ in settings:
        kept = "%03o" % (int(kept, 8) & int(value, 8))
    return {"exists": True, "value": kept, "source": source}


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
