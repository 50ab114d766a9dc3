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
    for name in machine.names(ADMIN):
        yield Fact("alternative", name, _alternative(machine, name))


def _alternative(machine, name):
    mode = (machine.read("%s/%s" % (ADMIN, name)) or "").split("\n", 1)[0]
    try:
        target = os.readlink(machine.path("/etc/alternatives/" + name, follow=False))
    except OSError:
        target = "nothing"
    except UnreadableError as problem:
        target = str(problem)
    return "%s, %s" % (target, mode or "auto")
