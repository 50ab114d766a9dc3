"""Dumps of databases: whole ones alone have a name, old ones go, and a restore keeps what is there."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from programs import program

ROOT = Path(__file__).resolve().parents[3]


DUMP = program(ROOT / "roles/postgresql/files/oplever_dump.py")


class Server:
    """Databases as texts."""

    suffix = "dump"

    def __init__(self) -> None:
        self.content = {"rooster": "now", "leeg": ""}

    def names(self) -> list[str]:
        return list(self.content)

    def dump(self, name: str, path: Path) -> None:
        path.write_text(self.content[name], encoding="utf-8")
        if self.content[name] == "broken":
            raise DUMP.FailedError("pg_dump: disk full")

    def restore(self, name: str, path: Path) -> None:
        self.content[name] = path.read_text(encoding="utf-8")


@pytest.fixture
def dumps(tmp_path: Path) -> Any:
    return DUMP.Dumps(Server(), tmp_path / "dumps", 7)


def old(dumps: Any, name: str, days: int, text: str = "then") -> Path:
    dumps.directory.mkdir(exist_ok=True)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - days * 86400))
    path: Path = dumps.directory / f"{name}.{stamp}.dump"
    path.write_text(text, encoding="utf-8")
    os.utime(path, (time.time() - days * 86400,) * 2)
    return path


def test_every_database_is_dumped_and_only_root_reads_it(dumps: Any) -> None:
    dumps.dump([])
    assert sorted(path.name.split(".")[0] for path in dumps.files()) == ["leeg", "rooster"]
    assert dumps.directory.stat().st_mode & 0o077 == 0


def test_a_dump_that_broke_off_has_no_name(dumps: Any) -> None:
    dumps.server.content["rooster"] = "broken"
    with pytest.raises(DUMP.FailedError, match="disk full"):
        dumps.dump(["rooster"])
    assert list(dumps.directory.iterdir()) == []


def test_one_database_that_fails_keeps_no_other_from_its_dump(dumps: Any) -> None:
    dumps.server.content = {"rooster": "broken", "leeg": "", "wiki": "broken"}
    gone, newest = old(dumps, "leeg", 9), old(dumps, "rooster", 9)
    with pytest.raises(DUMP.FailedError, match=r"rooster: pg_dump: disk full; wiki: pg_dump: disk full"):
        dumps.dump([])
    assert len(dumps.files("leeg")) == 1
    assert not gone.exists()
    assert newest.exists()


def test_old_dumps_go_but_never_the_newest_of_a_database(dumps: Any) -> None:
    gone, kept = old(dumps, "rooster", 9), old(dumps, "rooster", 6)
    of_nobody = old(dumps, "verdwenen", 30)
    dumps.dump(["rooster"])
    assert not gone.exists()
    assert kept.exists()
    assert of_nobody.exists()


def test_a_restore_takes_the_newest_and_keeps_what_was_there(dumps: Any) -> None:
    old(dumps, "rooster", 3, "three days ago")
    old(dumps, "rooster", 2, "two days ago")
    dumps.restore("rooster", None)
    assert dumps.server.content["rooster"] == "two days ago"
    (kept,) = dumps.files("rooster-before-restore")
    assert kept.read_text(encoding="utf-8") == "now"


def test_a_second_restore_gives_the_same_again(dumps: Any) -> None:
    old(dumps, "rooster", 2, "two days ago")
    dumps.restore("rooster", None)
    dumps.restore("rooster", None)
    assert dumps.server.content["rooster"] == "two days ago"


@pytest.mark.parametrize(
    ("database", "words"), [("weg", "there is no dump of weg"), ("a b", "there is no dump of a b")], ids=["none", "odd"]
)
def test_what_cannot_be_restored_is_said(dumps: Any, database: str, words: str) -> None:
    with pytest.raises(DUMP.FailedError, match=words):
        dumps.restore(database, None)


def test_a_name_that_is_no_name_reaches_no_server(dumps: Any) -> None:
    path = old(dumps, "rooster", 1)
    with pytest.raises(DUMP.FailedError, match="not a name of letters"):
        dumps.restore('x"; DROP', str(path))


def test_a_database_without_a_dump_of_the_last_day_is_named(dumps: Any) -> None:
    old(dumps, "rooster", 2)
    long_ago, just_now = time.time() - 3 * 86400, time.time()
    assert [line.partition(" since")[0] for line in dumps.check(long_ago)] == ["rooster: no dump", "leeg: no dump"]
    assert [line.partition(":")[0] for line in dumps.check(just_now)] == ["rooster"]
    dumps.dump([])
    assert dumps.check(long_ago) == []
