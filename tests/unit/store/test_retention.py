"""What is old enough goes, nothing else; and a record without names is still whole."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from command import attempt
from oplever import config, store
from oplever.app.build import build
from oplever.config import Retention
from oplever.errors import OpleverError
from oplever.files import write
from oplever.record import entries
from oplever.store import chain, mails, manifest, pseudonyms, retention
from oplever.store.append import append
from oplever.store.records import entry_lines
from oplever.text import to_json
from stored import store_record, visit

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
OLD, YOUNG = "20241101T100000Z-site-aaaaaa", "20261120T100000Z-site-bbbbbb"


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(
        "oplever.app.build.write_documents", _render
    )  # the real ones have tests of their own, and take a second
    store_record(tmp_path, OLD, visit().finish())
    store_record(tmp_path, YOUNG, visit().finish())
    (tmp_path / "latest").symlink_to(OLD)
    return tmp_path


def _render(record: object, place: Path, directory: Path) -> None:
    write(place / "report.nl.md", to_json(record))


def say(directory: Path, kind: str, at: str, by: str = "S. Yilmaz", **data: object) -> None:
    append(directory, [entries.make(kind, by, at, data)])


def hours_and_signatures(directory: Path, day: str) -> None:
    say(directory, "hours", f"{day}T11:00:00Z", hours=1, activity="x")
    say(directory, "hours", f"{day}T11:10:00Z", by="s.  YILMAZ", hours=1, activity="y")
    say(directory, "acceptance", f"{day}T11:20:00Z", user="A. de Boer", verdict="accepted")
    say(directory, "report", f"{day}T11:30:00Z", to="M. de Wit")
    say(directory, "decision", f"{day}T11:40:00Z", by="M. de Wit", decision="approved")
    build(directory)


def due(base: Path, **terms: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(purged.record, purged.action, purged.names) for purged in retention.plan(base, Retention(**terms), NOW)]


def purge(base: Path, **terms: str) -> None:
    for purged in retention.plan(base, Retention(**terms), NOW):
        retention.carry_out(base, purged, NOW)
        if purged.action == "pseudonymised":
            build(base / purged.record)


def test_nothing_set_nothing_due(base: Path) -> None:
    hours_and_signatures(base / OLD, "2024-11-01")
    assert due(base) == []


def test_lines_about_mail_go_when_records_of_their_time_do(base: Path) -> None:
    old, young = "2024-01-02T10:00:00.000000Z", "2026-11-01T10:00:00.000000Z"
    for at in (old, young):
        mails.log(base, mails.Logged(at, "aside", "ab" * 32, "P-0123456789", reason="it cannot be read"))
    assert due(base) == []
    before = (base / mails.LOG).read_bytes()
    assert ("mail.jsonl", "shortened", ()) in due(base, record="2 years")
    assert (base / mails.LOG).read_bytes() == before
    purge(base, record="2 years")
    assert [line.at for line in mails.logged(base)] == [young]
    assert "mail.jsonl" not in retention.removed_records(base)
    assert [name for name, _, _ in due(base, record="2 years")] == []


def test_only_what_is_old_enough_goes(base: Path) -> None:
    assert due(base, record="3 years") == []
    assert due(base, record="2 years") == [(OLD, "removed", ())]
    purge(base, record="2 years")
    assert [path.name for path in store.every(base)] == [YOUNG]
    assert (base / "latest").readlink() == Path(YOUNG)
    purge(base, record="1 day")
    assert not (base / "latest").is_symlink()
    logged = [json.loads(line) for line in (base / "purge.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [(line["record"], line["action"], line["files"]) for line in logged]
    assert rows == [(OLD, "removed", 1), (YOUNG, "removed", 1)]


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


def entered(directory: Path) -> str:
    return (directory / "entries.jsonl").read_text(encoding="utf-8")


def test_a_name_goes_from_free_text_and_other_entries_too(base: Path) -> None:
    say(base / OLD, "step", "2024-11-01T10:50:00Z", host="web1", name="SSD vervangen, s. yilmaz en S. Yilmazova erbij")
    say(base / OLD, "rest-point", "2024-11-01T10:55:00Z", item="label", owner="S. Yilmaz")
    hours_and_signatures(base / OLD, "2024-11-01")
    say(base / OLD, "decision", "2024-11-01T12:00:00Z", by="M. de Wit", decision="approved", remarks="S. Yilmaz: goed")
    build(base / OLD)
    purge(base, hours_names="2 years")
    first, second, *_, last, _ = store.read_entries(base / OLD)
    someone = first.by
    assert someone.startswith("P-")
    assert first.entry == entries.StepEntry("web1", f"SSD vervangen, {someone} en S. Yilmazova erbij")
    assert second.entry == entries.RestPointEntry("label", someone)
    assert (last.by, last.entry) == ("M. de Wit", entries.DecisionEntry("approved", f"{someone}: goed"))
    # Who signed stays until the term for signatures is over.
    assert [(e.by, e.kind) for e in store.read_entries(base / OLD) if "Yilmaz" in e.by] == [
        ("S. Yilmaz", "acceptance"), ("S. Yilmaz", "report")
    ]  # fmt: skip
    purge(base, signatures="2 years")
    assert 'S. Yilmaz"' not in entered(base / OLD)
    assert manifest.problems(base / OLD) == []


def test_a_name_of_one_word_goes_only_where_it_is_the_whole_text(base: Path) -> None:
    say(base / OLD, "hours", "2024-11-01T11:00:00Z", by="approved", hours=1, activity="approved by beheer")
    say(base / OLD, "rest-point", "2024-11-01T11:01:00Z", item="approved paint", owner="Approved")
    say(base / OLD, "decision", "2024-11-01T11:02:00Z", by="M. de Wit", decision="approved")
    purge(base, hours_names="2 years")
    hours, point, decision, _ = store.read_entries(base / OLD)
    assert hours.by.startswith("P-")
    assert (hours.entry.activity, point.entry.item, point.entry.owner) == (
        "approved by beheer",
        "approved paint",
        hours.by,
    )  # type: ignore[union-attr]
    assert decision.entry == entries.DecisionEntry("approved")


def test_a_text_of_full_length_can_still_be_read_when_its_name_was_replaced(base: Path) -> None:
    full = ("B. Ek " * entries.LONGEST)[: entries.LONGEST]
    say(base / OLD, "hours", "2024-11-01T11:00:00Z", by="B. Ek", hours=1, activity=full)
    purge(base, hours_names="2 years")
    assert "B. Ek" not in entered(base / OLD)
    assert len(store.read_entries(base / OLD)) == 2


def test_what_is_left_in_the_journal_is_counted_and_the_journal_stays_as_it_is(base: Path) -> None:
    journal = base / OLD / "journal.jsonl"
    before = journal.read_bytes()
    assert before.count(b"S. Yilmaz") == 1
    say(base / OLD, "hours", "2024-11-01T11:00:00Z", hours=1, activity="x")
    say(base / OLD, "hours", "2024-11-01T11:01:00Z", by="svc", hours=1, activity="y")  # the account that ran it
    [purged] = retention.plan(base, Retention(hours_names="2 years"), NOW)
    assert purged.in_journal == 2
    purge(base, hours_names="2 years")
    assert journal.read_bytes() == before
    [logged] = (base / "purge.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(logged)["in_journal"] == 2
    assert "Yilmaz" not in logged


@pytest.mark.parametrize(("terms", "until"), [("", "no end: retention.record is not set"), (", record: 7 years", "7")])
def test_purge_says_until_when_names_are_left(
    base: Path, monkeypatch: pytest.MonkeyPatch, terms: str, until: str
) -> None:
    say(base / OLD, "hours", "2024-11-01T11:00:00Z", hours=1, activity="x")
    (base / "oplever.yml").write_text(f"retention: {{hours_names: 1 year{terms}}}\n", encoding="utf-8")
    monkeypatch.setenv("OPLEVER_CONFIG", str(base / "oplever.yml"))
    monkeypatch.setenv("OPLEVER_RECORDS", str(base))
    output = attempt("purge", "--dry-run").output
    assert f"hours_names; left in the journal: 1, until the record is removed ({until}" in output


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
    [purged] = retention.plan(base, Retention(hours_names="2 years"), NOW)
    retention.carry_out(base, purged, NOW)
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


def test_the_plan_says_what_would_go(base: Path) -> None:
    (base / OLD / "signed").mkdir()
    (base / OLD / "signed" / "x").write_bytes(b"12345")
    (base / OLD / "link").symlink_to(base / YOUNG / "journal.jsonl")
    [due] = retention.plan(base, Retention(record="2 years"), NOW)
    size = (base / OLD / "journal.jsonl").stat().st_size
    assert due == retention.Purged(OLD, due.ended, "removed", files=2, size_bytes=size + 5)
    assert due.ended is not None
    assert due.ended.startswith("2024-11-01T")
    retention.carry_out(base, due, NOW)
    assert json.loads((base / "purge.jsonl").read_text(encoding="utf-8")) == {
        "at": "2026-12-01T12:00:00.000000Z", "record": OLD, "ended": due.ended, "action": "removed", "names": [],
        "files": 2, "size_bytes": size + 5, "in_journal": 0, "problem": "", "lines": 0,
    }  # fmt: skip


def test_the_oldest_goes_first(base: Path) -> None:
    plan = retention.plan(base, Retention(record="1 day"), NOW)
    assert [purged.record for purged in plan] == [OLD, YOUNG]


def test_latest_stays_on_a_record_that_stays(base: Path) -> None:
    (base / "latest").unlink()
    (base / "latest").symlink_to(YOUNG)
    purge(base, record="2 years")
    assert (base / "latest").readlink() == Path(YOUNG)
    (base / "latest").unlink()
    store_record(base, OLD, visit().finish())
    purge(base, record="2 years")  # without a link at all
    assert [path.name for path in store.every(base)] == [YOUNG]


def test_a_journal_that_is_gone_is_told(base: Path) -> None:
    say(base / OLD, "hours", "2024-11-01T11:00:00Z", hours=1, activity="x")
    (base / OLD / "journal.jsonl").unlink()
    [due] = retention.plan(base, Retention(record="2 years"), NOW)
    assert (due.action, due.ended) == ("unreadable", None)
    assert "journal.jsonl" in due.problem
    assert "No such file" in due.problem
    (base / OLD / "journal.jsonl").mkdir()
    [due] = retention.plan(base, Retention(record="2 years"), NOW)
    assert "Is a directory" in due.problem


def test_the_last_moment_is_that_of_the_journal_or_of_an_entry(base: Path) -> None:
    ended = retention.last_moment(base / OLD, ())
    assert ended == max(json.loads(line)["t"] for line in (base / OLD / "journal.jsonl").read_bytes().splitlines())
    late = entries.make("hours", "S. Yilmaz", "2025-01-01T00:00:00.000000Z", {"hours": 1, "activity": "x"})
    assert retention.last_moment(base / OLD, (late,)) == "2025-01-01T00:00:00.000000Z"
    with (base / OLD / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"seq":999,"t":"2024-12-31T00:00:00.000000Z","kind":"run_end"}\n')  # after a gap
    assert retention.last_moment(base / OLD, ()) == "2024-12-31T00:00:00.000000Z"


def test_work_by_hand_has_its_age_of_its_entries(base: Path) -> None:
    name = "20241102T100000Z-installation-cccccc"
    late = {"record": name, "kind": "installation", "title": "switch", "work_process": "1.3"}
    opened = entries.make("opened", "S. Yilmaz", "2024-11-02T10:00:00.000000Z", late)
    directory = store.create(base, name, [opened])
    assert retention.last_moment(directory, store.read_entries(directory)) == "2024-11-02T10:00:00.000000Z"
    say(directory, "hours", "2024-11-03T10:00:00.000000Z", hours=1, activity="x")
    assert retention.last_moment(directory, store.read_entries(directory)) == "2024-11-03T10:00:00.000000Z"
    [due] = retention.plan(base, Retention(hours_names="2 years"), NOW)
    assert (due.action, due.in_journal) == ("pseudonymised", 0)
    purge(base, hours_names="2 years")
    entered_then = store.read_entries(directory)
    assert (entered_then[-1].kind, entered_then[-1].by) == ("pseudonymised", "oplever purge")
    assert entered_then[-1].at == "2026-12-01T12:00:00.000000Z"
    assert retention.last_moment(directory, entered_then) == "2024-11-03T10:00:00.000000Z"


def test_what_was_signed_loses_its_documents_first_and_its_signature_in_the_end(base: Path) -> None:
    hours_and_signatures(base / OLD, "2024-11-01")
    place = base / OLD / "signed" / "6"
    (place / "files").mkdir(parents=True)
    for name in ("manifest.json", "statement.json", "statement.json.sig", "report.nl.md", "files/photo.png"):
        (place / name).write_bytes(b"x")
    (place / "files" / "link").symlink_to(base / YOUNG)
    purge(base, hours_names="2 years")
    assert sorted(path.name for path in place.iterdir()) == ["manifest.json", "statement.json", "statement.json.sig"]
    purge(base, signatures="2 years")
    assert list((base / OLD / "signed").iterdir()) == []
    assert (base / YOUNG / "journal.jsonl").exists()


def test_documents_with_names_go(base: Path) -> None:
    hours_and_signatures(base / OLD, "2024-11-01")
    for name in ("report.en.pdf", "photo.png"):
        (base / OLD / name).write_bytes(b"x")
    before = hashlib.sha256((base / OLD / "entries.jsonl").read_bytes()).hexdigest()
    [due] = retention.plan(base, Retention(hours_names="2 years"), NOW)
    retention.carry_out(base, due, NOW)
    assert sorted(path.name for path in (base / OLD).iterdir() if not path.name.startswith(".")) == [
        "entries.jsonl", "journal.jsonl", "photo.png",
    ]  # fmt: skip
    assert store.read_entries(base / OLD)[-1].entry.entries == before  # type: ignore[union-attr]
    assert chain.breaks(entry_lines(base / OLD), base / OLD / "journal.jsonl") == []


def test_a_key_for_pseudonyms_is_made_once(base: Path) -> None:
    for name, day in ((OLD, "2024-11-01"), (YOUNG, "2026-11-20")):
        hours_and_signatures(base / name, day)
    purge(base, hours_names="2 years")
    key = (base / "pseudonym.key").read_bytes()
    assert len(key) == 65
    assert key.endswith(b"\n")
    purge(base, hours_names="1 day")
    assert (base / "pseudonym.key").read_bytes() == key
    first = store.read_entries(base / OLD)[0].by
    assert first == pseudonyms.pseudonym("S. Yilmaz", key.strip()) == store.read_entries(base / YOUNG)[0].by


@pytest.mark.parametrize(("file", "slug"), [("pseudonym.key", "file-unreadable"), ("purge.jsonl", "file-unwritable")])
def test_a_file_that_is_in_the_way_is_one_error(base: Path, file: str, slug: str) -> None:
    hours_and_signatures(base / OLD, "2024-11-01")
    (base / file).mkdir()
    [due] = retention.plan(base, Retention(hours_names="2 years"), NOW)
    with pytest.raises(OpleverError) as refusal:
        retention.carry_out(base, due, NOW)
    assert refusal.value.slug == slug
    assert str(base / file) in refusal.value.message


def test_errors_name_the_file(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (base / OLD / "journal.jsonl").write_bytes(b"")
    with pytest.raises(OpleverError, match=str(base / OLD / "journal.jsonl")):
        retention.last_moment(base / OLD, ())

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(retention.shutil, "rmtree", refuse)
    with pytest.raises(OpleverError, match=f"{base / YOUNG}: Permission denied") as refusal:
        retention.carry_out(base, retention.Purged(YOUNG, None, "removed"), NOW)
    assert refusal.value.slug == "file-unwritable"
    monkeypatch.setattr(retention, "write", refuse)
    with pytest.raises(OpleverError, match=str(base / YOUNG / "entries.jsonl")):
        retention.pseudonymise(base / YOUNG, ("hours_names",), b"key", NOW)


def test_an_unreadable_record_is_logged_and_left(base: Path) -> None:
    retention.carry_out(base, retention.Purged(OLD, None, "unreadable", problem="x"), NOW)
    assert (base / OLD / "journal.jsonl").exists()
    assert json.loads((base / "purge.jsonl").read_text(encoding="utf-8"))["action"] == "unreadable"


def test_whoever_comes_second_takes_the_key_that_is_there(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two keys would make two pseudonyms of one name, and one of the keys would be lost."""

    @contextlib.contextmanager
    def locked_after_another(directory: Path) -> Iterator[None]:
        write(directory / pseudonyms.KEY, b"of another process\n")
        yield

    monkeypatch.setattr(retention, "locked", locked_after_another)
    assert retention.key(base) == b"of another process"
    assert retention.key(base) == b"of another process"


def test_without_terms_a_program_gets_json_all_the_same(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLEVER_RECORDS", str(base))
    done = attempt("purge", "--format", "json")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {"dry_run": False, "purged": []}
    assert "nothing is purged" in done.stderr
