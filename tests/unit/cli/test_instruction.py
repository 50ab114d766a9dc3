"""`oplever instruction`, as somebody who explains types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import school
from command import run
from oplever import store

TEACHER, USER = "S. Yilmaz", "Jannie Bakker"


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    monkeypatch.setenv("OPLEVER_PERSON", TEACHER)
    monkeypatch.setenv("OPLEVER_LANGUAGE", "en")
    monkeypatch.chdir(tmp_path)
    school.store(tmp_path / "records", school.journal())
    return tmp_path / "records"


def new() -> str:
    return run("instruction", "new", "--title", "Wiki", "--location", "0.14").stdout.splitlines()[-1]


@pytest.mark.slow
def test_attendees_are_in_the_record_by_pseudonym_alone(base: Path) -> None:
    name = new()
    said = run("instruction", "attend", name, "--who", USER, "--who", "F. de Groot", "--audience", "teacher").stdout
    pseudonyms = [line.split()[0] for line in said.splitlines()[:2]]
    assert all(pseudonym.startswith("P-") for pseudonym in pseudonyms)
    again = new()
    assert pseudonyms[0] in run("instruction", "attend", again, "--who", f" {USER.lower()} ").stdout
    run("instruction", "explain", name, "--subject", "Openen")
    answer = ("--question", "Hoe?", "--answer", "Zo.", "--judged", "understood")
    run("instruction", "ask", name, "--subject", "S1", "--who", USER, *answer)
    run("report", name, code=1)
    written = [path for path in (base / name).rglob("*") if path.is_file()]
    assert len(written) > 6
    assert [path.name for path in written if USER.encode() in path.read_bytes()] == []
    assert pseudonyms[0] in (base / name / "record.json").read_text()


def test_a_handout_is_kept_with_what_it_says_and_how_it_is_written(base: Path) -> None:
    name = new()
    said = run(
        "instruction", "explain", name, "--card", "dokuwiki/open", "--of", school.RECORD, "--language", "nl"
    ).stdout
    assert "S1: dokuwiki/open" in said
    subject = json.loads((base / name / "record.json").read_text())["instruction"]["subjects"][0]
    assert subject["subject"] == "De wiki openen"
    assert (subject["source"], subject["steps"], subject["mistakes"]) == (school.RECORD, 3, 0)
    assert subject["ease"] > 70
    card = run("handout", school.RECORD, "--out", "x.md", "--format", "md").stdout
    assert f"dokuwiki/open {subject['version'][:8]}" in card


def test_a_handout_of_what_does_not_work_is_refused(base: Path) -> None:
    (base / school.RECORD / "journal.jsonl").write_bytes(b"".join(school.journal({"dokuwiki.page": "fail"})))
    said = run("instruction", "explain", new(), "--card", "dokuwiki/open", "--of", school.RECORD, code=2).stderr
    assert "the test dokuwiki.page does not pass" in said
    assert "[entry-invalid]" in said


def test_what_breaks_the_rules_for_cards_is_counted(base: Path) -> None:
    lines = [line.replace(b"Druk op Enter.", b"Druk op Enter en wacht.") for line in school.journal()]
    (base / school.RECORD / "journal.jsonl").write_bytes(b"".join(lines))
    name = new()
    run("instruction", "explain", name, "--card", "dokuwiki/open", "--of", school.RECORD)
    assert json.loads((base / name / "record.json").read_text())["instruction"]["subjects"][0]["mistakes"] == 1


def test_commands_for_another_kind_of_record_say_so() -> None:
    for arguments in (
        ("show", school.RECORD),
        ("attend", school.RECORD, "--who", USER),
        ("support", school.RECORD, "--none"),
    ):
        assert "[record-unknown]" in run("instruction", *arguments, code=2).stderr
    assert "has no attendance" in run("form", "attendance", school.RECORD, code=2).stderr


def test_wrong_use_is_told() -> None:
    name = new()
    assert "give --subject, --card or both" in run("instruction", "explain", name, code=2).stderr
    assert "give --of RECORD" in run("instruction", "explain", name, "--card", "dokuwiki/open", code=2).stderr
    said = run("instruction", "explain", name, "--card", "dokuwiki/none", "--of", school.RECORD, code=2).stderr
    assert "dokuwiki/open" in said


@pytest.mark.slow
def test_it_is_listed_shown_verified_and_drawn_as_every_record(base: Path) -> None:
    assert "No instruction yet." in run("instruction", "list").stdout
    name = new()
    assert name in run("instruction", "list").stdout
    assert [row["name"] for row in json.loads(run("list", "--kind", "instruction", "--format", "json").stdout)] == [
        name
    ]
    assert run("instruction", "show", name, code=1).stdout.startswith(name)
    run("report", name, code=1)
    assert run("verify", name).exit_code == 0
    run("export", "json", name, "-o", "x.json")
    run("publish", "--out", "pages")
    assert any(name in path.read_text() for path in Path("pages").glob("*.nl.html"))
    run("form", "attendance", name, "-o", "sheet.html", "--format", "html")
    assert store.find(name).name == name
