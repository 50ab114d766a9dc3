"""What a desk did in a week, counted by hand and by the package."""

from __future__ import annotations

import csv
import io
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from command import attempt
from desk import EVENTS, MONDAY, UNTIL_CLOSED, UNTIL_SOLVED, Desk
from oplever import clock
from oplever.app.desk_week import draw
from oplever.kinds.incident.states import OPEN
from oplever.kinds.incident.week import DeskCase, DeskWeek, state_at, week
from oplever.kinds.incident.week_sheet import desk_sheet
from oplever.page.translator import Translator

DAY = 24 * 60.0
FIRST, END = MONDAY - timedelta(hours=9), MONDAY + timedelta(days=7, hours=-9)
"""Midnight in Amsterdam; a test sets every clock against it."""


def counted(*desks: Desk) -> DeskWeek:
    rows = [DeskCase(f"20261123T080000Z-incident-00000{n}", f"melding {n}", desk.case) for n, desk in enumerate(desks)]
    return week(rows, FIRST, END)


def ended(desk: Desk, *kinds: str, after: float = 1, **more: Any) -> Desk:
    desk.minute += after
    for kind in kinds:
        desk.add(kind, **(EVENTS[kind] | (more if kind in ("solved", "confirmed") else {})))
    return desk


def test_a_week_counts_what_came_in_and_went_out_and_is_late() -> None:
    earlier = ended(Desk(begun=-3 * DAY, category="printer"), *UNTIL_SOLVED)  # solved before, closed in the week
    ended(earlier, "retested", "confirmed", "closed", after=4 * DAY)
    within = ended(Desk(category="printer"), *UNTIL_CLOSED)
    late = Desk(category="network").add("classified", impact="1", urgency="1")
    merged = Desk(channel="mail").add("merged", **EVENTS["merged"])
    again = ended(Desk(begun=-2 * DAY, category="printer"), *UNTIL_CLOSED)
    ended(again, "reopened", after=3 * DAY)
    unsolved = ended(Desk(begun=-DAY), *UNTIL_SOLVED)
    ended(unsolved, "reopened", after=2 * DAY)  # it was never closed: that is no reopening of the week
    later = Desk(begun=8 * DAY)
    done = counted(earlier, within, late, merged, again, unsolved, later)
    figures = done.figures
    assert (figures.came_in, figures.closed, figures.merged, figures.reopened) == (3, 2, 1, 1)
    assert (figures.open_before, figures.open_after) == (2, 3)
    assert figures.open_before + figures.came_in + figures.reopened - figures.closed - figures.merged == 3
    assert figures.overdue >= 1
    assert late.case in [row.case for row in done.overdue]
    assert within.case not in [row.case for row in done.overdue]
    assert {category.name: category.figures.came_in for category in done.categories} == {
        "printer": 1,
        "network": 1,
        "": 1,
    }
    assert done.channels == {"counter": 2, "mail": 1}
    assert done.satisfied == {"yes": 2}
    assert len(done.rows) == 6


def test_nothing_is_late_in_a_week_that_is_not_over_before_it_is_due() -> None:
    """Priority 1 is due after a quarter of an hour; what comes after now says nothing yet."""
    rows = [
        DeskCase("20261123T080000Z-incident-000000", "melding", Desk().add("classified", impact="1", urgency="1").case)
    ]
    early, late = (week(rows, FIRST, END, MONDAY + timedelta(minutes=minutes)) for minutes in (10, 20))
    assert (early.figures.open_after, early.figures.overdue, early.figures.missed) == (1, 0, 0)
    assert (late.figures.open_after, late.figures.overdue, late.figures.missed) == (1, 1, 1)
    assert "nog niet voorbij" in str(desk_sheet(Translator("nl"), early))
    assert "nog niet voorbij" not in str(desk_sheet(Translator("nl"), week(rows, FIRST, END, END + timedelta(days=1))))


def test_causes_that_came_back_are_named_with_their_cases() -> None:
    causes = ((-14, "Toner leeg"), (0, "toner  leeg."), (1, "kabel los"), (-40, "kabel los"))
    same = [ended(Desk(begun=day * DAY), *UNTIL_SOLVED, cause=text) for day, text in causes]
    (repeated,) = counted(*same).repeated
    assert repeated.cause == "toner  leeg."
    assert [name[-1] for name in repeated.cases] == ["0", "1"]


