"""Every entry passes the same check, whichever command it comes from; all entries of one command are added, or none."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest
from oplever import store
from oplever.app.add import add, admit
from oplever.app.annexes import attach
from oplever.app.import_scan import import_scan
from oplever.app.import_tests import import_tests
from oplever.app.new import new
from oplever.app.sign import sign
from oplever.errors import OpleverError
from oplever.files import write
from oplever.kinds import registry
from oplever.store import signatures
from stored import store_record, visit

BY = "S. Yilmaz"
AT = "2026-11-24T10:00:00.000000Z"
JUNIT = """<testsuite name="pytest"><testcase classname="test_web" name="test_port[ssh://web1]"/></testsuite>"""
LYNIS = "lynis_version=3.0.8\nhostname=web1\nreport_datetime_start=2026-11-24 10:00:00\nwarning[]=SSH-7408|x|-|-|\n"


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    monkeypatch.setattr("oplever.app.build.write_documents", lambda *_: None)
    return store_record(tmp_path / "records", "20261101T100000Z-site-aaaaaa", visit().finish(ok=5))


def lines(record: Path) -> bytes:
    path = record / "entries.jsonl"
    return path.read_bytes() if path.exists() else b""


def refused(slug: str) -> pytest.RaisesExc[OpleverError]:
    return pytest.RaisesExc(OpleverError, check=lambda error: error.slug == slug)


def test_an_approved_record_takes_no_results_of_other_tools(record: Path, tmp_path: Path) -> None:
    add(record, "decision", "M. de Wit", {"decision": "approved"})
    before = lines(record)
    (tmp_path / "tests.xml").write_text(JUNIT, encoding="utf-8")
    (tmp_path / "lynis.dat").write_text(LYNIS, encoding="utf-8")
    with refused("record-approved"):
        import_tests(record, tmp_path / "tests.xml", BY)
    with refused("record-approved"):
        import_scan(record, tmp_path / "lynis.dat", "lynis", BY)
    assert lines(record) == before


def test_tests_that_fail_in_a_file_of_another_name_are_named(record: Path, tmp_path: Path) -> None:
    """Two files may be of two tools that use one name for a test: only one of the same name is the same test again."""
    failing = JUNIT.replace("/></testsuite>", "><failure/></testcase></testsuite>")
    for name, text in (("monday.xml", failing), ("tuesday.xml", JUNIT)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert import_tests(record, tmp_path / "monday.xml", BY).beside == ()
    assert import_tests(record, tmp_path / "tuesday.xml", BY).beside == ("monday.xml",)
    (tmp_path / "monday.xml").write_text(JUNIT, encoding="utf-8")
    assert import_tests(record, tmp_path / "monday.xml", BY).beside == ()
    assert import_tests(record, tmp_path / "tuesday.xml", BY).beside == ()


def test_results_name_a_machine_of_the_record(record: Path) -> None:
    facts = {"host": "web9", "stage": "after", "file": "f", "digest": "d", "tests": []}
    with refused("entry-invalid"):
        admit(record, [registry.LOG.make("results", BY, AT, facts)])
    assert lines(record) == b""


def test_all_entries_are_added_or_none(record: Path) -> None:
    hours = {"hours": "2,5", "activity": "installatie"}
    good, bad = (registry.LOG.make("hours", BY, AT, {**hours, "day": day}) for day in ("24-11-2026", "24-11-2027"))
    with refused("entry-invalid"):
        admit(record, [good, bad])
    assert lines(record) == b""
    assert admit(record, [good, good]).hours.hands_on == 5


def test_an_entry_is_checked_against_those_before_it(record: Path) -> None:
    point = {"item": "kabel", "owner": BY, "due": "2099-01-01"}
    new_point, done = (registry.LOG.make("rest-point", BY, AT, data) for data in (point, {"done": "R1"}))
    with refused("entry-invalid"):
        admit(record, [done])
    assert admit(record, [new_point, done]).rest_points.items[0].status == "done"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


def test_a_signature_of_an_earlier_revision_is_refused(
    record: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = signatures.sign

    def while_somebody_adds(directory: Path, *arguments: object, **options: object) -> object:
        signature = put(directory, *arguments, **options)  # type: ignore[arg-type]
        add(directory, "hours", BY, {"hours": "1", "activity": "x"})
        return signature

    monkeypatch.setattr(signatures, "sign", while_somebody_adds)
    with refused("signing-failed"):
        sign(record, BY, "executor", key=key)
    assert b'"signature"' not in lines(record)


def test_whoever_signs_has_a_name(record: Path, key: Path) -> None:
    with refused("entry-invalid"):
        sign(record, " \u200b", "executor", key=key)
    assert sign(record, f" {BY} ", "executor", key=key).record.signatures[0].name == BY


def test_a_new_record_takes_days_as_people_write_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oplever.app.build.write_documents", lambda *_: None)
    directory, record = new(tmp_path, "installation", BY, {"title": " Switch ", "due": "24-11-2026", "executor": None})
    assert (record.assignment.title, record.assignment.planned_end) == ("Switch", "2026-11-24")
    assert store.load(directory) == record
    for field, text in (("due", "morgen"), ("title", " "), ("executor", "\u200b"), ("location", "a\x1bb")):
        with refused("entry-invalid"):
            new(tmp_path, "installation", BY, {"title": "x", field: text})


def test_an_editor_that_leaves_out_the_last_newline_spoils_nothing(record: Path) -> None:
    add(record, "hours", BY, {"hours": "1", "activity": "x"})
    path = record / "entries.jsonl"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert add(record, "hours", BY, {"hours": "1", "activity": "y"}).hours.hands_on == 2


def blocked(record: Path) -> Path:
    """A directory in the place of a file that is written after an entry was added."""
    (record / "record.json").unlink(missing_ok=True)
    (record / "record.json").mkdir()
    return record


def test_what_was_added_is_said_also_where_record_json_cannot_be_written(record: Path) -> None:
    """Whoever is told to try again would add it twice."""
    with refused("file-unwritable") as problem:
        add(blocked(record), "hours", BY, {"hours": "2", "activity": "x"})
    assert f"it was added to {record.name}, as revision 2; after that: " in problem.value.message
    assert problem.value.advice == f"do not do it again; mend this, and then: oplever report {record.name}"
    assert lines(record).count(b"\n") == 1


def test_a_record_that_was_begun_is_named_also_where_record_json_cannot_be_written(
    record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oplever.store.write_record", lambda _, directory: write_over(directory / "record.json"))
    with refused("file-unwritable") as problem:
        new(record.parent, "installation", BY, {"title": "Switch"})
    (begun,) = record.parent.glob("*-installation-*")
    assert f"the record {begun.name} was begun; after that: " in problem.value.message
    assert begun.name in problem.value.advice


def write_over(path: Path) -> None:
    path.mkdir()
    write(path, b"{}")


def test_a_file_whose_entry_could_not_be_added_is_not_left_in_the_record(
    record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("oplever.app.add.append", full)
    before = sorted(path for path in record.rglob("*") if path.is_file())
    with refused("file-unwritable"):
        attach(record, BY, b"a text", "a.txt", "what it shows")
    assert sorted(path for path in record.rglob("*") if path.is_file()) == before


def test_a_decision_that_could_not_be_signed_is_said(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OpleverError("signing-failed", "ssh-keygen: incorrect passphrase", "x")

    monkeypatch.setattr(signatures, "try_key", lambda *_: None)
    monkeypatch.setattr(signatures, "sign", fails)
    with refused("signing-failed") as problem:
        sign(record, "M. de Wit", "supervisor", decision="approved")
    assert problem.value.message == "the decision was added and is not signed: ssh-keygen: incorrect passphrase"
    assert f"oplever sign {record.name} --role supervisor" in problem.value.advice
    assert b"approved" in lines(record)
