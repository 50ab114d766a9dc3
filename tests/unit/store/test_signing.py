"""Signatures of real SSH keys, by the functions that make and check them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from command import attempt
from journals import complete
from msgspec import structs
from oplever import store
from oplever.app.desk import key as desk_key
from oplever.errors import OpleverError
from oplever.files import write
from oplever.record import entries
from oplever.record.entries import Entry, PseudonymisedEntry, SignatureEntry
from oplever.store import manifest, signatures
from oplever.store.append import append
from oplever.store.signatures import Signer
from stored import store_record

NAME = "20261101T100000Z-site-aaaaaa"
BY, AT = "S. Yilmaz", "2026-11-24T10:00:00.000000Z"
PRINCIPAL = "s.yilmaz@school.example"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key pairs `mine` and `other`, and `allowed` that knows the first."""
    place = tmp_path_factory.mktemp("keys")
    for name in ("mine", "other"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / name, "-C", name], check=True)
    (place / "allowed").write_text(f"{PRINCIPAL} {public(place, 'mine')}\n", encoding="utf-8")
    return place


def public(keys: Path, name: str) -> str:
    return " ".join((keys / f"{name}.pub").read_text(encoding="utf-8").split()[:2])


def fingerprint(keys: Path, name: str) -> str:
    shown = subprocess.run(["ssh-keygen", "-lf", keys / f"{name}.pub"], capture_output=True, text=True, check=True)
    return shown.stdout.split()[1]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record with documents, one of them in a folder."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.delenv("OPLEVER_ALLOWED_SIGNERS", raising=False)
    monkeypatch.chdir(tmp_path)
    directory = store_record(tmp_path / "records", NAME, complete().finish(ok=5))
    document(directory)
    return directory


def document(directory: Path) -> None:
    store.write_record(store.load(directory), directory)
    (directory / "files").mkdir(exist_ok=True)
    write(directory / "files" / "photo.png", b"png")
    write(directory / "report.en.md", b"report")
    manifest.save(directory, manifest.with_new_documents(directory, manifest.without_documents(directory)))


def say(directory: Path, kind: str = "hours", **data: object) -> None:
    data = data or {"hours": 1, "activity": "more"}
    append(directory, [entries.make(kind, BY, AT, data)])


def sign(directory: Path, key: Path | None, by: str = BY) -> int:
    """The revision that was signed."""
    entry = signatures.sign(directory, by, "executor", AT, key)
    append(directory, [entry])
    assert isinstance(entry.entry, SignatureEntry)
    return entry.entry.revision


def check(directory: Path, allowed: Path | None) -> signatures.Checked:
    (checked,) = signatures.check(directory, allowed)
    return checked


def refused(slug: str, directory: Path, key: Path | None) -> str:
    with pytest.raises(OpleverError) as refusal:
        sign(directory, key)
    assert refusal.value.slug == slug
    assert refusal.value.advice
    assert not (directory / "signed").exists() or list((directory / "signed").iterdir()) == []
    assert store.read_entries(directory) == ()
    return refusal.value.message


def signature_entry(directory: Path) -> SignatureEntry:
    (signature,) = [e.entry for e in store.read_entries(directory) if isinstance(e.entry, SignatureEntry)]
    return signature


def digests(place: Path) -> list[str]:
    """As the entry of a signature has them."""
    return [hashlib.sha256((place / f"statement.json{end}").read_bytes()).hexdigest() for end in ("", ".sig")]


