"""Signatures over a revision of a record, made and checked by OpenSSH (`ssh-keygen -Y`, namespace `oplever`).

`signed/<revision>/` keeps what was signed: the manifest of that revision, its record.json and documents, and the
statement that names the manifest, the person and the role. The journal and the entries stay where they are: the journal
never changes, and the entries of that revision are the beginning of today's.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from oplever import clock, config
from oplever.errors import OpleverError
from oplever.files import sha256, unwritable, why, write
from oplever.messages import M_
from oplever.record.entries import Entry, PseudonymisedEntry, Role, SignatureEntry, withdrawal
from oplever.record.entries.signature import Through, changed_meanwhile
from oplever.record.persons import among
from oplever.store import manifest
from oplever.store.manifest import MANIFEST, SIGNED, Listed
from oplever.store.places import ENTRIES, JOURNAL
from oplever.store.records import read_entries

NAMESPACE = "oplever"
DESK = "oplever-desk"
"""The name that the key of a desk has in the allowed signers."""
STATEMENT = "statement.json"
SIGNATURE = f"{STATEMENT}.sig"


class Statement(Struct, frozen=True):
    """What is signed: `manifest` is the SHA-256 of the manifest of that revision."""

    record: str
    revision: int
    manifest: str
    name: str
    role: str
    at: str
    format: str = "oplever-statement"
    version: int = 1
    through: Through = ""


class Signer(Struct, frozen=True):
    """Who signed, as far as the key says: `principal` is the name in the allowed signers, one of `principals`."""

    principal: str
    key: str
    principals: tuple[str, ...] = ()


class Checked(Struct, frozen=True):
    """One signature entry and what came of checking it; without problems it holds.

    `altered` names bytes that are not as they were signed, `unproven` why it proves no signer, `unknown` whether that
    is for want of a known key alone, `later` how many entries other than signatures came after it.
    """

    revision: int
    name: str
    role: str
    signer: Signer | None
    note: str
    altered: tuple[str, ...] = ()
    unproven: str = ""
    later: int = 0
    unknown: bool = False

    @property
    def problems(self) -> tuple[str, ...]:
        return (*self.altered, self.unproven) if self.unproven else self.altered


def sign(directory: Path, by: str, role: Role, at: str, key: Path | None, *, through: Through = "") -> Entry:
    """Sign the revision whose documents are there; returns the entry that says so, still to be added. `through` says
    that the key is not that of `by`.

    Raises OpleverError (`signing-failed`, `signing-key-missing`, `file-unwritable`).
    """
    stated = manifest.read(directory / MANIFEST)
    frozen = manifest.make(directory, stated.documents_revision)
    if frozen != stated or frozen.revision is None or frozen.documents != frozen.revision:
        raise changed_meanwhile()
    content = manifest.encode(frozen)
    digest = hashlib.sha256(content).hexdigest()
    stated_by = Statement(frozen.record, frozen.revision, digest, by, role, at, through=through)
    statement = _encoded(stated_by)
    place = directory / SIGNED / str(frozen.revision)
    with _draft(place) as draft:
        _keep(directory, draft, frozen.files)
        write(draft / MANIFEST, content)
        write(draft / STATEMENT, statement)
        with _key(key) as private:
            _run("-Y", "sign", "-n", NAMESPACE, "-f", str(private), str(draft / STATEMENT))
        os.chmod(draft / SIGNATURE, 0o600)
        fingerprint = _fingerprint(draft / SIGNATURE, statement)
        digests = hashlib.sha256(statement).hexdigest(), sha256(draft / SIGNATURE)
    return Entry(at, by, SignatureEntry(role, frozen.revision, *digests, fingerprint, through))


def _encoded(statement: Statement) -> bytes:
    """As it is signed; `through` is in it where it says something."""
    content = msgspec.structs.asdict(statement)
    if not statement.through:
        del content["through"]
    return msgspec.json.encode(content) + b"\n"


def try_key(key: Path | None) -> None:
    """Sign something of no meaning, so that a key that is not there or cannot sign is found before anything is written.

    A passphrase is asked for here and again for the signature itself. Raises OpleverError (`signing-failed`,
    `signing-key-missing`).
    """
    with tempfile.TemporaryDirectory() as place, _key(key) as private:
        probe = Path(place) / "probe"
        probe.write_bytes(b"Oplever tries whether this key can sign; this is no signature of anything.\n")
        _run("-Y", "sign", "-n", f"{NAMESPACE}-try", "-f", str(private), str(probe))


def check(directory: Path, allowed: Path | None) -> list[Checked]:
    """Every signature entry, checked against `allowed`, the file of allowed signers. Raises OpleverError."""
    entries = read_entries(directory)
    withdrawn = frozenset(withdrawal.files(entries))
    return [
        msgspec.structs.replace(
            _check(directory, entry, entry.entry, _cut(entries[number:]), allowed, withdrawn=withdrawn),
            later=sum(not isinstance(later_entry.entry, SignatureEntry) for later_entry in entries[number:]),
        )
        for number, entry in enumerate(entries, 1)
        if isinstance(entry.entry, SignatureEntry)
    ]


def strangers(directory: Path) -> list[str]:
    """What stands among the signed revisions without an entry that says so. Raises OpleverError."""
    revisions = {str(e.entry.revision) for e in read_entries(directory) if isinstance(e.entry, SignatureEntry)}
    place = directory / SIGNED
    names = sorted(path.name for path in place.iterdir()) if place.is_dir() else []
    return [f"{SIGNED}/{name}: no entry belongs to this signature" for name in names if name not in revisions]


def allowed_signers(option: str | None) -> Path | None:
    """The file of allowed signers: by option, by configuration, else beside ansible.cfg; None when there is none."""
    if option:
        return Path(option).expanduser()
    if configured := config.load().signing.allowed_signers:
        return config.path_beside(configured)
    path = config.beside("allowed_signers")
    return path if path and path.is_file() else None


def _cut(later: Sequence[Entry]) -> frozenset[str]:
    """Which names were replaced after a signature."""
    return frozenset(name for e in later if isinstance(e.entry, PseudonymisedEntry) for name in e.entry.names)


def _check(
    directory: Path,
    entry: Entry,
    signature: SignatureEntry,
    cut: frozenset[str],
    allowed: Path | None,
    *,
    withdrawn: frozenset[str],
) -> Checked:
    place = directory / SIGNED / str(signature.revision)
    if "signatures" in cut:
        note = "removed when the names were replaced by pseudonyms"
        return Checked(signature.revision, entry.by, signature.role, None, note)
    altered = tuple(_wrong_files(directory, place, signature, withdrawn, pseudonymised=bool(cut)))
    note = "its documents were removed when names were replaced by pseudonyms" if cut else ""
    signer, unproven, unknown = None, "", False
    if not altered:
        statement = msgspec.json.decode((place / STATEMENT).read_bytes(), type=Statement)
        stated = (statement.record, statement.revision, statement.name, statement.role, statement.through)
        if stated != (directory.name, signature.revision, entry.by, signature.role, signature.through):
            altered = (f"{SIGNED}/{signature.revision}/{STATEMENT}: does not match its entry",)
        try:
            signer = verify(place, allowed, statement.at)
        except OpleverError as problem:
            unproven, unknown = (
                f"{SIGNED}/{signature.revision}/{SIGNATURE}: {problem.message}",
                problem.slug == "signer-unknown",
            )
        if signer and not _may_sign(signer, entry.by, signature.through):
            signed_as = f"{DESK} for {entry.by}" if signature.through else entry.by
            whose = f"signed as {signed_as}, with the key of {', '.join(signer.principals)}"
            unproven = f"{SIGNED}/{signature.revision}/{SIGNATURE}: {whose}"
    if signature.through and not note:
        note = M_("by the desk, for {name}, who had logged in there; it is no key of their own", name=entry.by)
    return Checked(signature.revision, entry.by, signature.role, signer, note, altered, unproven, unknown=unknown)


def _may_sign(signer: Signer, name: str, through: Through) -> bool:
    """Whether the key is of the desk when the desk signed, and else of the person."""
    return DESK in signer.principals if through else among(name, signer.principals) is not None


def _wrong_files(
    directory: Path, place: Path, signature: SignatureEntry, withdrawn: frozenset[str], *, pseudonymised: bool
) -> Iterator[str]:
    where = f"{SIGNED}/{signature.revision}"
    statement_digest = _digest(place / STATEMENT)
    if statement_digest != signature.statement:
        yield f"{where}/{STATEMENT}: {'missing' if statement_digest is None else 'changed'}"
        return
    if (signature_digest := _digest(place / SIGNATURE)) != signature.signature:
        yield f"{where}/{SIGNATURE}: {'missing' if signature_digest is None else 'changed'}"
    statement = msgspec.json.decode((place / STATEMENT).read_bytes(), type=Statement)
    if _digest(place / MANIFEST) != statement.manifest:
        yield f"{where}/{MANIFEST}: changed or missing"
        return
    listed = manifest.read(place / MANIFEST).files
    for file in listed:
        if file.name == ENTRIES:
            if not pseudonymised and _digest(directory / ENTRIES, file.size_bytes) != file.sha256:
                yield f"{ENTRIES}: the first lines differ from what was signed as revision {signature.revision}"
        elif file.name == JOURNAL:
            if _digest(directory / JOURNAL) != file.sha256:
                yield f"{JOURNAL}: differs from what was signed as revision {signature.revision}"
        elif (now := _digest(place / file.name)) != file.sha256 and not (
            now is None and (pseudonymised or file.name in withdrawn)
        ):
            yield f"{where}/{file.name}: {'missing' if now is None else 'changed'}"
    listed_names = {file.name for file in listed} | {MANIFEST, STATEMENT, SIGNATURE}
    for path in sorted(place.rglob("*")):
        name = str(path.relative_to(place))
        if name not in listed_names and not path.is_dir():
            yield f"{where}/{name}: added"


def verify(place: Path, allowed: Path | None, at: str) -> Signer:
    """Who signed, when the key was theirs at the time of the statement.

    Raises OpleverError (`signing-failed`; `signer-unknown` when nobody said whose key it is).
    """
    signature, statement = place / SIGNATURE, (place / STATEMENT).read_bytes()
    key = _fingerprint(signature, statement)
    if allowed is None:
        advice = M_("give it with --allowed-signers, or set signing.allowed_signers in oplever.yml")
        raise OpleverError(
            "signer-unknown", M_("there is no file of allowed signers to look up key {key}", key=key), advice
        )
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


def _fingerprint(signature: Path, statement: bytes) -> str:
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
        yield option or config.path_beside(configured or "")
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


@contextlib.contextmanager
def _draft(place: Path) -> Iterator[Path]:
    """A directory that becomes `place` when all went well; else nothing is left of it."""
    draft = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    try:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        draft.mkdir(mode=0o700)
        try:
            yield draft
            shutil.rmtree(place, ignore_errors=True)  # an attempt that ended before its entry was written
            draft.replace(place)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    except OSError as problem:
        raise unwritable(place, problem) from None


def _keep(directory: Path, place: Path, files: Sequence[Listed]) -> None:
    """Documents are replaced, never rewritten, so a second name for the same file costs nothing and stays as it is."""
    for file in files:
        if file.name in (JOURNAL, ENTRIES):
            continue
        target = place / file.name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            os.link(directory / file.name, target, follow_symlinks=False)
        except OSError:
            shutil.copyfile(directory / file.name, target, follow_symlinks=False)
            target.chmod(0o600)


def _digest(path: Path, size_bytes: int | None = None) -> str | None:
    try:
        return None if path.is_symlink() else sha256(path, size_bytes)
    except OSError:
        return None


def _run(*arguments: str, data: bytes = b"") -> str:
    """ssh-keygen with these arguments; a passphrase it asks on the terminal itself."""
    advice = M_("check the key and its passphrase; OpenSSH 8.9 or newer is needed")
    try:
        done = subprocess.run(["ssh-keygen", *arguments], input=data, capture_output=True, check=False)
    except OSError as problem:
        raise OpleverError("signing-failed", M_("ssh-keygen: {reason}", reason=why(problem)), advice) from None
    output = (done.stdout + done.stderr).decode(errors="replace").strip()
    if done.returncode:
        raise OpleverError(
            "signing-failed", M_("ssh-keygen: {output}", output=" ".join(output.split()) or M_("failed")), advice
        )
    return output
