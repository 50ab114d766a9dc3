"""What is missing, asked for in one go on a terminal; a template to fill in; many entries from one file."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from command import attempt
from oplever import store
from oplever.app.complete import lacking, template
from oplever.errors import OpleverError
from oplever.page.translator import Translator
from oplever.record.entries.fields import fields
from oplever.record.entries.none import NoneEntry
from stored import store_record, visit

NAME = "20261101T100000Z-site-aaaaaa"
BY = "K. Visser"
HOURS = {"added": "hours", "hours": "2,5", "activity": "installatie", "day": "24-11-2026"}


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    monkeypatch.delenv("OPLEVER_PERSON", raising=False)
    return store_record(tmp_path / "records", NAME, visit().finish(ok=5))


def on_terminal(*arguments: str, lines: list[str]) -> tuple[int, str]:
    """Exit code and everything that the terminal showed."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-P", "-m", "oplever", *arguments]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    os.write(
        ours, "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape") + b"\x04" * 9
    )  # no answer left: the input ends
    shown = b""
    while True:
        try:
            shown += os.read(ours, 4096)
        except OSError:  # the other side closed it
            break
    os.close(ours)
    return process.wait(60), shown.decode("utf-8", "replace")


def lines(record: Path) -> bytes:
    path = record / "entries.jsonl"
    return path.read_bytes() if path.exists() else b""


def missing(record: Path) -> set[str]:
    return {thing.code for thing in store.load(record).completeness.missing}


def test_the_questions_come_from_the_rules_and_the_declarations(record: Path) -> None:
    derived = store.load(record)
    questions = lacking(derived).questions
    with_command = [thing for thing in derived.completeness.missing if thing.command]
    assert [f"oplever add {question.kind}" for question in questions] == [
        thing.command.partition(" / ")[0] for thing in with_command
    ]
    assert {question.none_of for question in questions} - {""} == set(fields(NoneEntry)[0].choices)
    assert len(lacking(derived).sentences) == len(derived.completeness.missing) - len(with_command)


@pytest.mark.slow
def test_a_terminal_is_asked_for_everything_in_one_go(record: Path) -> None:
    answers = [
        "fill", "Werkinstructie 2.1", "",  # procedures
        "fill", "A. de Boer", "ja", "accepted", "startpagina", "taal", "", "", "", "maybe", "yes",  # acceptance
        "none",  # open points
        "fill", "", "traag", "spiegel", "", "",  # a proposal: what has to be filled in is asked again
        "fill", "25", "2,5", "installatie", "24-11-2099", "", "fill", "2,5", "installatie", "24-11-2025", "",  # hours
        "skip",  # the report
    ]  # fmt: skip
    code, shown = on_terminal("complete", NAME, "--by", BY, lines=[*answers, "skip"])
    assert code == 0, shown
    for part in (
        "1 of 7: Which procedures", "(accepted, accepted_with_rest_points, rejected)",
        "none of the choices", "neither yes nor no", "this has to be filled in", "not more than 0 and at most 24",
        "lies in the future", "[installation]", "a run that looks and tests supplies this: A security-baseline check",
        "added: assignment, acceptance, none, proposal, hours, revision 6",
    ):  # fmt: skip
        assert part in shown, (part, shown)
    derived = store.load(record)
    assert derived.assignment.procedures == ("Werkinstructie 2.1",)
    assert [item.as_wanted for item in derived.acceptance.items] == [True, True]
    assert derived.acceptance.instructed
    assert derived.rest_points.none_stated
    assert (derived.proposals.items[0].observation, derived.hours.hands_on) == ("traag", 2.5)
    assert missing(record) & {"report_missing", "decision_missing"} == {"report_missing", "decision_missing"}
    assert not missing(record) & {"procedures_missing", "hands_on_hours_missing"}


@pytest.mark.slow
def test_nothing_is_added_before_the_last_answer(record: Path) -> None:
    code, shown = on_terminal("complete", NAME, "--by", BY, lines=["fill", "Werkinstructie", "", "\x03"])
    assert (code, shown.splitlines()[-1]) == (130, "oplever: stopped; nothing was added"), shown
    assert lines(record) == b""
    code, shown = on_terminal("complete", NAME, "--by", BY, lines=[""] * 7)
    assert code == 0
    assert "nothing was added" in shown
    assert lines(record) == b""


