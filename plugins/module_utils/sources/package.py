"""Packages: dpkg's database, with the origin that apt knows."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "name"
SELECTORS = ("name",)
NEEDS = ("name",)
ATTRIBUTES = ("exists", "version", "status", "origin", "held")
FORMAT = "${binary:Package}\t${Version}\t${Status}\t${Essential}\n"


class Origin:
    """What apt knows of one package: `origin` of the installed version (site suite/component), `candidate` (None: no
    newer one) and whether that comes from a security archive."""

    __slots__ = ("candidate", "origin", "security")

    def __init__(self, origin, candidate=None, security=False):
        self.origin = origin
        self.candidate = candidate
        self.security = security


def describe(select):
    return "dpkg-query, package %s" % select.get("name")


def look_up(machine, select):
    name = str(select["name"])
    found = machine.once(installed).get(name)
    if found is None:
        return {"exists": False}
    version, status = found
    try:
        known = machine.once(origins).get(name)
        origin = known.origin if known else "local"
    except UnreadableError as problem:
        origin = problem
    return {
        "exists": status.split()[-1] == "installed",
        "version": version,
        "status": status,
        "origin": origin,
        "held": status.startswith("hold"),
    }


def installed(machine):
    """name (with :arch when foreign) -> (version, status such as `install ok installed`); removed packages too."""
    rows = (line.split("\t") for line in machine.output(["dpkg-query", "-W", "-f", FORMAT]).splitlines())
    architecture = ":" + machine.output(["dpkg", "--print-architecture"]).strip()
    return {
        row[0][: -len(architecture)] if row[0].endswith(architecture) else row[0]: (row[1], row[2])
        for row in rows
        if len(row) == 4
    }


def origins(machine):
    """name -> Origin, from one `apt-cache policy` over everything that is installed."""
    names = sorted(name for name, (_, status) in machine.once(installed).items() if status.endswith(" installed"))
    return parse_policy(machine.output(["apt-cache", "policy", *names]))


def manual(machine):
    """Names that a person (or Ansible) asked for, sorted."""
    return sorted(machine.output(["apt-mark", "showmanual"]).split())


def parse_policy(text):
    """The output of `apt-cache policy NAMES`."""
    found = {}
    for block in _blocks(text):
        fields = dict(line.strip().partition(": ")[::2] for line in block[1:3])
        versions = _versions(block)
        mine = versions.get(fields.get("Installed", "").strip(), [])
        candidate = fields.get("Candidate", "").strip()
        newer = candidate not in ("", "(none)", fields.get("Installed", "").strip())
        found[block[0].rstrip(":")] = Origin(
            mine[0] if mine else "local",
            candidate if newer else None,
            newer and any("security" in place for place in versions.get(candidate, [])),
        )
    return found


def _blocks(text):
    block = []
    for line in text.splitlines():
        if line and not line.startswith(" "):
            if block:
                yield block
            block = []
        block.append(line)
    if block:
        yield block


def _versions(block):
    """version -> places that have it, without dpkg's own database."""
    found, places = {}, []
    for line in block[3:]:
        words = line.split()
        if line.startswith((" *** ", "     ")) and len(words) <= 3 and not words[-1].startswith("/"):
            places = found.setdefault(words[1] if words[0] == "***" else words[0], [])
        elif len(words) >= 3 and "://" in words[1]:
            places.append("%s %s" % (words[1].split("://", 1)[1].split("/", 1)[0], words[2]))
    return found
