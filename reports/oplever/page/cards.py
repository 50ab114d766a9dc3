"""Cards of a record for its users, in one language: small ones for a desk, or a sheet for the wall of a room. Pure."""

from __future__ import annotations

from msgspec import Struct

from oplever.page.blocks import Block, Cell, Column, Group, Organisation, Page, StepLine, Steps
from oplever.page.document import Paper, labels, sheet
from oplever.page.parts import Blocks, names_of, pairs, step_line, table, titled
from oplever.page.translator import N_, Translator
from oplever.page.view import View
from oplever.record.handout import Fact, FilledCard
from oplever.record.model import Record

AUDIENCE_WORDS: dict[str, str] = {
    "": N_("everybody"),
    "user": N_("users"),
    "student": N_("students"),
    "teacher": N_("teachers"),
    "administrator": N_("administrators"),
}


class SmallCard(Struct, frozen=True):
    """One card. `code` is what its square says: the address that the card is about, else which card it is. `facts` are
    label and value; `trouble` is what one sees and what one then does; `mark` says of which record and
    version it is."""

    audience: str
    title: str
    steps: tuple[StepLine, ...]
    trouble: tuple[tuple[str, StepLine], ...]
    facts: tuple[tuple[str, str], ...]
    help: str
    code: str
    mark: str


class Deck(Struct, frozen=True):
    """`labels` are words of the frame around each card. `created` is ISO 8601 UTC."""

    language: str
    title: str
    id: str
    created: str
    cards: tuple[SmallCard, ...]
    labels: dict[str, str]
    organisation: Organisation | None = None


def deck(record: Record, cards: tuple[FilledCard, ...], about: tuple[str, str], t: Translator, paper: Paper) -> Deck:
    """The cards one by one; `about` is the audience and the room that they were chosen by."""
    return Deck(
        language=t.language,
        title=_title(about, t),
        id=record.id,
        created=record.document.created,
        cards=tuple(_small(record, card, about[1], t) for card in cards),
        labels={
            "trouble": t("If it does not work"),
            "help": t("Help"),
            "square": t("Square with the code {code}", code="{code}"),
            "skip": labels(t, record.id)["skip"],
        },
        organisation=paper.organisation,
    )


def room_sheet(view: View, cards: tuple[FilledCard, ...], about: tuple[str, str], t: Translator, paper: Paper) -> Page:
    """All cards on one paper, each with its steps, what to do when it does not work, and of which version it is. On a
    paper for everybody each says for whom it is, and what is for administrators alone comes last."""
    record, audience = view.record, about[0]
    in_order = cards if audience else sorted(cards, key=lambda card: card.audiences == ("administrator",))
    groups: list[Block] = [
        Group(titled(t, card.title), (*_for_whom(card, audience, t), *blocks(card, about[1], t))) for card in in_order
    ]
    return sheet(
        view, t, paper, kind=t("Instruction"), title=_title(about, t),
        blocks=(*pairs((t("Help"), _help(record, t))), *groups),
    )  # fmt: skip


def blocks(card: FilledCard, room: str, t: Translator) -> Blocks:
    """A card as part of a page: steps, what to do when they do not work, values, and which version it is."""
    rows = [(Cell(titled(t, trouble.when)), Cell(titled(t, trouble.do))) for trouble in card.trouble]
    columns = (Column(t("What you see"), 4), Column(t("What to do"), 4))
    facts = [(label, Cell(value)) for label, value in _facts(card.facts, t)]
    return (
        Steps(_lines(card, t)),
        *table(t("If it does not work"), columns, rows),
        *pairs(
            *facts, (t("Holds for"), _where(card, room, t)), (t("Version of this card"), Cell(card.version, code=True))
        ),
    )


def _for_whom(card: FilledCard, audience: str, t: Translator) -> Blocks:
    return () if audience else pairs((t("For whom"), _audience(card, t)))


def _audience(card: FilledCard, t: Translator) -> str:
    return ", ".join(t(AUDIENCE_WORDS[name]) for name in card.audiences if name in AUDIENCE_WORDS)


def _small(record: Record, card: FilledCard, room: str, t: Translator) -> SmallCard:
    where = _where(card, room, t)
    facts = _facts(card.facts, t)
    return SmallCard(
        audience=_audience(card, t),
        title=titled(t, card.title),
        steps=_lines(card, t),
        trouble=tuple((titled(t, trouble.when), step_line(titled(t, trouble.do))) for trouble in card.trouble),
        facts=(*facts, (t("Holds for"), where)) if where else facts,
        help=_help(record, t),
        code=card.link or f"{record.id} {card.name} {card.version}",
        mark=f"{card.name} {card.version} · {record.id}",
    )


def _title(about: tuple[str, str], t: Translator) -> str:
    audience, room = about
    words = t(AUDIENCE_WORDS[audience])
    return (
        t("How to use it: {room}, for {audience}", room=room, audience=words)
        if room
        else t("How to use it, for {audience}", audience=words)
    )


def _lines(card: FilledCard, t: Translator) -> tuple[StepLine, ...]:
    return tuple(step_line(titled(t, step.do), titled(t, step.see)) for step in card.steps)


def _facts(facts: tuple[Fact, ...], t: Translator) -> tuple[tuple[str, str], ...]:
    return tuple((titled(t, fact.label), fact.value or t("not in this record")) for fact in facts)


def _where(card: FilledCard, room: str, t: Translator) -> str:
    """The machines that it holds for; nothing where that is everywhere, the room that the paper is for, or on it."""
    is_named = card.hosts == tuple(fact.value for fact in card.facts if fact.value in card.hosts)
    return "" if card.everywhere or room or is_named else names_of(t, card.hosts)


def _help(record: Record, t: Translator) -> str:
    support = record.handover.support
    return support or t("Whom to ask for help is not in this record.")
