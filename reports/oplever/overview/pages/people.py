"""People who do and judge the work, and the hours they gave. Who lost his name at a purge is in the sums alone."""

from __future__ import annotations

from collections import defaultdict

from oplever.overview import paths
from oplever.overview.collection import Collection
from oplever.overview.pages import cells
from oplever.overview.pages.records import record_columns, record_row
from oplever.overview.pages.start import wait_table
from oplever.overview.sources import Readable, executors
from oplever.overview.tree import Part
from oplever.page.blocks import Block, Cell, Column
from oplever.page.translator import Translator
from oplever.page.vocabulary import word
from oplever.page.week import WorkedHours

_NEWEST = 50
KINDS = ("hands_on", "travel", "waiting")


def people(collection: Collection, t: Translator) -> tuple[Part, ...]:
    columns = (
        Column(t("Person"), 5),
        Column(t("Records"), 2, True),
        Column(t("Hours spent"), 2, True),
        Column(t("Open points"), 2, True),
        Column(t("Incidents"), 2, True),
    )
    rows = []
    for person, names in collection.people.items():
        points = sum(point.owner in names for _, point in collection.points)
        cases = sum(of.record.case.assignee in names for of in collection.open_incidents)
        worked = sum(line.hours for line in collection.hours if line.person in names)
        rows.append(
            (
                Cell(person, note=", ".join(names[1:]), link=paths.file(paths.person(person), t.language)),
                Cell(t.number(len(_carried_out(collection, names)))),
                Cell(t.number(worked, 2) if worked else ""),
                Cell(t.number(points) if points else ""),
                Cell(t.number(cases) if cases else ""),
            )
        )
    return (cells.part("people", t("People"), columns, rows, t("No record names anybody.")),)


def _carried_out(collection: Collection, names: tuple[str, ...]) -> list[Readable]:
    return [of for of in collection.readable if any(name in names for name in executors(of.record))]


def person(collection: Collection, t: Translator, name: str) -> tuple[Part, ...]:
    names = collection.people[name]
    records = list(reversed(_carried_out(collection, names)))
    cases = [of for of in collection.open_incidents if of.record.case.assignee in names]
    points = [
        (Cell(point.item), Cell(cells.day(t, point.due) if point.due else t("no day")), cells.record_cell(t, of))
        for of, point in collection.points
        if point.owner in names
    ]
    waits = [wait for lines in collection.waits.values() for wait in lines if set(wait.names) & set(names)]
    columns = (Column(t("Open point"), 6), Column(t("Due"), 2), Column(t("Record"), 5))
    lines = [line for line in collection.hours if line.person in names]
    count = t.plural("{count} record", "{count} records", len(records))
    return (
        Part(
            "waiting",
            t("Waits for"),
            wait_table(t, t("Waits for"), waits[:_NEWEST], t("No record waits for this person.")),
        ),
        cells.part(
            "incidents",
            t("Open incidents"),
            record_columns(t),
            (record_row(t, of) for of in cases),
            t("No incident is open."),
        ),
        cells.part("points", t("Open points"), columns, points, t("No point is open.")),
        Part("hours", t("Hours"), month_table(t, lines)),
        Part(
            "records",
            t("Carried out: {count}", count=count),
            cells.listing(
                t("Newest records"),
                record_columns(t),
                (record_row(t, of) for of in records[:_NEWEST]),
                t("There are no records."),
            ),
        ),
    )


def month_table(t: Translator, lines: list[WorkedHours]) -> tuple[Block, ...]:
    """Hours by month and kind, newest first."""
    months: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for line in lines:
        months[line.day[:7]][line.kind] += line.hours
    columns = (
        Column(t("Month"), 4),
        *(Column(word(t, kind).capitalize(), 2, True) for kind in KINDS),
        Column(t("Total"), 2, True),
    )
    rows = [
        (
            Cell(t.month(month)),
            *(Cell(t.number(of_month[kind], 2) if of_month[kind] else "") for kind in KINDS),
            Cell(t.number(sum(of_month.values()), 2)),
        )
        for month, of_month in sorted(months.items(), reverse=True)
    ]
    return cells.listing(t("Hours by month"), columns, rows, t("Nobody gave hours."))


def hours(collection: Collection, t: Translator) -> tuple[Part, ...]:
    """All hours by month, and by person and month."""
    of_person: dict[tuple[str, str], float] = defaultdict(float)
    spelled = {spelling: person for person, names in collection.people.items() for spelling in names}
    for line in collection.hours:
        of_person[line.day[:7], spelled.get(line.person, line.person)] += line.hours
    columns = (Column(t("Month"), 4), Column(t("Person"), 5), Column(t("Hours spent"), 2, True))
    rows = [
        (
            Cell(t.month(month)),
            Cell(cells.person_text(t, name), link=_person_link(collection, t, name)),
            Cell(t.number(worked, 2)),
        )
        for (month, name), worked in sorted(of_person.items(), key=lambda item: (item[0][0], item[0][1]), reverse=True)
    ]
    return (
        Part("months", t("By month"), month_table(t, collection.hours)),
        Part("people", t("By person"), cells.listing(t("Hours by person"), columns, rows, t("Nobody gave hours."))),
    )


def _person_link(collection: Collection, t: Translator, name: str) -> str:
    return paths.file(paths.person(name), t.language) if name in collection.people else ""
