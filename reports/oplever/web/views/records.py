"""One record: its first page in the words of its document, and the documents themselves."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from msgspec import structs
from starlette.responses import Response

from oplever import store
from oplever.app.build import paper
from oplever.files import locked, unreadable
from oplever.kinds import registry
from oplever.page import document
from oplever.page.blocks import Block, Cell, Column, Page, Paragraph, Table, Waiting
from oplever.page.parts import pairs, table
from oplever.page.translator import LANGUAGES, Translator
from oplever.page.view import View
from oplever.page.vocabulary import history_text
from oplever.record.model import Record
from oplever.record.start import RUN
from oplever.render.registry import FORMATS
from oplever.store import chain, documents, fingerprint
from oplever.text import clean
from oplever.web.collected import case_path, path_of
from oplever.web.parts import Link, Screen, Section, Ways
from oplever.web.views.gallery import photos
from oplever.web.views.lists import rest
from oplever.web.visit import Visit, unknown_page

_TYPES = {"html": "text/html; charset=utf-8", "pdf": "application/pdf", "md": "text/plain; charset=utf-8"}
DOCUMENTS = {f"report.{language}.{suffix}": _TYPES[suffix] for language in LANGUAGES for suffix in FORMATS}
"""What is given out of the directory of a record, by name; nothing else is."""
DOCUMENT_POLICY = (
    "sandbox allow-scripts allow-modals; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""For a document, which says itself by digests which script and style it has: it is nothing of the desk, and what it
runs reaches none of it."""


_MOST_LINES = 30
"""Of the history, the newest."""


class Shown(NamedTuple):
    """A record as a page shows it: `head` says what it was made of (`store.chain.head`), `code` the same in short, as
    its papers have it."""

    directory: Path
    record: Record
    page: Page
    head: str
    code: str


def shown(visit: Visit, name: str) -> Shown:
    """The record and its first page, of one moment. Raises OpleverError (`record-unknown`, ...)."""
    directory = visit.desk.record(name)
    try:
        with locked(directory):
            head = chain.head(directory)
            record = store.load(directory)
            sheet = paper(directory, record.document.revision)
            code = fingerprint.of(directory, record.document.revision).text
    except OSError as problem:
        raise unreadable(directory, problem) from None
    page = document.build(View.of(clean(record)), registry.of(record).layout, visit.t, sheet)
    return Shown(directory, record, page, head, code)


def show(visit: Visit) -> Response:
    """The first page of the document, what can be done with the record, and its history."""
    of = shown(visit, visit.part("name"))
    if of.record.incident is not None:
        return visit.go(case_path(of.directory.name))
    visit.note_read(of.record.id)
    t = visit.t
    sections = [
        Section(t("What you can do"), actions(visit, of)),
        *photos(t, path_of(of.directory.name), of.record),
        history(t, of),
    ]
    return visit.show(structs.replace(front(visit, of, sections), note=decided(visit, of)))


def decided(visit: Visit, of: Shown) -> str:
    """What a supervisor is told who comes here after deciding; nothing for others."""
    is_own = of.record.accountability.decided_by == visit.account.name and visit.parameter("done") == "decision"
    return visit.t("Your decision is in the record.") if is_own else ""


def front(visit: Visit, of: Shown, sections: list[Section]) -> Screen:
    """The frame with the first page of a record, followed by these sections."""
    page, t = of.page, visit.t
    screen = visit.screen(page.title, sections, kind=page.kind)
    facts = pairs(*page.facts, (t("Status"), page.status), (t("Record"), Cell(of.record.id, code=True)))
    return structs.replace(
        screen,
        verdict=page.verdict,
        front=(*facts, *(_by_hand(block) for block in page.summary)),
        document=f"{path_of(of.directory.name)}/report.{t.language}.html",
    )


def _by_hand(block: Block) -> Block:
    """What is waited for without the commands for a terminal, which a browser has no use for."""
    if not isinstance(block, Waiting):
        return block
    lines = tuple((who, tuple(structs.replace(need, command="") for need in needs)) for who, needs in block.lines)
    return structs.replace(block, lines=lines)


def actions(visit: Visit, of: Shown) -> tuple[Block | Ways, ...]:
    """Links to what this account may do with this record."""
    t, path = visit.t, path_of(of.directory.name)
    links = []
    if visit.may("decide"):
        links.append(Link(t("Approve or reject"), f"{path}/decide"))
    if visit.may("add"):
        links.append(Link(t("Add something"), f"{path}/add"))
        links.append(Link(t("Add a photo or file"), f"{path}/annex"))
    if visit.may("invite") and of.record.kind == RUN:
        links.append(Link(t("Let a user accept it"), f"{path}/invite"))
    if visit.may("watch_runs") and (of.directory / store.JOURNAL).is_file():
        links.append(Link(t("Follow the run"), f"{path}/run"))
    return (Ways(tuple(links)), *papers(visit, of))


def papers(visit: Visit, of: Shown) -> tuple[Block | Ways, ...]:
    """Links to the documents, and whether they are of what is on this page."""
    t, path = visit.t, path_of(of.directory.name)
    files = [
        Link(t("Document ({format}, {language})", format=suffix.upper(), language=language), f"{path}/{name}")
        for name in DOCUMENTS
        if (of.directory / name).is_file()
        for _, language, suffix in (name.split("."),)
    ]
    return (*_documents_state(visit, of), Ways(tuple(files)))


def _documents_state(visit: Visit, of: Shown) -> tuple[Block, ...]:
    """Whether the documents are of what is on this page."""
    t, state = visit.t, documents.examine(of.directory)
    match state.state:
        case "current":
            return ()
        case "being_made":
            return (Paragraph(t("The documents of this revision are being made."), "info"),)
        case "none":
            return (Paragraph(t("There are no documents yet."), "info"),)
    text = t(
        "The documents are of revision {old}; this page is of revision {new}.", old=state.revision, new=state.current
    )
    return (Paragraph(text, "warn"),)


def history(t: Translator, of: Shown) -> Section:
    """Who added what, newest first."""
    rows = [
        (
            Cell(f"{line.revision}"),
            Cell(history_text(t, clean(line).what)),
            Cell(t.moment(line.at)),
            Cell(clean(line).by),
        )
        for line in reversed(of.record.document.history[-_MOST_LINES:])
    ]
    columns = (Column(t("Revision"), 1, True), Column(t("What"), 4), Column(t("When"), 2), Column(t("Who"), 2))
    shown = table(t("History"), columns, rows)
    return Section(
        t("History"),
        (
            *(structs.replace(block, is_named=True) for block in shown if isinstance(block, Table)),
            *rest(t, of.record.document.history, _MOST_LINES),
        )
        or (Paragraph(t("Nothing was added to the record of the run."), "info"),),
    )


def show_document(visit: Visit) -> Response:
    """A document as it was made."""
    directory, name = visit.desk.record(visit.part("name")), visit.part("file")
    if name not in DOCUMENTS:
        raise unknown_page()
    path = directory / name
    try:
        if path.is_symlink() or not path.is_file():
            raise unknown_page()
        content = path.read_bytes()
    except OSError as problem:
        raise unreadable(path, problem) from None
    visit.note_read(f"{directory.name}/{name}")
    headers = {"content-security-policy": DOCUMENT_POLICY}
    if name.endswith(".pdf"):
        headers = {"content-disposition": f'inline; filename="{directory.name}.pdf"'}
    return Response(content, media_type=DOCUMENTS[name], headers=headers)
