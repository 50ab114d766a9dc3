"""Settings of the SSH client for everybody and for root, as ssh reads them: blanks or tabs or `=`, words in quotes."""

from __future__ import annotations

import os
import re

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "trusting")
FILES = ("/etc/ssh/ssh_config", "/etc/ssh/ssh_config.d/*.conf", "/root/.ssh/config")
LINE = re.compile(r"[ \t]*([A-Za-z]+)(?:[ \t]*=[ \t]*|[ \t]+)\"?([^\"]*?)\"?[ \t]*\Z")
# With these the client does not make sure which machine answers, or lets that machine use the caller's keys.
TRUSTING = {
    "stricthostkeychecking": re.compile(r"(?:no|off|false)\Z", re.IGNORECASE),
    "userknownhostsfile": re.compile(r"/dev/null\Z|none\Z"),
    "forwardagent": re.compile(r"yes\Z|true\Z|[/$]", re.IGNORECASE),
    "verifyhostkeydns": re.compile(r"yes\Z|true\Z", re.IGNORECASE),
}


def describe(select):
    return "settings of the SSH client (ssh_config, ssh_config.d, /root/.ssh/config)"


def look_up(machine, select):
    """`trusting`: lines of `file:number: option value` that take the word of any machine."""
    trusting = []
    for pattern in FILES:
        for path in filter(lambda path: not _is_of_a_package(machine, path), machine.glob(pattern)):
            for number, line in enumerate((machine.text(path) or "").splitlines(), 1):
                setting = LINE.match(line)
                judge = TRUSTING.get(setting.group(1).lower()) if setting else None
                if judge and judge.match(setting.group(2)):
                    trusting.append("%s:%d: %s %s" % (path, number, *setting.groups()))
    return {"exists": True, "trusting": trusting}


def _is_of_a_package(machine, path):
    """systemd links its own file into ssh_config.d, for machines on this one that are reached without a network."""
    return os.path.realpath(machine.path(path)).startswith(machine.root + "/usr/lib/")
