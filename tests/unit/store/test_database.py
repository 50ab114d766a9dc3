"""One SQL for both databases: what SQLite does with it here, PostgreSQL in tests/system/store."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from oplever.errors import OpleverError
from oplever.store import database, schema
from oplever.store.database import Database

INSERT = "INSERT INTO notes (word) VALUES (:word)"


@pytest.fixture
def notes(tmp_path: Path) -> Database:
    opened = database.beside(tmp_path / "notes.sqlite")
    opened.change("CREATE TABLE notes (word TEXT UNIQUE)")
    return opened


def words(opened: Database) -> list[str]:
    return opened.column("SELECT word FROM notes ORDER BY word")


def test_parameters_have_names(notes: Database) -> None:
    notes.change(INSERT, {"word": "b"})
    notes.change_all(INSERT, [{"word": "a"}, {"word": "c"}])
    notes.change_all(INSERT, [])
    assert words(notes) == ["a", "b", "c"]
    assert notes.rows("SELECT word, length(word) FROM notes WHERE word > :least", {"least": "b"}) == [("c", 1)]


def test_a_change_that_fails_leaves_nothing_of_its_transaction(notes: Database) -> None:
    notes.change(INSERT, {"word": "a"})
    with pytest.raises(notes.error), notes.writing():
        notes.change_all(INSERT, [{"word": "b"}, {"word": "a"}])
    assert words(notes) == ["a"]
    with pytest.raises(ZeroDivisionError), notes.writing():
        notes.change(INSERT, {"word": str(1 // (len(words(notes)) - 1))})
    assert words(notes) == ["a"]
    with notes.writing():
        notes.change(INSERT, {"word": "b"})
    assert words(notes) == ["a", "b"]


def test_one_writes_at_a_time_and_reading_waits_for_nobody(
    notes: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_WAIT_SECONDS", 0)
    other = database.beside(tmp_path / "notes.sqlite")
    with notes.writing():
        notes.change(INSERT, {"word": "a"})
        with other.reading():
            assert words(other) == []
        with pytest.raises(other.error, match="locked"), other.writing():
            pass
    assert words(other) == ["a"]


def test_what_is_read_together_is_of_one_moment(notes: Database, tmp_path: Path) -> None:
    notes.change("PRAGMA journal_mode = WAL")  # else the writer waits for the reader
    other = database.beside(tmp_path / "notes.sqlite")
    with other.reading():
        assert words(other) == []
        notes.change(INSERT, {"word": "a"})
        assert words(other) == []
    assert words(other) == ["a"]


def test_what_is_deleted_is_gone_from_the_file(notes: Database, tmp_path: Path) -> None:
    notes.change(INSERT, {"word": "S. Yilmaz"})
    notes.change("DELETE FROM notes")
    notes.close()
    assert b"Yilmaz" not in (tmp_path / "notes.sqlite").read_bytes()


def test_parts_go_with_their_record(tmp_path: Path) -> None:
    opened = database.beside(tmp_path / "index.sqlite")
    for statement in schema.statements(opened.types):
        opened.change(statement)
    record = {"place": "", "name": "n", "fingerprint": "f"}
    [(key,)] = opened.rows(schema.insertion(schema.RECORDS, record) + " RETURNING key", record)
    for part in schema.PARTS:
        opened.change(schema.insertion(part, ("record",)), {"record": key})
        with pytest.raises(opened.error, match="FOREIGN KEY"):
            opened.change(schema.insertion(part, ("record",)), {"record": key + 1})
    with pytest.raises(opened.error, match="UNIQUE"):
        opened.change(schema.insertion(schema.RECORDS, record), record)
    opened.change("DELETE FROM oplever_records")
    assert [opened.rows(f"SELECT * FROM {part}") for part in schema.PARTS] == [[]] * len(schema.PARTS)  # noqa: S608


def test_every_table_goes(tmp_path: Path) -> None:
    opened = database.beside(tmp_path / "index.sqlite")
    for statement in (*schema.statements(opened.types), *schema.removal()):
        opened.change(statement)
    assert opened.column("SELECT name FROM sqlite_master") == []


def test_a_file_of_the_index_is_for_its_owner_alone(tmp_path: Path) -> None:
    database.beside(tmp_path / "index.sqlite").close()
    assert (tmp_path / "index.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "other"
    (tmp_path / "index.sqlite").symlink_to(target)
    opened = database.beside(tmp_path / "index.sqlite")
    opened.change("CREATE TABLE t (x TEXT)")
    assert not target.exists()
    assert opened.column("SELECT name FROM sqlite_master") == ["t"]


@pytest.mark.parametrize("name", ["there.is/no", "directory", "device"])
def test_where_no_file_can_be_there_is_one_in_memory(tmp_path: Path, name: str) -> None:
    (tmp_path / "directory").mkdir()
    path = Path("/dev/null") if name == "device" else tmp_path / name
    opened = database.beside(path)
    opened.change("CREATE TABLE t (x TEXT)")
    assert opened.column("SELECT name FROM sqlite_master") == ["t"]
    assert opened.column("SELECT file FROM pragma_database_list") == [""]


@pytest.mark.parametrize("url", ["mysql://u:secret@x/y", "nonsense://x", "::", "sqlite:///x"])
def test_another_kind_of_database_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(OpleverError) as refusal:
        database.connect(url)
    assert refusal.value.slug == "store-unusable"
    assert refusal.value.message.endswith(f"{url.split('://', maxsplit=1)[0]}: only postgresql:// is known")
    assert "OPLEVER_STORE" in refusal.value.advice
    assert "secret" not in refusal.value.message


def test_a_problem_is_told_in_its_first_line() -> None:
    assert database.unusable(sqlite3.Error("disk full\n  at 3")).message == "the index cannot be used: disk full"
    assert database.unusable(sqlite3.Error()).message == "the index cannot be used: Error"
