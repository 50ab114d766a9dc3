"""OpenSSH's `ssh-keygen -Y`: signing a file with a key, and finding out whose key made a signature."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from oplever import clock, config
from oplever.errors import OpleverError
from oplever.files import refuse_pipe, require_file, why
from oplever.messages import M_

NAMESPACE = "oplever"
"""What our signatures are for: one that was made for something else, such as a commit, does not count."""


class Signer(Struct, frozen=True):
    """Who signed, as far as the key says: `principal` is the name in the allowed signers, one of `principals`."""

    principal: str
    key: str
    principals: tuple[str, ...] = ()


def sign(file: Path, key: Path | None, namespace: str = NAMESPACE) -> None:
    """Write the signature of a file beside it, as `<file>.sig`. A passphrase is asked on the terminal.

    Raises OpleverError (`signing-failed`, `signing-key-missing`, `file-unreadable` when the key is no file).
    """
    with _key(key) as private:
        _run("-Y", "sign", "-n", namespace, "-f", str(private), str(file))


def signer(signature: Path, statement: bytes, allowed: Path | None, at: str) -> Signer:
    """Who signed the statement, when the key was theirs at that time. `allowed` is the file of allowed signers.

    Raises OpleverError (`signing-failed`; `signer-unknown` when nobody said whose key it is; `file-unreadable` when
    `allowed` cannot be read; `ssh-keygen-missing`).
    """
    key = fingerprint(signature, statement)
    if allowed is None:
        advice = M_("give it with --allowed-signers, or set signing.allowed_signers in oplever.yml")
        raise OpleverError(
            "signer-unknown", M_("there is no file of allowed signers to look up key {key}", key=key), advice
        )
    require_file(allowed)
    moment = clock.moment(at).astimezone().strftime("%Y%m%d%H%M%S")
    options = ("-f", str(allowed), "-s", str(signature), f"-Overify-time={moment}")
    try:
        lines = _run("-Y", "find-principals", *options).splitlines()
    except OpleverError:
        advice = M_("add the key to {allowed} if you know whose it is", allowed=allowed)
        if _is_listed(allowed, key):
            advice = M_("check its dates and namespaces in {allowed}", allowed=allowed)
            raise OpleverError(
                "signing-failed", M_("key {key} was not allowed at that time", key=key), advice
            ) from None
        raise OpleverError(
            "signer-unknown", M_("key {key} is not in {allowed}", key=key, allowed=allowed), advice
        ) from None
    principals = tuple(name.strip() for line in lines for name in line.split(",") if name.strip())
    _run("-Y", "verify", "-n", NAMESPACE, "-I", principals[0], *options, data=statement)
    return Signer(principals[0], key, principals)


def _is_listed(allowed: Path, key: str) -> bool:
    """Whether a file of allowed signers has a key, whenever and for whatever it is allowed."""
    return any(_fingerprint_of(word) == key for word in allowed.read_text(encoding="utf-8", errors="replace").split())


def _fingerprint_of(word: str) -> str:
    """The fingerprint of a public key as files have it, of anything else a value that no key has."""
    try:
        return "SHA256:" + base64.b64encode(
            hashlib.sha256(base64.b64decode(word, validate=True)).digest()
        ).decode().rstrip("=")
    except ValueError:
        return ""


def fingerprint(signature: Path, statement: bytes) -> str:
    """The fingerprint of the key that made a signature. Raises OpleverError (`signing-failed`)."""
    output = _run("-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(signature), data=statement)
    match = re.search(r"SHA256:\S+", output)
    if match is None:
        raise OpleverError(
            "signing-failed",
            M_("ssh-keygen showed no key: {output}", output=output),
            M_("check which ssh-keygen is on PATH"),
        )
    return match[0]


@contextlib.contextmanager
def _key(option: Path | None) -> Iterator[Path]:
    """The key by option or configuration, else the first one of the SSH agent."""
    configured = config.load().signing.key
    if option or configured:
        key = option or config.path_beside(configured or "")
        refuse_pipe(key)
        yield key
        return
    try:
        done = subprocess.run(["ssh-add", "-L"], capture_output=True, check=False)
        first = done.stdout.splitlines()[0] if done.returncode == 0 else b""
    except OSError:
        first = b""
    if not first:
        advice = M_("give --key, set signing.key in oplever.yml, or: ssh-add")
        raise OpleverError("signing-key-missing", M_("there is no key to sign with"), advice)
    with tempfile.TemporaryDirectory() as place:
        public = Path(place) / "key.pub"
        public.write_bytes(first + b"\n")
        yield public


def make(key: Path, comment: str) -> None:
    """A new pair of keys without a passphrase, the public one as `<key>.pub`. Raises OpleverError (`signing-failed`,
    `ssh-keygen-missing`)."""
    advice = M_("make a key yourself, and name it as desk.key in oplever.yml")
    _run("-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(key), advice=advice)


_ADVICE = M_("check the key and its passphrase; OpenSSH 8.9 or newer is needed")


def _run(*arguments: str, data: bytes = b"", advice: str = _ADVICE) -> str:
    """ssh-keygen with these arguments; a passphrase it asks on the terminal itself."""
    try:
        done = subprocess.run(["ssh-keygen", *arguments], input=data, capture_output=True, check=False)
    except OSError as problem:
        raise OpleverError(
            "ssh-keygen-missing",
            M_("ssh-keygen cannot be started: {reason}", reason=why(problem)),
            M_("install OpenSSH 8.9 or newer (openssh-client), and put it on PATH"),
        ) from None
    output = (done.stdout + done.stderr).decode(errors="replace").strip()
    if done.returncode:
        raise OpleverError(
            "signing-failed", M_("ssh-keygen: {output}", output=" ".join(output.split()) or M_("failed")), advice
        )
    return output
