"""Packages: dpkg's database, with the origin that apt knows."""

from __future__ import annotations

import os
import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "name"
SELECTORS = ("name", "all")
NEEDS = ("name", "all")
ATTRIBUTES = ("exists", "version", "status", "origin", "candidate", "held", "held_names", "broken", "count")
DATABASE = "/var/lib/dpkg/status"
LISTS = "/var/lib/dpkg/info/"
LARGEST = 64 << 20
COMPLETE = ("installed", "config-files", "not-installed")
PARAGRAPHS = re.compile(r"\n{2,}")
SETTING = re.compile(r"(?<!\S)(?:0*[2-7][0-7]{3}|[ug]*\+[rwxXt]*s[rwxXst]*)(?!\S)")
"""A mode of chmod that makes a file setuid or setgid, in digits or letters."""
FIELD = re.compile(r"^(Package|Status|Version|Architecture): *(.*?) *$", re.MULTILINE)


class Origin:
    """What apt knows of one package: `origin` of the installed version (site suite/component), `candidate` (None: no
    newer one) and whether that comes from a security archive."""

    __slots__ = ("candidate", "origin", "security")

    def __init__(self, origin, candidate=None, security=False):
        self.origin = origin
        self.candidate = candidate
        self.security = security


def describe(select):
    return "package %s" % select["name"] if select.get("name") else "all packages in %s" % DATABASE


def look_up(machine, select):
    if select.get("all"):
        return _all(machine)
    name = str(select["name"])
    entry = machine.once(installed).get(name)
    if entry is None:
        return {"exists": False}
    version, status = entry
    return {
        "exists": status.endswith(" installed"),
        "version": version,
        "status": status,
        "origin": lambda: _origin(machine, name).origin,
        "candidate": lambda: _origin(machine, name).candidate,
        "held": status.startswith("hold"),
        "evidence": "%s: %s %s, %s" % (DATABASE, name, version, status),
    }


def _all(machine):
    """`broken`: packages of which an installation stopped halfway, or that want a new one (dpkg --audit)."""
    states = {name: status.split() for name, (_, status) in machine.once(installed).items()}
    return {
        "exists": True,
        "count": sum(state == "installed" for _, _, state in states.values()),
        "held_names": sorted(name for name, (want, _, _) in states.items() if want == "hold"),
        "broken": sorted(
            "%s: %s" % (name, state if flag == "ok" else flag)
            for name, (_, flag, state) in states.items()
            if flag != "ok" or state not in COMPLETE
        ),
    }


def _origin(machine, name):
    return machine.once(origins).get(name) or Origin("local")


def installed(machine):
    """name (with :arch when foreign) -> (version, status such as `install ok installed`); removed packages too."""
    text = machine.read(DATABASE, limit=LARGEST)
    if not text:
        raise UnreadableError("%s %s" % (DATABASE, "does not exist" if text is None else "is empty"))
    return parse_status(text)


def parse_status(text):
    """The paragraphs of dpkg's database, as `installed` gives them. Raises UnreadableError when it is damaged."""
    packages, architectures = {}, {}
    for number, paragraph in enumerate(PARAGRAPHS.split(text.strip("\n")), 1):
        fields = dict(FIELD.findall(paragraph))
        name, status = fields.get("Package"), fields.get("Status", "")
        if not name or len(status.split()) != 3:
            raise UnreadableError("%s is damaged: paragraph %d has no Package or Status" % (DATABASE, number))
        key = name, fields.get("Architecture", "")
        packages[key] = fields.get("Version", ""), status
        architectures[name] = key[1]
    native = architectures.get("dpkg", "")
    return {
        name if architecture in (native, "all", "") else "%s:%s" % (name, architecture): facts
        for (name, architecture), facts in packages.items()
    }


def unowned(machine, paths):
    """Those of `paths` that no installed package brought."""
    return sorted(set(paths) - set(owners(machine, paths)))


