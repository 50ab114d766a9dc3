"""`oplever faq`: questions from closed incidents, answers that hold, and what happens when they no longer do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import school
from command import run
from desk import EVENTS, UNTIL_CLOSED
from oplever import store
from oplever.app import incidents
from oplever.app.build import build

TECHNICIAN, COLLEAGUE, USER = "S. Yilmaz", "P. Visser", "J. Bakker"
LATER = "20261124T100000Z-verify-e00009"
WORDS = ("Ik kan niet op de wiki.", "Wiki vraagt steeds mijn wachtwoord", "De wiki laat mij niet toe!")
GUIDELINE = "W-7"
ANSWER = "Log in met uw eigen naam. Vraag de helpdesk om een nieuw wachtwoord."


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    monkeypatch.setenv("OPLEVER_PERSON", TECHNICIAN)
    monkeypatch.setenv("OPLEVER_LANGUAGE", "en")
    monkeypatch.chdir(tmp_path)
    school.store(tmp_path / "records", school.journal())
    return tmp_path / "records"


def case(
    text: str, *, guideline: str = GUIDELINE, category: str = "account", closed: bool = True, **report: Any
) -> str:
    report = {"channel": "phone", "reporter": USER, "text": text, "category": category, **report}
    directory, _ = incidents.new(store.records_directory(), TECHNICIAN, report)
    for kind in UNTIL_CLOSED if closed else UNTIL_CLOSED[:-1]:
        data = EVENTS[kind] | ({"guideline": guideline} if kind == "solved" else {})
        by = TECHNICIAN
        if kind == "confirmed":
            data = data | {"user": USER}
        incidents.add(directory, kind, by, data)
    return directory.name


def three() -> list[str]:
    return [case(text) for text in WORDS]


def listed(*options: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(run("faq", "list", "--format", "json", *options).stdout)
    return rows


def propose(*options: str, code: int = 0) -> str:
    bound = options or ("--card", "dokuwiki/log-in")
    arguments = ("--category", "account", "--guideline", GUIDELINE, "--answer", ANSWER, "--of", school.RECORD)
    language = () if code else ("--language", "nl")
    done = run("faq", "propose", *arguments, *language, *bound, code=code)
    return done.stdout.splitlines()[-1] if code == 0 else done.stderr


def accepted() -> tuple[list[str], str]:
    cases = three()
    name = propose()
    run("faq", "accept", name, "--by", COLLEAGUE, "--remark", "zelf geprobeerd")
    return cases, name


def later(wiki: school.Tests | None = None, **keys: Any) -> None:
    """A newer record of the same machines."""
    school.store(store.records_directory(), school.journal(wiki, identifier=LATER, **keys), LATER)


def lapsed() -> list[str]:
    return [reason for row in listed() for reason in row["lapsed"]]


@pytest.mark.slow
def test_three_closed_incidents_of_one_category_and_guideline_are_a_candidate() -> None:
    assert listed() == []
    case(WORDS[0])
    case(WORDS[1])
    case("De muis doet het niet", guideline="W-9")
    case("De wiki is leeg", closed=False)
    case("web1: de test mislukt", channel="machine", machine="web1")
    assert listed() == []
    names = [case(WORDS[2])]
    (candidate,) = listed()
    assert (candidate["state"], candidate["category"], candidate["guideline"]) == ("candidate", "account", GUIDELINE)
    assert candidate["words"][0] == WORDS[2]
    assert set(candidate["words"]) == set(WORDS)
    assert names[0] in candidate["cases"]
    assert "W-7: 3 closed incidents" in run("faq", "list").stdout


def test_too_few_incidents_make_no_question() -> None:
    case(WORDS[0])
    case(WORDS[1])
    assert "fewer than 3 incidents" in propose("--card", "dokuwiki/log-in", code=2)


@pytest.mark.slow
def test_a_question_names_its_incidents_and_is_in_the_words_of_one_of_them(base: Path) -> None:
    cases = three()
    name = propose("--card", "dokuwiki/log-in", "--words-of", cases[1])
    faq = json.loads((base / name / "record.json").read_text())["faq"]
    assert (faq["question"], faq["words_of"], faq["is_edited"]) == (WORDS[1], cases[1], False)
    assert set(faq["cases"]) == set(cases)
    assert faq["card"] == "dokuwiki/log-in"
    assert "web1 dokuwiki.login.docent" in faq["tests"]
    assert listed()[0]["state"] == "proposed"
    assert len(listed()) == 1, "no candidate any more"


def test_words_that_were_changed_are_a_remark(base: Path) -> None:
    three()
    name = propose("--card", "dokuwiki/log-in", "--question", "Hoe log ik in op de wiki?")
    assert json.loads((base / name / "record.json").read_text())["faq"]["is_edited"]
    assert "changed from the words of the user" in run("show", name, "--language", "en", code=1).stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--test", "web1 dokuwiki.nothing"), "has no test web1 dokuwiki.nothing"),
        (("--card", "dokuwiki/none"), "has no handout dokuwiki/none"),
        (("--card", "dokuwiki/log-in", "--words-of", "x"), "x is not among its incidents"),
    ],
)
def test_an_answer_is_bound_to_what_shows_it(options: tuple[str, ...], words: str) -> None:
    three()
    assert words in propose(*options, code=2)


@pytest.mark.slow
def test_an_answer_that_a_test_speaks_against_is_refused(base: Path) -> None:
    three()
    (base / school.RECORD / "journal.jsonl").write_bytes(b"".join(school.journal({"dokuwiki.page": "fail"})))
    assert "does not pass" in propose("--test", "web1 dokuwiki.page", code=2)
    assert "the test dokuwiki.page does not pass" in propose("--card", "dokuwiki/log-in", code=2)
    assert "name what shows the answer" in run(
        "faq", "propose", "--category", "account", "--guideline", GUIDELINE, "--answer", "x", "--of", "latest", code=2
    ).stderr  # fmt: skip


@pytest.mark.slow
def test_nobody_accepts_his_own_answer() -> None:
    three()
    name = propose()
    assert "[decision-by-executor]" in run("faq", "accept", name, "--by", "sevda yilmaz", code=2).stderr
    run("faq", "accept", name, "--by", COLLEAGUE)
    assert [(row["state"], row["shown"]) for row in listed()] == [("accepted", True)]
    assert run("faq", "list").stdout.splitlines() == [f"{name}  accepted", f"  {WORDS[2]}"]
    assert "stays as it is" in run("faq", "accept", name, "--by", COLLEAGUE, code=2).stderr


@pytest.mark.slow
def test_a_reopened_incident_takes_the_answer_away_until_it_is_closed_again() -> None:
    cases, name = accepted()
    run("incident", "reopen", cases[0], "--reason", "het lukt nog niet")
    assert lapsed() == [f"the incident {cases[0]} was reopened"]
    assert listed()[0]["shown"] is False
    done = run("faq", "check", code=1)
    assert cases[0] in done.stdout
    assert name in done.stdout


@pytest.mark.slow
def test_an_incident_that_is_gone_or_is_another_one_takes_it_away(base: Path) -> None:
    cases, _ = accepted()
    (base / cases[1]).rename(base.parent / "elsewhere")
    assert lapsed() == [f"the incident {cases[1]} is not here any more"]


@pytest.mark.slow
def test_words_that_are_no_longer_those_of_the_incident_take_it_away() -> None:
    cases = three()
    name = propose("--card", "dokuwiki/log-in", "--words-of", cases[1])
    corrected = ("--field", "entry.3.text", "--value", "Ik kom er niet in", "--reason", "er stond een naam in")
    run("add", "correction", "--record", cases[2], *corrected)
    assert lapsed() == []
    run("add", "correction", "--record", cases[1], *corrected)
    assert lapsed() == [f"the words of the incident {cases[1]} were changed"]
    assert "does not hold" in run("faq", "accept", name, "--by", COLLEAGUE, code=2).stderr


@pytest.mark.slow
def test_a_solution_by_another_guideline_takes_it_away() -> None:
    cases, _ = accepted()
    run("incident", "reopen", cases[2], "--reason", "anders")
    directory = store.find(cases[2])
    for kind in ("solved", "retested", "confirmed", "closed"):
        extra = {"guideline": "W-99"} if kind == "solved" else {"user": USER} if kind == "confirmed" else {}
        incidents.add(directory, kind, TECHNICIAN, EVENTS[kind] | extra)
    assert lapsed() == [f"the incident {cases[2]} is of another category or guideline now"]


@pytest.mark.slow
def test_a_newer_record_in_which_the_proof_fails_takes_it_away() -> None:
    accepted()
    later({"dokuwiki.page": "pass", "dokuwiki.login.docent": "fail"})
    assert any(f"the test web1 dokuwiki.login.docent does not pass in {LATER}" in reason for reason in lapsed())


@pytest.mark.slow
def test_a_newer_record_that_did_not_test_it_says_nothing() -> None:
    accepted()
    later({"dokuwiki.title": "pass"})
    assert lapsed() == []


@pytest.mark.slow
def test_a_handout_that_says_something_else_takes_it_away() -> None:
    accepted()
    later(address="http://wiki2.school.example/")
    assert lapsed() == [f"the handout dokuwiki/log-in says something else in {LATER}"]


@pytest.mark.slow
def test_what_no_longer_holds_is_withdrawn_with_the_reason(base: Path) -> None:
    cases, name = accepted()
    assert "1 question, 0 that no longer hold" in run("faq", "check").stdout
    run("incident", "reopen", cases[0], "--reason", "nog niet")
    run("faq", "check", "--withdraw", "--by", COLLEAGUE)
    record = json.loads((base / name / "record.json").read_text())
    assert record["status"] == "superseded"
    assert record["faq"]["reason"] == f"the incident {cases[0]} was reopened"
    assert listed() == []
    assert listed("--all")[0]["state"] == "withdrawn"
    assert "was withdrawn" in run("faq", "accept", name, "--by", COLLEAGUE, code=2).stderr
    assert "0 questions, 0" in run("faq", "check").stdout


@pytest.mark.slow
def test_an_answer_that_does_not_hold_is_not_accepted() -> None:
    cases = three()
    name = propose()
    run("incident", "reopen", cases[0], "--reason", "nog niet")
    done = run("faq", "accept", name, "--by", COLLEAGUE, code=2)
    assert f"the incident {cases[0]} was reopened" in done.stderr


@pytest.mark.slow
def test_published_pages_show_answers_that_hold_and_why_others_are_not_shown() -> None:
    cases, _ = accepted()
    run("publish", "--out", "pages")
    for language in ("nl", "en"):
        text = (Path("pages") / f"faq.{language}.html").read_text()
        assert "Log in met uw eigen naam." in text
        assert "Klik rechtsboven op Inloggen" in text, "the steps of the handout"
        assert all(name in text for name in cases)
        assert USER not in text
        assert {"nl": "Account en wachtwoord", "en": "Account and password"}[language] in text, "the category"
    run("incident", "reopen", cases[0], "--reason", "nog niet")
    run("publish", "--out", "pages")
    text = (Path("pages") / "faq.nl.html").read_text()
    assert "Log in met uw eigen naam." not in text
    assert f"de melding {cases[0]} is heropend" in text


@pytest.mark.slow
def test_steps_that_only_administrators_take_are_not_on_the_page_for_users(base: Path) -> None:
    lines = [line.replace(b'"audiences": ["user"]', b'"audiences": ["administrator"]') for line in school.journal()]
    (base / school.RECORD / "journal.jsonl").write_bytes(b"".join(lines))
    accepted()
    run("publish", "--out", "pages")
    text = (Path("pages") / "faq.nl.html").read_text()
    assert "Log in met uw eigen naam." in text
    assert "Klik rechtsboven op Inloggen" not in text


@pytest.mark.slow
def test_its_document_is_drawn_verified_and_listed_as_every_record(base: Path) -> None:
    cases, name = accepted()
    build(base / name)
    for language in ("nl", "en"):
        text = (base / name / f"report.{language}.md").read_text()
        told = (WORDS[2], ANSWER.partition(".")[0], *cases, "dokuwiki/log-in", "zelf geprobeerd")
        assert [word for word in told if word not in text] == []
    run("verify", name)
    assert [row["name"] for row in json.loads(run("list", "--kind", "faq", "--format", "json").stdout)] == [name]
    run("faq", "withdraw", name, "--reason", "wiki verhuist")
    assert "wiki verhuist" in run("show", name, code=1).stdout
    assert "[record-unknown]" in run("faq", "withdraw", cases[0], "--reason", "x", code=2).stderr
