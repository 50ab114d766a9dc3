"""Why security updates are not installed by themselves: what apt.systemd.daily and unattended-upgrades are told."""

from __future__ import annotations

import fnmatch
import re

from ansible_collections.oplever.lab.plugins.module_utils.sources import apt_conf, context, unit_file

PERIODIC = "apt::periodic::"
EVERY = ("Update-Package-Lists", "Unattended-Upgrade")
"""Settings that each say after how long their work is done again; without one it is never done."""
ALWAYS = "always"
SPAN = re.compile(r"(\d+)([dhms]?)\Z")
DAYS = {"": 1, "d": 1, "h": 1 / 24, "m": 1 / 1440, "s": 1 / 86400}
LONGEST_DAYS = 7
UNITS = [name + kind for name in ("apt-daily", "apt-daily-upgrade") for kind in (".timer", ".service")]
ORIGINS = "unattended-upgrade::origins-pattern", "unattended-upgrade::allowed-origins"
BLACKLIST = "unattended-upgrade::package-blacklist"
ANY_PACKAGE = ("bash", "linux-image-amd64", "openssl")
SHORT_NAMES = {"a": "suite", "archive": "suite", "c": "component", "l": "label", "n": "codename", "o": "origin"}


def gaps(machine):
    """In words, and none where updates are installed by themselves."""
    rows = machine.once(apt_conf.rows)
    settings = dict(rows)
    return [*_of_periodic(settings), *_of_units(machine), *([] if machine.offline else _of_origins(machine, rows))]


def _of_periodic(settings):
    enabled = settings.get(PERIODIC + "enable", "1")
    if (enabled.isdigit() and not int(enabled)) or enabled.lower() in ("false", "no", "off"):
        yield "APT::Periodic::Enable is %s" % enabled
    for name in EVERY:
        value = settings.get(PERIODIC + name.lower(), "0")
        if value != ALWAYS and not 0 < _days(value) <= LONGEST_DAYS:
            yield "APT::Periodic::%s is %s" % (name, value)


def _days(value):
    hit = SPAN.match(value)
    return int(hit.group(1)) * DAYS[hit.group(2)] if hit else 0


def _of_units(machine):
    """Timers that do not start at the next boot, and services that cannot be started."""
    for name in UNITS:
        facts = unit_file.find(machine, name)
        if facts and (facts["load"] == "masked" or (name.endswith(".timer") and facts["enabled"] != "enabled")):
            yield "%s is %s" % (name, facts["enabled"])


def _of_origins(machine, rows):
    """Where updates come from, and packages that are left out; nothing where unattended-upgrades is not there."""
    patterns = [_pattern(key, value) for key, value in rows if key.rstrip(":") in ORIGINS and value]
    archive = _security(machine.once(context.os_release).get("VERSION_CODENAME", ""))
    if any(key.startswith("unattended-upgrade::") for key, _ in rows) and not any(
        _fits(pattern, archive) for pattern in patterns
    ):
        yield "Unattended-Upgrade::Origins-Pattern has no security archive"
    for key, value in rows:
        if key.rstrip(":") == BLACKLIST and value and all(_leaves_out(value, name) for name in ANY_PACKAGE):
            yield "Unattended-Upgrade::Package-Blacklist has %s" % value


def _security(codename):
    """The security archive of the release, as its Release file says."""
    return {
        "origin": "Debian", "label": "Debian-Security", "suite": "*-security", "component": "main",
        "codename": "%s-security" % codename, "site": "security.debian.org",
        "distro_id": "Debian", "distro_codename": codename,
    }  # fmt: skip


def _pattern(key, value):
    """Name -> pattern of one line; those of the older setting are `origin:suite`."""
    if key.rstrip(":") == ORIGINS[1]:
        origin, _, suite = value.replace("\\:", " ").partition(":")
        return {"origin": origin, "suite": suite}
    pairs = (part.partition("=")[::2] for part in re.split(r"(?<!\\),", value))
    return {SHORT_NAMES.get(name.strip(), name.strip()): pattern.strip() for name, pattern in pairs}


def _fits(pattern, archive):
    """Whether a pattern takes in the archive. The release is also called by its code name alone, and is of any age."""
    for name, text in pattern.items():
        value = re.sub(r"\$\{(\w+)\}", lambda hit: archive.get(hit.group(1), hit.group()), text)
        is_alike = fnmatch.fnmatchcase(archive.get(name, ""), value)
        if name == "suite":
            is_alike = value.endswith("-security") or value == "*"
        elif name == "codename":
            is_alike = is_alike or value == archive["distro_codename"]
        if not is_alike:
            return False
    return bool(pattern)


def _leaves_out(pattern, name):
    try:
        return bool(re.match(pattern, name))
    except re.error:
        return False
