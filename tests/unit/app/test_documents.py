"""Documents are made after a command has answered; until then nothing says that they are of the present revision."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from command import attempt
from oplever import config
from oplever.app import build as building
from oplever.app import drawing
from oplever.app.add import add
from oplever.app.build import build
from oplever.app.sign import sign
from oplever.record.model import Record
from oplever.store import documents, manifest
from stored import store_record, visit
from waiting import wait_for

NAME = "20261101T100000Z-site-aaaaaa"
HOURS = {"hours": "1", "activity": "x"}


def draw(record: Record, place: Path, directory: Path) -> None:
    """Documents that say of which revision they are."""
    for suffix in ("md", "html"):
        (place / f"report.nl.{suffix}").write_text(str(record.document.revision), encoding="utf-8")


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    monkeypatch.setattr(building, "write_documents", draw)
    directory = store_record(tmp_path, NAME, visit().finish(ok=5))
    build(directory)
    return directory


def run(*arguments: str) -> Result:
    return attempt(*arguments, NAME)


def state(record: Path) -> tuple[str, int, int]:
    examined = documents.examine(record)
    return examined.state, examined.revision, examined.current


def test_documents_of_an_earlier_revision_are_out_of_date_and_nobody_altered_them(record: Path) -> None:
    assert state(record) == ("current", 1, 1)
    assert "out of date" not in run("verify").output
    add(record, "hours", "S. Yilmaz", HOURS)
    assert state(record) == ("out_of_date", 1, 2)
    written = json.loads((record / "record.json").read_bytes())
    assert written["document"]["revision"] == manifest.read(record / "manifest.json").revision == 2
    for command in ("verify", "show"):
        done = run(command)
        assert done.exit_code == 0, done.output
        assert "out of date: of revision 1, while the record has revision 2" in done.output
        assert f"oplever report {NAME}" in done.output
        assert "changed (" not in done.output
    run("report")
    assert state(record) == ("current", 2, 2)
    assert (record / "report.nl.md").read_text(encoding="utf-8") == "2"


def test_who_altered_a_document_is_found_out_also_when_it_is_out_of_date(record: Path) -> None:
    (record / "report.nl.md").write_text("9", encoding="utf-8")
    (record / "report.nl.html").unlink()
    add(record, "hours", "S. Yilmaz", HOURS)
    done = run("verify")
    assert done.exit_code == 1
    assert "report.nl.md: its checksum differs" in done.stderr
    assert "report.nl.html: missing" in done.stderr
    with pytest.raises(Exception, match="was changed"):
        sign(record, "S. Yilmaz", "executor")


def test_while_somebody_draws_they_are_being_made(record: Path) -> None:
    add(record, "hours", "S. Yilmaz", HOURS)
    lock = documents.take(record, wait=False)
    assert lock is not None
    assert documents.take(record, wait=False) is None
    assert state(record) == ("being_made", 1, 2)
    assert "being made, of revision 2" in run("verify").output
    assert "being made, of revision 2" in run("show").output
    documents.release(record, lock)
    assert state(record) == ("out_of_date", 1, 2)
    assert not (record / ".documents").exists()


def test_what_was_drawn_of_an_earlier_revision_is_drawn_again(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    revisions = []

    def slowly(derived: Record, place: Path, directory: Path) -> None:
        draw(derived, place, directory)
        revisions.append(derived.document.revision)
        if len(revisions) == 1:
            add(record, "hours", "S. Yilmaz", HOURS)

    monkeypatch.setattr(building, "write_documents", slowly)
    assert build(record).document.revision == 2
    assert revisions == [1, 2]
    assert (record / "report.nl.md").read_text(encoding="utf-8") == "2"
    assert state(record) == ("current", 2, 2)
    assert manifest.problems(record) == []


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that were started, which hold the lock and do nothing."""
    started: list[subprocess.Popen[bytes]] = []

    def sleeping(_directory: Path, lock: int) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(["sleep", "600"], pass_fds=(lock,)))
        return started[-1]

    monkeypatch.setenv("OPLEVER_DOCUMENTS", "1")
    monkeypatch.setattr(building, "_process", sleeping)
    monkeypatch.setattr(building, "_started", [])
    return started


def end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()
        process.wait()


