"""Cards and sheets that tell users how to use what was delivered."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Literal

from msgspec import Struct

from oplever import store
from oplever.app.build import paper
from oplever.errors import OpleverError
from oplever.files import unreadable
from oplever.messages import M_, N_, Message
from oplever.page import cards
from oplever.page.cards import About
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record.handout import FilledCard, LeftOut, handouts
from oplever.record.model import Record
from oplever.render import cards as small_cards
from oplever.render.registry import FORMATS
from oplever.text import clean
from oplever.words import Language

Shape = Literal["sheet", "cards"]
Format = Literal["pdf", "html", "md"]


class Handout(Struct, frozen=True):
    """A file for users, the cards on it, and those that could not be made."""

    content: bytes
    cards: tuple[FilledCard, ...]
    left_out: tuple[LeftOut, ...]


def handout(
    directory: Path,
    *,
    audience: str,
    room: str,
    language: Language,
    shape: Shape = "sheet",
    fmt: Format = "pdf",
    each_machine: bool = False,
) -> Handout:
    """What an audience (a key of `AUDIENCES`, empty: everybody) in a room (a group of machines, empty: all) is told,
    all of them together or at each machine. Markdown has no size of paper: there cards are a sheet.

    Raises OpleverError: `handout-none` when no card can be made, with the reasons; `handout-room`, `extra-missing`,
    `file-unreadable`, `config-invalid`.
    """
    record = clean(store.load(directory))
    filled = handouts(record, audience, room, each_machine=each_machine)
    if not filled.cards:
        raise _nothing(record, filled.left_out)
    about, t = About(audience, room, each_machine), Translator(language)
    try:
        on_paper = paper(directory, record.document.revision)
    except OSError as problem:
        raise unreadable(directory, problem) from None
    if shape == "cards" and fmt != "md":
        deck = cards.deck(record, filled.cards, about, t, on_paper)
        content = small_cards.draw_pdf(deck) if fmt == "pdf" else small_cards.draw_html(deck)
    else:
        content = FORMATS[fmt].draw(cards.room_sheet(View.of(record), filled.cards, about, t, on_paper))
    return Handout(content, filled.cards, filled.left_out)


_WHY: dict[str, str] = {
    "trial": N_("it was a trial run: nothing was delivered"),
    "test_missing": N_("no test {subject} was carried out"),
    "test_failed": N_("the test {subject} does not pass"),
    "value_missing": N_("the record does not have its {subject}"),
}


def reasons(left_out: tuple[LeftOut, ...]) -> tuple[Message, ...]:
    """Why cards were not made, as messages with their parameters: once for all machines of which that is so."""
    hosts: dict[LeftOut, list[str]] = defaultdict(list)
    for left in left_out:
        hosts[left._replace(host="")].append(left.host)
    return tuple(
        M_(
            "{card} for {host} is not made: {why}",
            card=left.card,
            host=", ".join(names),
            why=Message(_WHY[left.why], {"subject": left.subject}),
        )
        for left, names in hosts.items()
    )


def _nothing(record: Record, left_out: tuple[LeftOut, ...]) -> OpleverError:
    if not record.cards:
        advice = M_("roles declare them in meta/handout.yml: docs/reference/handout.md")
        return OpleverError("handout-none", M_("no role in {id} has cards for users", id=record.id), advice)
    advice = M_("leave --audience and --room out to see all of them; what fails has to be repaired and tested first")
    message = M_("{id} has no card that can be made for them", id=record.id)
    return OpleverError("handout-none", message, advice, reasons(left_out))
