"""Cards with what was delivered: what roles declare, filled in with the values of one record. Pure.

A value is what a passing test asked about, what is known of the machine, or the version of a package that came with
the work. A card whose text needs a value that the record does not have is not made, and neither is one of which a test
fails or is missing: a user is told nothing that nobody saw.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct, structs

from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.record import figures
from oplever.record.identity import latest
from oplever.record.model import Card, CardStep, Record, System, Test, Text, Trouble, Value
from oplever.words import Audience

AUDIENCES: dict[str, tuple[Audience, ...]] = {
    "user": ("user",),
    "student": ("user", "student"),
    "teacher": ("user", "teacher"),
    "administrator": ("administrator",),
}
"""Who is meant, and whose cards they get: what holds for every user holds for students and teachers too."""

_NAME = re.compile(r"\{(\w+)\}")
_SHORT = 8


class Fact(Struct, frozen=True):
    """A value that stands below the steps; empty when the record does not have it."""

    label: Text
    value: str


class FilledCard(Struct, frozen=True):
    """A card with its values. `digest` is the SHA-256 of what it says, in both languages; `hosts` are the machines that
    it holds for, `link` the address that it is about."""

    role: str
    id: str
    audiences: tuple[str, ...]
    title: Text
    steps: tuple[CardStep, ...]
    trouble: tuple[Trouble, ...]
    facts: tuple[Fact, ...]
    proof: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    link: str = ""
    digest: str = ""
    everywhere: bool = False

    @property
    def name(self) -> str:
        """As people type it: the role without its collection, and the card."""
        return name_of(self.role, self.id)

    @property
    def version(self) -> str:
        """The beginning of the digest: what is printed, and said on the phone."""
        return self.digest[:_SHORT]


class LeftOut(NamedTuple):
    """A card that is not made, and why: `trial`, `test_missing`, `test_failed` or `value_missing` of `subject`."""

    card: str
    host: str
    why: Literal["trial", "test_missing", "test_failed", "value_missing"]
    subject: str = ""


class Handouts(NamedTuple):
    cards: tuple[FilledCard, ...]
    left_out: tuple[LeftOut, ...]


def name_of(role: str, card: str) -> str:
    return f"{role.rpartition('.')[2]}/{card}"


def handouts(record: Record, audience: str = "", room: str = "", *, each_machine: bool = False) -> Handouts:
    """The cards of a record for an audience (a key of AUDIENCES; empty: all) in a room (a group of machines, empty:
    all). A service that is for everywhere is in every room. A card that says the same of several machines is one card,
    unless `each_machine` has its own; one for everywhere is about no machine.

    Raises OpleverError (`handout-room`) for a group that no machine is in.
    """
    chosen = [card for card in record.cards if not audience or set(AUDIENCES[audience]) & set(card.audiences)]
    in_room = _in_room(record, room)
    tests = figures.tests_of_hosts(record) if chosen else {}
    cards: dict[tuple[str, str], FilledCard] = {}
    left_out: list[LeftOut] = []
    for system in record.systems:
        for card in chosen:
            if card.role not in system.roles or not (card.everywhere or system.name in in_room):
                continue
            for result in _fill(record, card, system, tests.get(system.name, [])):
                if isinstance(result, LeftOut):
                    left_out.append(result)
                else:
                    key = result.digest, system.name if each_machine and not card.everywhere else ""
                    hosts = cards[key].hosts if key in cards else ()
                    cards[key] = structs.replace(result, hosts=(*hosts, system.name))
    return Handouts(tuple(_applications_first(record, cards.values())), tuple(left_out))


def find(record: Record, name: str) -> tuple[FilledCard, ...]:
    """The cards with this name (`dokuwiki/open`); several where values differ between machines."""
    return tuple(card for card in handouts(record).cards if card.name == name)


def rooms(record: Record) -> list[str]:
    """Groups that a machine of the record is in."""
    return sorted({group for system in record.systems for group in system.groups})


def _in_room(record: Record, room: str) -> frozenset[str]:
    hosts = frozenset(system.name for system in record.systems if not room or room in system.groups)
    if room and not hosts:
        advice = M_("it has: {groups}", groups=", ".join(rooms(record)) or M_("none"))
        raise OpleverError("handout-room", M_("the record has no room or group {room}", room=room), advice)
    return hosts


def _applications_first(record: Record, cards: Iterable[FilledCard]) -> list[FilledCard]:
    """What roles that come last in a run tell, first: they are the applications. Within a role as it declares them."""
    order = {card.role: number for number, card in enumerate(record.cards)}
    return sorted(cards, key=lambda card: -order[card.role])


def _fill(record: Record, card: Card, system: System, tests: list[Test]) -> Iterator[FilledCard | LeftOut]:
    """The card for one machine: several where a value is that of several tests."""
    name = name_of(card.role, card.id)
    if record.stage == "trial":
        yield LeftOut(name, system.name, "trial")
        return
    for pattern in (*card.proof, *(value.test for value in card.values.values() if value.test)):
        matching = [test for test in tests if fnmatchcase(test.id, pattern) and test.status != "not_applicable"]
        failing = [test for test in matching if test.status != "pass"]
        if failing or not matching:
            subject = failing[0].id if failing else pattern
            yield LeftOut(name, system.name, "test_failed" if failing else "test_missing", subject)
            return
    for values in _every_value(record, card, system, tests):
        missing = next((key for key in _used_values(card) if not values.get(key)), None)
        yield LeftOut(name, system.name, "value_missing", missing) if missing else _with(card, values)


def _every_value(record: Record, card: Card, system: System, tests: list[Test]) -> Iterator[dict[str, str]]:
    """Name -> value, once for each test that a pattern with `*` matches."""
    fixed = {name: _value(record, value, system, tests) for name, value in card.values.items()}
    many = {name: value for name, value in card.values.items() if "*" in value.test}
    if not many:
        yield fixed
        return
    name, value = next(iter(many.items()))
    for test in tests:
        if fnmatchcase(test.id, value.test) and test.status == "pass":
            yield {**fixed, name: test.subject}


def _value(record: Record, value: Value, system: System, tests: list[Test]) -> str:
    """Empty when the record does not have it."""
    if value.test:
        return next((test.subject for test in tests if test.id == value.test and test.status == "pass"), "")
    if value.package:
        return next((c.after for c in record.components if (c.host, c.name) == (system.name, value.package)), "")
    facts = {"name": system.name, "address": figures.address(system), "os": system.os}
    return facts.get(value.machine, "")


def texts(card: Card | FilledCard) -> Iterator[Text]:
    """Every text of a card that can hold values."""
    yield card.title
    for step in card.steps:
        yield from (step.do, step.see)
    for trouble in card.trouble:
        yield from (trouble.when, trouble.do)


def names_in(text: Text) -> list[str]:
    """The values that a text asks for."""
    return _NAME.findall(text.nl) + _NAME.findall(text.en)


def _used_values(card: Card) -> list[str]:
    return [name for text in texts(card) for name in names_in(text)]


def _with(card: Card, values: dict[str, str]) -> FilledCard:
    def put(text: Text) -> Text:
        return Text(*(_NAME.sub(lambda match: values[match[1]], part) for part in (text.nl, text.en)))

    labelled = ((value.label, values[name]) for name, value in card.values.items() if value.label.en)
    filled = FilledCard(
        role=card.role,
        id=card.id,
        audiences=card.audiences,
        title=put(card.title),
        steps=tuple(CardStep(put(step.do), put(step.see)) for step in card.steps),
        trouble=tuple(Trouble(put(trouble.when), put(trouble.do)) for trouble in card.trouble),
        facts=tuple(Fact(label, value) for label, value in labelled),
        proof=(*card.proof, *(value.test for value in card.values.values() if value.test)),
        link=next((value for value in values.values() if value.startswith(("http://", "https://"))), ""),
        everywhere=card.everywhere,
    )
    return structs.replace(filled, digest=hashlib.sha256(msgspec.json.encode(filled)).hexdigest())


def proving(record: Record, card: FilledCard) -> list[Test]:
    """The tests that show that a card is true, with the result that counts."""
    return [
        test
        for test in latest(record.tests)
        if test.host in card.hosts and any(fnmatchcase(test.id, pattern) for pattern in card.proof)
    ]