@pytest.mark.slow
@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["add", "hours", "2,5", "--activity", "installatie", "--day", "24-11-2025"], id="who adds it"),
        pytest.param(["incident", "new"], id="a new report"),
    ],
)
def test_a_question_that_is_not_answered_ends_as_every_command_does(command: list[str], key: str, record: Path) -> None:
    code, shown = on_terminal(*command, lines=[key])
    assert (code, shown.splitlines()[-1]) == (130, "oplever: stopped"), shown
    assert lines(record) == b""


def test_answers_that_could_not_be_added_are_not_lost(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody approved it meanwhile, or the disk is full."""

    def fails(*_: object) -> None:
        raise OpleverError("file-unwritable", "No space left on device", "make room")

    answers = ["fill", "Werkinstructie 2.1", "", *["skip"] * 6]
    with monkeypatch.context() as patched:
        patched.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: self.name == "<stdin>", raising=False)
        patched.setattr("oplever.cli.complete.admit", fails)
        done = attempt("complete", NAME, "--by", BY, stdin="".join(f"{answer}\n" for answer in answers))
    assert done.exit_code == 2
    kept = done.stderr[done.stderr.index("[\n") : done.stderr.index("\n]\n") + 2]
    assert json.loads(kept) == [{"added": "assignment", "procedures": ["Werkinstructie 2.1"]}]
    assert add_file(record, kept).exit_code == 0
    assert store.load(record).assignment.procedures == ("Werkinstructie 2.1",)


@pytest.mark.slow
def test_bytes_of_another_encoding_are_asked_for_again(record: Path) -> None:
    answers = ["fill", "Werkinstructie \udce9", "Werkinstructie 2.1", "", *["skip"] * 6]
    code, shown = on_terminal("complete", NAME, "--by", BY, lines=answers)
    assert code == 0, shown
    assert "it has bytes that are no UTF-8" in shown
    assert store.load(record).assignment.procedures == ("Werkinstructie 2.1",)


@pytest.mark.slow
def test_who_did_the_work_is_not_asked_to_decide(record: Path) -> None:
    code, shown = on_terminal("complete", NAME, "--by", "S. Yilmaz", lines=["skip"] * 6)
    assert code == 0, shown
    assert "skipped: S. Yilmaz did the work" in shown


def test_without_a_terminal_it_says_what_to_do(record: Path) -> None:
    refused = attempt("complete", NAME, "--by", BY)
    assert refused.exit_code == 2
    assert "[complete-terminal]" in refused.stderr
    assert f"oplever complete --template {NAME}" in refused.stderr
    assert f"oplever add --record {NAME} --file" in refused.stderr  # it need not be the latest record


def test_a_template_is_in_the_language_of_the_user(record: Path) -> None:
    """All that is said in it; what is to be typed stays as it is, and means the same."""
    dutch, english = (attempt("--language", word, "complete", "--template", NAME).stdout for word in ("nl", "en"))
    assert yaml.safe_load(dutch) == yaml.safe_load(english)
    said = "\n".join(line for line in dutch.splitlines() if line.lstrip().startswith("#"))
    assert "# Gewerkte uren (uitvoerder)" in said
    assert "# * Wat de gebruiker ervan vond. Een van: accepted, accepted_with_rest_points, rejected." in said
    assert not {"the", "What", "Who", "One", "Left", "list"} & set(said.replace(".", " ").split())


def test_a_template_that_is_filled_in_is_what_was_missing(record: Path) -> None:
    text = attempt("complete", "--template", NAME).stdout
    assert text == template(store.load(record), NAME, Translator("en"), str)
    empty = attempt("add", "--record", NAME, "--by", BY, "--file", "-", stdin=text)
    assert "there is no entry in which anything is filled in" in empty.stderr
    drafts = yaml.safe_load(text)
    assert [draft["added"] for draft in drafts] == [
        "assignment", "acceptance", "rest-point", "proposal", "hours", "report", "decision",
    ]  # fmt: skip
    for before, after in (
        ("  procedures:", "  procedures: [Werkinstructie 2.1, Beleid]"), ("  user:", "  user: A. de Boer"),
        ("  verdict:", "  verdict: Accepted"), ("  instructed:", "  instructed: ja"), ("  hours:", "  hours: 2,5"),
        ("  activity:", "  activity: 010"), ("  day:", "  day: 2025-11-24"), ("  to:", "  to: M. de Wit"),
        ("- added: rest-point\n", "- {added: none, what: rest_points}\n- added: rest-point\n"),
    ):  # fmt: skip
        assert before in text
        text = text.replace(before, after, 1)
    done = attempt("add", "--record", NAME, "--by", BY, "--file", "-", stdin=text)
    assert done.exit_code == 0, done.output
    assert "skipped: proposal (line" in done.stderr
    derived = store.load(record)
    assert derived.assignment.procedures == ("Werkinstructie 2.1", "Beleid")
    assert derived.hours.lines[-1].activity == "010"  # no number in base eight
    assert (derived.hours.lines[-1].day, derived.hours.lines[-1].person) == ("2025-11-24", BY)
    assert derived.acceptance.instructed
    assert derived.rest_points.none_stated
    assert missing(record) & {"proposals_missing", "decision_missing"} == {"proposals_missing", "decision_missing"}


def add_file(record: Path, text: str, name: str = "entries.yml") -> Result:
    path = record.parent.parent / name
    path.write_text(text, encoding="utf-8")
    return attempt("add", "--record", NAME, "--by", BY, "--file", str(path))


@pytest.mark.parametrize("form", [json.dumps, yaml.safe_dump], ids=["json", "yaml"])
def test_yaml_and_json_are_the_same(record: Path, form: Any) -> None:
    done = add_file(record, form([HOURS | {"day": "24-11-2025"}, {"added": "none", "what": "open points"}]))
    assert done.exit_code == 0, done.output
    assert "added: hours, none, revision 3" in done.output
    point = {"added": "rest-point", "item": "kabel", "owner": BY, "due": "1-1-2099"}
    assert add_file(record, form([point, {"added": "rest-point", "done": "R1"}])).exit_code == 0
    assert store.load(record).rest_points.items[0].status == "done"
    assert store.load(record).hours.lines[-1].hours == 2.5


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_added(record: Path) -> None:
    text = """\
# comment
- added: hours
  hours: 25
  activity: x
- added: hours
  hours: 2,5
  activity: installatie
- added: rest-point
  done: R1
- added: decision
"""
    refused = add_file(record, text + "  decision: perhaps\n")
    assert refused.exit_code == 2
    assert "3 of 4 entries cannot be added, so nothing was added" in refused.stderr
    for part in ("line 2, entry 1 (hours): hours: 25", "line 8, entry 3 (rest-point)", "line 10, entry 4 (decision)"):
        assert part in refused.stderr
    assert lines(record) == b""


def test_everything_that_is_wrong_is_told_in_the_language_of_whoever_asks(record: Path, tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text("- added: hourz\n- added: hours\n  day: 46350\n- hours\n", encoding="utf-8")
    words = ("add", "--by", BY, "--record", NAME, "--file", str(tmp_path / "x.yml"))
    refused = attempt("--language", "nl", *words).stderr
    assert "3 van 3 aantekeningen kunnen niet worden toegevoegd" in refused
    assert "regel 1, aantekening 1: `added` moet een soort aantekening zijn" in refused
    assert "regel 2, aantekening 2 (hours): day: 46350 is geen dag; schrijf de dag als" in refused
    assert "regel 4, aantekening 3: dit is geen aantekening" in refused
    assert lines(record) == b""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("added: hours", "no list of entries"),
        ("- hours", "line 1, entry 1: this is no entry"),
        ("- added: signature\n  role: user", "`added` has to be a kind of entry"),
        ("- added: opened\n  title: x", "`added` has to be a kind of entry"),
        ("- {added: hours, hours: 1, hours: 2, activity: x}", "hours stands there twice"),
        ('[{"added": "hours", "hours": 1, "hours": 2}]', "stands there twice"),
        ("- {added: hours, hours: {a: 1}, activity: x}", "neither a text nor a list"),
        ("- &a {added: hours, hours: *a, activity: x}", "neither a text nor a list"),
        ("- {added: hours, minutes: 5}", "minutes"),
        ("- {added: [hours]}", "`added` has to be a kind of entry"),
        ("- [" * 2000, "this is no YAML"),
        ("[" * 20000, "this is no JSON"),
        ("- \x07", "this is no YAML"),
        ('{"added": "hours"', "this is no JSON"),
        ("", "no list of entries"),
    ],
)
def test_a_file_that_is_not_right_is_refused_with_one_message(record: Path, text: str, says: str) -> None:
    refused = add_file(record, text)
    assert refused.exit_code == 2, refused.output
    assert says in refused.stderr
    assert "[entries-file]" in refused.stderr
    assert lines(record) == b""


def test_a_file_that_is_not_there_or_no_text(record: Path, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    assert "[entries-file]" in attempt("add", "--by", BY, "--record", NAME, "--file", str(tmp_path / "x")).stderr
    assert "[file-unreadable]" in attempt("add", "--by", BY, "--record", NAME, "--file", str(tmp_path / "y")).stderr
    assert "Missing option '--by'" in attempt("add", "--record", NAME, "--file", str(tmp_path / "x")).stderr
    assert attempt("add", "--file", "x", "hours").exit_code == 2
    assert attempt("add").exit_code == 2


def hours(record: Path) -> list[float]:
    return [line.hours for line in store.load(record).hours.lines if line.kind != "machine"]


def test_the_same_file_doubles_nothing(record: Path) -> None:
    text = json.dumps([HOURS | {"day": "24-11-2025"}, {"added": "none", "what": "proposals"}])
    assert add_file(record, text).exit_code == 0
    before, counted = lines(record), hours(record)
    refused = add_file(record, text)
    assert refused.exit_code == 2
    assert "the record has 2 of 2 entries already, so nothing was added" in refused.stderr
    assert "entry 1 (hours): in revision 2" in refused.stderr
    assert "--again" in refused.stderr
    assert "[entries-known]" in refused.stderr
    assert (lines(record), hours(record)) == (before, counted)


def test_what_is_meant_twice_is_added_again(record: Path, tmp_path: Path) -> None:
    text = json.dumps([HOURS | {"day": "24-11-2025"}])
    assert add_file(record, text).exit_code == 0
    words = ("add", "--record", NAME, "--by", BY, "--again", "--file", str(record.parent.parent / "entries.yml"))
    assert attempt(*words).exit_code == 0
    assert hours(record)[-2:] == [2.5, 2.5]


def test_new_lines_below_those_of_before_are_not_added_with_them(record: Path) -> None:
    first = HOURS | {"day": "24-11-2025"}
    assert add_file(record, json.dumps([first])).exit_code == 0
    refused = add_file(record, json.dumps([first, HOURS | {"day": "25-11-2025"}]))
    assert "the record has 1 of 2 entries already" in refused.stderr
    assert len(hours(record)) == 1


def test_the_same_words_about_something_else_are_added(record: Path) -> None:
    """Hours are of who adds them and, without a day, of the day on which they are added; what was withdrawn is gone."""
    words = ("add", "--record", NAME, "--file", "-")
    text = json.dumps([{"added": "hours", "hours": "2,5", "activity": "installatie"}])
    assert attempt(*words, "--by", BY, stdin=text).exit_code == 0
    assert attempt(*words, "--by", "visser, k.", stdin=text).exit_code == 2
    assert attempt(*words, "--by", "J. Bakker", stdin=text).exit_code == 0
    path = record / "entries.jsonl"
    path.write_bytes(re.sub(rb'"at":"[^"]*"', b'"at":"2025-11-24T10:00:00.000000Z"', path.read_bytes()))
    assert attempt(*words, "--by", BY, stdin=text).exit_code == 0
    withdrawn = ("add", "correction", "--record", NAME, "--by", BY, "--field", "entry.4", "--reason", "dubbel")
    assert attempt(*withdrawn).exit_code == 0
    assert attempt(*words, "--by", BY, stdin=text).exit_code == 0


def test_an_entry_that_was_typed_twice_is_added_and_named(record: Path) -> None:
    words = ("add", "hours", "--record", NAME, "--by", BY, "--hours", "2", "--activity", "x")
    assert "note:" not in attempt(*words).stderr
    again = attempt(*words)
    assert again.exit_code == 0
    assert "note: revision 2 says the same" in again.stderr
    assert f"oplever add correction --record {NAME} --field entry.3" in again.stderr


def test_what_is_typed_before_the_kind_is_not_lost(record: Path) -> None:
    """It would go to the latest record, whatever was asked for."""
    for option in (["--record", NAME], ["--by", BY], ["--again"]):
        refused = attempt("add", *option, "none", "--by", BY, "proposals")
        assert refused.exit_code == 2
        assert f"{option[0]} before the KIND is for --file" in refused.stderr
    assert lines(record) == b""
