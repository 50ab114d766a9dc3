"""What a page of the desk is drawn from beside the blocks of documents: forms, and ways to other pages."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from oplever.page.blocks import Block, Organisation, Verdict
from oplever.words import Language

Control = Literal[
    "text",
    "long",
    "number",
    "day",
    "choice",
    "options",
    "yes_no",
    "ticks",
    "texts",
    "password",
    "hidden",
    "drawing",
    "file",
]


class Field(Struct, frozen=True):
    """One thing to fill in. `choices` are pairs of what is sent and what is shown; `hint` tells how to write it. The
    `value` of a file is which ones a browser offers."""

    name: str
    label: str
    control: Control = "text"
    value: str = ""
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = False
    completion: str = "off"


class Form(Struct, frozen=True, tag_field="kind", tag="form"):
    """`method` get is a search that changes nothing. `problem` is why it was not taken, `buttons` are pairs of a value
    of the field `choice` and the words on it."""

    path: str
    fields: tuple[Field, ...]
    buttons: tuple[tuple[str, str], ...]
    title: str = ""
    method: Literal["get", "post"] = "post"
    problem: str = ""
    advice: str = ""
    is_inline: bool = False


class Link(Struct, frozen=True):
    title: str
    path: str
    is_here: bool = False
    language: str = ""


class Ways(Struct, frozen=True, tag_field="kind", tag="ways"):
    """Links to what can be done from here."""

    links: tuple[Link, ...]


class Live(Struct, frozen=True, tag_field="kind", tag="live"):
    """A run under way: `stream` sends what comes after line `seq`."""

    stream: str
    seq: int
    is_ended: bool
    words: dict[str, str]


class Picture(Struct, frozen=True, tag_field="kind", tag="picture"):
    """`source` is a picture as `data:`, `text` what it says, `width` in pixels."""

    source: str
    text: str
    width: int


class Shot(Struct, frozen=True):
    """A file that can be opened: a picture shows itself."""

    path: str
    text: str
    note: str
    is_picture: bool


class Gallery(Struct, frozen=True, tag_field="kind", tag="gallery"):
    shots: tuple[Shot, ...]


Part = Block | Form | Ways | Live | Picture | Gallery


class Section(Struct, frozen=True):
    """A part of a page under its own heading, or without one."""

    title: str
    parts: tuple[Part, ...]


class Screen(Struct, frozen=True):
    """One page of the desk. `document` is where the sections of a record are that the summary refers to; `labels` are
    words of the frame; `once` is the key of each form on it (oplever.app.desk.once); `refresh` is after how many
    seconds a browser without script asks again."""

    language: Language
    title: str
    kind: str
    sections: tuple[Section, ...]
    menu: tuple[Link, ...]
    labels: dict[str, str]
    other: Link
    account: str = ""
    form_token: str = ""
    once: str = ""
    verdict: Verdict | None = None
    front: tuple[Part, ...] = ()
    document: str = ""
    note: str = ""
    refresh: int = 0
    organisation: Organisation | None = None
