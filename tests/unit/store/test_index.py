"""The index says what the directories say, whatever is among them."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import sqlite3
import zlib
from pathlib import Path

import msgspec
import pytest
from command import attempt
from journals import ZERO, Journal
from oplever import store
from oplever.errors import OpleverError
from oplever.record import entries
from oplever.store import database, reading, records
from oplever.store import index as index_module
from oplever.store.append import append
from oplever.store.filters import Filter
from oplever.store.index import FILE, open_index
from oplever.store.machine_history import Failing, life, newest
from oplever.store.query import Listed, extracts, hosts, listing
from stored import check, store_record, visit

FIRST, SECOND, THIRD = "20261101T100000Z-site-aaaaaa", "20261110T100000Z-audit-bbbbbb", "20261120T100000Z-site-cccccc"


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three records: one delivered, one whose test fails, one of another machine that was interrupted."""
    base = tmp_path / "records"
    monkeypatch.setenv("OPLEVER_RECORDS", str(base))
    monkeypatch.delenv("OPLEVER_STORE", raising=False)
    store_record(base, FIRST, visit().finish(ok=4))
    store_record(base, SECOND, check(visit(), "web1", "fail", "nginx.tls").finish(ok=4))
    store_record(base, THIRD, Journal(account="piet", work_process="2.2").task("one", host="ws_1"))
    return base


def names(**filters: object) -> list[str]:
    with open_index() as index:
        return [listed.name for listed in listing(index, Filter(**filters))]  # type: ignore[arg-type]


@pytest.mark.parametrize("is_known", [True, False], ids=["index there", "no index yet"])
def test_on_a_full_disk_records_are_listed_all_the_same(
    base: Path, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    """And the index that is there stays, for it is not damaged."""
    if is_known:
        shutil.move(base / THIRD, base.parent / THIRD)
        assert names() == [SECOND, FIRST]
        shutil.move(base.parent / THIRD, base / THIRD)
    before = (base / FILE).read_bytes() if is_known else b""
    full = database._open

    def on_a_full_disk(path: str) -> database.Database:
        store_record_by_hand = full(path)
        if path != ":memory:":
            store_record_by_hand.rows("PRAGMA max_page_count = 1")  # SQLite takes no less than there are
        return store_record_by_hand

    monkeypatch.setattr(database, "_open", on_a_full_disk)
    assert names() == [THIRD, SECOND, FIRST]
    assert (base / FILE).read_bytes() == before


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [THIRD, SECOND, FIRST]),
        ({"host": "web1"}, [SECOND, FIRST]),
        ({"host": "WEB*"}, [SECOND, FIRST]),
        ({"host": "ws_?"}, [THIRD]),
        ({"host": "w%"}, []),
        ({"host": "w_b1"}, []),
        ({"role": "oplever.lab.nginx"}, [SECOND, FIRST]),
        ({"role": "*.dns"}, []),
        ({"verdict": "not_delivered"}, [SECOND]),
        ({"verdict": "interrupted"}, [THIRD]),
        ({"since": "2026-11-10"}, [THIRD, SECOND]),
        ({"until": "2026-11-11"}, [SECOND, FIRST]),
        ({"since": "2026-11-10", "until": "2026-11-11"}, [SECOND]),
        ({"operator": "yilmaz"}, [SECOND, FIRST]),
        ({"operator": "piet"}, [THIRD]),
        ({"failed_check": "nginx.tls"}, [SECOND]),
        ({"failed_check": "nginx.answers"}, []),
        ({"work_process": "2.2"}, [THIRD]),
        ({"limit": 2}, [THIRD, SECOND]),
        ({"host": "web1", "verdict": "interrupted"}, []),
    ],
)
def test_filters(base: Path, filters: dict[str, object], expected: list[str]) -> None:
    assert names(**filters) == expected


