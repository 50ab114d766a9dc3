"""Public keys that let somebody in over SSH, wherever sshd looks for them, and certificates that are trusted."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind, Unseen, joined
from ansible_collections.oplever.lab.plugins.module_utils.sources import account, ssh_key, sshd

KINDS = {
    "ssh_key": Kind(
        "SSH-sleutel die toegang geeft",
        "SSH key that lets in",
        "keys in authorized_keys of each account and in the other files that sshd reads, by fingerprint, with type, "
        "comment and options",
    ),
    "host_authority": Kind(
        "autoriteit voor hostsleutels",
        "authority for host keys",
        "keys marked @cert-authority or @revoked in known_hosts of each account: whose word ssh takes for machines",
    ),
    "host_key": Kind("hostsleutel van SSH", "SSH host key", "public keys by which this machine is known over SSH"),
    "authority": Kind(
        "vertrouwde certificaatautoriteit",
        "trusted certificate authority",
        "certificates in the bundle of ca-certificates that its package did not bring, and those of the package that "
        "are selected and not in it",
    ),
}
USUAL = ".ssh/authorized_keys .ssh/authorized_keys2"
KNOWN_HOSTS = (".ssh/known_hosts", ".ssh/known_hosts2")
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
SHOWN = 3
BROUGHT, SELECTED = "/usr/share/ca-certificates/", "/etc/ca-certificates.conf"
PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


def collect(machine, places):
    patterns = _patterns(machine)
    done = set()
    for name, facts in machine.once(account.accounts).items():
        for pattern in patterns:
            path = _expanded(pattern, name, facts)
            if (name, path) in done:
                continue
            done.add((name, path))
            try:
                text = machine.read(path) or ""
            except UnreadableError as problem:
                yield Unseen("ssh_key", str(problem))
                continue
            yield from _keys(text, "ssh_key", "%s, %s" % (name, path))
    yield from _host_authorities(machine)
    for path in machine.glob("/etc/ssh/ssh_host_*_key.pub"):
        yield from _keys(machine.read(path) or "", "host_key", path)
    yield from _authorities(machine)


def _host_authorities(machine):
    """ssh adds plain lines by itself, and only a person those with a mark."""
    for home in sorted({facts["home"].rstrip("/") for facts in machine.once(account.accounts).values()}):
        for name in KNOWN_HOSTS if home else ():
            path = "%s/%s" % (home, name)
            try:
                text = machine.read(path) or ""
            except UnreadableError as problem:
                yield Unseen("host_authority", str(problem))
                continue
            marked = "\n".join(line for line in text.splitlines() if line.startswith("@"))
            yield from _keys(marked, "host_authority", path)


def _patterns(machine):
    """Every value of AuthorizedKeysFile, in Match blocks too."""
    values = [line.value for line in machine.once(sshd.configured) if line.option == "authorizedkeysfile"]
    return sorted({word for value in [*values, USUAL] for word in value.split() if word != "none"})


def _expanded(pattern, name, facts):
    home = facts["home"].rstrip("/")
    path = pattern.replace("%%", "\0").replace("%h", home).replace("%u", name).replace("%U", str(facts["uid"]))
    path = path.replace("\0", "%")
    return path if path.startswith("/") else "%s/%s" % (home, path)


def _keys(text, kind, where):
    for line in text.splitlines():
        parsed = None if line.lstrip().startswith("#") else ssh_key.parse(line)
        if not parsed:
            continue
        words = line.split()
        at = next(number for number, word in enumerate(words) if word == parsed[0])
        try:
            blob = base64.b64decode(words[at + 1], validate=True)
        except (binascii.Error, ValueError, IndexError):
            continue
        fingerprint = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        comment, options = " ".join(words[at + 2 :]), " ".join(words[:at])
        value = joined("%s %d" % parsed, comment, "options %s" % options if options else "")
        yield Fact(kind, "%s, SHA256:%s" % (where, fingerprint), value)


def _authorities(machine):
    text = machine.read(BUNDLE, limit=16 << 20)
    if text is None:
        return
    selected = {line.strip() for line in (machine.read(SELECTED) or "").splitlines()}
    bundle, brought, lacking = set(_bodies(text)), set(), []
    for path in machine.glob(BROUGHT + "*/*.crt"):
        bodies = _bodies(machine.read(path) or "")
        brought.update(bodies)
        if path[len(BROUGHT) :] in selected and not bundle.issuperset(bodies):
            lacking.append(path.rpartition("/")[2])
    if lacking:
        shown = ", ".join(lacking[:SHOWN]) + (" ..." if lacking[SHOWN:] else "")
        yield Fact("authority", "selected, not in the bundle", "%d of the package: %s" % (len(lacking), shown))
    for body in sorted(bundle - brought):
        digest = hashlib.sha256(base64.b64decode(body)).hexdigest()
        yield Fact("authority", "SHA256 %s" % digest[:32], "trusted")


def _bodies(text):
    return ["".join(body.split()) for body in PEM.findall(text)]
