"""What a page over all records is drawn from: the blocks of a document, links between pages, and plots."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from oplever.page.blocks import Block, Cell, Details, Organisation, Tick, Tone
from oplever.words import Language

SeriesKind = Literal["line", "bars"]


class Series(Struct, frozen=True):
    """One value for each place on the axis (None: nothing was measured); bars stand on those of the series before."""

    label: str
    tone: Tone
    values: tuple[float | None, ...]


class Plot(Struct, frozen=True, tag_field="kind", tag="plot"):
    """Values over time; `top` is the highest of the scale, `places` where each value stands, 0 to 1. `table` says the
    same in text."""

    title: str
    summary: str
    shape: SeriesKind
    top: float
    places: tuple[float, ...]
    ticks: tuple[Tick, ...]
    scale: tuple[Tick, ...]
    series: tuple[Series, ...]
    table: Details


class Part(Struct, frozen=True):
    """`key` names it within the page."""

    key: str
    title: str
    blocks: tuple[Block | Plot, ...]


class Link(Struct, frozen=True):
    title: str
    path: str
    is_here: bool = False


class Sheet(Struct, frozen=True):
    """One page in one language. `up` leads to the page that this one belongs to, `other` is the same page in the other
    language, `labels` are words of the frame. A `poster` is to be hung up: without menu and names on paper, in large
    print. `is_packed`: rows of long tables are compressed, and a script draws them."""

    language: Language
    title: str
    kind: str
    facts: tuple[tuple[str, Cell], ...]
    menu: tuple[Link, ...]
    up: Link | None
    other: Link
    feed: Link
    parts: tuple[Part, ...]
    notes: tuple[str, ...]
    labels: dict[str, str]
    organisation: Organisation | None = None
    poster: bool = False
    is_packed: bool = False
