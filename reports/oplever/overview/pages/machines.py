"""Machines: all of them, the history of each, and the sheet of a room or group to hang up."""

from __future__ import annotations

from collections.abc import Sequence

from oplever.overview import paths, plots
from oplever.overview.collection import Collection, Life, failing_of
from oplever.overview.pages import cells
from oplever.overview.pages.start import soon
from oplever.overview.sources import Visit
from oplever.overview.tree import Part, Plot
from oplever.page.blocks import Block, Cell, Column
from oplever.page.translator import Translator
from oplever.page.vocabulary import DOCUMENT_STATUS
from oplever.page.vocabulary import toned as toned_word

STEP, FEWEST = 100, 20
"""Records of one page of older history, and the fewest that stay on the page of the machine itself."""


def parts_of(life: Life) -> list[list[Visit]]:
    """The history in parts, oldest first; the last one is on the page of the machine, and only that one ever grows."""
    full = max(0, len(life.visits) - FEWEST) // STEP
    return [life.visits[number * STEP : (number + 1) * STEP] for number in range(full)] + [life.visits[full * STEP :]]


def machines(collection: Collection, t: Translator) -> tuple[Part, ...]:
    columns = (
        Column(t("Machine"), 4),
        Column(t("State"), 3),
        Column(t("Last record"), 3),
        Column(t("Tests"), 2),
        Column(t("Security"), 2),
        Column(t("Failing"), 1, True),
        Column(t("Rooms and groups"), 4),
    )
    rows = (_row(t, life) for life in collection.lives.values())
    return (cells.part("machines", t("Machines"), columns, rows, t("No record has a machine.")),)


def _row(t: Translator, life: Life) -> Sequence[Cell]:
    real, failing = life.real, sum(1 for _ in failing_of(life))
    return (
        cells.machine_cell(life.host, t.language, note=life.last.machine.os),
        cells.machine_state(t, real.machine),
        Cell(cells.day(t, real.of.source.moment), link=cells.report(t, real.of.source)),
        cells.tests_cell(t, life.tested.machine) if life.tested else Cell(t("none"), "info"),
        cells.score_cell(t, (life.scored or real).machine),
        Cell(t.number(failing), "bad") if failing else Cell(""),
        Cell(", ".join(life.last.machine.groups)),
    )


def machine(collection: Collection, t: Translator, life: Life) -> tuple[Part, ...]:
    """What is known of a machine now, how it went, and its newest records."""
    history = parts_of(life)
    older = [
        (
            Cell(
                _span(t, visits),
                link=paths.file(paths.machine(life.host, number), t.language),
            ),
            Cell(t.number(len(visits))),
        )
        for number, visits in enumerate(history[:-1], 1)
    ]
    columns, course = (Column(t("Days"), 5), Column(t("Records"), 2, True)), tuple(_course(t, history[-1]))
    return (
        Part("now", t("Now"), _now(t, life)),
        Part("open", t("Open on this machine"), _open_items(collection, t, life)),
        *((Part("course", t("Over time"), course),) if course else ()),
        Part("history", t("History"), history_table(t, history[-1])),
        *((cells.part("older", t("Older history"), columns, reversed(older), ""),) if older else ()),
    )


def _span(t: Translator, visits: list[Visit]) -> str:
    first, last = (cells.day(t, visits[place].of.source.moment) for place in (0, -1))
    return f"{first} – {last}" if first != last else first


def _now(t: Translator, life: Life) -> tuple[Block, ...]:
    last, real = life.last.machine, life.real
    return cells.facts(
        (t("State"), cells.machine_state(t, real.machine)),
        (t("Last record"), cells.record_cell(t, life.last.of)),
        (t("Last tested"), cells.record_cell(t, life.tested.of) if life.tested else t("never")),
        (t("Tests"), cells.tests_cell(t, life.tested.machine) if life.tested else ""),
        (t("Security"), cells.score_cell(t, life.scored.machine) if life.scored else t("never measured")),
        (t("Operating system"), last.os),
        (t("Address"), last.address),
        (t("Task"), cells.task_cell(t, last)),
        (t("Rooms and groups"), ", ".join(last.groups)),
    )


