"""Names that `oplever purge` took from the entries of a record, and that its journal still has. Pure.

The journal is never rewritten, so pages over all records would show them again. Who was named there may be written in
another way than in the entries, and a pseudonym tells nobody whose it is. So whoever a record names outside its entries
is shown by a pseudonym, unless the entries still name that person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from oplever.store.pseudonyms import PSEUDONYM, plain, pseudonym, texts

NAMELESS = "P-0000000000"
"""Somebody whose name was taken away, while nobody has the key any more."""

_MOST_WORDS = 4
"""Of a name within a text."""
_AROUND = ",;:!?()[]\"'\u201c\u201d"
"""What may stand around a name."""

_T = TypeVar("_T")


def hidden(thing: _T, people: Iterable[str], stated: frozenset[str], key: bytes) -> _T:
    """`thing`, a Struct, without the names of `people` that are not among the texts of the entries (`stated`), and
    without any name that the key turns into a pseudonym of these."""
    tree = msgspec.to_builtins(thing)
    names = _names(texts(tree), people, stated, key)
    return msgspec.convert(_replace(tree, names, _within(names)), type(thing))


def _names(shown: frozenset[str], people: Iterable[str], stated: frozenset[str], key: bytes) -> dict[str, str]:
    """What stands in the place of each name, by its plain form. A name that the entries still have was not taken."""
    kept = {plain(text) for text in stated}
    names = {name for name in people if name and plain(name) not in kept and not PSEUDONYM.fullmatch(name)}
    if key:
        pseudonyms = {match for text in stated for match in PSEUDONYM.findall(text)}
        phrases = {phrase for text in shown for phrase in _phrases(text)} - pseudonyms
        names |= {phrase for phrase in phrases if pseudonym(phrase, key) in pseudonyms}
    return {plain(name): pseudonym(name, key) if key else NAMELESS for name in sorted(names)}


def _phrases(text: str) -> Iterator[str]:
    """A text, and every few words in it: the name of somebody may be among them."""
    words = text.split()
    if words:
        yield text
    for length in range(2, min(_MOST_WORDS, len(words)) + 1):
        for place in range(len(words) - length + 1):
            yield " ".join(words[place : place + length]).strip(_AROUND)


def _within(names: dict[str, str]) -> re.Pattern[str]:
    """Names of two words or more within a text; one of one word may mean something else there."""
    parts = (r"\s+".join(map(re.escape, name.split())) for name in sorted(names, key=len, reverse=True) if " " in name)
    pattern = "|".join(parts)
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)" if pattern else r"(?!)", re.IGNORECASE)


def _replace(value: Any, names: dict[str, str], within: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return names.get(plain(value)) or within.sub(lambda match: names[plain(match[0])], value)
    if isinstance(value, dict):
        return {key: _replace(item, names, within) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replace(item, names, within) for item in value]
    return value
