"""Cards of a record for its users, in one language: small ones for a desk, or a sheet for the wall of a room. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from oplever.page.blocks import Block, Cell, Column, Group, Organisation, Page, Paragraph, StepLine, Steps
from oplever.page.document import Paper, labels, sheet
from oplever.page.parts import Blocks, names_of, pairs, step_line, table, titled
from oplever.page.translator import N_, Translator
from oplever.page.view import View
from oplever.record.handout import Fact, FilledCard, texts
from oplever.record.model import Record

AUDIENCE_WORDS: dict[str, str] = {
    "": N_("everybody"),
    "user": N_("users"),
    "student": N_("students"),
    "teacher": N_("teachers"),
    "administrator": N_("administrators"),
}


class About(NamedTuple):
    """What cards were chosen by: the audience, the room, and whether each machine has its own."""

    audience: str = ""
    room: str = ""
    each_machine: bool = False


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


def deck(record: Record, cards: tuple[FilledCard, ...], about: About, t: Translator, paper: Paper) -> Deck:
    """The cards one by one, those of a machine together."""
    in_order = [card for _, of_machine in _by_machine(record, cards, about) for card in of_machine]
    return Deck(
        language=t.language,
        title=_title(about, t),
        id=record.id,
        created=record.document.created,
        cards=tuple(_small(record, card, about, t) for card in in_order),
        labels={
            "trouble": t("If it does not work"),
            "help": t("Help"),
            "square": t("Square with the code {code}", code="{code}"),
            "skip": labels(t, record.id)["skip"],
        },
        organisation=paper.organisation,
    )


def room_sheet(view: View, cards: tuple[FilledCard, ...], about: About, t: Translator, paper: Paper) -> Page:
    """All cards on one paper, or on a sheet for each machine; each card with its steps, what to do when it does not
    work, and of which version it is."""
    sheets: list[Block] = []
    for machine, of_machine in _by_machine(view.record, cards, about):
        parts = groups(_administrators_last(of_machine, about), about, t)
        content = (*pairs((t("Help"), _help(view.record, t))), *parts)
        title = machine or t("Everywhere")
        sheets += [Group(title, content, on_own_sheet=bool(sheets))] if about.each_machine else content
    return sheet(view, t, paper, kind=t("Instruction"), title=_title(about, t), blocks=tuple(sheets))


def _by_machine(record: Record, cards: Sequence[FilledCard], about: About) -> Iterator[tuple[str, list[FilledCard]]]:
    """The cards of each machine, when each has its own; first what is about no machine, under an empty name."""
    if not about.each_machine:
        yield "", list(cards)
        return
    machines: dict[str, list[FilledCard]] = defaultdict(list)
    for card in cards:
        machines["" if card.everywhere else card.hosts[0]].append(card)
    for name in ("", *(system.name for system in record.systems)):
        if name in machines:
            yield name, machines[name]


def _administrators_last(cards: Sequence[FilledCard], about: About) -> Sequence[FilledCard]:
    """On a paper for everybody what is for administrators alone comes last."""
    return cards if about.audience else sorted(cards, key=lambda card: card.audiences == ("administrator",))


def groups(cards: Iterable[FilledCard], about: About, t: Translator) -> list[Group]:
    """Cards as parts of a page; those that differ in nothing but their values share one."""
    alike: dict[tuple[str, ...], list[FilledCard]] = defaultdict(list)
    for card in cards:
        alike[_without_values(card)].append(card)
    return [Group(titled(t, same[0].title), _blocks(same, about, t)) for same in alike.values()]


def _without_values(card: FilledCard) -> tuple[str, ...]:
    """What a card says, with the names of its values in their place."""
    values = sorted(((fact.value, fact.label.en) for fact in card.facts if fact.value), key=lambda pair: -len(pair[0]))

    def plain(text: str) -> str:
        for value, label in values:
            text = text.replace(value, f"{{{label}}}")
        return text

    return (card.name, *card.audiences, *(plain(part) for text in texts(card) for part in (text.nl, text.en)))


def _blocks(same: Sequence[FilledCard], about: About, t: Translator) -> Blocks:
    """A card as part of a page: for whom, steps, what to do when they do not work, values, and which version it is."""
    card = same[0]
    rows = [(Cell(titled(t, trouble.when)), Cell(titled(t, trouble.do))) for trouble in card.trouble]
    columns = (Column(t("What you see"), 4), Column(t("What to do"), 4))
    return (
        *(() if about.audience else pairs((t("For whom"), _audience(card, t)))),
        Steps(_lines(card, t)),
        *table(t("If it does not work"), columns, rows),
        *(_values(card, about, t) if len(same) == 1 else _table_of_values(same, about, t)),
    )


def _values(card: FilledCard, about: About, t: Translator) -> Blocks:
    where = "" if about.each_machine else _where(card, about, t)
    facts = ((label, Cell(value)) for label, value in _facts(card.facts, t))
    return pairs(*facts, (t("Holds for"), where), (t("Version of this card"), Cell(card.version, code=True)))


def _table_of_values(same: Sequence[FilledCard], about: About, t: Translator) -> Blocks:
    """The values of cards that are alike else. Where the steps name one, they are those of the first card."""
    words = " ".join(text.en for text in texts(same[0]))
    named = next((fact.value for fact in same[0].facts if fact.value and fact.value in words), "")
    text = t("The steps are for {value}. For the others, take the values of this table.", value=named)
    labels = [label for label, _ in _facts(same[0].facts, t)]
    places = [_where(card, about, t) for card in same]
    rows = [
        (
            *(Cell(value) for _, value in _facts(card.facts, t)),
            *((Cell(place),) if any(places) else ()),
            Cell(card.version, code=True),
        )
        for card, place in zip(same, places, strict=True)
    ]
    columns = (
        *(Column(label, 3) for label in labels),
        *((Column(t("Holds for"), 3),) if any(places) else ()),
        Column(t("Version of the card"), 2),
    )
    return (*((Paragraph(text),) if named else ()), *table(t("Values"), columns, rows))


def _audience(card: FilledCard, t: Translator) -> str:
    return ", ".join(t(AUDIENCE_WORDS[name]) for name in card.audiences if name in AUDIENCE_WORDS)


def _small(record: Record, card: FilledCard, about: About, t: Translator) -> SmallCard:
    where = _where(card, about, t)
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


def _title(about: About, t: Translator) -> str:
    words = t(AUDIENCE_WORDS[about.audience])
    return (
        t("How to use it: {room}, for {audience}", room=about.room, audience=words)
        if about.room
        else t("How to use it, for {audience}", audience=words)
    )


def _lines(card: FilledCard, t: Translator) -> tuple[StepLine, ...]:
    return tuple(step_line(titled(t, step.do), titled(t, step.see)) for step in card.steps)


def _facts(facts: tuple[Fact, ...], t: Translator) -> tuple[tuple[str, str], ...]:
    return tuple((titled(t, fact.label), fact.value or t("not in this record")) for fact in facts)


def _where(card: FilledCard, about: About, t: Translator) -> str:
    """The machines that it holds for; nothing where that is everywhere, the room that the paper is for, or on it."""
    is_named = card.hosts == tuple(fact.value for fact in card.facts if fact.value in card.hosts)
    is_of_room = bool(about.room) and not about.each_machine
    return "" if card.everywhere or is_of_room or is_named else names_of(t, card.hosts)


def _help(record: Record, t: Translator) -> str:
    support = record.handover.support
    return support or t("Whom to ask for help is not in this record.")
