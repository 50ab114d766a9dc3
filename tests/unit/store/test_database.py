"""One SQL for both databases: what SQLite does with it here, PostgreSQL in tests/system/store."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import Struct
from oplever import extras
from oplever.errors import OpleverError
from oplever.overview import extract, signals
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


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("mysql://u:secret@x/y", "mysql"),
        ("nonsense://x", "nonsense"),
        ("::", "?"),
        ("sqlite:///x", "sqlite"),
        ("host=x user=u password=secret", "?"),
        ("secret", "?"),
    ],
)
def test_another_kind_of_database_is_refused_without_its_password(url: str, scheme: str) -> None:
    with pytest.raises(OpleverError) as refusal:
        database.connect(url)
    assert refusal.value.slug == "store-unusable"
    assert refusal.value.message.endswith(f" {scheme}: only postgresql:// is known")
    assert "OPLEVER_STORE" in refusal.value.advice
    assert "secret" not in refusal.value.message


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:se%zzcret@127.0.0.1:1/x",
        "postgresql://127.0.0.1:1/x?user=u&password=se%zzcret",
        "postgresql://u:zzcret@[127.0.0.1/x",
    ],
)
def test_an_address_that_is_not_well_formed_is_refused_without_its_password(url: str) -> None:
    """The library quotes what it takes for a part of the address."""
    with pytest.raises(OpleverError) as refusal:
        database.connect(url)
    assert refusal.value.slug == "store-unusable"
    assert "zzcret" not in refusal.value.message


def test_a_problem_is_told_in_its_first_line() -> None:
    assert database.unusable(sqlite3.Error("disk full\n  at 3")).message == "the index cannot be used: disk full"
    assert database.unusable(sqlite3.Error()).message == "the index cannot be used: Error"


class Driver:
    """psycopg as far as it is asked: keeps what it is sent. What the server does with it: tests/system/store."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def execute(self, sql: str, values: Any) -> Any:
        self.sent.append((sql, dict(values)))
        return SimpleNamespace(fetchall=list)

    def cursor(self) -> Any:
        return SimpleNamespace(executemany=lambda sql, values: self.sent.append((sql, list(values))))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.sent.append("BEGIN")
        yield
        self.sent.append("END")


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    made = Driver()

    def connect(url: str, *, autocommit: bool) -> Driver:
        if "refused" in url:
            raise RuntimeError("connection refused\n  is the server running?")
        assert autocommit, "transactions begin where the module says"
        return made

    psycopg = SimpleNamespace(connect=connect, Error=RuntimeError)
    monkeypatch.setattr(extras, "load", lambda *words: {("psycopg", "postgresql"): psycopg}[words])
    return made


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_postgresql_gets_its_own_parameters_and_one_writer_at_a_time(driver: Driver, scheme: str) -> None:
    opened = database.connect(f"{scheme}://x/y")
    assert opened.is_shared
    assert opened.error is RuntimeError
    with opened.reading():
        opened.rows("SELECT a FROM b WHERE c = :c AND d_2 = :d_2", {"c": 1, "d_2": 2})
    with opened.writing():
        opened.change("DELETE FROM b")
        opened.change_all(INSERT, [{"word": "a"}])
    (_, isolation, query, _, _, lock, *changes, _) = driver.sent
    assert isolation == ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", {})
    assert query == ("SELECT a FROM b WHERE c = %(c)s AND d_2 = %(d_2)s", {"c": 1, "d_2": 2})
    assert lock == ("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": int.from_bytes(b"ople")})
    assert changes == [("DELETE FROM b", {}), ("INSERT INTO notes (word) VALUES (%(word)s)", [{"word": "a"}])]
    assert [word for word in driver.sent if isinstance(word, str)] == ["BEGIN", "END"] * 2


def test_a_server_that_does_not_answer_is_named(driver: Driver) -> None:
    with pytest.raises(OpleverError) as refusal:
        database.connect("postgresql://refused/y")
    assert refusal.value.slug == "store-unusable"
    assert refusal.value.message == "the index cannot be used: connection refused"
    assert refusal.value.advice == (
        "check OPLEVER_STORE or `store` in oplever.yml; PostgreSQL needs: pip install 'oplever[postgresql]'"
    )


def test_each_database_has_types_of_its_own(driver: Driver, notes: Database) -> None:
    assert not notes.is_shared
    assert notes.types == {"key": "INTEGER PRIMARY KEY", "bytes": "BLOB"}
    types = database.connect("postgresql://x/y").types
    assert types == {"key": "INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", "bytes": "BYTEA"}


def test_a_writer_waits_a_minute_for_another(tmp_path: Path) -> None:
    opened = database.beside(tmp_path / "notes.sqlite")
    assert opened.column("PRAGMA busy_timeout") == [60_000]


TABLES = (15, "d702c386bc92719e054f36a719daedde14be068a12c6e434161b105446163537")
"""The version of the tables, and what they and the extracts in them are."""


def packed(part: object) -> bool:
    """Whether it is kept as a list, in which a new field moves or lacks others."""
    return isinstance(part, type) and issubclass(part, Struct) and part.__struct_config__.array_like


def test_other_tables_have_another_version() -> None:
    """A database with tables of before is built again only when it has another version; so are extracts read."""
    parts = (
        extract.Machine,
        extract.Failing,
        extract.Allowed,
        *(part for part in vars(signals).values() if packed(part)),
    )
    shapes = {part.__name__: part.__struct_fields__ for part in parts}
    made = json.dumps([*schema.statements({"key": "KEY", "bytes": "BYTES"}), *schema.removal(), shapes])
    assert (schema.VERSION, hashlib.sha256(made.encode()).hexdigest()) == TABLES, "raise schema.VERSION, and say why"


def test_what_is_looked_for_is_indexed(tmp_path: Path) -> None:
    opened = database.beside(tmp_path / "index.sqlite")
    for statement in schema.statements(opened.types):
        opened.change(statement)
    for table, column in (("failing", "host"), ("states", "digest"), ("runs", "run"), ("records", "moment")):
        query = f"EXPLAIN QUERY PLAN SELECT 1 FROM oplever_{table} WHERE {column} = :value"  # noqa: S608 - names above
        assert any(f"oplever_{table}_{column}" in str(row) for row in opened.rows(query, {"value": "x"})), table
    query = "EXPLAIN QUERY PLAN SELECT 1 FROM oplever_states WHERE kind = :kind AND host = :host"
    plan = opened.rows(query, {"kind": "package", "host": "web1"})
    assert any("(host=? AND kind=?)" in str(row) for row in plan)
