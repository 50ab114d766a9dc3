"""Pages over all records, as they are published, within the desk: exceptions, open points, handouts and the like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import structs
from starlette.responses import Response

from oplever.kinds.instruction.kind import KIND as INSTRUCTION
from oplever.overview import book, paths
from oplever.overview.collection import Collection
from oplever.overview.pages import faq as faq_page
from oplever.overview.tree import Part, Plot
from oplever.page.blocks import Block, Group, Paragraph, Table
from oplever.page.parts import table
from oplever.page.translator import N_, Translator
from oplever.store.filters import Filter
from oplever.web.parts import Link, Section, Ways
from oplever.web.views.lists import PAGE_ROWS, columns, machine_path, page_of, rest
from oplever.web.visit import Visit, unknown_page

PAGES = ("exceptions", "points", "failing", "handouts")
"""Those of the published pages that the desk has as they are."""
INSTRUCTIONS = N_("Instructions")


def more(visit: Visit) -> Response:
    """The way to what the menu has no room for."""
    t = visit.t
    links = [Link(t(book.MENU[page][0]), f"/overview/{page}") for page in PAGES]
    ways = Ways((*links, Link(t(INSTRUCTIONS), "/instructions")))
    return visit.show(visit.screen(t("More"), [Section("", (ways,))]))


def show(visit: Visit) -> Response:
    """One page over all records."""
    page = visit.part("page")
    if page not in PAGES:
        raise unknown_page()
    title, make = book.MENU[page]
    visit.note_read(f"overview {page}")
    collection = visit.desk.collection()
    sections = sections_of(visit.t, collection, make(collection, visit.t))
    return visit.show(visit.screen(visit.t(title), sections))


def sections_of(t: Translator, collection: Collection, parts: Iterable[Part]) -> list[Section]:
    """Parts of a published page as sections of the desk, with its links."""
    machines = {paths.file(paths.machine(host), t.language): machine_path(host) for host in collection.lives}
    return [
        Section(part.title, tuple(linked(block, machines) for block in part.blocks if not isinstance(block, Plot)))
        for part in parts
    ]


def linked(block: Block, links: Mapping[str, str]) -> Block:
    """A block with links to pages of the desk; one to a page that it does not have is no link."""
    if isinstance(block, Group):
        return structs.replace(block, blocks=tuple(linked(inner, links) for inner in block.blocks))
    if not isinstance(block, Table):
        return block
    lines = tuple(
        tuple(
            structs.replace(cell, link=links.get(cell.link, "")) if cell.link.endswith(".html") else cell
            for cell in row
        )
        for row in block.rows
    )
    return structs.replace(block, rows=lines)


def faq(visit: Visit) -> Response:
    """Answers that hold, for everybody; what is not shown to users only for who reads records."""
    t, collection = visit.t, visit.desk.collection()
    answers, held = faq_page.faq(collection, t)
    parts = (answers, held) if visit.may("read_records") else (answers,)
    sections = sections_of(t, collection, parts)
    return visit.show(visit.screen(t(book.MENU["faq"][0]), sections))


def instructions(visit: Visit) -> Response:
    """The instructions that were given, newest first."""
    t = visit.t
    visit.note_read("instructions")
    total, shown = page_of(visit, Filter(kind=INSTRUCTION.id))
    caption = t.plural("{count} record", "{count} records", total)
    nothing = (Paragraph(t("No instruction was given yet."), "info"),)
    listed = table(caption, columns(t), shown) + rest(t, range(total), PAGE_ROWS) or nothing
    return visit.show(visit.screen(t(INSTRUCTIONS), [Section("", listed)]))
