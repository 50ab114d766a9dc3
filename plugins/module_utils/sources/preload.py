"""Libraries that a variable has the dynamic linker load into every program (ld.so(8)): for all who log in, all shells,
or all services."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.sources import pam, systemd_setting, umask, unit_file

NAMES = r"LD_(?:PRELOAD|AUDIT)"
# NAME=value of files of PAM and of systemd, where more may stand before it.
SETTING = re.compile(r"(?:\A|[\s\"'])(%s[ \t]*=[ \t]*[\"']?[^\s\"']+)" % NAMES)
OF_PAM_ENV = re.compile(r"^[ \t]*(%s)[ \t]+\S" % NAMES)
# In a shell: for all that follows, not for one command alone.
OF_A_SHELL = re.compile(
    r"(?:\b(?:export|declare[ \t]+-\w*x\w*|typeset[ \t]+-\w*x\w*)[ \t]+(?:\S+[ \t]+)*?(?P<given>%(name)s=[^\s;&|)]+)"
    r"|(?:^|[;&|({])[ \t]*(?P<set>%(name)s=[^\s;&|)]+)[ \t]*(?:$|[;&|)}]))" % {"name": NAMES}
)
PAM_ENV, ENVIRONMENT = "/etc/security/pam_env.conf", "/etc/environment"
OF_USERS = tuple("%s/environment.d/*.conf" % place for place in ("/etc", "/run", "/usr/local/lib"))
OF_SERVICES = tuple("%s/systemd/%s/service.d/*.conf" % (place, manager) for place in ("/etc", "/run")
                    for manager in ("system", "user"))  # fmt: skip
MANAGERS = ("system.conf", "user.conf")


def settings(machine, shell_files):
    """Lines of `place: variable`, of files that are read for everybody."""
    conf, files = _of_pam(machine)
    for path in conf:
        yield from _hits(path, machine.text(path), OF_PAM_ENV)
    for path in [*files, *(path for pattern in OF_USERS for path in machine.glob(pattern))]:
        yield from _hits(path, machine.text(path), SETTING)
    for path in shell_files:
        yield from _hits(path, "\n".join(umask.lines(machine.text(path) or "")), OF_A_SHELL)
    for name in MANAGERS:
        for value, where in systemd_setting.values(machine, name, "Manager", "DefaultEnvironment"):
            yield from ("%s: %s" % (where, hit) for hit in SETTING.findall(value))
    for path in (path for pattern in OF_SERVICES for path in machine.glob(pattern)):
        for _, key, value in unit_file.lines(machine.text(path) or ""):
            if key == "Environment":
                yield from ("%s: %s" % (path, hit) for hit in SETTING.findall(value))


def _of_pam(machine):
    """(files of pam_env with conditions, files with NAME=value) that some service reads."""
    conf, files = [PAM_ENV], [ENVIRONMENT]
    for service in pam.ways_in(machine):
        for kind in ("auth", "session"):
            for line in pam.stack(machine, service, kind) or []:
                if line.module == "pam_env.so":
                    words = dict(word.partition("=")[::2] for word in line.arguments)
                    conf.append(words.get("conffile", PAM_ENV))
                    files.append(words.get("envfile", ENVIRONMENT))
    return list(dict.fromkeys(conf)), list(dict.fromkeys(files))


def _hits(path, text, pattern):
    for line in (text or "").splitlines():
        if not line.lstrip().startswith("#"):
            for hit in pattern.finditer(line):
                yield "%s: %s" % (path, next(filter(None, hit.groups())))