def owners(machine, paths):
    """path -> the package that brought it, as its files in dpkg's database are called; without those of no package."""
    left, owner_of = {path: [path, *_aliases(path)] for path in paths}, {}
    for listing in machine.glob(LISTS + "*.list") if left else ():
        text = "\n%s\n" % (machine.read(listing, limit=LARGEST) or "")
        for path in [path for path, aliases in left.items() if any("\n%s\n" % alias in text for alias in aliases)]:
            owner_of[path] = listing[len(LISTS) : -len(".list")]
            del left[path]
    return owner_of


def sets_bits(machine, package, path):
    """Whether the package makes this file of its own setuid or setgid when it is installed: its postinst does so."""
    for line in (machine.read("%s%s.postinst" % (LISTS, package), limit=LARGEST) or "").splitlines():
        words = line.split("#")[0].replace('"', "").replace("'", "").split()
        if words[:1] == ["chmod"] and SETTING.search(" ".join(words[1:])) and set(words) & {path, *_aliases(path)}:
            return True
    return False


def _aliases(path):
    """The other name that a file has since /bin, /sbin and /lib are links into /usr."""
    if path.startswith("/usr/"):
        return [path[4:]]
    return ["/usr" + path] if path.startswith(("/bin/", "/sbin/", "/lib")) else []


def origins(machine):
    """name -> Origin, from one `apt-cache policy` over everything that is installed."""
    return parse_policy(apt_cache(machine, ["policy", *names(machine)]))


def places(machine):
    """name -> where the installed version comes from, and where the candidate: two lists of `site suite`."""
    return parse_places(apt_cache(machine, ["policy", *names(machine)]))


def parse_places(text):
    """The same, from the output of `apt-cache policy NAMES`."""
    result = {}
    for block in _blocks(text):
        fields = dict(line.strip().partition(": ")[::2] for line in block[1:3])
        versions = _versions(block)
        result[block[0].rstrip(":")] = tuple(
            [place.rpartition("/")[0] for place in versions.get(fields.get(key, "").strip(), [])]
            for key in ("Installed", "Candidate")
        )
    return result


def names(machine):
    """Names of the packages that are installed, sorted."""
    return sorted(name for name, (_, status) in machine.once(installed).items() if status.endswith(" installed"))


def apt_cache(machine, words):
    """Output of apt-cache, run as the user nobody, since it would write its cache as root. Where that user may not read
    something it is run as root."""
    argv = ["apt-cache", *words]
    if os.geteuid() == 0:
        done = machine.run(argv, user="nobody")
        if done.rc == 0:
            return done.stdout
    return machine.output(argv)


def manual(machine):
    """Names that a person (or Ansible) asked for, sorted."""
    return sorted(machine.output(["apt-mark", "showmanual"]).split())


def parse_policy(text):
    """The output of `apt-cache policy NAMES`."""
    policies = {}
    for block in _blocks(text):
        fields = dict(line.strip().partition(": ")[::2] for line in block[1:3])
        versions = _versions(block)
        mine = versions.get(fields.get("Installed", "").strip(), [])
        candidate = fields.get("Candidate", "").strip()
        newer = candidate not in ("", "(none)", fields.get("Installed", "").strip())
        policies[block[0].rstrip(":")] = Origin(
            mine[0] if mine else "local",
            candidate if newer else None,
            newer and any("security" in place for place in versions.get(candidate, [])),
        )
    return policies


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
    versions, places = {}, []
    for line in block[3:]:
        words = line.split()
        if line.startswith((" *** ", "     ")) and len(words) <= 3 and not words[-1].startswith("/"):
            places = versions.setdefault(words[1] if words[0] == "***" else words[0], [])
        elif len(words) >= 3 and "://" in words[1]:
            places.append("%s %s" % (words[1].split("://", 1)[1].split("/", 1)[0], words[2]))
    return versions
