"""Journeys of a desk over many commands: two desks that could not see each other, and a clock that was wrong."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from command import attempt, run
from desk import EVENTS, MONDAY, UNTIL_CLOSED
from oplever import clock, store
from oplever.app.verify import verify
from oplever.kinds.incident.entries import COMMANDS

COUNTER, TECHNICIAN, COLLEAGUE = "L. Smit", "S. Yilmaz", "P. Visser"


class TwoDesks:
    """Each has its own records; `at` says which one types."""

    def __init__(self, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.base, self._patch = base, monkeypatch
        monkeypatch.setenv("OPLEVER_DOCUMENTS", "0")
        monkeypatch.setenv("OPLEVER_PERSON", TECHNICIAN)
        monkeypatch.chdir(base)

    def at(self, desk: str) -> Path:
        self._patch.setenv("OPLEVER_RECORDS", str(self.base / desk))
        return self.base / desk


def new(*more: str) -> str:
    arguments = (
        "incident",
        "new",
        "--channel",
        "counter",
        "--reporter",
        "J. Bakker",
        "--impact",
        "2",
        "--urgency",
        "2",
    )
    return run(*arguments, "--text", "De printer doet niets", *more).stdout.split()[-1]


def step(name: str, kind: str, **more: str) -> None:
    data = {field: str(value) for field, value in EVENTS[kind].items()} | more
    if kind == "contact":
        data["when"] = clock.now()[:10]
    options = [word for field, value in data.items() for word in (f"--{field.replace('_', '-')}", value)]
    run("incident", COMMANDS[kind], name, *options)


def case(name: str) -> dict[str, Any]:
    content = json.loads((store.records_directory() / name / "record.json").read_text(encoding="utf-8"))
    incident: dict[str, Any] = content["incident"]
    return incident


@pytest.fixture
def desks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TwoDesks:
    return TwoDesks(tmp_path, monkeypatch)


@pytest.mark.slow
def test_two_desks_that_were_offline_are_joined(desks: TwoDesks) -> None:
    """The same printer is reported at both; one of them has solved it already when the records come together."""
    first = desks.at("north")
    here = [new("--place", "0.14"), new("--place", "1.08")]
    second = desks.at("south")
    there = [new("--place", "0.14"), new("--place", "2.01")]
    for kind in UNTIL_CLOSED[1:]:
        step(there[1], "taken", reason="verder is er niets") if kind == "taken" else step(there[1], kind)

    desks.at("north")
    for name in there:
        shutil.copytree(second / name, first / name)
    rows = json.loads(run("incident", "list", "--all", "--format", "json").stdout)
    assert {row["name"] for row in rows} == {*here, *there}
    for name in there:
        assert verify(first / name).problems == ()
    assert case(there[1])["changes"][-1]["state"] == "closed"
    run("incident", "merge", there[0][-6:], "--into", here[0], "--reason", "dezelfde printer")
    assert case(there[0])["merged_into"] == here[0]
    assert [(link["relation"], link["target"]) for link in case(here[0])["links"]] == [("duplicate", there[0])]
    for kind in UNTIL_CLOSED[1:]:
        step(here[0], "taken", reason="de docent wacht") if kind == "taken" else step(here[0], kind)
    assert "everything is in order" in run("incident", "check").stdout
    open_names = [row["name"] for row in json.loads(run("incident", "list", "--format", "json").stdout)]
    assert open_names == [here[1]]


@pytest.mark.slow
def test_the_same_case_changed_at_two_desks_is_not_mixed_up(desks: TwoDesks) -> None:
    """A copy went to another desk and both worked on it. Which lines belong behind which is in their chain: what was
    put together by hand is named, and neither copy is changed by the other."""
    first = desks.at("north")
    name = new()
    second = desks.at("south")
    shutil.copytree(first / name, second / name)
    desks.at("north")
    step(name, "taken")
    desks.at("south")
    step(name, "assigned", to=COLLEAGUE)
    assert [verify(place / name).problems for place in (first, second)] == [(), ()]
    lines = (second / name / "entries.jsonl").read_bytes().splitlines(keepends=True)
    with (first / name / "entries.jsonl").open("ab") as file:
        file.write(lines[-1])
    desks.at("north")
    problems = verify(first / name).problems
    assert any("entries.jsonl" in problem and str(len(lines)) in problem for problem in problems), problems
    attempt("report", name)  # makes a manifest of what is there now
    assert any("entries.jsonl" in problem for problem in verify(first / name).problems)
    assert name in run("incident", "check", code=1).stderr


def test_a_clock_that_is_set_back_gives_no_time_and_takes_none(
    desks: TwoDesks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The computer of the desk thinks it is six hours earlier after the report, and is put right later."""
    desks.at("north")
    shown = [0.0]  # hours after nine o'clock
    monkeypatch.setattr(clock, "now", lambda: clock.written(MONDAY + timedelta(hours=shown[-1])))
    name = new("--impact", "1")
    due = {target["name"]: target["due"] for target in case(name)["targets"]}
    clocks = {"taken": -6, "waiting": 0.1, "resumed": -5}
    for kind, hours in (*clocks.items(), ("waiting", -5), ("resumed", 0.2)):
        shown.append(hours)
        step(name, kind)
    shown.append(1.0)
    for kind in ("assessed", "contact", "worked", "material", "hours", "solved", "retested", "confirmed", "closed"):
        step(name, kind)
    incident = case(name)
    assert incident["changes"][-1]["state"] == "closed"
    assert incident["void"] == []
    targets = {target["name"]: target for target in incident["targets"]}
    assert targets["response"]["due"] == due["response"]
    later = clock.moment(targets["solution"]["due"]) - clock.moment(due["solution"])
    assert later == timedelta(
        minutes=6
    )  # what the clock shows of the second wait; the first one shows less than nothing
    assert all(target["reached"] >= incident["reported_at"] for target in targets.values())
    assert verify(store.records_directory() / name).problems == ()
    record = json.loads((store.records_directory() / name / "record.json").read_text(encoding="utf-8"))
    history = record["document"]["history"]
    assert [line["revision"] for line in history] == list(range(1, len(history) + 1))


@pytest.mark.slow
def test_one_flipped_byte_anywhere_in_a_case_is_named(desks: TwoDesks) -> None:
    base = desks.at("north")
    name = new()
    step(name, "taken")
    attempt("report", name)
    directory = base / name
    for path in sorted(path for path in directory.rglob("*") if path.is_file() and not path.name.startswith(".")):
        content = path.read_bytes()
        for place in {0, len(content) // 3, len(content) // 2, len(content) - 2}:
            flipped = bytearray(content)
            flipped[place] ^= 4
            path.write_bytes(flipped)
            done = attempt("verify", name)
            assert done.exit_code != 0, (path.name, place)
            assert path.name in done.output, (path.name, place, done.output)
        path.write_bytes(content)
    assert attempt("verify", name).exit_code == 0
