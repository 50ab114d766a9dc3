"""One setting of a PAM module: its argument in the stack, else its configuration files, else what is built in."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import pam

MAIN = "option"
SELECTORS = ("module", "option")
NEEDS = ("option",)
ATTRIBUTES = ("exists", "value", "source", "active")
SETTING = re.compile(r"(\w+)(?:(?:\s*=\s*|\s+)(.*))?\Z")
SWITCHED_ON = "on"
OTHER_FILE = "conf"
"""An argument of pam_faillock and pam_pwhistory: the file that they read instead of their own."""
CREDITS = ("dcredit", "ucredit", "lcredit", "ocredit")


class Module:
    """Where a module takes its settings from: `file`, whether `drop_ins` beside it count (they are read first, so the
    file itself wins), the `service` and `type` of the stack, and the values that are `built_in`."""

    __slots__ = ("built_in", "drop_ins", "file", "service", "type")

    def __init__(self, file, service, type, built_in, drop_ins=False):
        self.file = file
        self.service = service
        self.type = type
        self.built_in = built_in
        self.drop_ins = drop_ins


MODULES = {
    "pam_pwquality.so": Module(
        "/etc/security/pwquality.conf",
        "common-password",
        "password",
        {
            "difok": "1", "minlen": "8", "minclass": "0", "dcredit": "0", "ucredit": "0", "lcredit": "0",
            "ocredit": "0", "maxrepeat": "0", "maxsequence": "0", "dictcheck": "1", "usercheck": "1",
            "enforcing": "1", "retry": "1",
        },
        drop_ins=True,
    ),
    "pam_faillock.so": Module(
        "/etc/security/faillock.conf",
        "common-auth",
        "auth",
        {"deny": "3", "fail_interval": "900", "unlock_time": "600", "root_unlock_time": "600"},
    ),
    "pam_pwhistory.so": Module("/etc/security/pwhistory.conf", "common-password", "password", {"remember": "10"}),
    "pam_unix.so": Module("/etc/login.defs", "common-password", "password", {}),
}  # fmt: skip


def describe(select):
    return "%s, option %s" % (select.get("module"), select.get("option"))


def look_up(machine, select):
    """`active`: the module is in the stack, so that the value means something."""
    name, option = str(select.get("module") or ""), str(select["option"])
    if name not in MODULES:
        raise UnreadableError("source pam_option knows the modules %s" % ", ".join(sorted(MODULES)))
    module = MODULES[name]
    lines = [line for line in pam.stack(machine, module.service, module.type) or [] if line.module == name]
    facts = {"active": bool(lines)}
    arguments = [(*option_in(word), line.source) for line in lines for word in line.arguments]
    files = [value for key, value, _ in arguments if key == OTHER_FILE] or [module.file]
    settings = [*_in_files(machine, module, files[-1]), *arguments]
    settings = {key: (value, source) for key, value, source in settings}
    value, source = settings.get(option, (module.built_in.get(option), "built in"))
    if (name, option) == ("pam_pwquality.so", "minlen"):
        value = _shortest(value, [settings.get(credit, ("0",))[0] for credit in CREDITS])
    return dict(facts, exists=option in settings or bool(lines), value=value, source=source)


def _shortest(length, credits):
    """The length of the shortest password that is long enough: a character of a kind with credit counts double, as
    often as the credit says (pwquality.conf(5))."""
    try:
        number, extra = int(length), sum(max(int(credit), 0) for credit in credits)
    except ValueError:
        return length
    return str(max(number - extra, -(-number // 2))) if extra else length


def option_in(word):
    """(option, value) of an argument such as `minlen=14` or `even_deny_root`."""
    key, equals, value = word.partition("=")
    return key, value if equals else SWITCHED_ON


def _in_files(machine, module, file):
    """(option, value, file:line) in the order in which they are read: the last counts."""
    paths = machine.glob(module.file + ".d/*.conf") if module.drop_ins else []
    for path in [*paths, file]:
        for number, line in enumerate((machine.text(path) or "").splitlines(), 1):
            hit = SETTING.match(line.partition("#")[0].strip())
            if hit:
                value = hit.group(2)
                yield hit.group(1), SWITCHED_ON if value is None else value, "%s:%d" % (path, number)
