"""The command as a person uses it: what it says, what it leaves, how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from command import attempt
from journals import complete
from oplever import store
from oplever.record import entries
from oplever.render.registry import render
from oplever.text import to_json


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    monkeypatch.delenv("OPLEVER_PERSON", raising=False)
    directory = tmp_path / "20261123T100000Z-site-a1b2c3"
    directory.mkdir()
    journal = complete()
    control = {"id": "SSH-001", "severity": "high", "status": "pass", "expected": "no", "found": "no"}
    journal.task("audit", data={"stage": "after", "suite": "SSH", "checks": [control]})
    (directory / "journal.jsonl").write_bytes(b"".join(journal.finish(ok=5).lines))
    (tmp_path / "latest").symlink_to(directory.name)
    return directory


def add(*arguments: str, by: str = "S. Yilmaz") -> Result:
    return attempt("add", arguments[0], "--by", by, *arguments[1:])


def record(directory: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((directory / "record.json").read_text(encoding="utf-8"))
    return content


EXAMPLES: dict[str, tuple[list[str], str]] = {
    "hours": (["--hours", "2.5", "--activity", "installatie"], "hours"),
    "acceptance": (["--user", "A. de Boer", "--verdict", "accepted", "--as-wanted", "startpagina"], "acceptance"),
    "rest-point": (["--item", "tweede werkplek", "--owner", "S. Yilmaz", "--due", "2026-12-01"], "rest_points"),
    "proposal": (["--observation", "traag", "--proposal", "spiegel", "--process", "test"], "proposals"),
    "consequence": (
        ["--solution", "wiki", "--maintenance", "maandelijks", "--information-system", "geen"],
        "consequences",
    ),
    "escalation": (["--to", "M. de Wit", "--message", "geen rechten", "--why", "not_allowed"], "escalations"),
    "fault": (["--host", "a", "--symptom", "kabel los", "--cause", "losgetrokken", "--fix", "vastgezet"], "faults"),
    "step": (["--host", "a", "--name", "schijf vervangen"], "steps"),
    "test": (["--host", "a", "--title", "scherm gaat aan", "--status", "pass", "--stage", "during"], "tests"),
    "component": (["--host", "a", "--name", "SSD 480 GB", "--version", "MZ7"], "components"),
    "assignment": (["--title", "Wiki voor ICT", "--procedures", "Werkinstructie 2.1"], "assignment"),
    "handover": (["--instructions", "wachtwoord wijzigen", "--support", "servicedesk"], "handover"),
    "report": (["--to", "M. de Wit", "--form", "oral", "--minutes", "besproken"], "accountability"),
    "decision": (["--decision", "approved"], "accountability"),
    "none": (["rest_points"], "rest_points"),
    "correction": (["--field", "systems.a.serial", "--value", "7XK2", "--reason", "sticker"], "document"),
    "exception": (
        [
            "--control",
            "SSH-001",
            "--reason",
            "oud apparaat",
            "--owner",
            "Hoofd ICT",
            "--approver",
            "M. de Wit",
            "--expires",
            "2099-12-31",
        ],
        "baseline",
    ),
}


def test_examples_are_of_kinds_that_there_are() -> None:
    """Commands are made of the declarations, so not each kind needs an example; tests/golden has an entry of each."""
    assert set(EXAMPLES) <= set(entries.KINDS)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_entry_changes_its_section_and_makes_a_revision(records: Path, kind: str) -> None:
    before = json.loads(to_json(store.load(records)))
    arguments, section = EXAMPLES[kind]
    done = add(kind, *arguments)
    assert done.exit_code == 0, done.output
    after = record(records)
    assert after[section] != before[section]
    assert after["document"]["revision"] == before["document"]["revision"] + 1
    assert after["document"]["history"][-1]["by"] == "S. Yilmaz"
    text = next(value for value in arguments if not value.startswith("--"))
    report = (render(store.load(records), "md", "nl") or b"").decode()
    assert text.replace(".", ",") in report or text in report or kind in ("none", "decision"), report[-3000:]


def test_entries_complete_a_record(records: Path) -> None:
    for kind in ("hours", "acceptance", "none", "proposal", "assignment", "report", "decision"):
        by = "M. de Wit" if kind == "decision" else "S. Yilmaz"
        assert add(kind, *EXAMPLES[kind][0], by=by).exit_code == 0
    codes = {missing["code"] for missing in record(records)["completeness"]["missing"]}
    assert not codes & {
        "hands_on_hours_missing", "acceptance_missing", "rest_points_missing", "proposals_missing",
        "procedures_missing", "report_missing", "decision_missing",
    }  # fmt: skip
    assert record(records)["status"] == "approved"
    assert record(records)["signatures"] == []  # what is said is not signed


def test_a_user_who_says_no_stops_the_delivery_and_may_come_back_on_it(records: Path) -> None:
    no = add("acceptance", "--user", "A. de Boer", "--verdict", "rejected", "--not-as-wanted", "taal")
    assert "not delivered" in no.output
    assert "A. de Boer rejected the work" in no.output
    yes = add("acceptance", "--user", "A. de Boer", "--verdict", "accepted")
    assert "verdict: in order" in yes.output
    assert "rejected the work" not in yes.output


def test_a_rest_point_is_open_until_it_is_done(records: Path) -> None:
    assert (
        "Open points: 1" in add("rest-point", "--item", "kabel", "--owner", "S. Yilmaz", "--due", "31-12-2099").output
    )
    assert "Open points: 1" not in add("rest-point", "--done", "R1").output
    assert [point["status"] for point in record(records)["rest_points"]["items"]] == ["done"]


def test_a_failing_test_by_hand_counts(records: Path) -> None:
    assert "Failed tests: 1 (hand.1)" in add("test", "--host", "a", "--title", "geluid", "--status", "fail").output


def test_an_approved_record_stays_as_it_is(records: Path) -> None:
    add("decision", "--decision", "approved", by="M. de Wit")
    refused = add("hours", "--hours", "1", "--activity", "later")
    assert refused.exit_code == 2
    assert "[record-approved]" in refused.stderr
    assert len((records / "entries.jsonl").read_text(encoding="utf-8").splitlines()) == 1
    assert add("correction", "--field", "systems.a.serial", "--reason", "anders").exit_code == 0


def test_no_command_is_named_that_an_approved_record_refuses(records: Path) -> None:
    assert "oplever add hours" in attempt("show").output
    add("decision", "--decision", "approved", by="M. de Wit")
    shown = attempt("show").output
    assert "Hours worked" in shown
    assert "oplever add" not in shown
    assert "oplever complete" not in shown
    assert "An approved record takes corrections only." in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["hours", "--hours", "0", "--activity", "x"], "hours"),
        (["hours", "--hours", "25", "--activity", "x"], "hours"),
        (["hours", "--hours", "2", "--activity", "x", "--day", "gisteren"], "day"),
        (["proposal", "--observation", "", "--proposal", "x"], "observation"),
    ],
)
def test_what_is_not_right_is_refused_and_nothing_is_written(records: Path, arguments: list[str], says: str) -> None:
    refused = add(*arguments)
    assert refused.exit_code == 2
    assert says in refused.stderr
    assert "[entry-invalid]" in refused.stderr
    assert not (records / "entries.jsonl").exists() or (records / "entries.jsonl").read_bytes() == b""


def test_somebody_must_say_it(records: Path) -> None:
    assert "--by" in attempt("add", "hours", "--hours", "1", "--activity", "x").stderr


def test_a_broken_line_is_named(records: Path) -> None:
    add("hours", *EXAMPLES["hours"][0])
    with (records / "entries.jsonl").open("ab") as file:
        file.write(b'{"half a li')
    done = attempt("report")
    assert done.exit_code == 2
    assert "line 2" in done.stderr
    assert "[entries-broken]" in done.stderr


@pytest.mark.parametrize("at", ["9999-99-99T99:99:99Z", "", "yesterday"])
def test_an_entry_of_no_moment_is_named_and_keeps_nobody_from_the_others(records: Path, at: str) -> None:
    """It ended the list of all records with a traceback."""
    assert (
        attempt(
            "incident", "new", "--by", "S. Yilmaz", "--channel", "phone", "--reporter", "J. Bakker", "--text", "x"
        ).exit_code
        == 0
    )
    case = next(records.parent.glob("*-incident-*"))
    lines = [json.loads(line) for line in (case / "entries.jsonl").read_text(encoding="utf-8").splitlines()]
    broken = [json.dumps({**line, "at": at}) + "\n" for line in lines]
    (case / "entries.jsonl").write_text("".join(broken), encoding="utf-8")
    for command in (["list"], ["show", case.name], ["incident", "list"], ["incident", "check"]):
        done = attempt(*command)
        assert done.exception is None or isinstance(done.exception, SystemExit), command
        assert "line 1: at: " in done.output or command[0] == "incident"
    assert records.name in attempt("list").output


@pytest.mark.slow
def test_show_says_what_is_missing_and_how_to_supply_it(records: Path) -> None:
    attempt("report")
    shown = attempt("show").output
    for part in ("✓ Technically in order", "✓ tested", "oplever add hours", "oplever add decision", "report.nl.pdf"):
        assert part in shown


@pytest.mark.slow
def test_commands_answer_in_the_language_of_the_user(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "nl_NL.UTF-8")
    attempt("report")
    shown = attempt("show").output
    for part in ("Technisch in orde", "✓ getest", "Nog nodig", "Gewerkte uren", "Documenten"):
        assert part in shown
    assert "Still needed" not in shown
    listed = attempt("list").output
    assert "in orde" in listed
    assert "delivered" not in listed
    assert "Technically in order" in attempt("show", "--language", "en").output
    host = json.loads(attempt("show", "--format", "json").output)["systems"][0]["name"]
    assert "not_delivered" not in attempt("show", "--host", host).output
    assert "oordeel" in attempt("show", "--host", host).output
    assert json.loads(attempt("list", "--format", "json").output)[0]["verdict"].startswith("delivered")


def test_list_names_records_newest_first(records: Path) -> None:
    newer = records.parent / "20261124T100000Z-site-ffffff"
    newer.mkdir()
    (newer / "journal.jsonl").write_bytes(b"nonsense\n")
    lines = attempt("list").output.splitlines()
    assert [line.split()[0] for line in lines] == [newer.name, records.name]
    assert "cannot be read" in lines[0]


@pytest.mark.slow
def test_verify_sees_an_altered_file(records: Path) -> None:
    assert attempt("report").exit_code == 0
    assert attempt("verify").exit_code == 0
    with (records / "journal.jsonl").open("ab") as file:
        file.write(b"\n")
    done = attempt("verify")
    assert done.exit_code == 1
    assert "journal.jsonl" in done.stderr


def test_a_record_that_is_not_there(records: Path) -> None:
    done = attempt("show", "nix")
    assert done.exit_code == 2
    assert "[record-unknown]" in done.stderr
