"""Records of work that no journal recorded: everything that works on a record works on them."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result
from command import attempt, run
from journals import complete
from oplever import store
from oplever.config import Retention
from oplever.errors import OpleverError
from oplever.kinds.documents import build
from oplever.page.blocks import Table
from oplever.page.translator import Translator
from oplever.store import chain, manifest, retention
from oplever.store.records import entry_lines
from stored import store_record

PERSON = "S. Yilmaz"


def new(*arguments: str) -> Result:
    return attempt("new", "installation", "--title", "Switch in lokaal 0.14", "--by", PERSON, *arguments)


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    monkeypatch.setenv("OPLEVER_PERSON", PERSON)
    return tmp_path / "records"


@pytest.fixture
def record(base: Path) -> Path:
    done = new("--system", "sw1", "--system", "ap2", "--location", "lokaal 0.14", "--due", "2026-11-20")
    assert done.exit_code == 0, done.output
    return base / done.output.splitlines()[-1]


def record_json(record: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((record / "record.json").read_text(encoding="utf-8"))
    return content


def codes(record: Path) -> list[str]:
    return [reason["code"] for reason in record_json(record)["document"]["reasons"]]


@pytest.mark.parametrize("due", ["2026-12-01", "1-12-2026", "01-12-2026"])
def test_days_are_understood_as_people_write_them(base: Path, due: str) -> None:
    done = new("--due", due)
    assert done.exit_code == 0, done.output
    name = done.output.splitlines()[-1]
    assert record_json(base / name)["assignment"]["planned_end"] == "2026-12-01"
    for option in ("--due", "--until"):
        assert name in attempt("list", option, due if option == "--due" else "1-1-2999").output, option
    for refused in (new("--due", "31-2-2026"), attempt("list", "--due", "morgen")):
        assert refused.exit_code == 2
        assert "write the day as 2026-11-24 or 24-11-2026" in refused.stderr


def test_a_new_record_says_what_was_opened_and_that_nothing_was_done(base: Path, record: Path) -> None:
    content = record_json(record)
    assert (base / "latest").resolve() == record.resolve()
    assert (content["id"], content["kind"], content["work_process"]) == (record.name, "installation", "1.3")
    assert [system["name"] for system in content["systems"]] == ["sw1", "ap2"]
    assert content["assignment"]["planned_end"] == "2026-11-20"
    assert (content["verdict"], content["stage"]) == ("not_delivered", "nothing_done")
    assert codes(record) == ["nothing_stated", "no_tests"]
    assert content["document"]["history"][0] == {
        "revision": 1,
        "at": content["document"]["started"],
        "by": PERSON,
        "what": "opened",
        "withdrawn_by": None,
    }
    assert content["faults"] == []


def test_what_people_state_is_never_as_good_as_what_was_measured(record: Path) -> None:
    attempt("add", "step", "--host", "sw1", "--name", "opgehangen")
    assert codes(record) == ["stated", "no_tests"]
    attempt("add", "test", "--host", "sw1", "--title", "link", "--status", "pass")
    assert codes(record) == ["stated", "hosts_untested"]
    attempt("add", "test", "--host", "ap2", "--title", "link", "--status", "pass")
    assert (record_json(record)["verdict"], codes(record)) == ("delivered_with_remarks", ["stated"])
    attempt("add", "test", "--host", "ap2", "--title", "link", "--status", "fail")
    assert record_json(record)["verdict"] == "not_delivered"


def test_no_machine_is_green(record: Path) -> None:
    attempt("add", "test", "--host", "sw1", "--title", "link", "--status", "pass")
    page = build(store.load(record), Translator("en"))
    rows = next(block for block in page.summary if isinstance(block, Table)).rows
    assert [(row[0].text, row[2].text, row[2].tone) for row in rows] == [
        ("sw1", "in order as stated", "info"),
        ("ap2", "not tested", "info"),
    ]


def test_how_work_by_hand_ended_is_shown(record: Path) -> None:
    attempt("add", "step", "--host", "sw1", "--name", "hung", "--status", "failed", "--message", "the bracket broke")
    page = build(store.load(record), Translator("en"))
    [row] = [row for section in page.sections for b in section.blocks if isinstance(b, Table) for row in b.rows
             if row[0].text == "hung"]  # fmt: skip
    assert [(cell.text, cell.note, cell.tone) for cell in row[:3]] == [
        ("hung", "the bracket broke", "plain"), ("sw1", "", "plain"), ("failed", "", "bad"),
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("language", ["nl", "en"])
def test_documents_speak_of_no_run(record: Path, language: str) -> None:
    attempt("add", "step", "--host", "sw1", "--name", "opgehangen")
    attempt("report")
    text = (record / f"report.{language}.md").read_text(encoding="utf-8")
    about_runs = (
        "run interrupted",
        "run afgebroken",
        "Reachable",
        "Bereikbaar",
        "Check mode",
        "not finished",
        "Course",
    )
    assert [words for words in about_runs if words in text] == []


@pytest.mark.slow
def test_every_use_of_a_record_takes_it(record: Path) -> None:
    attempt("add", "test", "--host", "sw1", "--title", "link", "--status", "pass")
    for arguments in (
        ["show"],
        ["show", "--host", "sw1"],
        ["list"],
        ["verify"],
        ["report"],
        ["compare", "latest", "latest"],
    ):
        done = attempt(*arguments)
        assert (done.exit_code, done.exception) == (0, None), (arguments, done.output)
    for form in ("junit", "sarif", "csv", "json", "jsonl"):
        assert attempt("export", form).exit_code == 0, form
    assert attempt("add", "opened").exit_code == 2


def test_the_chain_begins_with_the_name_of_the_record(record: Path) -> None:
    attempt("add", "hours", "--hours", "1", "--activity", "ophangen")
    lines, journal = entry_lines(record), record / store.JOURNAL
    assert json.loads(lines[0])["previous"] == f"record:{record.name}"
    assert chain.breaks(lines, journal) == []
    assert chain.breaks(lines[1:], journal) == ["lines before line 1 were removed"]
    assert "opened another record" in chain.breaks(lines, record.with_name("other") / store.JOURNAL)[0]
    assert "moved down" in chain.breaks([lines[1], lines[0]], journal)[-1]
    journal.write_bytes(b"{}\n")
    assert "put beside entries" in chain.breaks(lines, journal)[0]


def test_removed_and_added_lines_show_in_the_manifest(record: Path) -> None:
    attempt("add", "hours", "--hours", "1", "--activity", "ophangen")
    lines = entry_lines(record)
    (record / store.ENTRIES).write_bytes(lines[0])
    assert any("after line 1 were removed" in problem for problem in manifest.problems(record))


@pytest.mark.slow
def test_it_is_signed_and_the_signature_holds(record: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    allowed = tmp_path / "allowed"
    allowed.write_text(f'"{PERSON}" {key.with_suffix(".pub").read_text()}')
    assert attempt("sign", "--key", str(key)).exit_code == 0
    done = attempt("verify", "--allowed-signers", str(allowed))
    assert done.exit_code == 0, done.output
    assert "revision 1" in done.output
    assert "the record was changed" not in done.output


def test_its_time_is_over_like_that_of_others(base: Path, record: Path) -> None:
    later = datetime(2036, 1, 1, tzinfo=UTC)
    due = retention.plan(base, Retention(record="1 year"), later)
    assert [(purged.record, purged.action) for purged in due] == [(record.name, "removed")]
    due = retention.plan(base, Retention(hours_names="1 year"), later)
    assert [purged.action for purged in due] == ["pseudonymised"]
    retention.carry_out(base, due[0], later)
    assert (
        manifest.problems(record)
        if (record / store.MANIFEST).exists()
        else not chain.breaks(entry_lines(record), record / store.JOURNAL)
    )
    assert PERSON not in (record / store.ENTRIES).read_text(encoding="utf-8")
    assert store.load(record).id == record.name


def test_the_list_knows_kind_state_and_what_is_overdue(
    base: Path, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_record(base, "20261123T100000Z-site-a1b2c3", complete().finish(ok=5))

    def names(*arguments: str) -> list[str]:
        return [row["name"] for row in json.loads(attempt("list", "--format", "json", *arguments).output)]

    for moment, expected in (("2026-11-20T23:00:00Z", []), ("2026-11-21T00:00:00Z", [record.name])):
        monkeypatch.setattr("oplever.clock.now", lambda moment=moment: moment)
        assert names("--overdue") == expected, moment
    assert names("--due", "2026-11-20") == [record.name]
    assert names("--due", "2026-11-19") == []
    assert len(names("--kind", "installation")) == 2
    assert len(names("--state", "concept")) == 2
    monkeypatch.undo()
    monkeypatch.setenv("OPLEVER_RECORDS", str(base))
    run("add", "decision", "--record", record.name, "--by", "M. de Wit", "--decision", "approved")
    assert names("--overdue") == []
    assert names("--state", "approved") == [record.name]


def test_a_directory_without_journal_and_opening_is_one_clear_error(base: Path, record: Path) -> None:
    other = base / "20261101T100000Z-site-aaaaaa"
    other.mkdir()
    attempt("add", "hours", "--hours", "1", "--activity", "x")
    (other / store.ENTRIES).write_bytes(entry_lines(record)[1])
    with pytest.raises(OpleverError) as caught:
        store.load(other)
    assert caught.value.slug == "journal-missing"


def test_opening_a_record_that_has_a_journal_changes_nothing(base: Path, record: Path) -> None:
    other = store_record(base, "20261101T100000Z-site-aaaaaa", complete().finish(ok=5))
    before = store.load(other)
    (other / store.ENTRIES).write_bytes(entry_lines(record)[0])
    after = store.load(other)
    assert msgspec.structs.replace(after, document=before.document) == before


def test_a_record_without_a_machine_says_nothing_of_a_playbook(base: Path, tmp_path: Path) -> None:
    done = new()
    assert "The record names no machine that was worked on." in done.stdout
    assert "playbook" not in done.stdout
    results = tmp_path / "results.xml"
    results.write_text('<testsuite name="a"><testcase name="x"/></testsuite>', encoding="utf-8")
    for host in ([], ["--host", "sw1"]):
        refused = attempt("import", "junit", str(results), *host)
        assert refused.exit_code == 2
        assert "the record names no machine at all; name another record with --record" in refused.stderr
