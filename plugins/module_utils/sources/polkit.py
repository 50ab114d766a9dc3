"""Rules of polkit that no package brought and that say yes without asking: they are programs, so only that is read."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.sources import package

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "unasked")
RULES = ("/etc/polkit-1/rules.d/*.rules", "/run/polkit-1/rules.d/*.rules", "/usr/local/share/polkit-1/rules.d/*.rules",
         "/usr/share/polkit-1/rules.d/*.rules")  # fmt: skip
LISTS = ("/etc/polkit-1/localauthority/*/*.pkla", "/var/lib/polkit-1/localauthority/*/*.pkla")
YES = re.compile(r"polkit\s*\.\s*Result\s*(?:\.\s*YES\b|\[\s*[\"']YES)|return\s+[\"']yes[\"']")
YES_IN_A_LIST = re.compile(r"Result(?:Any|Active|Inactive)\s*=\s*yes\s*\Z")


def describe(select):
    return "rules of polkit in /etc, /run and /usr"


def look_up(machine, select):
    """`unasked`: places, as `file:line`, in rules that no package brought."""
    places = []
    for patterns, yes in ((RULES, YES), (LISTS, YES_IN_A_LIST)):
        paths = [path for pattern in patterns for path in machine.glob(pattern)]
        for path in sorted(package.unowned(machine, paths)):
            for number, line in enumerate((machine.text(path) or "").splitlines(), 1):
                if yes.search(line.partition("//")[0]):
                    places.append("%s:%d" % (path, number))
    return {"exists": True, "unasked": places}
