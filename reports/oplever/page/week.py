"""The hours of one person in one week, over all records, on one sheet to sign."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from msgspec import Struct

from oplever import clock
from oplever.page.blocks import Block, Cell, Column, Organisation, Page, SignatureLine, Signatures, Table
from oplever.page.document import labels
from oplever.page.parts import pairs
from oplever.page.translator import Translator
from oplever.page.vocabulary import word


class WorkedHours(Struct, frozen=True):
    """One line of hours of a person; `record` and `title` are those of the record it was written in."""

    person: str
    day: str
    kind: str
    activity: str
    hours: float
    record: str
    number: str = ""
    title: str = ""


def week_sheet(
    t: Translator, person: str, monday: date, lines: list[WorkedHours], organisation: Organisation | None = None
) -> Page:
    """`lines` are those of this person in the week that begins on `monday`."""
    year, week, _ = monday.isocalendar()
    title = t("Hours of {person}, week {week} of {year}", person=person, week=week, year=year)
    return Page(
        language=t.language,
        title=title,
        kind=t("Week sheet"),
        id=clock.week_name(monday),
        created=f"{monday.isoformat()}T00:00:00Z",
        facts=(),
        status=Cell(f"{t.day(monday.isoformat())} – {t.day((monday + timedelta(days=6)).isoformat())}"),
        verdict=None,
        summary=(*_lines(t, lines), *_days(t, monday, lines), _signing(t, person)),
        sections=(),
        notes=(),
        labels=labels(t, f"{year}-W{week:02d}"),
        organisation=organisation,
    )


def _lines(t: Translator, lines: list[WorkedHours]) -> tuple[Block, ...]:
    rows = [
        (
            Cell(t.day(line.day)),
            Cell(line.title or line.record, note=" · ".join(part for part in (line.number, line.record) if part)),
            Cell(line.activity),
            Cell(word(t, line.kind)),
            Cell(t.number(line.hours, 2)),
        )
        for line in sorted(lines, key=lambda line: (line.day, line.record))
    ]
    columns = (
        Column(t("Day"), 3),
        Column(t("Assignment"), 5),
        Column(t("Activity"), 4),
        Column(t("Kind"), 2),
        Column(t("Hours spent"), 2, True),
    )
    return (Table(t("Hours"), columns, tuple(rows), paper_rows=200),)


def _days(t: Translator, monday: date, lines: list[WorkedHours]) -> tuple[Block, ...]:
    """The sum of each day and of the week."""
    of_day: dict[str, float] = defaultdict(float)
    for line in lines:
        of_day[line.day] += line.hours
    days = [(monday + timedelta(days=number)).isoformat() for number in range(7)]
    sums = [(t.day(day), t.hours(of_day[day])) for day in days if of_day[day]]
    return pairs(*sums, (t("Total of the week"), t.hours(sum(line.hours for line in lines))))


def _signing(t: Translator, person: str) -> Signatures:
    lines = (
        SignatureLine(f"{word(t, 'executor').capitalize()}: {person}", t("These hours were worked as stated.")),
        SignatureLine(word(t, "supervisor").capitalize(), t("I have seen these hours.")),
    )
    return Signatures(t("Name"), t("Date"), t("Signature"), t("Signed with an SSH key"), lines)
