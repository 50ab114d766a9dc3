"""Kernel settings: what runs (/proc/sys) and what the next boot gives (sysctl.d, in systemd's order, then ufw).

tests/unit/engine/test_against_sysctl.py holds the reading of files against systemd-sysctl.
"""

from __future__ import annotations

import fnmatch
import re
import stat

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import networkd

MAIN = "key"
SELECTORS = ("key",)
NEEDS = ("key",)
ATTRIBUTES = ("exists", "running", "configured", "configured_in")
# sysctl.d(5): the first directory that has a file of some name wins; files are read by name. /etc/sysctl.conf counts
# only where a link in sysctl.d leads to it, as Debian 12 has and Debian 13 has not.
DIRECTORIES = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
# ufw loads a file of its own when it starts, which is later (/etc/default/ufw names it).
UFW, UFW_STATE, UFW_DEFAULT = "/etc/default/ufw", "/etc/ufw/ufw.conf", "/etc/ufw/sysctl.conf"
ENABLED = re.compile(r"^[ \t]*ENABLED=[\"']?yes\b", re.MULTILINE | re.IGNORECASE)
# What the kernel makes of it where it wants numbers: white space ends a number, and what follows is passed over.
NUMBERS = re.compile(r"(-?\d+(?:[ \t]+-?\d+)*)[ \t]+[#;].*\Z")
# It reads a number as C writes it: with 0x before it by sixteen, with 0 by eight.
OTHER_BASE = re.compile(r"0(?:[xX][0-9A-Fa-f]+|[0-7]+)\Z")
# Of these an interface has a value of its own that counts beside that of `all`.
# Keys that say whether packets are passed on -> of which version of IP.
FORWARDING = {"net.ipv4.ip_forward": 4, "net.ipv4.conf.all.forwarding": 4, "net.ipv6.conf.all.forwarding": 6}
# tmpfiles.d(5): lines that write into a file, which systemd does after it has applied sysctl.d.
TMPFILES = ("/etc/tmpfiles.d", "/run/tmpfiles.d", "/usr/local/lib/tmpfiles.d", "/usr/lib/tmpfiles.d")
WRITTEN = re.compile(r"[ \t]*[wfF][-+!=~^$]*[ \t]+\"?/proc/sys/([^\s\"]+)\"?(?:[ \t]+\S+){4}[ \t]+(.*)")
INTERFACE = re.compile(
    r"(net[./]ipv4[./]conf[./])all([./](?:accept_redirects|secure_redirects|send_redirects|forwarding|route_localnet))\Z"
    r"|(net[./]ipv6[./]conf[./])all([./](?:accept_ra|accept_redirects|accept_source_route|forwarding))\Z"
)
SEPARATOR = re.compile(r"[./]")
SWAP = str.maketrans("./", "/.")


def describe(select):
    return "sysctl %s" % select.get("key")


def look_up(machine, select):
    key = str(select["key"])
    value = running(machine, key)
    set_to, where = configured_for(machine.once(configured), key)
    if value is None and set_to is None:
        return {"exists": False}
    evidence = "%s sets %s" % (where, set_to) if where else "no file in sysctl.d sets it"
    facts = {"running": value, "configured": set_to, "configured_in": where.rpartition(":")[0], "evidence": evidence}
    variants = _interfaces(machine, key, facts) + _of_networkd(machine, key, facts)
    return dict(facts, exists=value is not None, variants=variants)


def _of_networkd(machine, key, facts):
    """(place, facts) of each setting by which systemd-networkd switches a key on when it starts."""
    version = FORWARDING.get(key)
    places = networkd.forwarding(machine, version) if version else []
    return [("what %s sets" % place, dict(facts, configured="1", evidence=place)) for place in places]


def _interfaces(machine, key, facts):
    """(interface, facts) for each that has another value of a key of `all`, now or at the next boot."""
    hit = INTERFACE.match(key)
    if hit is None or machine.offline:  # a tree has no interfaces
        return []
    before, after = (part for part in hit.groups() if part is not None)
    settings, result = machine.once(configured), []
    for interface in machine.names("/proc/sys/" + _path(before + "x").rpartition("/")[0]):
        if interface in ("all", "default") or (interface == "lo" and key.endswith("accept_ra")):
            continue  # no router speaks to a machine from itself
        path = "%s%s%s" % (_path(before), interface, after.replace(".", "/"))
        set_to, where = configured_for(settings, path)
        if not where and all(entry[0] != path for entry in settings):
            set_to = facts["configured"]
        other = {"running": running(machine, path), "configured": set_to, "exists": True}
        if any(facts[name] != other[name] for name in ("running", "configured")):
            result.append(("interface " + interface, dict(other, configured_in="", evidence=facts["evidence"])))
    return result


