"""The records themselves: all of them by month, each month on its own page, and the search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from oplever.overview import paths
from oplever.overview.collection import Collection
from oplever.overview.extract import Machine
from oplever.overview.pages import cells
from oplever.overview.sources import Readable, Source, executors
from oplever.overview.tree import Part
from oplever.page.blocks import Block, Cell, Column
from oplever.page.translator import Translator
from oplever.page.vocabulary import VERDICTS
from oplever.words import REFUSING


def record_columns(t: Translator) -> tuple[Column, ...]:
    return (
        Column(t("Day"), 2),
        Column(t("Record"), 6),
        Column(t("State"), 4),
        Column(t("Machines"), 3),
        Column(t("By"), 2),
        Column(t("Failing"), 1, True),
        Column(t("PDF"), 1),
    )


def record_row(t: Translator, of: Readable) -> tuple[Cell, ...]:
    record, hosts = of.record, [machine.name for machine in of.extract.machines]
    case = record.incident
    place = " · ".join(part for part in (case.place, case.machine) if part) if case else ""
    people = ", ".join(cells.person_text(t, name) for name in executors(record))
    failing, pdf = len(of.extract.failing), cells.report(t, of.source, "pdf")
    return (
        cells.when_cell(t, of.source),
        cells.record_cell(t, of),
        cells.state_cell(t, of),
        Cell(place if case else cells.hosts_text(t, hosts)),
        Cell(cells.assignee_text(t, case) if case else people),
        Cell(t.number(failing), "bad") if failing else Cell(""),
        Cell(t("PDF"), link=pdf) if pdf else Cell(""),
    )


def records(collection: Collection, t: Translator) -> tuple[Part, ...]:
    """The months, and what cannot be read."""
    unreadable = [
        (Cell(cells.day(t, source.moment)), Cell(cells.name(source), "bad"), Cell(source.problem or ""))
        for source in reversed(collection.unreadable)
    ]
    columns = (Column(t("Day"), 2), Column(t("Record"), 5), Column(t("Why it cannot be read"), 7))
    return (
        Part("months", t("By month"), _months(collection, t)),
        cells.part("unreadable", t("Records that cannot be read"), columns, unreadable, t("Every record can be read.")),
    )


def _months(collection: Collection, t: Translator) -> tuple[Block, ...]:
    columns = (
        Column(t("Month"), 4),
        Column(t("Records"), 2, True),
        *(Column(t(words).capitalize(), 2, True) for words in VERDICTS.values()),
    )
    rows = []
    for month, sources in collection.months.items():
        verdicts: Counter[str] = Counter(source.extract.record.verdict for source in sources if source.extract)
        rows.append(
            (
                Cell(month_name(t, month), link=paths.file(paths.month(month), t.language)),
                Cell(t.number(len(sources))),
                *(
                    Cell(t.number(verdicts[verdict]), "bad" if verdict in REFUSING and verdicts[verdict] else "plain")
                    for verdict in VERDICTS
                ),
            )
        )
    return cells.listing(t("By month"), columns, rows, t("There are no records."))


def month_name(t: Translator, month: str) -> str:
    """`november 2026`; the months of a clock that was wrong too."""
    return t.month(month)


def month(collection: Collection, t: Translator, name: str) -> tuple[Part, ...]:
    sources = collection.months[name]
    rows = [row_of(t, source) for source in sources]
    title = month_name(t, name)
    blocks = cells.listing(title, record_columns(t), rows, t("There are no records."))
    return (Part("records", t.plural("{count} record", "{count} records", len(rows)), blocks),)


def row_of(t: Translator, source: Source) -> tuple[Cell, ...]:
    """A record in a list, also one that cannot be read."""
    if source.extract is not None:
        return record_row(t, Readable(source, source.extract))
    problem = Cell(t("cannot be read"), "bad", note=source.problem or "")
    return (Cell(cells.day(t, source.moment)), Cell(cells.name(source)), problem, *(Cell(""),) * 4)


def search(collection: Collection, t: Translator) -> tuple[Part, ...]:
    """Everything in one table, of which the script of the page finds what a reader types."""
    columns = (Column(t("What"), 2), Column(t("Name"), 6), Column(t("Detail"), 6), Column(t("Day"), 2))
    rows = (*_machine_rows(collection, t), *_group_rows(collection, t), *_person_rows(collection, t))
    records = (_search_row(t, source) for source in reversed(collection.sources))
    return (cells.part("everything", t("Everything"), columns, (*rows, *records), t("There are no records.")),)


def _machine_words(t: Translator, machine: Machine) -> Cell:
    """All that a reader may look for it by, beside its name."""
    task = cells.task_cell(t, machine)
    words = (*filter(None, (task.text, task.note)), *machine.groups)
    return Cell(", ".join(words), note=machine.address)


def _machine_rows(collection: Collection, t: Translator) -> list[Sequence[Cell]]:
    return [
        (
            Cell(t("Machine")),
            cells.machine_cell(life.host, t.language),
            _machine_words(t, life.last.machine),
            Cell(cells.day(t, life.last.of.source.moment)),
        )
        for life in collection.lives.values()
    ]


def _group_rows(collection: Collection, t: Translator) -> list[Sequence[Cell]]:
    return [
        (
            Cell(t("Room or group")),
            Cell(group, link=paths.file(paths.group(group), t.language)),
            Cell(t.plural("{count} machine", "{count} machines", len(lives))),
            Cell(""),
        )
        for group, lives in collection.groups.items()
    ]


def _person_rows(collection: Collection, t: Translator) -> list[Sequence[Cell]]:
    return [
        (
            Cell(t("Person")),
            Cell(person, link=paths.file(paths.person(person), t.language)),
            Cell(", ".join(names[1:])),
            Cell(""),
        )
        for person, names in collection.people.items()
    ]


def _search_row(t: Translator, source: Source) -> Sequence[Cell]:
    when, record, state, machines, by, *_ = row_of(t, source)
    detail = " · ".join(part for part in (state.text, machines.text, by.text) if part)
    return (Cell(t("Record")), record, Cell(detail), when)
