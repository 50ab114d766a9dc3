"""The start page: who is waited for, and what needs attention today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from msgspec import structs

from oplever.kinds.incident import targets
from oplever.overview import paths
from oplever.overview.collection import Collection
from oplever.overview.pages import cells
from oplever.overview.pages.records import record_columns, record_row
from oplever.overview.sources import Readable
from oplever.overview.tree import Part
from oplever.overview.waiting import ORDER, Wait
from oplever.page.blocks import Block, Cell, Column, Tone
from oplever.page.translator import N_, Translator
from oplever.page.view import SEVERITIES
from oplever.record.model import Who

_NEWEST = 10
_MOST_WAITS = 200
_MOST_OF_A_KIND = 8
Row = tuple[Cell, ...]
WHO: dict[Who, str] = {
    "supervisor": N_("The supervisor"),
    "user": N_("The user"),
    "executor": N_("The technician"),
}


def soon(collection: Collection) -> str:
    """The last day that counts as soon."""
    return f"{collection.now + timedelta(days=cells.SOON_DAYS):%Y-%m-%d}"


def start(collection: Collection, t: Translator) -> tuple[Part, ...]:
    newest = list(reversed(collection.readable))[:_NEWEST]
    return (
        _roles(collection, t),
        _attention(collection, t),
        cells.part(
            "newest",
            t("Newest records"),
            record_columns(t),
            (record_row(t, of) for of in newest),
            t("There are no records."),
        ),
    )


def figures(collection: Collection, t: Translator) -> tuple[tuple[str, Cell], ...]:
    """Which day it is about, and how much there is."""
    records, machines = len(collection.sources), len(collection.lives)
    return (
        (t("Day"), Cell(t.day(collection.today))),
        (t("Records"), Cell(t.plural("{count} record", "{count} records", records))),
        (t("Machines"), Cell(t.plural("{count} machine", "{count} machines", machines))),
    )


def _roles(collection: Collection, t: Translator) -> Part:
    columns = (
        Column(t("Waits for"), 3),
        Column(t("Records"), 2, True),
        Column(t("Longest"), 3),
        Column(t("What the newest needs"), 6),
    )
    rows: list[Row] = [
        (
            Cell(t(WHO[who]), "warn", link=f"{paths.file('waiting', t.language)}#part-{who}"),
            Cell(t.number(len(lines))),
            Cell(cells.day(t, lines[-1].of.source.moment)),
            Cell(cells.needs_text(t, lines[0])),
        )
        for who, lines in collection.waits.items()
        if lines
    ]
    return cells.part("waiting", t("What waits for whom"), columns, rows, t("No record waits for anybody."))


def _attention(collection: Collection, t: Translator) -> Part:
    columns = (Column(t("What"), 3), Column(t("Subject"), 6), Column(t("Detail"), 5))
    kinds = (
        ("records", _unreadable(collection, t)),
        ("incidents", _incidents(collection, t)),
        ("machines", _machines(collection, t)),
        ("failing", _controls(collection, t)),
        ("points", _points(collection, t)),
        ("exceptions", _ends(collection, t)),
    )
    rows = [row for page, lines in kinds for row in _first_rows(t, page, list(lines))]
    return cells.part("attention", t("Needs attention"), columns, rows, t("Nothing needs attention today."))


def _first_rows(t: Translator, page: str, rows: list[Row]) -> list[Row]:
    """The first few of a kind, and a link to the page with all, so that one kind cannot hide the others."""
    surplus = len(rows) - _MOST_OF_A_KIND
    if surplus <= 1:
        return rows
    more = Cell(t("and {count} more", count=t.number(surplus)), link=paths.file(page, t.language))
    return [*rows[:_MOST_OF_A_KIND], (rows[0][0], more, Cell(""))]


def _unreadable(collection: Collection, t: Translator) -> Iterator[Row]:
    if count := len(collection.unreadable):
        text = t.plural("{count} record cannot be read", "{count} records cannot be read", count)
        link = paths.file("records", t.language)
        yield (Cell(t("Records"), "bad"), Cell(text, link=f"{link}#part-unreadable"), Cell(t("The reasons are there.")))


def _incidents(collection: Collection, t: Translator) -> Iterator[Row]:
    for of in collection.open_incidents:
        late = reading(of, collection)
        if late in ("overdue", "nearly_due"):
            tone: Tone = "bad" if late == "overdue" else "warn"
            label = t("Incident overdue") if late == "overdue" else t("Incident nearly due")
            due = t("due {moment}", moment=t.moment(of.record.case.due)) if of.record.case.due else ""
            who = cells.assignee_text(t, of.record.case) or t("nobody yet")
            yield (Cell(label, tone), cells.record_cell(t, of), Cell(due, note=who))


def reading(of: Readable, collection: Collection) -> str:
    """The worst that the time limits of an incident say at this moment."""
    readings = {target.reading for target in targets.measure(of.record.case, collection.now)}
    return next((state for state in ("overdue", "nearly_due", "stands_still", "running") if state in readings), "")


def _machines(collection: Collection, t: Translator) -> Iterator[Row]:
    for life in collection.lives.values():
        cell = cells.machine_state(t, life.real.machine)
        if cell.tone == "bad":
            shown = cells.machine_cell(life.host, t.language, note=cell.text)
            record = cells.record_cell(t, life.real.of)
            yield (Cell(t("Machine"), "bad"), shown, record)


def _controls(collection: Collection, t: Translator) -> Iterator[Row]:
    """Controls of the highest severity that fail on some machine now, or could not be measured there."""
    link = paths.file("failing", t.language)
    labels = {
        "fail": t("Control of high severity fails"),
        "error": t("Control of high severity could not be measured"),
    }
    for currents in collection.failing.values():
        if currents[0].failing.severity == SEVERITIES[0]:  # a test has none
            title = structs.replace(cells.failing_title(t, currents[0]), link=link)
            _, names = cells.hosts_of(t, currents)
            yield (Cell(labels[currents[0].failing.status], "bad"), title, Cell(names))


def _points(collection: Collection, t: Translator) -> Iterator[Row]:
    for _, point in collection.points:
        if point.due and point.due < collection.today:
            text = t("due {moment}", moment=cells.day(t, point.due))
            link = paths.file("points", t.language)
            yield (Cell(t("Open point late"), "bad"), Cell(point.item, note=point.owner, link=link), Cell(text))


def _ends(collection: Collection, t: Translator) -> Iterator[Row]:
    last, link = soon(collection), paths.file("exceptions", t.language)
    ends = [(grant.expires, f"{grant.control} ({grant.id})", grant.reason) for _, grant in collection.exceptions]
    ends += [(allowed.until, f"{allowed.host}: {allowed.id}", allowed.reason) for _, allowed in collection.allowed]
    for until, subject, reason in sorted(ends):
        if until and until <= last:
            cell = cells.until_cell(t, until, collection.today, last)
            over = cell.tone == "bad"
            label = t("Exception over") if over else t("Exception ends soon")
            yield (Cell(label, cell.tone), Cell(subject, note=reason, link=link), Cell(cell.text))


def waiting(collection: Collection, t: Translator) -> tuple[Part, ...]:
    """Every record that waits, by who is waited for."""
    parts = []
    for who in ORDER:
        lines = collection.waits[who]
        shown = lines[:_MOST_WAITS]
        more = len(lines) - len(shown)
        count = t.plural("{count} record", "{count} records", len(lines))
        blocks = wait_table(t, f"{t(WHO[who])}: {count}", shown, t("No record waits for this role."))
        message = N_("The newest {shown} are shown; {more} older ones are on the pages by month.")
        note = t(message, shown=t.number(len(shown)), more=t.number(more))
        parts.append(Part(who, t(WHO[who]), (*blocks, *(cells.notes(note) if more else ()))))
    return tuple(parts)


def wait_table(t: Translator, caption: str, waits: Sequence[Wait], empty: str) -> tuple[Block, ...]:
    columns = (Column(t("Since"), 2), Column(t("Record"), 6), Column(t("State"), 4), Column(t("What is needed"), 6))
    rows = (
        (
            cells.when_cell(t, wait.of.source),
            cells.record_cell(t, wait.of),
            cells.state_cell(t, wait.of),
            Cell(cells.needs_text(t, wait)),
        )
        for wait in waits
    )
    return cells.listing(caption, columns, rows, empty)
