"""Instructions of users: what was explained to whom, with the handouts of a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from oplever import clock, store
from oplever.app.add import admit
from oplever.app.handouts import reasons
from oplever.checks import handout as linter
from oplever.checks import readability
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.kinds.instruction.entries import instruction_of
from oplever.messages import M_
from oplever.record import handout
from oplever.record.handout import FilledCard
from oplever.record.model import Record, Text
from oplever.store.filters import Filter
from oplever.store.index import open_index
from oplever.store.pseudonyms import pseudonym
from oplever.store.query import Listed, listing
from oplever.store.retention import key
from oplever.words import Language

KIND = "instruction"


class Written(Struct, frozen=True):
    """How a card is written: steps, mistakes against the rules for cards, and how easily it reads (0 to 100)."""

    steps: int
    mistakes: int
    ease: float | None


def add(directory: Path, kind: str, by: str, data: Mapping[str, Any]) -> Record:
    """The instruction with one more entry. Raises OpleverError: `entry-invalid`, `record-unknown`, and what `admit`
    raises."""
    return admit(directory, [registry.LOG.make(kind, by, clock.now(), _by_pseudonym(directory, data))])


def attend(directory: Path, by: str, names: Sequence[str], audience: str) -> tuple[Record, dict[str, str]]:
    """The instruction with these attendees, and the pseudonym of each name. Raises OpleverError, as `add`."""
    instruction_of(store.load(directory))
    people = {name: _pseudonym(directory, name) for name in names}
    at = clock.now()
    entries = [
        registry.LOG.make("attended", by, at, {"who": person, "audience": audience})
        for person in dict.fromkeys(people.values())
    ]
    return admit(directory, entries), people


def _by_pseudonym(directory: Path, data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with the pseudonym of who answered, whatever was typed: the name or the pseudonym."""
    return {**data, "who": _pseudonym(directory, data["who"])} if data.get("who") else dict(data)


def _pseudonym(directory: Path, name: str) -> str:
    name = name.strip()
    if not name:
        raise OpleverError("entry-invalid", M_("who: a name is missing"), M_("write who it is: --who 'J. Bakker'"))
    return pseudonym(name, key(directory.parent))


def explain(directory: Path, by: str, subject: str, *, card: str, source: Path | None, language: Language) -> Record:
    """The instruction with something that was explained; `card` is the handout that was given with it, of the record
    `source`. Without a subject it is the title of the card.

    Raises OpleverError: `entry-invalid` when the record has no such card, or several that differ; what `add` raises.
    """
    if not card:
        return add(directory, "explained", by, {"subject": subject, "language": language})
    if source is None:
        raise OpleverError("entry-invalid", M_("a handout is of a record"), M_("name it: --of RECORD"))
    delivered = store.load(source)
    filled = _card(delivered, card)
    measured = written(filled, language)
    data = {
        "subject": subject or in_language(filled.title, language),
        "card": filled.name,
        "source": source.name,
        "source_digest": delivered.document.journal_digest or None,
        "version": filled.digest,
        "language": language,
        "steps": measured.steps,
        "mistakes": measured.mistakes,
        "ease": measured.ease,
    }
    return add(directory, "explained", by, data)


def _card(record: Record, name: str) -> FilledCard:
    base, _, version = name.partition("@")
    cards = [card for card in handout.find(record, base) if card.digest.startswith(version)]
    if len(cards) == 1:
        return cards[0]
    if cards:
        names = ", ".join(f"{card.name}@{card.version} ({', '.join(card.hosts)})" for card in cards)
        raise OpleverError(
            "entry-invalid",
            M_("{record} has {count} versions of {card}", record=record.id, count=len(cards), card=base),
            M_("name one of them: {names}", names=names),
        )
    filled = handout.handouts(record)
    left = reasons(tuple(left for left in filled.left_out if left.card == base))
    names = ", ".join(dict.fromkeys(card.name for card in filled.cards)) or M_("none")
    raise OpleverError(
        "entry-invalid",
        M_("{record} has no handout {card}", record=record.id, card=name),
        M_("it has: {names}", names=names),
        left,
    )


def written(card: FilledCard, language: Language) -> Written:
    """How a card is written, as it was handed out."""
    declared = msgspec.to_builtins(card)
    plain = {name: _as_declared(declared[name]) for name in ("steps", "trouble")}
    content = {"id": card.id, "for": list(card.audiences), "title": declared["title"], **plain}
    texts = [in_language(text, language) for text in _texts(card)]
    return Written(len(card.steps), len(linter.mistakes_of(content)), readability.score(texts, language))


def _as_declared(rows: Any) -> list[dict[str, Any]]:
    """Rows without texts that are empty: what is not there is not declared."""
    return [{name: text for name, text in row.items() if text["nl"] or text["en"]} for row in rows]


def _texts(card: FilledCard) -> Iterator[Text]:
    for step in card.steps:
        yield from (step.do, step.see)
    for trouble in card.trouble:
        yield from (trouble.when, trouble.do)


def in_language(text: Text, language: Language) -> str:
    return text.nl if language == "nl" else text.en


def every() -> list[Listed]:
    """The instructions here, newest first. Raises OpleverError (`store-unusable`, ...)."""
    with open_index() as index:
        return listing(index, Filter(kind=KIND))
