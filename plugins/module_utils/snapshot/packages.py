"""What people told dpkg and apt to do otherwise: holds, diversions, alternatives, rights of their own."""

from __future__ import annotations

import os

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import catalogue
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind
from ansible_collections.oplever.lab.plugins.module_utils.sources import package

KINDS = {
    "package_state": Kind(
        "stand van een pakket",
        "state of a package",
        "packages on hold, half installed, or to be removed, in dpkg's words",
    ),
    "diversion": Kind("omleiding van dpkg", "diversion", "files that dpkg puts elsewhere (dpkg-divert)"),
    "override": Kind("recht volgens dpkg", "override of rights", "rights that dpkg gives a file (dpkg-statoverride)"),
    "alternative": Kind("alternatief", "alternative", "which program a name stands for (update-alternatives)"),
}
LINKS = "/etc/alternatives"
ADMIN = "/var/lib/dpkg/alternatives"


def collect(machine, places):
    for name, (_, status) in machine.once(package.installed).items():
        if status not in ("install ok installed", "deinstall ok config-files", "purge ok not-installed"):
            yield Fact("package_state", name, status)
    for name in (machine.read("/var/lib/dpkg/arch") or "").split():
        yield Fact("package_state", "architecture " + name, "packages of it may be installed")
    for path, (target, by) in catalogue.diversions(machine).items():
        yield Fact("diversion", path, "to %s, by %s" % (target, "a person" if by == ":" else "package " + by))
    for line in (machine.read("/var/lib/dpkg/statoverride") or "").splitlines():
        words = line.split(None, 3)
        if len(words) == 4:
            yield Fact("override", words[3], "%s %s %s" % (words[2], words[0], words[1]))
    known = set()
    for name in machine.names(ADMIN):
        known.add(name)
        yield Fact("alternative", name, _alternative(machine, name))
        for follower, target in _followers(machine, name).items():
            known.add(follower)
            now = _target(machine, follower)
            if now != target:
                yield Fact("alternative", follower, "%s, not %s as with %s" % (now, target, name))
    for name in machine.names(LINKS):
        if name not in known and name != "README":
            yield Fact("alternative", name, "%s, made by hand" % _target(machine, name))


def _alternative(machine, name):
    mode = (machine.read("%s/%s" % (ADMIN, name)) or "").split("\n", 1)[0]
    return "%s, %s" % (_target(machine, name), mode or "auto")


def _target(machine, name):
    try:
        return os.readlink(machine.path("%s/%s" % (LINKS, name), follow=False))
    except OSError:
        return "nothing"
    except UnreadableError as problem:
        return str(problem)


def _followers(machine, name):
    """Links that go with one name -> where the choice in force has them lead, in the form that update-alternatives
    keeps: mode and link, pairs of name and link of each follower, and behind an empty line for each choice its path,
    its priority, and a target for each follower, empty for none."""
    lines = (machine.read("%s/%s" % (ADMIN, name)) or "").split("\n")
    end = next((at for at in range(2, len(lines), 2) if not lines[at]), len(lines))
    followers, choice = lines[2:end:2], _target(machine, name)
    size = len(followers) + 2
    for at in range(end + 1, len(lines) - size + 1, size):
        if lines[at] == choice:
            # Of a follower whose target is not installed (a page of the manual) there is no link.
            targets = {follower: lines[at + 2 + n] for n, follower in enumerate(followers)}
            return {f: t if t and machine.status(t) is not None else "nothing" for f, t in targets.items()}
    return {follower: _target(machine, follower) for follower in followers}