def running(machine, key):
    """The value in force, fields separated by one space; None when the kernel has no such key."""
    try:
        text = machine.read("/proc/sys/" + _path(key))
    except UnreadableError as problem:
        return problem
    return None if text is None else " ".join(text.split())


def configured(machine):
    """Settings in the order in which systemd-sysctl applies them: list of (key or pattern with slashes, value,
    file:line); a value of None excludes the key from patterns."""
    paths = machine.first_by_name(place + "/*.conf" for place in DIRECTORIES).values()
    settings = [entry for path in paths for entry in parse(_text(machine, path), path)]
    return [*settings, *_of_tmpfiles(machine), *_of_ufw(machine)]


def _of_tmpfiles(machine):
    for path in machine.first_by_name(place + "/*.conf" for place in TMPFILES).values():
        for number, line in enumerate((machine.text(path) or "").splitlines(), 1):
            hit = WRITTEN.match(line)
            if hit:
                value = hit.group(2).strip().strip('"').replace("\\n", "")
                yield hit.group(1), " ".join(map(_number, value.split())), "%s:%d" % (path, number)


def _of_ufw(machine):
    """What ufw sets when it starts; nothing when it is not enabled."""
    if not is_ufw_on(machine):
        return []
    named = re.findall(r"^[ \t]*IPT_SYSCTL=[\"']?([^\"'\s]*)", machine.text(UFW) or "", re.MULTILINE)
    path = named[-1] if named else UFW_DEFAULT
    return parse(machine.text(path) or "", path) if path else []


def is_ufw_on(machine):
    """Whether ufw does something when its unit starts; None when no file says."""
    text = machine.text(UFW_STATE)
    return None if text is None else bool(ENABLED.search(text))


def parse(text, path):
    """One file of sysctl.d, as `configured` gives it."""
    settings = []
    for number, line in enumerate(text.splitlines(), 1):
        key, equals, value = line.strip().partition("=")
        key = key.strip()
        if key and key[0] not in "#;" and (equals or key[0] == "-"):
            text = NUMBERS.sub(r"\1", value.strip())
            text = " ".join(map(_number, text.split()))
            settings.append((_path(key.lstrip("-").strip()), text if equals else None, "%s:%d" % (path, number)))
    return settings


def _number(word):
    if not OTHER_BASE.match(word):
        return word
    return str(int(word, 16) if word[1] in "xX" else int(word, 8))


def _text(machine, path):
    """A link to /dev/null is how an admin switches off a file of that name."""
    status = machine.status(path)
    if status is not None and stat.S_ISCHR(status.st_mode):
        return ""
    return machine.text(path) or ""


def _path(key):
    """sysctl.d(5): where the first separator is a dot, dots and slashes change places."""
    first = SEPARATOR.search(key)
    return key.translate(SWAP) if first and first.group() == "." else key


def dotted(path):
    """The usual spelling of a key that is written with slashes."""
    return path.translate(SWAP)


def _fits(path, pattern):
    """As glob(7): a wildcard stands for no slash."""
    parts, patterns = path.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatch.fnmatchcase, parts, patterns))


def configured_for(settings, key):
    """(value, file:line) that the next boot gives to a key; a key by name, also an excluded one, wins from a pattern.
    (None, "") when nothing gives it one."""
    path = _path(key)
    named = [entry for entry in settings if entry[0] == path]
    if named:
        return named[-1][1:] if named[-1][1] is not None else (None, "")
    matching = {}
    for entry in settings:
        is_same = matching.get(entry[0], (None, None))[1] == entry[1]
        # systemd keeps the place of a pattern that comes again with the same value.
        if entry[1] is not None and not is_same and _fits(path, entry[0]):
            matching.pop(entry[0], None)
            matching[entry[0]] = entry
    return list(matching.values())[-1][1:] if matching else (None, "")
