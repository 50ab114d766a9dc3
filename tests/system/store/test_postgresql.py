"""The index on a real PostgreSQL server says what the one on SQLite says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest
from click.testing import CliRunner, Result
from journals import Journal
from oplever import store
from oplever.cli.main import main
from oplever.record import entries
from oplever.store import schema
from oplever.store.filters import Filter
from oplever.store.index import Index, open_index
from oplever.store.machine_history import life, newest
from oplever.store.query import listing
from stored import check, store_record, visit

FIRST, SECOND, THIRD = "20261101T100000Z-site-aaaaaa", "20261110T100000Z-audit-bbbbbb", "20261120T100000Z-site-cccccc"
HAND = "20261110T100000Z-installation-dddddd"


@pytest.fixture
def url(postgresql: str) -> Iterator[str]:
    yield postgresql
    with psycopg.connect(postgresql) as connection:
        for statement in schema.removal():
            connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    base = tmp_path / "records"
    monkeypatch.setenv("OPLEVER_RECORDS", str(base))
    changed = {"/etc/hosts": ["600", "root", "root", 1, "z"]}
    store_record(base, FIRST, visit().finish(ok=4))
    store_record(base, SECOND, check(visit(files=changed), "web1", "fail", "nginx.tls").finish(ok=4))
    store_record(base, THIRD, Journal(account="piet", work_process="2.2").task("one", host="WS_1\0"))
    late = {"record": HAND, "kind": "installation", "title": "switch", "work_process": "1.3", "due": "2026-11-20"}
    opened = entries.make("opened", "S. Yilmaz", "2026-11-10T10:00:00.000000Z", late)
    store.create(base, HAND, [opened])
    (base / "20261122T100000Z-site-eeeeee").mkdir()
    (base / "20261122T100000Z-site-eeeeee" / "journal.jsonl").write_bytes(b"garbage\n")
    return base


FILTERS = [
    Filter(), Filter(host="WEB*"), Filter(host="ws_?*"), Filter(host="w%"), Filter(role="*nginx"),
    Filter(verdict="not_delivered"), Filter(since="2026-11-10", until="2026-11-11"), Filter(operator="YILMAZ"),
    Filter(failed_check="nginx.tls"), Filter(work_process="2.2"), Filter(limit=1),
    Filter(kind="installation"), Filter(state="concept"), Filter(due="2026-11-30"), Filter(overdue=True),
]  # fmt: skip


def answers(index: Index) -> list[object]:
    lists = [[msgspec.structs.replace(row, place="") for row in listing(index, filter_)] for filter_ in FILTERS]
    visits = [
        msgspec.structs.replace(row, record=msgspec.structs.replace(row.record, place=""))
        for row in life(index, "web1")
    ]
    return [*lists, visits, newest(index, "web1", 5)]


def test_both_say_the_same(base: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_index() as index:
        expected = answers(index)
    monkeypatch.setenv("OPLEVER_STORE", url)
    with open_index() as index:
        assert index.database.is_shared
        assert answers(index) == expected
    shutil.rmtree(base / SECOND)
    with open_index() as index:
        assert [row.name for row in listing(index, Filter(host="web1"))] == [FIRST]


def test_two_controllers_share_a_database(
    base: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPLEVER_STORE", url)
    store_record(tmp_path / "other", FIRST, visit("web9").finish(ok=4))
    with open_index(base), open_index(tmp_path / "other") as index:
        assert [row.hosts for row in listing(index, Filter(host="web?"))] == [
            ("a", "web1"), ("a", "web9"), ("a", "web1"),
        ]  # fmt: skip
    with open_index(base) as index:  # and looking again does not take away what the other put there
        assert len(listing(index, Filter(host="web9"))) == 1


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_a_server_that_is_not_there_is_one_clear_error(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("postgresql://nobody@/x?host=/nonexistent", "nonsense://x", "::", "mysql://x/y"):
        monkeypatch.setenv("OPLEVER_STORE", url)
        done = run("list")
        assert done.exit_code == 2
        assert "[store-unusable]" in done.stderr
        assert "Traceback" not in done.stderr