def _open_items(collection: Collection, t: Translator, life: Life) -> tuple[Block, ...]:
    """Faults, reports, failing rules and differences that were let go."""
    columns = (Column(t("What"), 3), Column(t("Subject"), 7), Column(t("Detail"), 4))
    real = life.real.of
    rows: list[tuple[Cell, ...]] = [
        (Cell(t("Open fault"), "bad"), Cell(fault.symptom, language=t.mark("en")), cells.record_cell(t, real))
        for fault in real.record.faults
        if fault.host == life.host and fault.kind != "test_failed"
    ]
    rows += [
        (Cell(t("Incident"), "warn"), cells.record_cell(t, of), toned_word(t, DOCUMENT_STATUS, of.record.status))
        for of in collection.open_incidents
        if of.record.case.machine == life.host
    ]
    labels = {
        ("control", "fail"): t("Control fails"),
        ("control", "error"): t("Control not measured"),
        ("test", "fail"): t("Test fails"),
        ("test", "error"): t("Test without a result"),
    }
    rows += [
        (
            Cell(labels[current.failing.kind, current.failing.status], "bad"),
            cells.failing_title(t, current),
            cells.severity_cell(t, current.failing.severity),
        )
        for current in failing_of(life)
    ]
    rows += [
        (
            Cell(t("Difference accepted"), "warn"),
            cells.text_cell(t, allowed.title, allowed.id),
            cells.until_cell(t, allowed.until, collection.today, soon(collection)),
        )
        for of, allowed in collection.allowed
        if allowed.host == life.host
    ]
    return cells.listing(t("Open on this machine"), columns, rows, t("Nothing is open on this machine."))


def _course(t: Translator, visits: list[Visit]) -> list[Plot]:
    """The security score and the share of tests that passed, of the records on this page."""
    return [
        plot
        for plot in (
            plots.line(
                t,
                (t("Security score"), t("Weighted share of the controls that are OK after the work, of 100.")),
                [(visit.of.source.moment, visit.machine.after) for visit in visits],
            ),
            plots.line(
                t,
                (t("Tests that passed"), t("Share of the tests that passed, of 100.")),
                [(visit.of.source.moment, _share(visit)) for visit in visits],
            ),
        )
        if plot
    ]


def _share(visit: Visit) -> float | None:
    machine = visit.machine
    return round(100 * machine.passed / machine.measured, 1) if machine.measured else None


def history_table(t: Translator, visits: list[Visit]) -> tuple[Block, ...]:
    columns = (
        Column(t("Day"), 2),
        Column(t("Record"), 5),
        Column(t("State"), 3),
        Column(t("Tests"), 2),
        Column(t("Security"), 2),
        Column(t("Changes"), 5),
    )
    rows = (cells.visit_cells(t, visit) for visit in reversed(visits))
    return cells.listing(t("History"), columns, rows, t("There are no records."))


def older(t: Translator, visits: list[Visit]) -> tuple[Part, ...]:
    return (Part("history", _span(t, visits), history_table(t, visits)),)


def rooms(collection: Collection, t: Translator) -> tuple[Part, ...]:
    columns = (
        Column(t("Room or group"), 5),
        Column(t("Machines"), 2, True),
        *(Column(title, 2, True) for title in (t("OK"), t("With remarks"), t("Not OK"))),
    )
    rows = []
    for group, lives in collection.groups.items():
        tones = [cells.machine_state(t, life.real.machine).tone for life in lives]
        good, bad = tones.count("good"), tones.count("bad")
        rows.append(
            (
                Cell(group, link=paths.file(paths.group(group), t.language)),
                Cell(t.number(len(lives))),
                Cell(t.number(good)),
                Cell(t.number(len(lives) - good - bad)),
                Cell(t.number(bad), "bad" if bad else "plain"),
            )
        )
    return (cells.part("rooms", t("Rooms and groups"), columns, rows, t("No machine is in a group.")),)


def room(collection: Collection, t: Translator, group: str) -> tuple[Part, ...]:
    """A sheet for the door or the wall: no names of people."""
    columns = (Column(t("Machine"), 4), Column(t("Task"), 5), Column(t("State"), 4), Column(t("Last checked"), 3))
    rows = [
        (
            cells.machine_cell(life.host, t.language),
            cells.task_cell(t, life.last.machine),
            cells.machine_state(t, life.real.machine),
            Cell(cells.day(t, life.tested.of.source.moment) if life.tested else t("never")),
        )
        for life in collection.groups[group]
    ]
    return (
        cells.part("machines", t("Machines"), columns, rows, t("No machine is in a group.")),
        Part("reports", t("Something does not work?"), _help(collection, t, group)),
    )


def _help(collection: Collection, t: Translator, group: str) -> tuple[Block, ...]:
    hosts = {life.host for life in collection.groups[group]}
    count = sum(of.record.case.machine in hosts for of in collection.open_incidents)
    texts = [
        t("Report it, and say the name of the machine and what you see."),
        t.plural("{count} report is being handled here.", "{count} reports are being handled here.", count)
        if count
        else t("No report is open here."),
    ]
    organisation = collection.organisation
    contact = (
        cells.facts(
            (t("Organisation"), organisation.name),
            (t("Address"), ", ".join(organisation.address)),
            *((key, Cell(value)) for key, value in organisation.fields),
        )
        if organisation
        else ()
    )
    return (*cells.notes(*texts), *contact)