def test_what_users_say_in_the_week_counts() -> None:
    words = ["yes", "no", "no", "not_reached"]
    desks = [ended(Desk(), *UNTIL_SOLVED, "retested").add("confirmed", satisfied=word) for word in words]
    before = ended(Desk(begun=-3 * DAY), *UNTIL_SOLVED, "retested", "confirmed")
    assert counted(*desks, before).satisfied == {"yes": 1, "no": 2, "not_reached": 1}


@pytest.mark.slow
def test_weeks_fit_together_whatever_happened() -> None:
    """What is open at the end of a week is open at the beginning of the next; in less out makes the difference."""
    chance = random.Random(7)  # noqa: S311
    desks = []
    for _ in range(60):
        desk = Desk(begun=chance.uniform(-7, 14) * DAY)
        for kind in (*UNTIL_CLOSED, *chance.choices(["reopened", "merged", "waiting", "none"], k=1)):
            if kind == "none" or chance.random() < 0.05:
                break
            desk.minute += chance.expovariate(1 / (0.4 * DAY))
            desk.add(kind, **EVENTS[kind]) if kind not in ("merged", "waiting") else None
        desks.append(desk)
    rows = [DeskCase(f"c{number}", "x", desk.case) for number, desk in enumerate(desks)]
    weeks = [week(rows, FIRST + timedelta(days=7 * n), END + timedelta(days=7 * n)) for n in range(-2, 4)]
    for one, next_one in pairwise(weeks):
        assert one.figures.open_after == next_one.figures.open_before
    for one in weeks:
        f = one.figures
        assert f.open_after == f.open_before + f.came_in + f.reopened - f.closed - f.merged, one
        assert sum(category.figures.came_in for category in one.categories) == f.came_in
    assert sum(one.figures.came_in for one in weeks) == 60
    states = [state_at(desk.case, clock.written(END + timedelta(days=40))) for desk in desks]
    assert sum(state in OPEN for state in states) == sum(desk.record.status in OPEN for desk in desks)


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    monkeypatch.setenv("OPLEVER_PERSON", "S. Yilmaz")
    monkeypatch.setenv("OPLEVER_DOCUMENTS", "0")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, code: int = 0) -> str:
    done = attempt(*arguments)
    assert done.exit_code == code, done.output
    return done.stdout


def test_the_overview_is_a_document_in_both_languages_and_rows(base: Path) -> None:
    new = ("incident", "new", "--channel", "phone", "--reporter", "J. Bakker", "--category", "printer")
    run(*new, "--text", "=1+1 stuk", "--impact", "1", "--urgency", "1")
    year, number, _ = (datetime.now(UTC)).isocalendar()
    this_week = f"{year}-W{number:02d}"
    dutch = run("incident", "week", this_week, "--format", "md", "--language", "nl", "-o", "-")
    english = run("incident", "week", this_week, "--format", "md", "--language", "en", "-o", "-")
    assert f"De helpdesk in week {number} van {year}" in dutch
    assert "- Binnengekomen: 1" in dutch
    assert "- Came in: 1" in english
    assert "J. Bakker" not in dutch
    (row,) = csv.DictReader(io.StringIO(run("incident", "week", this_week, "--format", "csv", "-o", "-")))
    assert (row["category"], row["channel"], row["state"], row["title"]) == ("printer", "phone", "new", "'=1+1 stuk")
    run("incident", "week")
    (made,) = base.glob("desk-*.pdf")
    assert made.read_bytes().startswith(b"%PDF")
    assert "[week-invalid]" in attempt("incident", "week", "2026-W60").stderr


def test_rows_say_of_time_limits_what_was_known_at_the_end_of_the_week() -> None:
    """Both are of priority 4: solved within five working days, in the week after."""
    case = Desk(begun=3 * DAY).add("classified", impact="3", urgency="3")
    case = ended(case, *UNTIL_SOLVED[1:], after=5 * DAY)
    rows = csv.DictReader(io.StringIO(draw(counted(case), "nl", "csv").decode()))
    (row,) = rows
    assert (row["state"], row["solved"], row["response_in_time"], row["solution_in_time"]) == ("new", "", "False", "")


def test_a_damaged_record_is_named(base: Path) -> None:
    name = run("incident", "new", "--channel", "phone", "--reporter", "J. Bakker", "--text", "x").split()[-1]
    (base / "records" / name / "record.json").write_bytes(b"{")
    done = attempt("incident", "week", "2026-W48", "--format", "csv")
    assert (done.exit_code, "is damaged" in done.stderr) == (2, True)
