"""Records and machines in lists: in the words of the pages over all records, with links to the pages of the desk."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlencode

from msgspec import structs
from starlette.responses import Response

from oplever.overview import extract
from oplever.overview.pages import cells
from oplever.overview.pages.records import record_columns, record_row
from oplever.overview.sources import Readable, Source
from oplever.overview.sources import Visit as MachineVisit
from oplever.page.blocks import Cell, Column, Paragraph
from oplever.page.parts import Blocks, table
from oplever.page.translator import N_, Translator
from oplever.page.vocabulary import DOCUMENT_STATUS, VERDICTS
from oplever.store import query
from oplever.store.filters import Filter
from oplever.store.index import Index
from oplever.store.query import StoredExtract
from oplever.text import clean_text
from oplever.web.collected import pages_of, path_of
from oplever.web.parts import Field, Form, Link, Section, Ways
from oplever.web.visit import Visit, unknown_page

PAGE_ROWS = 50
_FRESH_SECONDS = 2.0
_MOST_MACHINES = 1000
_MOST_VISITS = 100
_LONGEST_SEARCH = 100
_WAITING = {"supervisor": N_("a supervisor"), "user": N_("a user"), "executor": N_("a technician")}


def machine_path(host: str) -> str:
    return f"/machines/{quote(host, safe='')}"


def readable(stored: StoredExtract) -> Readable | None:
    """A record as the pages over all records have it; None when it cannot be read."""
    if stored.problem is not None or not stored.body:
        return None
    content = extract.decode(stored.body)
    pages = pages_of(stored.name, content)
    return Readable(
        Source(stored.name, stored.moment or "", stored.clock, None, content, "", pages, stored.part_of), content
    )


def rest(t: Translator, all_of_it: Sequence[object], most: int) -> Blocks:
    """How many a list leaves out that shows so many; nothing when it shows all."""
    surplus = len(all_of_it) - most
    return (Paragraph(t("and {count} more", count=t.number(surplus)), "info"),) if surplus > 0 else ()


def columns(t: Translator) -> tuple[Column, ...]:
    return record_columns(t)[:-1]


def row(t: Translator, stored: StoredExtract) -> tuple[Cell, ...]:
    """A record in a list; of one that cannot be read why."""
    if of := readable(stored):
        return record_row(t, of)[:-1]
    problem = Cell(t("cannot be read"), "bad", note=clean_text(stored.problem or ""))
    return (Cell(cells.day(t, stored.moment or "")), Cell(clean_text(stored.name)), problem, *[Cell("")] * 3)


def rows(visit: Visit, index: Index, names: Sequence[str]) -> list[tuple[Cell, ...]]:
    t = visit.t
    key = ("rows", t.language, tuple(names))
    return visit.desk.read_in(index, key, lambda index: [row(t, stored) for stored in query.extracts_of(index, names)])


def page_of(visit: Visit, filters: Filter, skip: int = 0) -> tuple[int, list[tuple[Cell, ...]]]:
    """How many records match, and the rows of a page of them. What is overdue depends on the clock."""
    desk = visit.desk
    with desk.index() as index:
        now = int(time.monotonic() / _FRESH_SECONDS) if filters.overdue else 0
        total = desk.read_in(index, ("count", filters, now), lambda index: query.count(index, filters))
        limited = structs.replace(filters, limit=PAGE_ROWS, skip=skip)
        names = desk.read_in(index, ("listing", limited, now), lambda index: _names(index, limited))
        return total, rows(visit, index, names)


def _names(index: Index, filters: Filter) -> list[str]:
    return [record.name for record in query.listing(index, filters)]


def records(visit: Visit) -> Response:
    """A page of the list, newest first, of what was searched for."""
    t, filters = visit.t, _filters(visit)
    skip = _number(visit.parameter("skip"))
    total, shown = page_of(visit, filters, skip)
    visit.note_read(f"records {visit.request.url.query}".strip())
    counted = t.plural("{count} record", "{count} records", total)
    shown_rows: Blocks = table(counted, columns(t), shown) or (Paragraph(t("No record matches all filters."), "info"),)
    sections = [Section("", (_search(visit),)), Section(t("Records"), (*shown_rows, *_pager(visit, skip, total)))]
    return visit.show(visit.screen(t("Records"), sections))


def _filters(visit: Visit) -> Filter:
    def chosen(name: str, among: Iterable[str]) -> str | None:
        return visit.parameter(name) if visit.parameter(name) in among else None

    return Filter(
        text=visit.parameter("text").strip()[:_LONGEST_SEARCH] or None,
        verdict=chosen("verdict", VERDICTS),
        state=chosen("state", DOCUMENT_STATUS),
        waits_for=chosen("waits_for", _WAITING),
        overdue=visit.parameter("overdue") == "yes",
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _search(visit: Visit) -> Form:
    t = visit.t
    anything = ("", t("all"))
    verdicts = tuple((code, t(text)) for code, text in VERDICTS.items())
    states = tuple((code, t(text)) for code, (_, text) in DOCUMENT_STATUS.items())
    roles = tuple((code, t(text)) for code, text in _WAITING.items())
    return Form(
        "/records",
        (
            Field("text", t("Search"), value=visit.parameter("text"), hint=t("Title, record, machine or person.")),
            Field("verdict", t("Verdict"), "choice", visit.parameter("verdict"), choices=(anything, *verdicts)),
            Field("state", t("Status"), "choice", visit.parameter("state"), choices=(anything, *states)),
            Field("waits_for", t("Waits for"), "choice", visit.parameter("waits_for"), choices=(anything, *roles)),
            Field("overdue", t("Past its day and not ready"), "yes_no", visit.parameter("overdue")),
        ),
        (("", t("Search")),),
        method="get",
        is_inline=True,
    )


def _pager(visit: Visit, skip: int, total: int) -> tuple[Ways, ...]:
    t = visit.t
    terms = {name: value for name, value in visit.request.query_params.items() if name not in ("skip", "language")}

    def page(first: int) -> str:
        return f"/records?{urlencode({**terms, 'skip': first})}"

    links = []
    if skip > 0:
        links.append(Link(t("Newer"), page(max(0, skip - PAGE_ROWS))))
    if skip + PAGE_ROWS < total:
        links.append(Link(t("Older"), page(skip + PAGE_ROWS)))
    return (Ways(tuple(links)),) if links else ()


def machines(visit: Visit) -> Response:
    """Every machine, with its last record."""
    t, text = visit.t, visit.parameter("text").strip().casefold()[:_LONGEST_SEARCH]
    every = visit.desk.read(("machines",), query.machines)
    machines_seen = [machine for machine in every if text in machine.host.casefold()]
    shown = [
        (
            Cell(clean_text(machine.host), link=machine_path(machine.host)),
            Cell(clean_text(machine.os)),
            Cell(cells.day(t, machine.moment or "")),
            Cell(clean_text(machine.record), link=path_of(machine.record)),
        )
        for machine in machines_seen[:_MOST_MACHINES]
    ]
    caption = t.plural("{count} machine", "{count} machines", len(machines_seen))
    heads = (Column(t("Machine"), 3), Column(t("Operating system"), 3), Column(t("Last seen")), Column(t("Record"), 4))
    nothing = (Paragraph(t("No record has this machine."), "info"),)
    shown_rows: Blocks = table(caption, heads, shown) + rest(t, machines_seen, _MOST_MACHINES) or nothing
    search = Form(
        "/machines",
        (Field("text", t("Search"), value=visit.parameter("text")),),
        (("", t("Search")),),
        method="get",
        is_inline=True,
    )
    return visit.show(visit.screen(t("Machines"), [Section("", (search,)), Section(t("Machines"), shown_rows)]))


def machine(visit: Visit) -> Response:
    """The records of one machine, newest first."""
    t, host = visit.t, visit.part("host")
    visit.note_read(f"machine {host}")
    with visit.desk.index() as index:
        names = query.records_of(index, host)
        stored = query.extracts_of(index, names[:_MOST_VISITS])
    if not names:
        raise unknown_page()
    heads = (
        Column(t("Day"), 2),
        Column(t("Record"), 5),
        Column(t("State"), 3),
        Column(t("Tests"), 2),
        Column(t("Security"), 2),
        Column(t("Changes"), 3),
    )
    shown = [
        cells.visit_cells(t, MachineVisit(of, part))
        for of in map(readable, stored)
        if of is not None
        for part in of.extract.machines
        if part.name == host
    ]
    caption = t.plural("{count} record", "{count} records", len(names))
    title = clean_text(host)
    listed = table(caption, heads, shown) + rest(t, names, _MOST_VISITS)
    return visit.show(visit.screen(title, [Section(t("Records"), listed)], kind=t("Machine")))
