"""What settings and programs name outside the trees: what is part of a setting, and what it has run or read."""

from __future__ import annotations

import os
import re
import stat

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import programs
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import LONGEST_TEXT

INCLUDED = re.compile(
    r"^[ \t]*[@#$!.]?(?:include\w*|confdir|sourcedir)"
    r"(?:[ \t]+|[ \t]*[=(][ \t]*)(?:file[ \t]*=[ \t]*)?[\"'<]?(/[^\s\"'<>;#)]+)",
    re.MULTILINE | re.IGNORECASE,
)
# What a unit, a table of aliases, PHP, a shell, sshd, a web server and a database read as part of themselves by other
# words, whatever its name.
READ = re.compile(
    r"^[^#;\n]*?(?:EnvironmentFile=-?|:include:|auto_(?:pre|ap)pend_file\s*=\s*[\"']?|"
    r"(?:^|[;&\s\"'(])(?:\.|source)[ \t]+[\"']?|"
    r"(?:auth_basic_user_file|AuthUserFile|AuthGroupFile|load_module|LoadModule[ \t]+\w+)[ \t]+[\"']?|"
    r"\b(?:extension|init[-_]file|hba_file|ident_file)\s*=\s*[\"']?|"
    r"(?:TrustedUserCAKeys|RevokedKeys|AuthorizedPrincipalsFile|HostCertificate|Banner)[ \t=]+[\"']?)"
    r"(/[^\s\"'<>;#,)%$*]+)",
    re.MULTILINE | re.IGNORECASE,
)
# Lists, variables and settings of modules of PAM, and what git reads as more of its settings.
READ_BY = {
    re.compile(r"/etc/pam\.(?:d/|conf\Z)"): re.compile(
        r"^[^#\n]*?\s(?:file|accessfile|envfile|user_envfile|conf|conffile|config|authfile|db)=(/[^\s\]]+)",
        re.MULTILINE,
    ),
    re.compile(r".*(?:/\.gitconfig|/gitconfig|/git/config)\Z"): re.compile(
        r"^[ \t]*path[ \t]*=[ \t]*\"?(/[^\s\";#]+)", re.MULTILINE
    ),
}
# What is named in a line of other files is data: code and pages of applications name what they please.
SETTINGS = ("/etc/", "/run/", "/var/spool/cron/", "/root/", "/home/")
# A full path in a line of these, but behind a redirection.
NAMED = re.compile(r"(?<![\w.>/:])(?<!> )(/(?:home|srv|root|data|mnt|media|var|tmp)/[^\s\"';:|&<>*?$(){},=]+)")
SEEN_OTHERWISE = (
    "/etc/", "/usr/", "/lib/", "/bin/", "/sbin/", "/opt/", "/proc/", "/sys/", "/dev/", "/run/", "/var/run/",
    "/var/log/", "/var/cache/",
)  # fmt: skip
CODE = re.compile(r"\.(?:sh|bash|zsh|ksh|awk|py|pl|pm|rb|js|php|lua|jar|so(?:\.\d+)*)\Z")
SETTING = re.compile(r"\.(?:conf|cfg|cnf|ini|env|ya?ml|toml)\Z")
WRITTEN = (".log", ".pid", ".sock", ".lock", ".out", ".tmp")


def by_settings(machine, paths):
    """Files outside the trees that a configuration file reads as part of itself, and what a setting has run or read,
    wherever it is; /usr and /opt are looked at as files of packages and outside them."""
    for path, status in list(paths.items()):
        if not stat.S_ISREG(status.st_mode) or not status.st_size or status.st_size > LONGEST_TEXT:
            continue
        try:
            text = machine.read(path) or ""
        except UnreadableError:
            continue
        yield from filter(is_elsewhere, INCLUDED.findall(text))
        if path.startswith(SETTINGS):
            yield from filter(is_elsewhere, READ.findall(text))
            for place, words in READ_BY.items():
                yield from filter(is_elsewhere, words.findall(text) if place.match(path) else ())
            lines = (line for line in text.splitlines() if not line.lstrip().startswith(("#", ";", "//")))
            names = {name for line in lines for name in NAMED.findall(line)}
            yield from (name for name in names if is_elsewhere(name) and _is_script(machine, name))


def by_programs(machine):
    """Code outside the trees that a script of no package runs or reads."""
    for entry in machine.once(programs.walked).outside if os.geteuid() == 0 else ():
        is_program = stat.S_ISREG(entry.status.st_mode) and entry.status.st_mode & 0o111
        if not is_program or entry.status.st_size > LONGEST_TEXT or not entry.path.startswith(("/usr/local/", "/opt/")):
            continue
        try:
            data = machine.content(entry.path) or b""
        except UnreadableError:
            continue
        if data.startswith(b"#!"):
            text = data.decode("utf-8", "replace")
            lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
            names = {*READ.findall("\n".join(lines)), *(name for line in lines for name in NAMED.findall(line))}
            yield from (name for name in names if is_elsewhere(name) and _is_code(machine, name))


def _is_code(machine, name):
    """Whether a file can be run, or is named as a script or library: settings and data are written by their program."""
    return bool(CODE.search(name)) and _is_script(machine, name)


def is_elsewhere(path):
    return path.rstrip("/").count("/") > 1 and not path.startswith(SEEN_OTHERWISE) and not path.endswith(WRITTEN)


def _is_script(machine, path):
    """Whether a file is there to be run or read, not to be written: data that a program keeps changes all the time."""
    try:
        status = machine.status(path)
    except UnreadableError:
        return False  # not even root may look: it is in a file system of somebody else
    if status is None or not stat.S_ISREG(status.st_mode):
        return False
    return bool(status.st_mode & 0o111 or CODE.search(path) or SETTING.search(path))