def test_what_is_new_changed_or_gone_is_noticed_and_the_rest_not_read_again(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names()
    read: list[str] = []
    examine = store.examine
    monkeypatch.setattr(records, "examine", lambda path: read.append(path.name) or examine(path))
    assert names() == [THIRD, SECOND, FIRST]
    assert read == []
    fourth = "20261121T100000Z-site-dddddd"
    store_record(base, fourth, visit().finish(ok=4))
    shutil.rmtree(base / SECOND)
    at = "2026-11-24T10:00:00.000000Z"
    append(base / FIRST, [entries.make("acceptance", "A. de Boer", at, {"user": "B", "verdict": "rejected"})])
    assert names(verdict="not_delivered") == [FIRST]
    assert names() == [fourth, THIRD, FIRST]
    assert sorted(read) == [FIRST, fourth]


def test_a_current_index_is_not_written_and_costs_two_looks_a_record(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names()
    before = (base / FILE).read_bytes(), (base / FILE).stat().st_mtime_ns
    looks: list[str] = []
    lstat = os.lstat
    monkeypatch.setattr(index_module.os, "lstat", lambda path: looks.append(str(path)) or lstat(path))
    monkeypatch.setattr(database._Sqlite, "writing", None)
    assert names() == [THIRD, SECOND, FIRST]
    files = ("journal.jsonl", "entries.jsonl")
    at_records = sorted(path for path in looks if path.endswith(files))
    assert at_records == sorted(str(base / name / file) for name in (FIRST, SECOND, THIRD) for file in files)
    assert ((base / FILE).read_bytes(), (base / FILE).stat().st_mtime_ns) == before


def test_what_is_no_record_is_not_looked_into(base: Path, tmp_path: Path) -> None:
    (base / "20261130T100000Z-site-ffffff").mkdir()
    (base / "notes.txt").write_text("x")
    (base / "20261129T100000Z-site-ffffff").symlink_to(base / FIRST)
    by_hand = base / "20261128T100000Z-site-ffffff"
    by_hand.mkdir()
    (by_hand / "entries.jsonl").write_bytes(b"")
    assert sorted(index_module.fingerprints(base)) == [FIRST, SECOND, THIRD, by_hand.name]
    assert index_module.fingerprints(base)[by_hand.name].startswith("- 0.")
    assert index_module.fingerprints(tmp_path / "none") == {}
    with pytest.raises(OpleverError) as refusal:
        index_module.fingerprints(base / "notes.txt")
    assert refusal.value.slug == "file-unreadable"
    assert str(base / "notes.txt") in refusal.value.message


def test_a_change_of_the_same_size_is_noticed(base: Path) -> None:
    names()
    journal = base / SECOND / "journal.jsonl"
    draft = journal.with_name("draft")
    draft.write_bytes(journal.read_bytes().replace(b'"fail"', b'"pass"').replace(b"502", b"200"))
    assert draft.stat().st_size == journal.stat().st_size
    draft.replace(journal)
    assert names(verdict="not_delivered") == []


def _all() -> list[Listed]:
    with open_index() as index:
        return listing(index, Filter())


def test_the_index_can_be_thrown_away_at_any_time(base: Path) -> None:
    before = _all()
    (base / FILE).unlink()
    assert _all() == before
    assert (base / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("garbage", [b"garbage\n" * 100, b"SQLite format 3\0" + b"\xff" * 5000, b""])
def test_a_damaged_index_is_made_again(base: Path, garbage: bytes) -> None:
    before = _all()
    (base / FILE).write_bytes(garbage)
    assert _all() == before


def test_an_index_of_another_version_is_made_again(base: Path) -> None:
    before = _all()
    with sqlite3.connect(base / FILE) as connection:
        connection.execute("UPDATE oplever_about SET version = 999")
        connection.execute("UPDATE oplever_records SET verdict = 'delivered'")
    assert _all() == before


def test_a_place_that_cannot_be_written_gets_an_index_in_memory(base: Path) -> None:
    (base / FILE).mkdir()
    assert names() == [THIRD, SECOND, FIRST]


@pytest.mark.parametrize(
    "content", [b"", b"garbage\n", b'{"seq":0,"t":"x","kind":"run_start"}\n', b'{"seq":0,"t":"2026']
)
def test_a_bad_record_hides_no_good_one_and_is_named(base: Path, content: bytes) -> None:
    bad = base / "20261122T100000Z-site-eeeeee"
    bad.mkdir()
    (bad / "journal.jsonl").write_bytes(content)
    assert names(host="web1") == [SECOND, FIRST]
    listed = {entry.name: entry.problem for entry in _all()}
    assert [name for name, problem in listed.items() if problem] == [bad.name]
    done = attempt("list", "--host", "web1")
    assert done.exit_code == 0
    assert f"{bad.name} cannot be read" in done.stderr
    assert bad.name not in done.stdout


def test_a_cut_journal_counts_up_to_its_last_whole_line(base: Path) -> None:
    journal = base / FIRST / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-40])
    assert names(verdict="interrupted") == [THIRD, FIRST]


def test_states_are_stored_once_by_content(base: Path) -> None:
    names()
    with sqlite3.connect(base / FILE) as connection:
        [(rows, bodies)] = connection.execute(
            "SELECT (SELECT count(*) FROM oplever_states), (SELECT count(*) FROM oplever_bodies)"
        )
    assert rows == 4 * 12  # two records, before and after, eleven kinds and the terms
    assert bodies == 5  # bash in two versions, one list of files, the terms, and what is empty


def test_bodies_that_nobody_uses_go(base: Path) -> None:
    names()
    shutil.rmtree(base / FIRST)
    shutil.rmtree(base / SECOND)
    names()
    with sqlite3.connect(base / FILE) as connection:
        assert connection.execute("SELECT count(*) FROM oplever_bodies").fetchone() == (0,)


def test_what_changed_between_two_records_without_a_play_is_drift(base: Path) -> None:
    changed = {"/etc/hosts": ["644", "root", "root", 10, "bb"], "/etc/new": ["600", "root", "root", 1, "cc"]}
    store_record(base, "20261121T100000Z-site-dddddd", visit(files=changed).finish(ok=4))
    with open_index() as index:
        visits = life(index, "web1")
        assert newest(index, "web1", 2) == ["20261121T100000Z-site-dddddd", SECOND]
    assert [visit.record.name for visit in visits] == [FIRST, SECOND, "20261121T100000Z-site-dddddd"]
    assert [visit.since for visit in visits] == [None, FIRST, SECOND]
    bash = ("package", "bash", "5.2-2", "5.2-1")  # each record begins with the old version again
    drift = [[(change.kind, change.name, change.a, change.b) for change in visit.drift] for visit in visits]
    assert drift[0] == []
    assert drift[1] == [bash]
    assert drift[2] == [
        bash,
        ("file", "/etc/hosts", "644 root root 10 aa", "644 root root 10 bb"),
        ("file", "/etc/new", None, "600 root root 1 cc"),
    ]
    assert [[failing.id for failing in visit.failing] for visit in visits] == [[], ["nginx.tls"], []]


def test_what_a_machine_says_does_no_harm_in_the_index(base: Path) -> None:
    name = "20261121T100000Z-site-dddddd"
    store_record(base, name, visit(host="x\0'; DROP TABLE oplever_records; --\x1b[2J").finish())
    done = attempt("list", "--host", "x*")
    assert done.stdout.startswith(name)
    assert "\x1b" not in done.stdout
    assert len(_all()) == 4


HAND = "20261122T100000Z-installation-dddddd"
AT = "2026-11-25T10:00:00.000000Z"


def store_record_by_hand(base: Path, due: str) -> Path:
    late = {"record": HAND, "kind": "installation", "title": "switch", "work_process": "1.3", "due": due}
    return store.create(base, HAND, [entries.make("opened", "S. Yilmaz", AT, late)])


def store_planned_run(base: Path, due: str) -> None:
    """A run whose assignment says when it has to be ready, in the words of who wrote it."""
    store_record(base, HAND, Journal(assignment={"planned_end": due}).task("one"))


@pytest.mark.parametrize(
    ("due", "listed", "overdue"),
    [
        ("2026-11-25", "2026-11-25", False), ("2026-11-24", "2026-11-24", True),
        ("2026-11-25T11:59", "2026-11-25T11:59:00.000000Z", True),
        ("2026-11-25T12:01:00+00:00", "2026-11-25T12:01:00.000000Z", False), ("20261124", None, False),
        ("when it suits", None, False),
    ],
)  # fmt: skip
def test_what_is_due_is_overdue_once_its_time_is_over(
    base: Path, monkeypatch: pytest.MonkeyPatch, due: str, listed: str | None, overdue: bool
) -> None:
    monkeypatch.setattr("oplever.clock.now", lambda: "2026-11-25T12:00:00.000000Z")
    store_planned_run(base, due)
    assert next(row.due for row in _all() if row.name == HAND) == listed
    assert names(overdue=True) == ([HAND] if overdue else [])


def test_a_day_is_due_up_to_and_with_that_day(base: Path) -> None:
    store_planned_run(base, "2026-11-25T11:00")
    assert [names(due=day) for day in ("2026-11-24", "2026-11-25", "2026-11-26")] == [[], [HAND], [HAND]]


def test_what_is_ready_is_never_overdue(base: Path) -> None:
    directory = store_record_by_hand(base, "2026-11-24")
    assert (names(overdue=True), names(state="concept", kind="installation")[0]) == ([HAND], HAND)
    append(directory, [entries.make("report", "S. Yilmaz", AT, {"to": "M. de Wit"})])
    append(directory, [entries.make("decision", "M. de Wit", AT, {"decision": "approved"})])
    assert (names(overdue=True), names(state="approved"), names(kind="other")) == ([], [HAND], [])


def test_all_of_a_record_is_listed(base: Path) -> None:
    third, second, _ = _all()
    assert msgspec.structs.asdict(second) == {
        "name": SECOND, "place": "", "problem": None, "started": "2026-11-10T10:00:00.000000Z", "title": "site.yml",
        "kind": "installation", "due": None, "work_process": "1.3", "verdict": "not_delivered", "stage": "carried_out",
        "status": "concept", "revision": 1, "duration": second.duration, "clock": None, "hosts": ("a", "web1"),
        "operators": ("S. Yilmaz", "svc"), "failing": 1, "runs": 0, "part_of": "",
    }  # fmt: skip
    assert (third.operators, third.hosts, third.failing) == (("piet",), ("a", "ws_1"), 0)
    assert second.duration > 0


def test_one_machine_in_all_its_records(base: Path) -> None:
    with open_index() as index:
        first, second = life(index, "web1")
        assert life(index, "none") == []
        assert hosts(index) == ["a", "web1", "ws_1"]
        assert newest(index, "web1") == [SECOND]
        assert newest(index, "ws_1") == []
    assert first.counts == {**dict.fromkeys(ZERO, 0), "ok": 3, "changed": 1} | first.counts
    assert set(first.counts) == set(ZERO)
    assert (first.passed, first.ran, second.passed, second.ran) == (1, 1, 1, 2)
    assert (first.roles, first.score) == (("oplever.lab.nginx",), None)
    assert second.failing == (Failing("test", "nginx.tls", "fail", "200", "502"),)
    assert [(change.kind, change.name, change.change) for change in first.changes] == [("package", "bash", "upgraded")]
    assert [(change.before, change.after) for change in first.changes] == [("5.2-1", "5.2-2")]
    assert second.record == next(row for row in _all() if row.name == SECOND)


def test_an_index_elsewhere_holds_the_records_of_each_controller_apart(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite in the place of the server: how several share one is in tests/system/store."""
    monkeypatch.setenv("OPLEVER_STORE", "postgresql://there")
    monkeypatch.setattr(database, "connect", lambda url: database.beside(base / "shared"))
    with open_index() as index:
        assert index.place == f"{socket.gethostname()}:{base}"
        assert {row.place for row in listing(index, Filter())} == {index.place}
        assert newest(index, "web1") == [SECOND]
    shutil.rmtree(base / FIRST)
    with open_index(base.parent / "other") as index:
        assert len(listing(index, Filter())) == 3
        assert newest(index, "web1") == []


def test_a_server_that_fails_is_one_error(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLEVER_STORE", "postgresql://there")

    def refuse(*_: object) -> None:
        raise sqlite3.OperationalError("no room\nat all")

    monkeypatch.setattr(database, "connect", lambda url: database.beside(base / "shared"))
    monkeypatch.setattr(database._Sqlite, "writing", refuse)
    with pytest.raises(OpleverError) as refusal:
        open_index()
    assert (refusal.value.slug, refusal.value.message) == ("store-unusable", "the index cannot be used: no room")


def test_records_are_read_in_groups_that_fit_in_memory(tmp_path: Path) -> None:
    paths = [tmp_path / str(number) for number in range(5)]
    sized = [(path, 10 if number < 4 else 0) for number, path in enumerate(paths)]

    def batches(records: int = 50, size: int = 1000) -> list[list[Path]]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reading, "_BATCH_RECORDS", records)
            patch.setattr(reading, "_BATCH_BYTES", size)
            return list(reading._batches(sized))

    assert batches() == [paths]
    assert batches(records=2) == [paths[:2], paths[2:4], paths[4:]]
    assert batches(size=20) == [paths[:2], paths[2:4], paths[4:]]
    assert batches(size=21) == [paths[:3], paths[3:]]
    assert list(reading._batches([])) == []


@pytest.mark.slow
def test_many_records_are_read_on_all_processors_with_the_same_index(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = store_record(base, "20261122T100000Z-site-eeeeee", Journal())
    (broken / "journal.jsonl").write_bytes(b"nonsense")
    with open_index() as index:
        alone = extracts(index), listing(index, Filter())
    (base / FILE).unlink()
    monkeypatch.setattr(reading, "_MUCH_BYTES", 0)
    monkeypatch.setattr(reading.os, "cpu_count", lambda: 2)
    with open_index() as index:
        assert (extracts(index), listing(index, Filter())) == alone
    assert [(kept.name, kept.problem is None) for kept in alone[0]][-1:] == [(broken.name, False)]


def test_a_machine_that_was_seen_once_in_a_record_is_compared_by_that(base: Path) -> None:
    """A record with a snapshot from before the work alone, or from after it alone."""
    for name, stage, version in ((HAND, "before", "5.3"), ("20261123T100000Z-site-eeeeee", "after", "5.4")):
        snapshot = {"packages": {"bash": [version, "Debian"]}}
        store_record(base, name, Journal().task("seen", host="web1", data={"stage": stage, "snapshot": snapshot}))
    with open_index() as index:
        drift = [
            [(difference.name, difference.a, difference.b) for difference in visit.drift]
            for visit in life(index, "web1")[2:]
        ]
    assert drift[0][0] == ("bash", "5.2-2", "5.3")
    assert drift[1] == [("bash", "5.3", "5.4")]


def test_figures_of_a_machine_are_kept(base: Path) -> None:
    names()
    with sqlite3.connect(base / FILE) as connection:
        row = connection.execute(
            "SELECT s.os, s.seconds, r.ended, r.last, r.hosts, r.number, r.moment, r.clock, r.previous "
            "FROM oplever_systems s JOIN oplever_records r ON r.key = s.record WHERE s.host = 'web1' AND r.name = ?",
            (FIRST,),
        ).fetchone()
    assert FILE == "index.sqlite"
    ended = store.load(base / FIRST).document.ended
    assert row == ("", 3.0, ended, ended, 2, 1, "2026-11-01T10:00:00.000000Z", None, None)


def test_more_states_than_one_statement_can_name(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "_BATCH", 2)
    before = _all()
    (base / FILE).unlink()
    assert _all() == before
    with sqlite3.connect(base / FILE) as connection:
        bodies = connection.execute("SELECT digest, size_bytes, body FROM oplever_bodies").fetchall()
    assert len(bodies) == 5
    for digest, size, body in bodies:
        content = zlib.decompress(body)
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (digest, size)


def test_filters_hold_together_with_what_is_overdue(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oplever.clock.now", lambda: "2026-11-25T12:00:00.000000Z")
    store_planned_run(base, "2026-11-24")
    assert names(overdue=True, host="a") == [HAND]
    assert names(overdue=True, host="web1") == []


def test_a_control_that_fails_is_a_failure(base: Path) -> None:
    control = {"id": "SSH-01", "severity": "high", "status": "fail", "expected": "no", "found": "yes"}
    data = {"stage": "after", "checks": [control]}
    store_record(base, HAND, Journal().task("audit", host="web9", data=data))
    assert names(failed_check="ssh-*") == [HAND]
    with open_index() as index:
        [visit] = life(index, "web9")
    assert visit.failing == (Failing("control", "SSH-01", "fail", "no", "yes"),)
