"""From a record to the tree that every format draws. Pure: no file, no clock, no format.

What a document of a kind of record holds is its `Layout`; the frame around it is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from msgspec import Struct, structs

from oplever.page.blocks import (
    Attention,
    Block,
    Cell,
    Enclosure,
    Organisation,
    Page,
    Paragraph,
    Section,
    Table,
    Tone,
    Verdict,
)
from oplever.page.reasons import missing_text
from oplever.page.translator import N_, Translator
from oplever.page.view import View
from oplever.page.vocabulary import DOCUMENT_STATUS, toned, word
from oplever.record.model import Record

_Block = TypeVar("_Block")


class Paper(Struct, frozen=True):
    """What is not in the record itself: the code by which a paper is checked, files to go inside it, of which those
    that are `too_large` stay where they are, the organisation whose paper it is, and its photos, small."""

    code: str = ""
    organisation: Organisation | None = None
    enclosures: tuple[Enclosure, ...] = ()
    too_large: tuple[str, ...] = ()
    pictures: tuple[Enclosure, ...] = ()


NO_PAPER = Paper()

Builder = Callable[[View, Translator], tuple[Block, ...]]


class Chapter(Struct, frozen=True):
    """One section: its number is its place in the layout. `keys` are the sections of the record it answers for; the
    first one names it."""

    keys: tuple[str, ...]
    title: str
    build: Builder


class Headline(NamedTuple):
    """How a record stands: a title with its tone, and one sentence that explains it."""

    tone: Tone
    title: str
    sentence: str

    def translated(self, t: Translator) -> Headline:
        return Headline(self.tone, t(self.title), t(self.sentence))


REJECTED = Headline("bad", N_("Rejected by the supervisor"), N_("The work must be corrected and then judged again."))


class Layout(Struct, frozen=True):
    """What the documents of a kind of record show. Texts are messages, to be translated.

    `problem` is what the table of contents says beside a section (by its key) in which something is wrong; `elsewhere`
    is the section in the document of what is missing, by its code, where that is not its section in the record. `forms`
    are papers for one purpose, by name, and `letter` what to write with the document.
    """

    name: str
    title: Callable[[Record, Translator], str]
    facts: Callable[[Record, Translator], tuple[tuple[str, Cell], ...]]
    headline: Callable[[Translator, Record], Headline]
    verdict: Callable[[Record, Translator], Verdict]
    summary: Builder
    chapters: tuple[Chapter, ...]
    problem: Callable[[View, Translator, str], Cell | None]
    forms: Mapping[str, Callable[[View, Translator, Paper], Page]]
    letter: Callable[[View, Translator, Paper], str]
    notes: Callable[[Record, Translator], tuple[str, ...]]
    elsewhere: Mapping[str, str] = {}


def build(view: View, layout: Layout, t: Translator, paper: Paper = NO_PAPER) -> Page:
    """The whole document in one language, for a view of a record that is clean: one view serves every language."""
    record = view.record
    numbers = {key: number for number, chapter in enumerate(layout.chapters) for key in chapter.keys}
    summary = tuple(_with_numbers(block, numbers) for block in layout.summary(view, t))
    page = sheet(view, t, paper, kind=t(layout.name), title=layout.title(record, t), blocks=summary)
    return structs.replace(
        page,
        facts=layout.facts(record, t),
        verdict=layout.verdict(record, t),
        sections=tuple(_section(view, layout, t, number) for number in range(len(layout.chapters))),
        notes=(*page.notes, *layout.notes(record, t)),
        paper_notes=_paper_notes(t, paper),
        enclosures=paper.enclosures,
        pictures=paper.pictures,
    )


def sheet(view: View, t: Translator, paper: Paper, *, kind: str, title: str, blocks: tuple[Block, ...]) -> Page:
    """A paper of a record for one purpose: no sections, and no verdict unless it is put in."""
    record = view.record
    return Page(
        language=t.language,
        title=title,
        kind=kind,
        id=record.id,
        created=record.document.created,
        facts=(),
        status=toned(t, DOCUMENT_STATUS, record.status, t("revision {n}", n=record.document.revision)),
        verdict=None,
        summary=blocks,
        sections=(),
        notes=(t("Times are in time zone {zone}.", zone=t.zone),),
        labels=labels(t, record.id),
        code=paper.code,
        organisation=paper.organisation,
    )


def _paper_notes(t: Translator, paper: Paper) -> tuple[str, ...]:
    inside, outside = ", ".join(file.name for file in paper.enclosures), ", ".join(paper.too_large)
    return (
        *((t("Files inside this document: {files}.", files=inside),) if inside else ()),
        *((t("Too large to go inside this document: {files}.", files=outside),) if outside else ()),
    )


def _with_numbers(block: Block, numbers: Mapping[str, int]) -> Block:
    """The block with the numbers that the sections it points at have in this document."""
    if not isinstance(block, Attention):
        return block
    return structs.replace(
        block, lines=tuple(structs.replace(line, number=numbers.get(line.section)) for line in block.lines)
    )


def _section(view: View, layout: Layout, t: Translator, number: int) -> Section:
    """A section with its blocks, or a note that it is empty, and always what it lacks and who has that."""
    chapter = layout.chapters[number]
    title, keys = t(chapter.title), chapter.keys
    blocks = named(title, chapter.build(view, t))
    missing = tuple(
        Paragraph(
            f"{word(t, item.who).capitalize()}: {missing_text(t, item.code, item.params)}",
            "warn",
        )
        for item in view.record.completeness.missing
        if layout.elsewhere.get(item.code, item.section) in keys
    )
    badge = Cell(t("still needed"), "warn") if missing else None if blocks else Cell(t("empty"), "info")
    if not blocks and not missing:
        blocks = (Paragraph(t("Nothing recorded."), "info"),)
    return Section(
        number=number,
        key=chapter.keys[0],
        title=title,
        blocks=(*missing, *blocks),
        badge=layout.problem(view, t, chapter.keys[0]) or badge,
    )


def named(title: str, blocks: tuple[_Block, ...]) -> tuple[_Block, ...]:
    """The blocks under a heading with this title: a table that is called the same does not say it again."""
    return tuple(
        structs.replace(block, is_named=True) if isinstance(block, Table) and block.caption == title else block
        for block in blocks
    )


def labels(t: Translator, name: str) -> dict[str, str]:
    """Words of the frame around the content of the record with this name, for the formats."""
    file = f"report.{t.language}.html"
    return {
        "contents": t("Contents"),
        "summary": t("Summary"),
        "verdict": t("Verdict"),
        "status": t("Status"),
        "done": t("done"),
        "open": t("not yet"),
        "refused": t("refused"),
        "skip": t("Skip to the content"),
        "filter": t("Filter this table"),
        "shown": t("{shown} of {total} rows"),
        "open_all": t("Open everything"),
        "close_all": t("Close everything"),
        "print": t("Print"),
        "section": t("Section {number}"),
        "left_out": t("{{count}} more rows are in the file {file}.", file=file),
        "more_here": t("{{count}} more rows."),
        "in_annex": t("See annex {number}."),
        "annex": t("Annex {number}"),
        "annexes": t("Annexes"),
        "code": t("To check this paper: oplever verify with this code."),
        "square": t("Square with the code {code}", code="{code}"),
        "enclosed": t("The rows are in record.json, inside this document."),
        "folded": t("The rows are in the file {file}.", file=file),
        "cut": t("The rest of texts that end in “…” is in record.json of record {record}.", record=name),
        "shortened": t(
            "Rows that are left out here, and the rest of texts that end in “…”, are in the files {file} and "
            "record.json of record {record}.",
            file=file,
            record=name,
        ),
        "record": t("Record"),
        "page": t("Page {number} of {total}"),
        "problem": t("problem"),
        "nothing": t("nothing"),
        "more_rows": t("Show {count} more rows"),
        "everywhere": t("Search in everything"),
        "found": t("Found in {count} parts"),
        "no_script": t("This page needs a script to open its folded parts; without it, read record.json."),
    }
