"""A public key of SSH as a line of authorized_keys has it: what is wrong with it, seen in its data."""

from __future__ import annotations

import base64
import binascii
import re

ED25519 = 32  # bytes of a key
POINTS = {"nistp256": 65, "nistp384": 97, "nistp521": 133}  # bytes of a point on the curve
SMALLEST_RSA = 1024  # bits; sshd refuses a smaller one


def public_key(value: str) -> str:
    """A line of authorized_keys: options, type, key, comment."""
    if "PRIVATE KEY" in value:
        return "is a private key: change that key, and give the line of its .pub file"
    if "\n" in value.strip() or value.startswith("#"):
        return "is not one line with one public key"
    pair = re.search(r"(?:^|\s)((?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+)\s+([A-Za-z0-9+/]+={0,3})(?:\s|$)", value.strip())
    if pair is None:
        return "is not a public key such as `ssh-ed25519 AAAA... name`"
    try:
        fields = _fields(base64.b64decode(pair[2], validate=True))
    except (binascii.Error, ValueError):
        return "is not a public key: its data is damaged or cut off"
    return _key_problem(pair[1], fields)


def _fields(data: bytes) -> list[bytes]:
    """The strings that the data of a key consists of. Raises ValueError where one is cut off."""
    fields = []
    while data:
        size = int.from_bytes(data[:4], "big")
        if len(data) < 4 + size:
            raise ValueError
        fields.append(data[4 : 4 + size])
        data = data[4 + size :]
    return fields


def _key_problem(name: str, fields: list[bytes]) -> str:
    if not fields or fields[0] != name.encode():
        return f"is not a public key: its data is not that of {name}"
    sizes = [len(field) for field in fields[1:]]
    if name == "ssh-rsa":
        bits = int.from_bytes(fields[2], "big").bit_length() if len(fields) == 3 else 0
        return "" if bits >= SMALLEST_RSA else f"is not an RSA key of {SMALLEST_RSA} bits or more"
    curve = name.split("@", 1)[0].rsplit("-", 1)[-1]
    shapes = {
        "ssh-ed25519": [ED25519],
        "sk-ssh-ed25519@openssh.com": [ED25519, *sizes[1:2]],
        f"ecdsa-sha2-{curve}": [len(curve), POINTS.get(curve, -1)],
        "sk-ecdsa-sha2-nistp256@openssh.com": [len("nistp256"), POINTS["nistp256"], *sizes[2:3]],
    }
    if name not in shapes:
        return f"has a type, {name}, that the SSH server does not take"
    return "" if sizes == shapes[name] else f"is not a public key: its data is not that of {name}"
