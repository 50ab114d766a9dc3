"""The tree that every format draws: a page of sections of blocks, already in one language.

Blocks say what something *is* (a table, a checklist, a line of a timeline), never how it looks. Formats decide
the looks and nothing else. Text in a tree is clean (no control or direction characters) but not escaped: each
format escapes for itself.

Every block has a tag, so that `msgspec.to_builtins` gives a format without Python classes (the Typst template)
the same tree as JSON.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Tone = Literal["plain", "good", "warn", "bad", "info"]
"""What a text means for the reader. Formats show it by a symbol and a colour, never by colour alone."""

Mark = Literal["", "nl", "en"]
"""The language of a text where that is not the language of the page; empty where it is, and where nobody knows."""

MOST_FOLDS = 24
"""Folds of one kind, such as one for each machine, beyond which they go together into one."""
SYMBOLS: dict[Tone, str] = {"plain": "", "good": "✓", "warn": "!", "bad": "✗", "info": "–"}


class Phrase(Struct, frozen=True):
    """A piece of a sentence in one language."""

    text: str
    language: Mark = ""


class Cell(Struct, frozen=True):
    """One value. `code` is text from a machine, shown with fixed width; `note` is a second, smaller line; `lines` are
    what changed in a text, each line with `-` or `+` before it. `link` leads to a page that tells more."""

    text: str
    tone: Tone = "plain"
    code: bool = False
    note: str = ""
    language: Mark = ""
    note_language: Mark = ""
    lines: tuple[str, ...] = ()
    link: str = ""


class Column(Struct, frozen=True):
    """`weight` is the share of the width on paper; `number` aligns right."""

    title: str
    weight: int = 2
    number: bool = False


class Paragraph(Struct, frozen=True, tag_field="kind", tag="paragraph"):
    text: str
    tone: Tone = "plain"


class KeyValue(Struct, frozen=True, tag_field="kind", tag="keyvalue"):
    pairs: tuple[tuple[str, Cell], ...]


class Table(Struct, frozen=True, tag_field="kind", tag="table"):
    """`paper_rows` is how many rows go on paper; `left_out` says there that it holds no more. `is_named`: the heading
    above it says what its caption says."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    paper_rows: int = 60
    left_out: str = ""
    is_named: bool = False


class Bullets(Struct, frozen=True, tag_field="kind", tag="bullets"):
    lines: tuple[Cell, ...]


class StepLine(Struct, frozen=True):
    """One action, and what one then sees. `typed` is what one types as it stands there: no line ends inside a word."""

    do: str
    see: str = ""
    typed: str = ""


class Steps(Struct, frozen=True, tag_field="kind", tag="steps"):
    """What to do, one action after the other; they are numbered."""

    lines: tuple[StepLine, ...]


class Group(Struct, frozen=True, tag_field="kind", tag="group"):
    """A part of a section under its own small heading. One `on_own_sheet` begins a new one on paper."""

    title: str
    blocks: tuple[Block, ...]
    on_own_sheet: bool = False


class Details(Struct, frozen=True, tag_field="kind", tag="details"):
    """Folded on screen. On paper its blocks are shown when `paper` is true, else title, count and `folded`."""

    title: str
    blocks: tuple[Block, ...]
    count: str = ""
    tone: Tone = "plain"
    open: bool = False
    paper: bool = False
    folded: str = ""


class AttentionItem(Struct, frozen=True):
    """`section` is the key of the section that tells more, and `number` its number in this document (None: it is not
    in it); `language` is that of `text`."""

    tone: Tone
    label: str
    text: str
    detail: tuple[Phrase, ...] = ()
    section: str = ""
    number: int | None = None
    language: Mark = ""


class Attention(Struct, frozen=True, tag_field="kind", tag="attention"):
    """What needs someone's attention."""

    title: str
    lines: tuple[AttentionItem, ...]


class Need(Struct, frozen=True):
    """Something that a person has to supply; `command` does that, on the terminal."""

    text: str
    command: str = ""


class Waiting(Struct, frozen=True, tag_field="kind", tag="waiting"):
    """Who is waited for, and for what of each."""

    title: str
    lines: tuple[tuple[str, tuple[Need, ...]], ...]


class Bar(Struct, frozen=True):
    """`before` and `after` are shares, 0 to 1; None: not measured then. `text` says the same in figures."""

    label: str
    text: str
    before: float | None = None
    after: float | None = None


class Bars(Struct, frozen=True, tag_field="kind", tag="bars"):
    """Shares before and after the work, drawn beside each other; `legend` is the words for both."""

    title: str
    summary: str
    legend: tuple[str, str]
    bars: tuple[Bar, ...]


