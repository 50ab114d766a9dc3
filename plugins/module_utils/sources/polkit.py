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
ACTIONS = ("/etc/polkit-1/actions/*.policy", "/run/polkit-1/actions/*.policy",
           "/usr/local/share/polkit-1/actions/*.policy", "/usr/share/polkit-1/actions/*.policy")  # fmt: skip
# A rule may give the object of the results another name.
YES = re.compile(r"\.\s*YES\b|[\"'](?:YES|yes)[\"']")
# A text in quotes, kept, or a comment of a program; of an action a comment of XML.
COMMENT = re.compile(r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|//[^\n]*|/\*.*?(?:\*/|\Z)""", re.DOTALL)
COMMENT_IN_XML = re.compile(r"()<!--.*?(?:-->|\Z)", re.DOTALL)
COMMENT_IN_A_LIST = re.compile(r"()^[ \t]*#[^\n]*", re.MULTILINE)
YES_OF_AN_ACTION = re.compile(r"<allow_(?:any|inactive|active)>\s*yes\s*<")
YES_IN_A_LIST = re.compile(r"Result(?:Any|Active|Inactive)\s*=\s*yes\s*$", re.MULTILINE)


KINDS = ((RULES, YES, COMMENT), (LISTS, YES_IN_A_LIST, COMMENT_IN_A_LIST), (ACTIONS, YES_OF_AN_ACTION, COMMENT_IN_XML))


def describe(select):
    return "rules and actions of polkit in /etc, /run and /usr"


def look_up(machine, select):
    """`unasked`: places, as `file:line`, in rules and actions that no package brought."""
    places = []
    for patterns, yes, comment in KINDS:
        paths = [path for pattern in patterns for path in machine.glob(pattern)]
        for path in sorted(package.unowned(machine, paths)):
            text = comment.sub(_kept, machine.text(path) or "")
            numbers = sorted({text.count("\n", 0, hit.start()) + 1 for hit in yes.finditer(text)})
            places += ["%s:%d" % (path, number) for number in numbers]
    return {"exists": True, "unasked": places}


def _kept(hit):
    """A text in quotes as it is; of a comment its ends of lines."""
    return hit.group(1) or "\n" * hit.group().count("\n")
