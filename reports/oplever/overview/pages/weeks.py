"""What the desk did in the last weeks, one row for each."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from oplever.kinds.incident.week import DeskCase, DeskWeek, week
from oplever.overview.collection import Collection
from oplever.overview.pages import cells
from oplever.overview.tree import Part
from oplever.page.blocks import Cell, Column
from oplever.page.translator import Translator

_WEEKS = 8


def weeks(collection: Collection, t: Translator) -> Part:
    """The present week first; weeks in which no incident was open are left out."""
    rows = [DeskCase(of.source.name, "", of.record.case) for of in collection.incidents]
    local = collection.now.astimezone(t.timezone)
    monday = local.date() - timedelta(days=local.weekday())
    starts = [datetime.combine(monday - timedelta(weeks=number), time(), t.timezone) for number in range(_WEEKS + 1)]
    ends = [datetime.combine(monday + timedelta(weeks=1), time(), t.timezone), *starts]
    counted = [week(rows, first, end, collection.now) for first, end in zip(starts[:_WEEKS], ends, strict=False)]
    columns = (
        Column(t("Week"), 2),
        Column(t("Came in"), 2, True),
        Column(t("Closed"), 2, True),
        Column(t("Open at the end"), 2, True),
        Column(t("Too late"), 2, True),
        Column(t("Time limits not met"), 2, True),
        Column(t("Satisfied"), 3),
        Column(t("Causes that came back"), 5),
    )
    lines = [_row(t, desk_week, first) for desk_week, first in zip(counted, starts, strict=False) if desk_week.rows]
    return cells.part("weeks", t("The desk by week"), columns, lines, t("No incident was open in the last weeks."))


def _row(t: Translator, counted: DeskWeek, first: datetime) -> tuple[Cell, ...]:
    year, number, _ = first.isocalendar()
    figures = counted.figures
    yes = counted.satisfied.get("yes", 0)
    answers = yes + counted.satisfied.get("no", 0)
    satisfied = t("{yes} of {all}", yes=yes, all=answers) if answers else t("nobody was asked")
    causes = [f"{cause.cause} ({len(cause.cases)})" for cause in counted.repeated]
    return (
        Cell(f"{year}-W{number:02d}", note=_since(t, counted)),
        Cell(t.number(figures.came_in, 0)),
        Cell(t.number(figures.closed, 0)),
        Cell(t.number(figures.open_after, 0)),
        Cell(t.number(figures.overdue, 0), "bad" if figures.overdue else "plain"),
        Cell(t.number(figures.missed, 0), "warn" if figures.missed else "plain"),
        Cell(satisfied),
        Cell("; ".join(causes)),
    )


def _since(t: Translator, counted: DeskWeek) -> str:
    """The day on which the week begins; a week that is not over has no end to be open or late at."""
    day = cells.day(t, counted.first)
    return day if counted.until == counted.end else t("{day}; not over yet: counted up to now", day=day)