class Span(Struct, frozen=True):
    """One stretch of a lane; `start` and `width` are fractions of the whole run, 0 to 1."""

    start: float
    width: float
    label: str
    state: Literal["ok", "changed", "failed", "skipped"]
    text: str


class Lane(Struct, frozen=True):
    label: str
    note: str
    spans: tuple[Span, ...]


class Tick(Struct, frozen=True):
    at: float
    label: str


class Timeline(Struct, frozen=True, tag_field="kind", tag="timeline"):
    """The run drawn over time, with `table` as its equivalent in text."""

    title: str
    summary: str
    ticks: tuple[Tick, ...]
    lanes: tuple[Lane, ...]
    legend: tuple[tuple[str, str], ...]
    table: Details


class CheckItem(Struct, frozen=True):
    """`done` None: to be ticked by hand on the printed form."""

    text: str
    done: bool | None = None
    remark: str = ""
    language: Mark = ""


class Checklist(Struct, frozen=True, tag_field="kind", tag="checklist"):
    title: str
    yes: str
    no: str
    remark: str
    lines: tuple[CheckItem, ...]


class SignatureLine(Struct, frozen=True):
    """Without `name` it is a place to sign by hand; `note` is what was stated for it without signing, `drawn` what was
    signed on a screen, as the path of a picture of 600 by 180."""

    role: str
    meaning: str
    name: str = ""
    date: str = ""
    digest: str = ""
    note: str = ""
    drawn: str = ""


class Signatures(Struct, frozen=True, tag_field="kind", tag="signatures"):
    name: str
    date: str
    signature: str
    signed: str
    lines: tuple[SignatureLine, ...]


class Photo(Struct, frozen=True):
    """`file` is the name of its picture among those of the page, `place` that of the photo itself in the record, `text`
    what it shows; `absent` stands where the page has no picture of it."""

    file: str
    place: str
    caption: str
    text: str
    note: str
    absent: str


class Photos(Struct, frozen=True, tag_field="kind", tag="photos"):
    pictures: tuple[Photo, ...]


Block = (
    Paragraph
    | KeyValue
    | Table
    | Bullets
    | Steps
    | Group
    | Details
    | Attention
    | Waiting
    | Bars
    | Timeline
    | Checklist
    | Signatures
    | Photos
)


StageState = Literal["done", "open", "refused"]
STAGE_SYMBOLS: dict[StageState, str] = {"done": "✓", "open": "–", "refused": "✗"}


class Stage(Struct, frozen=True):
    """One step on the way to a signature."""

    label: str
    state: StageState


class Verdict(Struct, frozen=True):
    """`figures` is one sentence with what was counted and of how many; why it is so stands in the summary."""

    tone: Tone
    title: str
    explanation: str
    figures: str
    stages: tuple[Stage, ...]


class Section(Struct, frozen=True):
    """`key` names it in every document, `number` in this one. `badge` is what the table of contents says about it (a
    count, a problem)."""

    number: int
    key: str
    title: str
    blocks: tuple[Block, ...]
    badge: Cell | None = None


class Annex(Struct, frozen=True):
    """Rows in small print behind the sections of a document on paper."""

    number: int
    title: str
    blocks: tuple[Block, ...]


class Enclosure(Struct, frozen=True):
    """A file that goes inside a document that can hold files; `what` says what it is."""

    name: str
    what: str
    mime_type: str
    content: bytes


class Organisation(Struct, frozen=True):
    """Whose paper it is: `address` in lines, `colour` as `#1b5686`, `fields` such as a number at a register."""

    name: str
    address: tuple[str, ...] = ()
    colour: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    logo: Enclosure | None = None


class Page(Struct, frozen=True):
    """The whole document. `created` is ISO 8601 UTC, for document properties; `facts` are one line that says which
    record this is, `status` the state and the revision of the document; `labels` are words of the frame. Of use on
    paper alone are `code`, which says what record it was made of, and `paper_notes`, `annexes` and `enclosures`.
    `pictures` are what photos are drawn from."""

    language: str
    title: str
    kind: str
    id: str
    created: str
    facts: tuple[tuple[str, Cell], ...]
    status: Cell
    verdict: Verdict | None
    summary: tuple[Block, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    labels: dict[str, str]
    paper_notes: tuple[str, ...] = ()
    code: str = ""
    annexes: tuple[Annex, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    organisation: Organisation | None = None
    pictures: tuple[Enclosure, ...] = ()
