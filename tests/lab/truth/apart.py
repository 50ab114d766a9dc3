"""What a planted change takes for itself, so that two of one group can be held apart: what both take is named for one
by the other, stays after its undo, or makes one of them fail."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import combinations

from .changes import Change

QUOTED = re.compile(r"'[^']*'")
READ_ONLY = re.compile(
    r"\bcp (?:-a |--remove-destination )*\S+|\bmkdir -p (?:-m \d+ )?[^;&\n]+"
    r"|\brmdir (?:-p )?--ignore-fail-on-non-empty (?:-p )?[^;&\n]+|/dev/null|\B--divert \S+|\B(?:-s|--shell) \S+"
)
"""What is only read, and directories that are made where there are none and removed when nothing is left in them."""
PATH = re.compile(r"(?<![\w.$)}*/-])(/[\w.@+*/~-]*+)(?!\$)")
LISTS = {
    "/etc/group",
    "/etc/gshadow",
    "/etc/passwd",
    "/etc/shadow",
    "/etc/subuid",
    "/var/lib/dokuwiki/acl/users.auth.php",
}
"""Files in which several changes have a line of their own."""
ACCOUNT = re.compile(
    r"(?<![\w/])(?:useradd|usermod|userdel|chage|passwd|gpasswd|groupadd|groupmod|groupdel)\b ([^;&\n]+)"
)
NUMBER = re.compile(r"\B(?:-u|-g|--uid|--gid) (\d+)|\bchown (\d+):\d+")
PORT = re.compile(r"(?:dport|listen|ListenStream=|http\.server|sshd -p|bind\(\(\"[\d.]+\",) ?(\d+)")
UNIT = re.compile(r"\b([\w@-]+\.(?:service|timer|socket|path))(?:\.d)?\b|--unit=([\w-]+)")
PACKAGE = re.compile(r"/var/lib/dpkg/info/([\w.+-]+)\.\w+\b")
REMOVED_TREE = re.compile(r"\brm -rf? ([^;&\n]+)")


def takes(change: Change) -> frozenset[str]:
    """Paths, accounts and groups, their numbers, ports, units and lists of packages that a change makes, changes or
    removes, as words."""
    text = "\n".join((change.prepare, change.plant, change.undo))
    bare = READ_ONLY.sub(" ", QUOTED.sub(" ", text))
    paths = {f"path {path}" for path in PATH.findall(bare)} - {f"path {path}" for path in LISTS}
    accounts = {f"account {words.split()[-1]}" for words in ACCOUNT.findall(QUOTED.sub("x", text))}
    accounts |= {
        f"account {words[1]}"
        for line in change.must_name
        if (words := line.split("|")[0].split())[0] in ("account", "group") and words[1:]
    }
    numbers = {f"number {''.join(match)}" for match in NUMBER.findall(bare)}
    ports = {f"port {port}" for port in PORT.findall(text)}
    units = {f"unit {''.join(match).removesuffix('.service')}" for match in UNIT.findall(bare)}
    packages = {f"package {package}" for package in PACKAGE.findall(bare)}
    return frozenset(paths | accounts | numbers | ports | units | packages)


def removed_trees(change: Change) -> frozenset[str]:
    """Directories that its undo removes with all that is in them."""
    return frozenset(path for words in REMOVED_TREE.findall(change.undo) for path in PATH.findall(words))


def meetings(planted: Iterable[Change]) -> list[str]:
    """Pairs of changes that are planted together and take the same, each with what it is."""
    lines = []
    for change, other in combinations(planted, 2):
        if not set(change.releases) & set(other.releases):
            continue
        shared = set(takes(change) & takes(other))
        for tree_of, in_it in ((change, other), (other, change)):
            shared |= {
                word for word in takes(in_it) for tree in removed_trees(tree_of) if word.startswith(f"path {tree}/")
            }
        if shared:
            lines.append(f"{change.id} and {other.id} both have {', '.join(sorted(shared))}")
    return lines
