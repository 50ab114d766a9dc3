"""Public keys that let somebody in over SSH, wherever sshd looks for them, and certificates that are trusted."""

from __future__ import annotations

import base64
import hashlib
import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind, Unseen, joined, masked
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
LARGEST = 16 << 20  # bytes of a file with keys
KNOWN_HOSTS = (".ssh/known_hosts", ".ssh/known_hosts2")
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
SHOWN = 3
BROUGHT, SELECTED = "/usr/share/ca-certificates/", "/etc/ca-certificates.conf"
PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


def collect(machine, places):
    patterns = _patterns(machine)
    for name, facts in machine.once(account.accounts).items():
        paths = set()
        for pattern in patterns:
            try:
                places_of_keys = list(ssh_key.places_of(machine, [pattern], name, facts))
            except UnreadableError as problem:
                yield Unseen("ssh_key", str(problem))
                continue
            for path in places_of_keys:
                if path not in paths:
                    paths.add(path)
                    yield from _in_file(machine, "ssh_key", "%s, %s" % (name, path), path)
    yield from _host_authorities(machine)
    for path in machine.glob("/etc/ssh/ssh_host_*_key.pub"):
        yield from _keys(machine.text(path) or "", "host_key", path)
    yield from _authorities(machine)


def _host_authorities(machine):
    """ssh adds plain lines by itself, and only a person those with a mark."""
    for home in sorted({facts["home"].rstrip("/") for facts in machine.once(account.accounts).values()}):
        for name in KNOWN_HOSTS if home else ():
            path = "%s/%s" % (home, name)
            yield from _in_file(machine, "host_authority", path, path)


def _in_file(machine, kind, where, path):
    """The keys in a file. An account makes of its own what it likes, which hides nothing of the others: what cannot be
    read is told as it is."""
    try:
        text = machine.text(path, LARGEST) or ""
    except UnreadableError as problem:
        yield Fact(kind, where, "cannot be read: %s" % problem)
        return
    if kind != "host_authority":
        yield from _keys(text, kind, where)
        return
    for words in (line.split(None, 2) for line in text.split("\n") if line.startswith("@")):
        if len(words) == 3:
            yield from _keys(words[2], kind, where, marked=" ".join(words[:2]))


def _patterns(machine):
    """Every value of AuthorizedKeysFile, in Match blocks too."""
    values = [line.value for line in machine.once(sshd.configured) if line.option == "authorizedkeysfile"]
    return sorted({word for value in [*values, USUAL] for word in value.split() if word != "none"})


def _keys(text, kind, where, marked=""):
    """`marked`: the words before the key in a list of hosts, which stand for its options."""
    for key in filter(None, map(ssh_key.fields, text.split("\n"))):
        fingerprint = base64.b64encode(hashlib.sha256(key.blob).digest()).decode().rstrip("=")
        options = marked or key.options
        about = joined(key.comment, "options %s" % options if options else "")
        shown = masked(about)
        value = joined("%s %d" % (key.kind, key.bits), "with too long options" if shown is None else shown)
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
        try:
            yield Fact("authority", "SHA256 %s" % hashlib.sha256(base64.b64decode(body)).hexdigest()[:32], "trusted")
        except ValueError:
            yield Fact("authority", "(no certificate) %s" % body[:32], "in the bundle, and cannot be read")


def _bodies(text):
    return ["".join(body.split()) for body in PEM.findall(text)]
