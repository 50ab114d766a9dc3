"""Digests: plain ones of what everybody on the machine can read, keyed ones of what only some can.

A plain digest of a short secret can be guessed back to the secret by whoever reads a record. The key of the others is
derived from the private key of the SSH server and the machine id, so nothing is stored and a snapshot writes nothing;
it never leaves the machine, and without it a digest says only whether two contents are the same
(docs/decisions/0056).
"""

from __future__ import annotations

import hashlib
import hmac

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

DIGITS = 16
MATERIAL = (
    "/etc/ssh/ssh_host_ed25519_key",
    "/etc/ssh/ssh_host_ecdsa_key",
    "/etc/ssh/ssh_host_rsa_key",
)
PURPOSE = b"oplever snapshot 1"


def plain(data):
    return hashlib.sha256(data).hexdigest()[:DIGITS]


def keyed(machine, data):
    """`keyed` and a digest that only this machine can make."""
    return "keyed " + hmac.new(machine.once(_key), data, hashlib.sha256).hexdigest()[:DIGITS]


def key_name(machine):
    """A name for the key: digests that were made with different keys cannot be compared."""
    return hmac.new(machine.once(_key), b"name of the key", hashlib.sha256).hexdigest()[:8]


def _key(machine):
    material = [machine.content("/etc/machine-id") or b"", _first_private(machine)]
    return hmac.new(b"\0".join(material), PURPOSE, hashlib.sha256).digest()


def _first_private(machine):
    for path in MATERIAL:
        try:
            data = machine.content(path)
        except UnreadableError:
            continue
        if data:
            return data
    return b""
