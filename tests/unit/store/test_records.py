"""Finding a record, making one by hand, and adding to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from journals import complete
from oplever import store
from oplever.app.add import admit
from oplever.errors import OpleverError
from oplever.files import write
from oplever.record import entries
from oplever.record.entries import Entry
from oplever.store import chain, records
from oplever.store.append import append
from stored import store_record

NAME, OTHER = "20261101T100000Z-site-aaaaaa", "20261102T100000Z-site-bbbbbb"
HAND = "20261110T100000Z-installation-dddddd"
AT = "2026-11-24T10:00:00.000000Z"


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    monkeypatch.chdir(tmp_path)
    store_record(tmp_path / "records", NAME, complete().finish(ok=5))
    return tmp_path / "records"


def opening(name: str = HAND) -> Entry:
    return entries.make(
        "opened", "S. Yilmaz", AT, {"record": name, "kind": "installation", "title": "switch", "work_process": "1.3"}
    )


def hours() -> Entry:
    return entries.make("hours", "S. Yilmaz", AT, {"hours": 1, "activity": "x"})


def test_a_record_is_found_by_name_by_path_and_by_link(base: Path) -> None:
    (base / "latest").symlink_to(NAME)
    for name in (NAME, f"records/{NAME}", f"records/{NAME}/", str(base / NAME), "latest", "LATEST", f" {NAME} "):
        assert store.find(name) == base / NAME


@pytest.mark.parametrize(
    "name", [NAME.upper(), NAME.lower(), "AAAAAA", "#aaaaaa", "INC aaaaaa", "inc-AAAAAA", "[INC aaaaaa]"]
)
def test_a_record_is_found_however_people_write_its_name(base: Path, name: str) -> None:
    assert store.find(name) == base / NAME


def test_a_file_of_a_record_leads_to_it(base: Path) -> None:
    (base / NAME / "report.nl.html").write_bytes(b"")
    assert store.find(f"records/{NAME}/report.nl.html") == base / NAME
    assert store.find(str(base / NAME / "journal.jsonl")) == base / NAME


def test_a_record_is_found_by_the_end_of_its_name_where_no_other_has_it(base: Path) -> None:
    assert store.find(NAME[-6:]) == base / NAME
    (base / f"20200101T000000Z-incident-{NAME[-6:]}").mkdir()
    with pytest.raises(OpleverError) as refusal:
        store.find(NAME[-6:])
    assert refusal.value.message == f"2 records are named {NAME[-6:]}"
    assert NAME in refusal.value.advice


@pytest.mark.parametrize("name", ["", "other", "*", "aaaaa", f"records/{NAME}/nosuch", f"records/{OTHER}"])
def test_what_is_no_record_is_one_error(base: Path, name: str) -> None:
    with pytest.raises(OpleverError) as refusal:
        store.find(name)
    assert (refusal.value.slug, refusal.value.message) == ("record-unknown", f"there is no record {name} in {base}")
    assert "oplever list" in refusal.value.advice


def test_the_latest_is_found_where_its_link_was_lost_or_leads_nowhere(base: Path) -> None:
    """As on a file share, or in a copy of the records."""
    store_record(base, OTHER, complete().finish(ok=5))
    assert store.find("latest") == base / OTHER
    (base / "latest").symlink_to("20261103T100000Z-site-cccccc")
    assert store.find("latest") == base / OTHER


def test_without_any_record_it_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "elsewhere"))
    with pytest.raises(OpleverError) as refusal:
        store.find("latest")
    assert refusal.value.message == f"there is no record yet in {tmp_path}/elsewhere"


def test_the_record_where_somebody_stands_is_found(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(base / NAME)
    assert store.find(".") == base / NAME
    by_hand = store.create(base, HAND, [opening()])
    monkeypatch.chdir(by_hand)
    assert store.find(".") == by_hand


def test_records_are_named_the_last_made_first(base: Path) -> None:
    store_record(base, OTHER, complete().finish(ok=5))
    assert [path.name for path in store.every()] == [OTHER, NAME] == [path.name for path in store.every(base)]
    assert list(store.every(base / "none")) == []
    with pytest.raises(OpleverError) as refusal:
        list(store.every(base / NAME / "journal.jsonl"))
    assert refusal.value.slug == "file-unreadable"


def test_a_record_of_work_by_hand_is_made_whole(base: Path) -> None:
    directory = store.create(base, HAND, [opening()])
    assert directory == base / HAND
    assert (directory.stat().st_mode & 0o777, sorted(os.listdir(directory))) == (0o700, ["entries.jsonl"])
    assert chain.breaks(records.entry_lines(directory), directory / "journal.jsonl") == []
    assert (base / "latest").readlink() == Path(HAND)
    assert store.load(directory).assignment.title == "switch"
    assert records.is_by_hand(store.read_entries(directory))
    assert sorted(path.name for path in base.iterdir()) == [NAME, HAND, "latest"]


def test_a_directory_for_records_is_made_where_there_is_none(tmp_path: Path) -> None:
    base = tmp_path / "school" / "records"
    store.create(base, HAND, [opening()])
    assert base.stat().st_mode & 0o777 == 0o700
    store.create(base, OTHER, [opening(OTHER)])
    assert (base / "latest").readlink() == Path(OTHER)


def test_a_record_that_cannot_be_made_leaves_nothing(base: Path) -> None:
    with pytest.raises(OpleverError) as refusal:
        store.create(base, NAME, [opening(NAME)])  # a directory with files stands there
    assert refusal.value.slug == "file-unwritable"
    assert str(base / NAME) in refusal.value.message
    assert os.listdir(base) == [NAME]
    (base / "latest").mkdir()
    store.create(base, HAND, [opening()])  # `latest` is a convenience
    assert sorted(os.listdir(base)) == [NAME, HAND, "latest"]


def test_an_entry_names_what_stands_before_it(base: Path) -> None:
    for _ in range(2):
        append(base / NAME, [hours()])
    lines = records.entry_lines(base / NAME)
    size = (base / NAME / "journal.jsonl").stat().st_size
    assert f'"previous":"journal:{size}:'.encode() in lines[0]
    assert f'"previous":"{chain.of_line(lines[0])}"'.encode() in lines[1]


def test_an_approved_record_takes_no_hours(base: Path) -> None:
    append(base / NAME, [entries.make("report", "S. Yilmaz", AT, {"to": "M. de Wit"})])
    append(base / NAME, [entries.make("decision", "M. de Wit", AT, {"decision": "approved"})])
    before = records.entry_lines(base / NAME)
    with pytest.raises(OpleverError) as refusal:
        admit(base / NAME, [hours()], is_drawn=True)
    assert (refusal.value.slug, refusal.value.message) == ("record-approved", "r1 is approved and cannot change")
    assert "correction" in refusal.value.advice
    assert records.entry_lines(base / NAME) == before


def test_an_entry_that_cannot_be_written_is_one_error(base: Path) -> None:
    with pytest.raises(OpleverError) as refusal:
        admit(base / "none", [hours()], is_drawn=True)
    assert refusal.value.slug == "file-unwritable"
    assert str(base / "none" / "entries.jsonl") in refusal.value.message


def test_entries_that_cannot_be_read_are_one_error(base: Path) -> None:
    assert store.read_entries(base / NAME) == ()
    (base / NAME / "entries.jsonl").mkdir()
    with pytest.raises(OpleverError) as refusal:
        store.read_entries(base / NAME)
    assert refusal.value.slug == "file-unreadable"
    assert str(base / NAME / "entries.jsonl") in refusal.value.message


def test_a_directory_without_a_journal_is_no_record(base: Path) -> None:
    (base / OTHER).mkdir()
    with pytest.raises(OpleverError) as refusal:
        store.load(base / OTHER)
    assert (refusal.value.slug, refusal.value.message) == ("journal-missing", f"{base / OTHER} has no journal.jsonl")
    assert refusal.value.advice
    write(base / OTHER / "entries.jsonl", entries.line(hours()))  # does not open a record
    with pytest.raises(OpleverError, match="has no journal"):
        store.load(base / OTHER)
    (base / OTHER / "journal.jsonl").mkdir()
    with pytest.raises(OpleverError) as refusal:
        store.load(base / OTHER)
    assert refusal.value.slug == "file-unreadable"


def test_a_record_is_written_for_people_too(base: Path) -> None:
    path = store.write_record(store.load(base / NAME), base / NAME)
    assert path == base / NAME / "record.json"
    assert path.read_bytes().startswith(b'{\n "schema": ')
    assert path.read_bytes().endswith(b"\n}\n")


def test_looks_at_the_machines_come_with_the_record(base: Path) -> None:
    (before, after) = store.examine(base / NAME).looks["a"]
    assert before is not None
    assert after is not None
    assert before.versions != after.versions
    assert store.examine(store.create(base, HAND, [opening()])).looks == {}