def test_they_are_being_made_from_before_the_command_answers_until_the_process_ends(
    record: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    try:
        add(record, "hours", "S. Yilmaz", HOURS)
        add(record, "hours", "S. Yilmaz", HOURS)
        assert len(processes) == 1  # who draws sees that there is a new revision
        assert state(record) == ("being_made", 1, 3)
    finally:
        end(processes)
    assert state(record) == ("out_of_date", 1, 3)


def test_an_entry_that_came_while_the_lock_was_held_is_drawn_afterwards(
    record: Path, processes: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    note, later = documents.note, [HOURS]

    def last_thing_under_the_lock(directory: Path, text: str) -> None:
        note(directory, text)
        if later:
            add(directory, "hours", "S. Yilmaz", later.pop())

    monkeypatch.setattr(documents, "note", last_thing_under_the_lock)
    try:
        build(record)
        assert len(processes) == 1
        assert state(record) == ("being_made", 1, 2)
    finally:
        end(processes)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_who_is_stopped_half_way_leaves_documents_of_which_nothing_is_said(
    record: Path, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(record, "hours", "S. Yilmaz", HOURS)
    count = 0

    def until(original: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object) -> object:
            nonlocal count
            if any("report." in str(argument) for argument in arguments) or "manifest" in original.__module__:
                count += 1
                if count > at:
                    raise KeyboardInterrupt
            return original(*arguments)

        return step

    with monkeypatch.context() as patched:
        patched.setattr(documents.manifest, "with_new_documents", until(manifest.with_new_documents))
        patched.setattr(Path, "replace", until(Path.replace))
        with pytest.raises(KeyboardInterrupt):
            build(record)
    assert manifest.problems(record) == []
    assert state(record)[0] in ("out_of_date", "none")
    assert run("verify").exit_code == 0
    build(record)
    assert state(record) == ("current", 2, 2)
    assert manifest.problems(record) == []


def test_a_format_that_fails_leaves_the_others_and_a_note(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(derived: Record, place: Path, directory: Path) -> None:
        (place / "report.nl.md").write_text(str(derived.document.revision), encoding="utf-8")
        raise ValueError("no font")

    add(record, "hours", "S. Yilmaz", HOURS)
    with monkeypatch.context() as patched:
        patched.setattr(building, "write_documents", half)
        lock = documents.take(record, wait=False)
        assert lock is not None
        assert drawing.main(record, lock) == 1
    assert (record / "report.nl.md").read_text(encoding="utf-8") == "2"
    assert not (record / "report.nl.html").exists()  # it would say what is no longer so
    assert manifest.problems(record) == []
    for command in ("verify", "show"):
        assert "documents could not be made: ValueError: no font" in run(command).stderr
    run("report")
    assert "could not be made" not in run("verify").stderr
    assert not (record / ".documents").exists()


def test_sign_makes_the_documents_that_it_signs(record: Path, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    add(record, "hours", "S. Yilmaz", HOURS)
    signed = sign(record, "M. de Wit", "supervisor", key=tmp_path / "key", decision="approved")
    assert signed.revision == 3
    assert (record / "signed" / "3" / "report.nl.md").read_text(encoding="utf-8") == "3"
    assert state(record) == ("out_of_date", 3, 4)


def test_a_manifest_of_an_earlier_version_is_of_its_own_revision(record: Path) -> None:
    path = record / "manifest.json"
    stated = json.loads(path.read_bytes())
    assert stated.pop("documents") == 1
    old = manifest.Manifest(manifest.read(path).files, record=NAME, revision=1)
    path.write_bytes(manifest.encode(old))
    assert json.loads(path.read_bytes()) == stated
    assert manifest.problems(record) == []
    assert state(record) == ("current", 1, 1)
    add(record, "hours", "S. Yilmaz", HOURS)
    assert state(record) == ("out_of_date", 1, 2)


@pytest.mark.parametrize(
    ("value", "expected"), [("", True), ("1", True), ("yes", True), ("TRUE", True), ("0", False), ("false", False)]
)
def test_whether_they_are_made_is_said_as_for_the_callback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, *, expected: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANSIBLE_CONFIG", raising=False)
    monkeypatch.setenv("OPLEVER_DOCUMENTS", value)
    assert config.makes_documents() is expected
    monkeypatch.delenv("OPLEVER_DOCUMENTS")
    (tmp_path / "ansible.cfg").write_text(f"[oplever]\ndocuments = {value}\n", encoding="utf-8")
    assert config.makes_documents() is expected


@pytest.mark.slow
def test_the_real_process_makes_them_and_leaves_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    monkeypatch.setenv("OPLEVER_DOCUMENTS", "1")
    record = store_record(tmp_path, NAME, visit().finish(ok=5))
    add(record, "hours", "S. Yilmaz", HOURS)
    assert documents.examine(record).state in ("being_made", "current")
    wait_for(lambda: documents.examine(record).state != "being_made")
    assert state(record) == ("current", 2, 2)
    assert manifest.problems(record) == []
    wait_for(lambda: not (record / ".documents").exists())
