"""What is old enough goes, nothing else; and a record without names is still whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from oplever import config, store
from oplever.cli.build import build
from oplever.config import Retention
from oplever.errors import OpleverError
from oplever.record import entries
from oplever.store import manifest, retention
from stored import store_record, visit

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
OLD, YOUNG = "20241101T100000Z-site-aaaaaa", "20261120T100000Z-site-bbbbbb"


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(
        "oplever.cli.build.render_all", _render
    )  # the real ones have tests of their own, and take a second
    store_record(tmp_path, OLD, visit().finish())
    store_record(tmp_path, YOUNG, visit().finish())
    (tmp_path / "latest").symlink_to(OLD)
    return tmp_path


def _render(record: object, directory: Path) -> None:
    store.write(directory / "report.nl.md", (directory / "record.json").read_bytes())


def say(directory: Path, kind: str, at: str, by: str = "S. Yilmaz", **data: object) -> None:
    store.add(directory, entries.make(kind, by, at, data))


def hours_and_signatures(directory: Path, day: str) -> None:
    say(directory, "hours", f"{day}T11:00:00Z", hours=1, activity="x")
    say(directory, "hours", f"{day}T11:10:00Z", by="s.  YILMAZ", hours=1, activity="y")
    say(directory, "acceptance", f"{day}T11:20:00Z", user="A. de Boer", verdict="accepted")
    say(directory, "report", f"{day}T11:30:00Z", to="M. de Wit")
    say(directory, "decision", f"{day}T11:40:00Z", by="M. de Wit", decision="approved")
    build(directory)


def due(base: Path, **terms: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.record, each.action, each.names) for each in retention.plan(base, Retention(**terms), NOW)]


def purge(base: Path, **terms: str) -> None:
    for each in retention.plan(base, Retention(**terms), NOW):
        retention.carry_out(base, each, NOW)
        if each.action == "pseudonymised":
            build(base / each.record)


def test_nothing_set_nothing_due(base: Path) -> None:
    hours_and_signatures(base / OLD, "2024-11-01")
    assert due(base) == []


def test_only_what_is_old_enough_goes(base: Path) -> None:
    assert due(base, record="3 years") == []
    assert due(base, record="2 years") == [(OLD, "removed", ())]
    purge(base, record="2 years")
    assert [path.name for path in store.every(base)] == [YOUNG]
    assert not (base / "latest").is_symlink()
    logged = [json.loads(line) for line in (base / "purge.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["record"], line["action"], line["files"]) for line in logged] == [(OLD, "removed", 1)]


def test_an_entry_makes_a_record_young_again(base: Path) -> None:
    say(base / OLD, "correction", "2026-11-30T10:00:00Z", field="document", reason="x")
    assert due(base, record="2 years") == []


def test_a_record_whose_age_is_unknown_is_left_alone(base: Path) -> None:
    (base / OLD / "journal.jsonl").write_bytes(b"garbage\n")
    assert due(base, record="1 days") == [(OLD, "unreadable", ()), (YOUNG, "removed", ())]
    purge(base, record="1 days")
    assert [path.name for path in store.every(base)] == [OLD]


def test_a_link_is_not_followed(base: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "precious").write_bytes(b"x")
    (base / OLD / "link").symlink_to(outside)
    purge(base, record="2 years")
    assert (outside / "precious").exists()


def test_names_become_the_same_pseudonym_everywhere(base: Path) -> None:
    for name, day in ((OLD, "2024-11-01"), (YOUNG, "2026-11-20")):
        hours_and_signatures(base / name, day)
    purge(base, hours_names="1 days")
    people = [
        [line.person for line in store.load(base / name).hours.lines if line.kind != "machine"] for name in (OLD, YOUNG)
    ]
    assert len({person for record in people for person in record}) == 1
    assert people[0][0].startswith("P-")
    assert (base / "pseudonym.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("term", "gone", "stays"),
    [
        ("hours_names", ["YILMAZ"], ["A. de Boer", "M. de Wit"]),
        ("signatures", ["A. de Boer", "M. de Wit"], ["YILMAZ"]),
    ],
)
def test_each_sort_of_names_has_its_own_time(base: Path, term: str, gone: list[str], stays: list[str]) -> None:
    hours_and_signatures(base / OLD, "2024-11-01")
    purge(base, **{term: "2 years"})
    for path in (base / OLD).iterdir():
        text = path.read_text(encoding="utf-8")
        assert [name for name in gone if name in text] == [], path.name
    entered = (base / OLD / "entries.jsonl").read_text(encoding="utf-8")
    assert [name for name in stays if name not in entered] == []


def test_a_record_without_names_is_whole_and_says_so(base: Path) -> None:
    hours_and_signatures(base / OLD, "2024-11-01")
    purge(base, hours_names="2 years", signatures="2 years")
    assert manifest.problems(base / OLD) == []
    last = store.read_entries(base / OLD)[-1]
    assert last.kind == "pseudonymised"
    assert store.load(base / OLD).document.history[-1].what == "pseudonymised"
    assert store.load(base / OLD).status == "approved"
    assert due(base, hours_names="2 years", signatures="2 years") == []  # once is enough
    assert due(base, record="2 years") == [(OLD, "removed", ())]  # and it does not make the record young


def test_a_crash_before_the_documents_are_made_leaves_no_names(base: Path) -> None:
    hours_and_signatures(base / OLD, "2024-11-01")
    [each] = retention.plan(base, Retention(hours_names="2 years"), NOW)
    retention.carry_out(base, each, NOW)
    assert "YILMAZ" not in "".join(path.read_text(encoding="utf-8") for path in (base / OLD).iterdir())


@pytest.mark.parametrize(
    ("term", "moment"),
    [
        ("30 days", "2026-11-01"), ("1 day", "2026-11-30"), ("2 weeks", "2026-11-17"),
        ("18 months", "2025-06-01"), ("1 month", "2026-11-01"), ("2 years", "2024-12-01"),
    ],
)  # fmt: skip
def test_terms(term: str, moment: str) -> None:
    assert config.before(NOW, term).date().isoformat() == moment


def test_a_month_without_that_day_ends_on_its_last() -> None:
    assert config.before(datetime(2026, 3, 31), "1 month").date().isoformat() == "2026-02-28"
    assert config.before(datetime(2024, 2, 29), "1 year").date().isoformat() == "2023-02-28"


@pytest.mark.parametrize(
    "text",
    [
        "retention: {record: two years}", "retention: {record: 9999 years}", "retention: {record: 2}", "retention: [1]",
        "retention: {records: 2 years}", "store: 3", "unknown: 1", "a: [", "\x00",
    ],
)  # fmt: skip
def test_a_configuration_that_is_not_right_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    path = tmp_path / "oplever.yml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("OPLEVER_CONFIG", str(path))
    with pytest.raises(OpleverError) as caught:
        config.load()
    assert caught.value.slug == "config-invalid"


def test_without_a_file_nothing_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPLEVER_CONFIG", raising=False)
    monkeypatch.delenv("ANSIBLE_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    assert config.load() == config.Config()
    (tmp_path / "oplever.yml").write_text("", encoding="utf-8")
    assert config.load() == config.Config()
    (tmp_path / "oplever.yml").write_text("retention: {record: 7 years}\n", encoding="utf-8")
    assert config.load().retention.record == "7 years"


def test_the_records_are_where_the_callback_puts_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPLEVER_RECORDS", raising=False)
    monkeypatch.delenv("ANSIBLE_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    assert config.records() == tmp_path / "records"
    (tmp_path / "ansible.cfg").write_text("[oplever]\nrecords = kept/%here\n", encoding="utf-8")
    assert config.records() == tmp_path / "kept/%here"
    monkeypatch.setenv("ANSIBLE_CONFIG", str(tmp_path / "ansible.cfg"))
    monkeypatch.chdir("/")
    assert config.records() == tmp_path / "kept/%here"
    monkeypatch.setenv("OPLEVER_RECORDS", "elsewhere")
    assert config.records() == tmp_path / "elsewhere"
