"""The database of the desk: where it is, what is made of it, and which one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from oplever.errors import OpleverError
from oplever.store import desk

COLUMNS = {table: set(columns) for table, columns in desk.TABLES.items()}


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    for name in ("OPLEVER_DESK_STORE", "OPLEVER_CONFIG", "ANSIBLE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "records"


def tables() -> dict[str, set[str]]:
    with desk.opened() as database:
        names = database.column("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name: set(database.column(f"SELECT name FROM pragma_table_info('{name}')")) for name in names}  # noqa: S608


def test_it_is_made_beside_the_records_for_its_owner_alone(base: Path) -> None:
    assert tables() == COLUMNS
    assert (base / "desk.sqlite").stat().st_mode & 0o777 == 0o600
    with desk.opened() as database:
        assert database.column("SELECT version FROM oplever_desk_about") == [desk.VERSION]
        indexes = database.column("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    assert len(indexes) == 3


def test_what_is_in_it_stays(base: Path) -> None:
    with desk.opened() as database:
        database.change("INSERT INTO oplever_desk_attempts (subject, at) VALUES ('a', 'now')")
    with desk.opened() as database:
        assert database.column("SELECT subject FROM oplever_desk_attempts") == ["a"]


def test_one_of_an_earlier_version_gets_the_tables_that_it_lacks(base: Path) -> None:
    with desk.opened() as database:
        database.change("DROP TABLE oplever_desk_forms")
        database.change("INSERT INTO oplever_desk_attempts (subject, at) VALUES ('a', 'now')")
        database.change("UPDATE oplever_desk_about SET version = :version", {"version": desk.VERSION - 1})
    assert tables() == COLUMNS
    with desk.opened() as database:
        assert database.column("SELECT version FROM oplever_desk_about") == [desk.VERSION]
        assert database.column("SELECT subject FROM oplever_desk_attempts") == ["a"]


def test_one_of_this_version_is_left_as_it_is(base: Path) -> None:
    with desk.opened() as database:
        database.change("DROP TABLE oplever_desk_forms")
    assert "oplever_desk_forms" not in tables()


def test_one_of_a_later_version_is_refused_and_left_alone(base: Path) -> None:
    with desk.opened() as database:
        database.change("UPDATE oplever_desk_about SET version = :version", {"version": desk.VERSION + 1})
    with pytest.raises(OpleverError, match=f"version {desk.VERSION + 1}, this program has {desk.VERSION}"):
        tables()


@pytest.mark.parametrize("way", ["environment", "configuration"])
def test_another_place_is_taken_from_the_environment_or_the_configuration(
    way: str, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "environment":
        monkeypatch.setenv("OPLEVER_DESK_STORE", "mysql://x/y")
    else:
        monkeypatch.setenv("OPLEVER_CONFIG", str(tmp_path / "oplever.yml"))
        (tmp_path / "oplever.yml").write_text("desk: {store: 'mysql://x/y'}\n", encoding="utf-8")
    with pytest.raises(OpleverError) as refusal:
        tables()
    assert refusal.value.slug == "desk-unusable"
    assert "mysql: only postgresql:// is known" in refusal.value.message
    assert not base.exists()
