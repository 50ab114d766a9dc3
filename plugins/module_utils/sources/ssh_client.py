"""Settings of the SSH client for everybody and for root, as ssh reads them: blanks or tabs or `=`, words in quotes, a
comment behind them, files included, and of an option the first value."""

from __future__ import annotations

import os
import posixpath
import re

from ansible_collections.oplever.lab.plugins.module_utils import ssh_line

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "trusting")
# What a user has in his own file goes before what holds for everybody; of names without a path, their directories.
FILES = (("/root/.ssh/config", "/root/.ssh"), ("/etc/ssh/ssh_config", "/etc/ssh"))
DROP_INS = "/etc/ssh/ssh_config.d/*.conf"
DEPTH = 16
EVERYBODY = ("", "host *", "match all")
# With these the client does not make sure which machine answers, or lets that machine use the caller's keys.
TRUSTING = {
    "StrictHostKeyChecking": re.compile(r"(?:no|off|false)\Z", re.IGNORECASE),
    "UserKnownHostsFile": re.compile(r"/dev/null\Z|none\Z"),
    "ForwardAgent": re.compile(r"yes\Z|true\Z|[/$]", re.IGNORECASE),
    "VerifyHostKeyDNS": re.compile(r"yes\Z|true\Z", re.IGNORECASE),
}
NAMES = {name.lower(): name for name in TRUSTING}


def describe(select):
    return "settings of the SSH client (ssh_config, ssh_config.d, /root/.ssh/config)"


def look_up(machine, select):
    """`trusting`: lines of `file:number: option value` that take the word of any machine."""
    trusting = []
    for path, directory in FILES:
        settled = set()
        lines = list(_lines(machine, path, directory, "", 0))
        if directory == "/etc/ssh" and not any(where.startswith(directory + "/ssh_config.d/") for where, *_ in lines):
            lines += [line for inner in machine.glob(DROP_INS) for line in _lines(machine, inner, directory, "", 0)]
        for where, option, value, block in lines:
            name = NAMES.get(option)
            if name and option not in settled and TRUSTING[name].match(value):
                trusting.append("%s: %s %s" % (where, name, value))
            if block in EVERYBODY:
                settled.add(option)
    return {"exists": True, "trusting": trusting}


def _lines(machine, path, directory, block, depth):
    """(file:line, option in lower case, value, head of the block that it stands in) of a file with what it includes. A
    block ends with its file."""
    if _is_of_a_package(machine, path):
        return
    for number, line in enumerate((machine.text(path) or "").splitlines(), 1):
        option, value = ssh_line.split(line)
        if option in ("host", "match"):
            block = "%s %s" % (option, value.lower())
        elif option == "include" and depth < DEPTH:
            for pattern in value.split():
                for inner in machine.glob(posixpath.join(directory, pattern.replace("~", "/root"))):
                    yield from _lines(machine, inner, directory, block, depth + 1)
        elif option:
            yield "%s:%d" % (path, number), option, value, block


def _is_of_a_package(machine, path):
    """systemd links its own file into ssh_config.d, for machines on this one that are reached without a network."""
    return os.path.realpath(machine.path(path)).startswith(machine.root + "/usr/lib/")
