"""What is asked of who takes reports in and handles them (3.2 and 3.3), each as its obligation says it: what
is kept, what is refused without it, and that a reader of the case file sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from command import attempt, run
from desk import EVENTS, UNTIL_CLOSED
from oplever import clock, store
from oplever.kinds.incident.entries import COMMANDS

TECHNICIAN, COUNTER, SUPERVISOR, USER = "S. Yilmaz", "L. Smit", "M. de Wit", "J. Bakker"


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    monkeypatch.setenv("OPLEVER_PERSON", TECHNICIAN)
    monkeypatch.setenv("OPLEVER_DOCUMENTS", "0")
    monkeypatch.setenv("OPLEVER_LANGUAGE", "nl")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "records"


def new(*more: str) -> str:
    words = ("--channel", "phone", "--reporter", USER, "--text", "De printer doet niets", "--place", "0.14")
    return run("incident", "new", *words, *more).stdout.split()[-1]


def step(name: str, kind: str, code: int = 0, **more: str) -> Result:
    data = {field: str(value) for field, value in EVENTS[kind].items()} | more
    data |= {"when": clock.now()[:10]} if kind == "contact" else {}
    options = [word for field, value in data.items() if value for word in (f"--{field.replace('_', '-')}", value)]
    return run("incident", COMMANDS[kind], name, *options, code=code)


def until_closed(name: str, *left_out: str) -> None:
    for kind in UNTIL_CLOSED:
        if kind not in (*left_out, "closed"):
            step(name, kind)


def record(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((store.records_directory() / name / "record.json").read_text(encoding="utf-8"))
    return content


def case_file(name: str) -> str:
    """The Dutch case file as somebody reads it."""
    attempt("report", name)
    text = (store.records_directory() / name / "report.nl.md").read_text(encoding="utf-8")
    return text.replace("<!-- -->", "")


def closing_asks(name: str) -> str:
    done = run("incident", "close", name, code=2)
    assert "[incident-open-ends]" in done.stderr
    return done.stderr


@pytest.mark.slow
def test_a_report_is_registered_whole_or_not_at_all(base: Path) -> None:
    for left_out in ("--channel", "--reporter", "--text"):
        words = {"--channel": "phone", "--reporter": USER, "--text": "stuk"}
        del words[left_out]
        run("incident", "new", *(word for pair in words.items() for word in pair), code=2)
    assert not list(base.glob("*-incident-*"))
    before = clock.now()
    name = new()
    incident = record(name)["incident"]
    assert before <= incident["reported_at"] <= clock.now()
    assert (incident["channel"], incident["reporter"], incident["reported_by"]) == ("phone", USER, TECHNICIAN)
    text = case_file(name)
    assert [words for words in ("per telefoon", USER, "De printer doet niets", "0.14") if words not in text] == []


@pytest.mark.slow
def test_whether_it_can_be_solved_alone_is_said_with_a_reason() -> None:
    name = new()
    until_closed(name, "assessed")
    assert "incident assess" in closing_asks(name)
    step(name, "assessed", code=2, reason="")
    step(name, "assessed", reason="toner ligt klaar")
    assert record(name)["incident"]["assessment"]["can_solve"] is True
    assert "toner ligt klaar" in case_file(name)


@pytest.mark.slow
def test_every_closed_report_has_its_solution() -> None:
    name = new()
    for kind in ("classified", "taken"):
        step(name, kind)
    assert "case_solution_missing" in {item["code"] for item in record(name)["completeness"]["missing"]}
    for field in ("solution", "guideline", "version", "cause"):
        step(name, "solved", code=2, **{field: ""})
    run("incident", "close", name, code=2)
    assert record(name)["status"] == "in_progress"
    until_closed(name, "classified", "taken")
    step(name, "closed")
    (solution,) = record(name)["incident"]["solutions"]
    assert (solution["guideline"], solution["version"], solution["by"]) == ("W-14", "3", TECHNICIAN)
    text = case_file(name)
    assert all(words in text for words in ("toner vervangen", "W-14", "toner leeg"))


@pytest.mark.slow
def test_a_follow_up_action_has_an_owner_and_a_day() -> None:
    name = new()
    step(name, "taken")
    action = ("add", "rest-point", "--record", name, "--item", "nieuwe printer bestellen")
    run(*action, code=2)
    run(*action, "--owner", COUNTER, code=2)
    run(*action, "--owner", COUNTER, "--due", "2126-12-01")
    (point,) = record(name)["rest_points"]["items"]
    assert (point["owner"], point["due"]) == (COUNTER, "2126-12-01")
    text = case_file(name)
    assert all(words in text for words in ("nieuwe printer bestellen", COUNTER, "1 december 2126"))


@pytest.mark.slow
def test_the_user_is_told_how_and_when() -> None:
    name = new()
    until_closed(name, "contact")
    assert "incident tell" in closing_asks(name)
    run("incident", "tell", name, "--how", "we vervangen de toner", code=2)
    run("incident", "tell", name, "--when", clock.now()[:10], code=2)
    step(name, "contact")
    (contact,) = record(name)["incident"]["contacts"]
    assert (contact["how"], contact["day"], contact["user"]) == ("we vervangen de toner", clock.now()[:10], USER)
    step(name, "closed")
    assert "we vervangen de toner" in case_file(name)


@pytest.mark.slow
def test_it_is_tested_again_or_said_why_not() -> None:
    name = new()
    until_closed(name, "retested")
    assert "incident retest" in closing_asks(name)
    for result in ("pass", "not_needed"):
        run("incident", "retest", name, "--result", result, code=2)
    run("incident", "retest", name, "--result", "fail", "--reason", "print nog niets")
    assert record(name)["status"] == "in_progress"
    for kind in ("solved", "confirmed"):
        step(name, kind)
    assert "incident retest" in closing_asks(name)
    run("incident", "retest", name, "--result", "not_needed", "--reason", "alleen uitleg gegeven")
    step(name, "closed")
    retests = [(row["result"], row["reason"], row["by"]) for row in record(name)["incident"]["retests"]]
    assert retests == [("fail", "print nog niets", TECHNICIAN), ("not_needed", "alleen uitleg gegeven", TECHNICIAN)]
    assert [words for words in ("print nog niets", "alleen uitleg gegeven") if words not in case_file(name)] == []


@pytest.mark.slow
def test_the_user_is_asked_whether_it_is_good_by_whom_and_when() -> None:
    name = new()
    until_closed(name, "confirmed")
    assert "incident confirm" in closing_asks(name)
    answers = {"no": "het lampje is nog rood", "not_reached": "drie keer gebeld", "yes": "hij doet het weer"}
    for satisfied, remark in answers.items():
        before = clock.now()
        run("incident", "confirm", name, "--satisfied", satisfied, "--remark", remark, "--by", COUNTER)
        row = record(name)["incident"]["confirmations"][-1]
        assert (row["satisfied"], row["user"], row["remark"], row["by"]) == (satisfied, USER, remark, COUNTER)
        assert before <= row["at"] <= clock.now()
        if satisfied == "no":
            assert record(name)["status"] == "in_progress"
            for kind in ("solved", "retested"):
                step(name, kind)
    step(name, "closed")
    text = case_file(name)
    assert [words for words in (*answers.values(), "niet bereikt", COUNTER) if words not in text] == []


@pytest.mark.slow
def test_what_is_not_solved_is_told_to_the_supervisor() -> None:
    name = new("--impact", "1", "--urgency", "1")
    step(name, "assessed", can_solve="no", reason="geen garantie meer")
    assert "case_escalation_missing" in {item["code"] for item in record(name)["completeness"]["missing"]}
    told = run("incident", "check", code=1).stderr
    assert f"{name}: wie de melding heeft, kan het niet zelf oplossen, en niemand is ingelicht" in told
    escalate = ("incident", "escalate", name, "--message", "printer is op", "--why", "not_able")
    run(*escalate, "--type", "hierarchical", code=2)
    before = clock.now()
    run(*escalate, "--type", "hierarchical", "--to", SUPERVISOR)
    (row,) = record(name)["escalations"]
    assert (row["to"], row["type"], before <= row["at"] <= clock.now()) == (SUPERVISOR, "hierarchical", True)
    run("incident", "check")
    assert [words for words in (SUPERVISOR, "printer is op") if words not in case_file(name)] == []


def test_what_is_not_solved_in_time_is_told_to_the_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(clock, "now", lambda: "2026-10-05T08:00:00.000000Z")
        name = new("--impact", "1", "--urgency", "1")
        step(name, "taken")
    told = run("incident", "check", code=1).stderr
    assert f"{name}: het is niet op tijd opgelost, en niemand is ingelicht" in told
    run("incident", "escalate", name, "--to", SUPERVISOR, "--message", "meer tijd nodig", "--why", "not_in_time")
    run("incident", "check")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "section", "words"),
    [
        ("hours", "hours", "0,5"),
        ("worked", "work", "toner vervangen"),
        ("material", "materials", "toner"),
    ],
)
def test_hours_work_and_materials_are_kept_with_who_and_when(kind: str, section: str, words: str) -> None:
    name = new()
    until_closed(name, kind)
    assert f"incident {COMMANDS[kind]}" in closing_asks(name)
    step(name, kind)
    content = record(name)
    (row,) = content["hours"]["lines"] if kind == "hours" else content["incident"][section]
    assert TECHNICIAN in (row.get("by"), row.get("person"))
    step(name, "closed")
    assert words in case_file(name)


@pytest.mark.slow
def test_no_material_is_only_valid_when_somebody_says_so() -> None:
    name = new()
    until_closed(name, "material")
    assert "incident material" in closing_asks(name)
    run("incident", "material", name, "--none")
    step(name, "closed")
    assert "geen materiaal" in case_file(name).lower()


@pytest.mark.slow
def test_the_supervisor_is_told_and_decides() -> None:
    name = new()
    until_closed(name)
    step(name, "closed")
    missing = {item["code"] for item in record(name)["completeness"]["missing"]}
    assert missing == {"report_missing", "decision_missing"}
    run("add", "report", "--record", name, "--to", SUPERVISOR, "--form", "oral", code=2)
    run("add", "report", "--record", name, "--to", SUPERVISOR, "--form", "oral", "--minutes", "toner op voorraad")
    run("add", "decision", "--record", name, "--decision", "approved", code=2)  # his own work
    run("add", "decision", "--record", name, "--decision", "approved", "--by", SUPERVISOR)
    content = record(name)
    assert content["completeness"]["missing"] == []
    assert content["accountability"]["decided_by"] == SUPERVISOR
    assert "toner op voorraad" in case_file(name)
