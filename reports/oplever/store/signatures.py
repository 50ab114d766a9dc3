"""Signatures over a revision of a record, made and checked by OpenSSH (`ssh-keygen -Y`, namespace `oplever`).

`signed/<revision>/` keeps what was signed: the manifest of that revision, its record.json and documents, and the
statement that names the manifest, the person and the role. The journal and the entries stay where they are: the journal
never changes, and the entries of that revision are the beginning of today's.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct

from oplever import config
from oplever.errors import OpleverError
from oplever.files import sha256, unwritable, write
from oplever.messages import M_
from oplever.record.entries import Entry, PseudonymisedEntry, Role, SignatureEntry, withdrawal
from oplever.record.entries.signature import Through, changed_meanwhile
from oplever.record.persons import among
from oplever.store import manifest, ssh_keygen
from oplever.store.manifest import MANIFEST, SIGNED, Listed
from oplever.store.places import ENTRIES, JOURNAL
from oplever.store.records import read_entries
from oplever.store.ssh_keygen import NAMESPACE, Signer

DESK = "oplever-desk"
"""The name that the key of a desk has in the allowed signers."""
STATEMENT = "statement.json"
SIGNATURE = f"{STATEMENT}.sig"


_NOTHING_CHECKED = frozenset({"ssh-keygen-missing", "file-unreadable"})
"""What keeps every signature from being looked at; it says nothing of one."""


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
    statement = _encode(stated_by)
    place = directory / SIGNED / str(frozen.revision)
    with _draft(place) as draft:
        _keep(directory, draft, frozen.files)
        write(draft / MANIFEST, content)
        write(draft / STATEMENT, statement)
        ssh_keygen.sign(draft / STATEMENT, key)
        os.chmod(draft / SIGNATURE, 0o600)
        fingerprint = ssh_keygen.fingerprint(draft / SIGNATURE, statement)
        digests = hashlib.sha256(statement).hexdigest(), sha256(draft / SIGNATURE)
    return Entry(at, by, SignatureEntry(role, frozen.revision, *digests, fingerprint, through))


def _encode(statement: Statement) -> bytes:
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
    with tempfile.TemporaryDirectory() as place:
        probe = Path(place) / "probe"
        probe.write_bytes(b"Oplever tries whether this key can sign; this is no signature of anything.\n")
        ssh_keygen.sign(probe, key, f"{NAMESPACE}-try")


def check(directory: Path, allowed: Path | None) -> list[Checked]:
    """Every signature entry, checked against `allowed`, the file of allowed signers. Raises OpleverError."""
    entries = read_entries(directory)
    withdrawn = frozenset(withdrawal.files(entries))
    return [
        msgspec.structs.replace(
            _check(_Signed(directory, entry, entry.entry, _replaced_names(entries[number:]), withdrawn), allowed),
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
    return [
        M_("{name}: no entry belongs to this signature", name=f"{SIGNED}/{name}")
        for name in names
        if name not in revisions
    ]


def allowed_signers(option: str | None) -> Path | None:
    """The file of allowed signers: by option, by configuration, else beside ansible.cfg; None when there is none."""
    if option:
        return config.expanded(option)
    if configured := config.load().signing.allowed_signers:
        return config.path_beside(configured)
    path = config.beside("allowed_signers")
    return path if path and path.is_file() else None


def _replaced_names(later: Sequence[Entry]) -> frozenset[str]:
    """Which names were replaced by pseudonyms after a signature, as `signatures` and `entries`."""
    return frozenset(name for e in later if isinstance(e.entry, PseudonymisedEntry) for name in e.entry.names)


@dataclass(frozen=True)
class _Signed:
    """A signature entry with the files that belong to it. `replaced` are the names that were replaced after it,
    `withdrawn` the files of the record that were withdrawn since."""

    directory: Path
    entry: Entry
    signature: SignatureEntry
    replaced: frozenset[str]
    withdrawn: frozenset[str]

    @property
    def where(self) -> str:
        return f"{SIGNED}/{self.signature.revision}"

    @property
    def place(self) -> Path:
        return self.directory / self.where

    def statement(self) -> Statement:
        return msgspec.json.decode((self.place / STATEMENT).read_bytes(), type=Statement)


class _Proof(Struct, frozen=True):
    """Who signed, or why that is not known: `unproven` says so, `unknown` that only the key is not known."""

    signer: Signer | None = None
    unproven: str = ""
    unknown: bool = False


def _check(signed: _Signed, allowed: Path | None) -> Checked:
    signature, name = signed.signature, signed.entry.by
    if "signatures" in signed.replaced:
        note = M_("removed when the names were replaced by pseudonyms")
        return Checked(signature.revision, name, signature.role, None, note)
    proof = _Proof()
    altered = tuple(_altered_files(signed))
    if not altered:
        statement = signed.statement()
        stated = (statement.record, statement.revision, statement.name, statement.role, statement.through)
        if stated != (signed.directory.name, signature.revision, name, signature.role, signature.through):
            altered = (M_("{name}: does not match its entry", name=f"{signed.where}/{STATEMENT}"),)
        proof = _proof(signed, allowed, statement.at)
    return Checked(
        signature.revision,
        name,
        signature.role,
        proof.signer,
        _note(signed),
        altered,
        proof.unproven,
        unknown=proof.unknown,
    )


def _note(signed: _Signed) -> str:
    """What a reader must know of a signature whatever its check says."""
    if signed.replaced:
        return M_("its documents were removed when names were replaced by pseudonyms")
    if signed.signature.through:
        name = signed.entry.by
        return M_("by the desk, for {name}, who had logged in there; it is no key of their own", name=name)
    return ""


def _proof(signed: _Signed, allowed: Path | None, at: str) -> _Proof:
    name, through = signed.entry.by, signed.signature.through
    try:
        signer = verify(signed.place, allowed, at)
    except OpleverError as problem:
        if problem.slug in _NOTHING_CHECKED:
            raise
        reason = M_("{name}: {problem}", name=f"{signed.where}/{SIGNATURE}", problem=problem.sentence)
        return _Proof(unproven=reason, unknown=problem.slug == "signer-unknown")
    if _may_sign(signer, name, through):
        return _Proof(signer)
    signed_as = M_("{desk} for {name}", desk=DESK, name=name) if through else name
    owners = ", ".join(signer.principals)
    whose = M_("signed as {name}, with the key of {owners}", name=signed_as, owners=owners)
    return _Proof(signer, M_("{name}: {problem}", name=f"{signed.where}/{SIGNATURE}", problem=whose))


def _may_sign(signer: Signer, name: str, through: Through) -> bool:
    """Whether the key is of the desk when the desk signed, and else of the person."""
    return DESK in signer.principals if through else among(name, signer.principals) is not None


def _altered_files(signed: _Signed) -> Iterator[str]:
    """A sentence for each file that is not as it was signed. Below a statement or manifest that was changed nothing
    says any more how the others were."""
    place, where, signature = signed.place, signed.where, signed.signature
    statement_digest = _digest(place / STATEMENT)
    if statement_digest != signature.statement:
        yield _missing_or_changed(f"{where}/{STATEMENT}", statement_digest)
        return
    signature_digest = _digest(place / SIGNATURE)
    if signature_digest != signature.signature:
        yield _missing_or_changed(f"{where}/{SIGNATURE}", signature_digest)
    if _digest(place / MANIFEST) != signed.statement().manifest:
        yield M_("{name}: {problem}", name=f"{where}/{MANIFEST}", problem=M_("changed or missing"))
        return
    listed = manifest.read(place / MANIFEST).files
    for file in listed:
        yield from _alteration(signed, file)
    listed_names = {file.name for file in listed} | {MANIFEST, STATEMENT, SIGNATURE}
    for path in sorted(place.rglob("*")):
        name = str(path.relative_to(place))
        if name not in listed_names and not path.is_dir():
            yield M_("{name}: {problem}", name=f"{where}/{name}", problem=M_("added"))


def _alteration(signed: _Signed, file: Listed) -> Iterator[str]:
    """What is wrong with one file of a manifest. The journal and the entries are those of the record itself. Names that
    were replaced changed its entries and took its documents away."""
    revision = signed.signature.revision
    if file.name == ENTRIES:
        if not signed.replaced and _digest(signed.directory / ENTRIES, file.size_bytes) != file.sha256:
            yield M_(
                "{name}: the first lines differ from what was signed as revision {revision}",
                name=ENTRIES, revision=revision,
            )  # fmt: skip
    elif file.name == JOURNAL:
        if _digest(signed.directory / JOURNAL) != file.sha256:
            yield M_("{name}: differs from what was signed as revision {revision}", name=JOURNAL, revision=revision)
    else:
        digest = _digest(signed.place / file.name)
        was_removed = digest is None and (bool(signed.replaced) or file.name in signed.withdrawn)
        if digest != file.sha256 and not was_removed:
            yield _missing_or_changed(f"{signed.where}/{file.name}", digest)


def _missing_or_changed(name: str, digest: str | None) -> str:
    return M_("{name}: {problem}", name=name, problem=M_("missing") if digest is None else M_("changed"))


def verify(place: Path, allowed: Path | None, at: str) -> Signer:
    """Who signed the revision that is kept in `place`. Raises OpleverError as `ssh_keygen.signer`."""
    return ssh_keygen.signer(place / SIGNATURE, (place / STATEMENT).read_bytes(), allowed, at)


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
