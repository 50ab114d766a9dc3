"""Names that `oplever purge` took from the entries of a record, and that its journal still has. Pure.

The journal is never rewritten, so a page over all records would show them again. Where the key for pseudonyms is there,
each name that it turns into a pseudonym of the entries is shown by that pseudonym, in every way that it is written.
Where the key is gone nobody can tell whose name was taken away, so nobody of the journal is named.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from oplever.record.model import Record
from oplever.record.persons import among
from oplever.store.pseudonyms import PSEUDONYM, plain, pseudonym, texts

NAMELESS = "P-0000000000"
"""Somebody whose name was taken away, while nobody has the key any more."""

_T = TypeVar("_T")


def hidden(thing: _T, record: Record, stated: frozenset[str], key: bytes) -> _T:
    """`thing`, a Struct made of `record`, without the names that were taken from its entries; `stated` are the texts
    that these have now."""
    tree = msgspec.to_builtins(thing)
    names = _names(texts(tree), record, stated, key)
    return msgspec.convert(_replaced(tree, names, _within(names)), type(thing))


def _names(shown: frozenset[str], record: Record, stated: frozenset[str], key: bytes) -> dict[str, str]:
    """What stands in the place of each name, by its plain form. A name that the entries still have was not taken."""
    kept = {plain(text) for text in stated}
    job = record.assignment
    people = [name for person in record.people for name in (person.name, person.account)]
    people = [name for name in (*people, job.principal, job.requested_by) if name and plain(name) not in kept]
    if not key:
        return {plain(name): NAMELESS for name in people if not PSEUDONYM.fullmatch(name)}
    pseudonyms = {match for text in stated for match in PSEUDONYM.findall(text)}
    candidates = sorted(text for text in shown if text and not PSEUDONYM.fullmatch(text))
    names = {text: place for text in candidates if (place := pseudonym(text, key)) in pseudonyms}
    alike = {name: names[same] for name in people if name not in names and (same := among(name, names))}
    return {plain(name): place for name, place in {**names, **alike}.items()}


def _within(names: dict[str, str]) -> re.Pattern[str]:
    """Names of two words or more within a text; one of one word may mean something else there."""
    parts = (r"\s+".join(map(re.escape, name.split())) for name in sorted(names, key=len, reverse=True) if " " in name)
    pattern = "|".join(parts)
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)" if pattern else r"(?!)", re.IGNORECASE)


def _replaced(value: Any, names: dict[str, str], within: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return names.get(plain(value)) or within.sub(lambda match: names[plain(match[0])], value)
    if isinstance(value, dict):
        return {key: _replaced(item, names, within) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replaced(item, names, within) for item in value]
    return value
