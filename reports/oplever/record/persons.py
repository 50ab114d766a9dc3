"""Whether two ways of writing a name, or an account and a name, are one person. Pure.

`S. Yilmaz`, `Yilmaz, S.`, `s.yilmaz`, `sevda yilmaz` and `s.yilmaz@school.example` are the same; `M. de Wit` and
`mdewit` too. Where it cannot be shown (`S. Yilmaz` and `T. Yilmaz`, `Sevda Yilmaz` and `Selim Yilmaz`) they are two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from oplever.record.model import ExceptionGrant, Record

_PREFIXES = frozenset(
    "van de der den het t ten ter te op in aan v d vd von zu el al da di du la le bin ben".split()  # noqa: SIM905 - read
)
"""Words before a surname: left out of accounts as often as not."""
_TITLES = frozenset(["dhr", "mevr", "mw", "mr", "mrs", "ms", "dr", "ir", "ing", "drs", "prof", "bsc", "msc"])

_LETTERS = str.maketrans({"\u0131": "i", "\u00f8": "o", "\u0142": "l", "\u0111": "d"})
"""Letters that Unicode does not take apart into a letter and a mark."""


class Name(NamedTuple):
    """`first_names` are full or initials, `surname` is without prefixes; `letters` are all letters in their order."""

    first_names: tuple[str, ...]
    surname: str
    letters: str


def same_person(name_a: str, name_b: str) -> bool:
    """Whether both are shown to be the same: all of the name, or one surname with first names that go together."""
    a, b = _read(name_a), _read(name_b)
    if not a.letters or not b.letters:
        return False
    if a.letters == b.letters or sorted(_words(name_a)) == sorted(_words(name_b)):
        return True
    if a.first_names and b.first_names:
        return a.surname == b.surname and _go_together(a.first_names, b.first_names)
    account, name = (a, b) if not a.first_names else (b, a)
    return bool(name.first_names) and account.letters in _accounts(name)


def among(name: str, names: Iterable[str]) -> str | None:
    """The first of `names` that is the same person."""
    return next((candidate for candidate in names if same_person(name, candidate)), None)


def executors(record: Record) -> tuple[str, ...]:
    """Everybody who did the work: the executor by name and account, and who wrote down hands-on hours or steps."""
    people = [name for person in record.people if person.role == "executor" for name in (person.name, person.account)]
    people += [line.person for line in record.hours.lines if line.kind == "hands_on"]
    people += [step.by for step in record.steps if step.by != "machine"]
    return tuple(dict.fromkeys(name for name in people if name and name not in _SERVICE_ACCOUNTS))


def supervisors(record: Record) -> tuple[str, ...]:
    """Who is to decide, as the assignment has it."""
    return tuple(person.name for person in record.people if person.role == "supervisor" and person.name)


def has_confirmed(record: Record, grant: ExceptionGrant) -> bool:
    """Whether the approver of an exception said so in the record: entered it, decided on the record or signed it."""
    decision = record.accountability
    voices = [grant.stated_by, *(signature.name for signature in record.signatures)]
    voices += [decision.decided_by] if decision.decision == "approved" else []
    return among(grant.approver, voices) is not None


_SERVICE_ACCOUNTS = frozenset({"root", "ansible", "runner", "awx"})
"""Accounts that are nobody's name."""


def is_executor(record: Record, name: str) -> str | None:
    """How the record names the executor that `name` is; None when it is somebody else.

    Two names of the assignment are two people, however much they look alike.
    """
    non_executors = {person.name for person in record.people if person.role != "executor" and person.name}
    doers = executors(record)
    if name in non_executors and name not in doers:
        return None
    return among(name, doers)


def _words(text: str) -> list[str]:
    account = text.partition("@")[0] if "@" in text and " " not in text.strip() else text
    if account.count(",") == 1:
        last, _, first = account.partition(",")
        account = f"{first} {last}"
    plain = unicodedata.normalize("NFKD", account.casefold().translate(_LETTERS))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return [word for word in re.split(r"[^\w]+|_", letters) if word and word not in _TITLES]


def _read(text: str) -> Name:
    words = _words(text)
    names = [word for word in words if word not in _PREFIXES] or words
    first_names = tuple(names[:-1])
    return Name(first_names, names[-1] if names else "", "".join(words))


def _go_together(names_a: tuple[str, ...], names_b: tuple[str, ...]) -> bool:
    """First names of which each is the other's or its initial: `s` and `sevda`, `j p` and `jan`, `jp` and `jan p`."""
    for a, b in ((names_a, names_b), (names_b, names_a)):
        if len(a) == 1 and len(b) > 1 and a[0] == "".join(name[0] for name in b):
            return True
    return all(a == b or (min(len(a), len(b)) == 1 and a[0] == b[0]) for a, b in zip(names_a, names_b, strict=False))


def _accounts(name: Name) -> frozenset[str]:
    """How accounts are made of a name: `syilmaz`, `sevdayilmaz`, `yilmazs`, each with and without prefixes."""
    surnames = {name.surname}
    joined = "".join(name.first_names)
    if name.letters.startswith(joined):
        surnames.add(name.letters[len(joined) :])
    initials = "".join(word[0] for word in name.first_names)
    forms = {name.first_names[0], name.first_names[0][0], initials, joined}
    return frozenset({f"{g}{s}" for g in forms for s in surnames} | {f"{s}{g}" for g in forms for s in surnames})