def files(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def test_a_signature_keeps_what_was_signed_and_an_entry_names_it(record: Path, keys: Path) -> None:
    assert sign(record, keys / "mine") == 1
    place = record / "signed" / "1"
    assert files(place) == [
        "files/photo.png", "manifest.json", "record.json", "report.en.md", "statement.json", "statement.json.sig",
    ]  # fmt: skip
    assert os.listdir(record / "signed") == ["1"]
    assert (place / "manifest.json").read_bytes() == (record / "manifest.json").read_bytes()
    assert (place / "report.en.md").stat().st_ino == (record / "report.en.md").stat().st_ino
    modes = {name: (place / name).stat().st_mode & 0o777 for name in ("", "files", "statement.json.sig")}
    assert modes == {"": 0o700, "files": 0o700, "statement.json.sig": 0o600}
    statement = (place / "statement.json").read_bytes()
    assert msgspec.json.decode(statement) == {
        "record": NAME, "revision": 1, "manifest": hashlib.sha256((record / "manifest.json").read_bytes()).hexdigest(),
        "name": BY, "role": "executor", "at": AT, "format": "oplever-statement", "version": 1,
    }  # fmt: skip
    assert statement.endswith(b"}\n")
    (entry,) = store.read_entries(record)
    assert (entry.at, entry.by) == (AT, BY)
    assert entry.entry == SignatureEntry("executor", 1, *digests(place), fingerprint(keys, "mine"))


def test_where_files_cannot_be_linked_they_are_copied(
    record: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError

    (record / "report.en.md").chmod(0o644)
    monkeypatch.setattr(os, "link", link)
    sign(record, keys / "mine")
    kept = record / "signed" / "1" / "report.en.md"
    assert (kept.read_bytes(), kept.stat().st_mode & 0o777) == (b"report", 0o600)
    assert check(record, keys / "allowed").problems == ()


@pytest.mark.slow
def test_a_signature_that_holds_says_whose_key_it_is(record: Path, keys: Path) -> None:
    sign(record, keys / "mine")
    signer = Signer(PRINCIPAL, fingerprint(keys, "mine"), (PRINCIPAL,))
    assert check(record, keys / "allowed") == signatures.Checked(1, BY, "executor", signer, "", (), "", 0)
    say(record)
    say(record)
    assert check(record, keys / "allowed").later == 2
    document(record)
    assert sign(record, keys / "mine") == 4
    assert [checked.later for checked in signatures.check(record, keys / "allowed")] == [2, 0]
    assert [checked.problems for checked in signatures.check(record, keys / "allowed")] == [(), ()]


def test_a_key_may_have_several_names(record: Path, keys: Path, tmp_path: Path) -> None:
    sign(record, keys / "mine")
    allowed = tmp_path / "allowed"
    allowed.write_text(f"somebody,{PRINCIPAL} {public(keys, 'mine')}\n", encoding="utf-8")
    signer = check(record, allowed).signer
    assert signer is not None
    assert signer.principals == ("somebody", PRINCIPAL)
    assert signer.principal == "somebody"
    assert check(record, allowed).problems == ()


def test_only_the_documents_that_stand_there_can_be_signed(record: Path, keys: Path) -> None:
    write(record / "report.en.md", b"other")
    assert refused("signing-failed", record, keys / "mine") == "the record changed while it was being signed"


def test_a_manifest_of_before_there_were_revisions_is_not_signed(record: Path, keys: Path) -> None:
    (record / "journal.jsonl").unlink()
    old = structs.replace(manifest.make(record, 1), revision=None)
    (record / "manifest.json").write_bytes(manifest.encode(old))
    with pytest.raises(OpleverError, match="changed while"):
        sign(record, keys / "mine")


def test_a_key_that_is_not_there_or_is_none_leaves_nothing(record: Path, keys: Path) -> None:
    assert refused("signing-failed", record, keys / "none").startswith("ssh-keygen: ")
    (record.parent / "text").write_text("no key\n", encoding="utf-8")
    message = refused("signing-failed", record, record.parent / "text")
    assert message.startswith("ssh-keygen: ")
    assert "\n" not in message


def test_without_a_key_and_an_agent_there_is_nothing_to_sign_with(
    record: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert refused("signing-key-missing", record, None) == "there is no key to sign with"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused("signing-key-missing", record, None) == "there is no key to sign with"
    with pytest.raises(OpleverError, match="there is no key"):
        signatures.try_key(None)


def test_without_openssh_the_error_says_so(
    record: Path, keys: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    message = refused("ssh-keygen-missing", record, keys / "mine")
    assert message == "ssh-keygen cannot be started: No such file or directory"


def test_an_attempt_that_ended_before_its_entry_is_replaced(record: Path, keys: Path) -> None:
    (record / "signed" / "1").mkdir(parents=True)
    (record / "signed" / "1" / "left").write_bytes(b"x")
    sign(record, keys / "mine")
    assert check(record, keys / "allowed").problems == ()


def test_a_key_is_tried_without_writing_anything(record: Path, keys: Path) -> None:
    before = files(record.parent)
    signatures.try_key(keys / "mine")
    assert files(record.parent) == before
    with pytest.raises(OpleverError) as refusal:
        signatures.try_key(keys / "none")
    assert refusal.value.slug == "signing-failed"


@pytest.fixture
def agent(keys: Path, tmp_path: Path) -> Iterator[Path]:
    socket = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not socket.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        for name in ("mine", "other"):
            subprocess.run(["ssh-add", "-q", keys / name], env={**os.environ, "SSH_AUTH_SOCK": str(socket)}, check=True)
        yield socket
    finally:
        process.terminate()
        process.wait()


def test_the_first_key_of_the_agent_signs(
    record: Path, keys: Path, agent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
    signatures.try_key(None)
    sign(record, None)
    assert signature_entry(record).key == fingerprint(keys, "mine")
    assert check(record, keys / "allowed").problems == ()


def test_a_configured_key_signs(record: Path, keys: Path) -> None:
    Path("ansible.cfg").write_text("[defaults]\n", encoding="utf-8")
    Path("oplever.yml").write_text(f"signing:\n  key: {keys / 'other'}\n", encoding="utf-8")
    sign(record, None)
    assert signature_entry(record).key == fingerprint(keys, "other")


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        ("signed/1/statement.json", None, "signed/1/statement.json: missing"),
        ("signed/1/statement.json", b"{}", "signed/1/statement.json: changed"),
        ("signed/1/statement.json.sig", None, "signed/1/statement.json.sig: missing"),
        ("signed/1/statement.json.sig", b"x", "signed/1/statement.json.sig: changed"),
        ("signed/1/manifest.json", None, "signed/1/manifest.json: changed or missing"),
        ("signed/1/manifest.json", b"{}", "signed/1/manifest.json: changed or missing"),
        ("signed/1/files/photo.png", None, "signed/1/files/photo.png: missing"),
        ("signed/1/report.en.md", b"x", "signed/1/report.en.md: changed"),
        ("signed/1/report.fr.md", b"x", "signed/1/report.fr.md: added"),
        ("signed/1/files/more.png", b"x", "signed/1/files/more.png: added"),
        ("journal.jsonl", b"x", "journal.jsonl: differs from what was signed as revision 1"),
    ],
)
def test_what_was_altered_is_named(record: Path, keys: Path, file: str, content: bytes | None, problem: str) -> None:
    sign(record, keys / "mine")
    path = record / file
    path.unlink(missing_ok=True)  # a signed file is one with that of the record
    if content is not None:
        path.write_bytes(content)
    checked = check(record, keys / "allowed")
    assert checked.altered == (problem,)
    assert checked.problems == (problem,)
    assert (checked.signer, checked.unproven) == (None, "")


def test_entries_before_a_signature_are_part_of_it(record: Path, keys: Path) -> None:
    say(record)
    document(record)
    sign(record, keys / "mine")
    path = record / "entries.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"activity":"more"', b'"activity":"less"'))
    assert check(record, keys / "allowed").altered == (
        "entries.jsonl: the first lines differ from what was signed as revision 2",
    )


def test_a_link_in_the_place_of_a_file_is_no_file(record: Path, keys: Path) -> None:
    sign(record, keys / "mine")
    kept = record / "signed" / "1" / "report.en.md"
    kept.unlink()
    kept.symlink_to(record / "report.en.md")
    assert check(record, keys / "allowed").altered == ("signed/1/report.en.md: missing",)


@pytest.mark.parametrize("change", [{"role": "supervisor"}, {"revision": 2}, {"name": "X"}, {"record": "other"}])
def test_a_statement_has_to_say_what_its_entry_says(record: Path, keys: Path, change: dict[str, object]) -> None:
    sign(record, keys / "mine")
    place = record / "signed" / "1"
    statement = structs.replace(
        msgspec.json.decode((place / "statement.json").read_bytes(), type=signatures.Statement), **change
    )
    (place / "statement.json").write_bytes(msgspec.json.encode(statement))
    (place / "statement.json.sig").unlink()
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", "oplever", "-f", keys / "mine", place / "statement.json"]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    (record / "entries.jsonl").unlink()
    signature = SignatureEntry("executor", 1, *digests(place), fingerprint(keys, "mine"))
    append(record, [Entry(AT, BY, signature)])
    assert check(record, keys / "allowed").altered == ("signed/1/statement.json: does not match its entry",)


def test_without_allowed_signers_a_signature_is_nobodys(record: Path, keys: Path) -> None:
    sign(record, keys / "mine")
    checked = check(record, None)
    key = fingerprint(keys, "mine")
    assert checked.problems == (
        f"signed/1/statement.json.sig: there is no file of allowed signers to look up key {key}",
    )
    assert (checked.altered, checked.signer) == ((), None)
    with pytest.raises(OpleverError) as refusal:
        signatures.verify(record / "signed" / "1", None, AT)
    assert (refusal.value.slug, "--allowed-signers" in refusal.value.advice) == ("signer-unknown", True)
    assert checked.unknown


@pytest.mark.parametrize(
    ("line", "message", "unknown"),
    [
        ("", "is not in {allowed}", True),
        ("{other}", "is not in {allowed}", True),
        ('x valid-before="20200101" {mine}', "was not allowed at that time", False),
        ('x valid-after="20270101" {mine}', "was not allowed at that time", False),
    ],
)
def test_a_key_that_nobody_knows_is_told_from_one_that_was_not_allowed(
    record: Path, keys: Path, line: str, message: str, unknown: bool
) -> None:
    sign(record, keys / "mine")
    allowed = record.parent / "allowed"
    allowed.write_text(line.format(mine=public(keys, "mine"), other=f"x {public(keys, 'other')}") + "\n")
    problem = f"key {fingerprint(keys, 'mine')} {message.format(allowed=allowed)}"
    checked = check(record, allowed)
    assert (checked.problems, checked.unknown) == ((f"signed/1/statement.json.sig: {problem}",), unknown)
    with pytest.raises(OpleverError) as refusal:
        signatures.verify(record / "signed" / "1", allowed, AT)
    assert refusal.value.slug == ("signer-unknown" if unknown else "signing-failed")
    assert str(allowed) in refusal.value.advice


def test_a_key_for_another_purpose_does_not_verify(record: Path, keys: Path, tmp_path: Path) -> None:
    sign(record, keys / "mine")
    allowed = tmp_path / "allowed"
    allowed.write_text(f'x namespaces="git" {public(keys, "mine")}\n', encoding="utf-8")
    assert check(record, allowed).unproven.startswith("signed/1/statement.json.sig: ")
    assert check(record, allowed).signer is None


def test_a_name_that_is_not_of_the_key_does_not_hold(record: Path, keys: Path) -> None:
    sign(record, keys / "mine", by="P. de Vries")
    checked = check(record, keys / "allowed")
    assert checked.unproven == (f"signed/1/statement.json.sig: signed as P. de Vries, with the key of {PRINCIPAL}")
    assert checked.signer is not None


def test_a_signed_revision_without_an_entry_is_a_stranger(record: Path, keys: Path) -> None:
    assert signatures.strangers(record) == []
    sign(record, keys / "mine")
    assert signatures.strangers(record) == []
    for name in ("2", "notes"):
        (record / "signed" / name).mkdir()
    assert signatures.strangers(record) == [
        "signed/2: no entry belongs to this signature", "signed/notes: no entry belongs to this signature",
    ]  # fmt: skip


def pseudonymised(record: Path, *sorts: str) -> None:
    append(record, [Entry(AT, "oplever purge", PseudonymisedEntry(sorts, "0" * 64))])  # type: ignore[arg-type]


def test_a_signature_that_was_removed_with_its_name_says_so(record: Path, keys: Path) -> None:
    sign(record, keys / "mine")
    pseudonymised(record, "signatures")
    assert check(record, keys / "allowed") == signatures.Checked(
        1, BY, "executor", None, "removed when the names were replaced by pseudonyms", later=1
    )


def test_a_signature_whose_documents_were_removed_with_names_holds(record: Path, keys: Path) -> None:
    sign(record, keys / "mine")
    pseudonymised(record, "hours_names")
    for path in ("report.en.md", "record.json", "files/photo.png"):
        (record / "signed" / "1" / path).unlink()
    checked = check(record, keys / "allowed")
    assert checked.problems == ()
    assert checked.note == "its documents were removed when names were replaced by pseudonyms"
    assert checked.signer is not None
    (record / "signed" / "1" / "report.en.md").write_bytes(b"forged")
    assert check(record, keys / "allowed").problems == ("signed/1/report.en.md: changed",)


def test_the_allowed_signers_are_as_told_as_configured_or_beside_the_project(
    record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/x")
    assert signatures.allowed_signers("~/signers") == Path("/home/x/signers")
    assert signatures.allowed_signers(None) is None
    Path("ansible.cfg").write_text("[defaults]\n", encoding="utf-8")
    assert signatures.allowed_signers(None) is None
    Path("allowed_signers").write_text("", encoding="utf-8")
    assert signatures.allowed_signers(None) == Path.cwd() / "allowed_signers"
    Path("oplever.yml").write_text("signing:\n  allowed_signers: keys/signers\n", encoding="utf-8")
    assert signatures.allowed_signers(None) == Path.cwd() / "keys/signers"


def through_the_desk(directory: Path, keys: Path, name: str) -> signatures.Checked:
    """A signature that the desk made for somebody, checked against signers of whom one has this name."""
    append(directory, [signatures.sign(directory, BY, "executor", AT, keys / "mine", through="desk")])
    allowed = directory.parent / "allowed"
    allowed.write_text(f"{name} {public(keys, 'mine')}\n", encoding="utf-8")
    return check(directory, allowed)


def test_the_desk_signs_with_its_own_key_and_that_is_said(record: Path, keys: Path) -> None:
    checked = through_the_desk(record, keys, "oplever-desk")
    assert checked.problems == ()
    assert checked.note == f"by the desk, for {BY}, who had logged in there; it is no key of their own"
    assert checked.signer is not None
    assert checked.signer.principal == "oplever-desk"
    assert b'"through":"desk"' in (record / "signed/1/statement.json").read_bytes()


def test_the_key_of_a_person_is_not_that_of_the_desk(record: Path, keys: Path) -> None:
    checked = through_the_desk(record, keys, PRINCIPAL)
    assert checked.problems == (
        f"signed/1/statement.json.sig: signed as oplever-desk for {BY}, with the key of {PRINCIPAL}",
    )


def test_a_key_outside_its_dates_is_to_be_looked_up_among_them(record: Path, keys: Path, tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    allowed.write_text(f'{PRINCIPAL} valid-before="20200101" {public(keys, "mine")}\n', encoding="utf-8")
    sign(record, keys / "mine")
    with pytest.raises(OpleverError) as refusal:
        signatures.verify(record / "signed/1", allowed, AT)
    assert refusal.value.message == f"key {fingerprint(keys, 'mine')} was not allowed at that time"
    assert refusal.value.advice == f"check its dates and namespaces in {allowed}"


@pytest.mark.parametrize("is_signed", [False, True])
def test_a_file_of_allowed_signers_that_is_not_there_is_named(record: Path, keys: Path, is_signed: bool) -> None:
    if is_signed:
        sign(record, keys / "mine")
    done = attempt("verify", str(record), "--allowed-signers", "nosuch")
    assert done.exit_code == 2
    assert "nosuch: No such file or directory" in done.stderr
    assert "not valid" not in done.output


def test_one_in_the_settings_that_is_not_there_does_not_make_a_signature_invalid(record: Path, keys: Path) -> None:
    sign(record, keys / "mine")
    with pytest.raises(OpleverError) as refusal:
        check(record, keys / "nosuch")
    assert (refusal.value.slug, refusal.value.message) == (
        "file-unreadable",
        f"{keys / 'nosuch'}: No such file or directory",
    )


def test_without_ssh_keygen_nobody_says_that_a_signature_is_not_valid(
    record: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(record, keys / "mine")
    monkeypatch.setenv("PATH", str(record))
    monkeypatch.setenv("OPLEVER_RECORDS", str(record.parent))
    for attempted in (lambda: check(record, keys / "allowed"), desk_key.key):
        with pytest.raises(OpleverError, match="ssh-keygen cannot be started") as refusal:
            attempted()
        assert refusal.value.slug == "ssh-keygen-missing"
