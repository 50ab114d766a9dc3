"""Names in the entries of a record, and the pseudonyms that take their place. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any, Literal, get_args

from msgspec import Struct, structs

from oplever.record import entries as kinds
from oplever.record.entries import Entry, Said

Sort = Literal["hours_names", "signatures"]
_SORTS: dict[type[Struct], tuple[Sort, tuple[str, ...]]] = {
    kinds.HoursEntry: ("hours_names", ("by",)),
    kinds.AcceptanceEntry: ("signatures", ("by", "user")),
    kinds.ReportEntry: ("signatures", ("by", "to")),
    kinds.DecisionEntry: ("signatures", ("by",)),
    kinds.SignatureEntry: ("signatures", ("by", "key")),
}
"""Entries whose names have a term of their own, and the fields that name a person in them."""
_PSEUDONYM = re.compile(r"P-[0-9a-f]{10}")


def pseudonym(name: str, key: bytes) -> str:
    """The same name always gives the same pseudonym, whatever its case and spaces."""
    if not name or _PSEUDONYM.fullmatch(name):
        return name
    return "P-" + hmac.new(key, _plain(name).encode(), hashlib.sha256).hexdigest()[:10]


def names(entries: Iterable[Entry], sorts: Collection[Sort]) -> frozenset[str]:
    """The names of these sorts that still stand in the entries."""
    found = set()
    for entry in entries:
        sort, fields = _SORTS.get(type(entry.entry), (None, ()))
        if sort in sorts:
            found |= {entry.by if field == "by" else getattr(entry.entry, field) for field in fields}
    return frozenset(name for name in found if name and not _PSEUDONYM.fullmatch(name))


class Pseudonyms:
    """Puts pseudonyms in the place of names: where one is a whole text, and within texts those of two words or more.
    A name of one word may mean something else there."""

    def __init__(self, known: Collection[str], key: bytes = b"") -> None:
        self._key = key
        self._whole = {_plain(name) for name in known}
        longest_first = sorted(known, key=len, reverse=True)
        within = [_spaced(name.split()) for name in longest_first if len(name.split()) > 1]
        quoted = [f'"{_spaced([name.strip()])}"' for name in longest_first if len(name.split()) == 1]
        self._within = _any(within)
        self._in_json = _any(within + quoted)

    def text(self, text: str) -> str:
        if _plain(text) in self._whole:
            return pseudonym(text, self._key)
        return self._within.sub(lambda found: pseudonym(found[0], self._key), text)

    def count(self, line: str) -> int:
        """How often the names stand in a line of JSON."""
        return sum(1 for _ in self._in_json.finditer(line))


def replaced(entry: Entry, sorts: Collection[Sort], others: Pseudonyms) -> Entry:
    """The entry without these names, except in fields whose names are of another sort: their time is not over."""
    sort, fields = _SORTS.get(type(entry.entry), (None, ()))
    kept = () if sort in sorts else fields
    by = entry.by if "by" in kept else others.text(entry.by)
    return structs.replace(entry, by=by, entry=_replaced(entry.entry, kept, others.text))


def _replaced(said: Any, kept: Collection[str], other: Callable[[str], str]) -> Any:
    texts = {f.name: _value(getattr(said, f.name), f.type, other) for f in structs.fields(said) if f.name not in kept}
    return structs.replace(said, **texts)


def _value(value: Any, kind: Any, other: Callable[[str], str]) -> Any:
    """Free text with the names replaced; words from a list (`approved`), days and numbers stay as they are."""
    match value:
        case str() if kind in (str, Said):
            return other(value)[: kinds.LONGEST]  # a pseudonym can be longer than the name
        case tuple():
            return tuple(_value(each, get_args(kind)[0], other) for each in value)
        case Struct():
            return _replaced(value, (), other)
        case _:
            return value


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _spaced(words: Iterable[str]) -> str:
    """A pattern for these words as they stand in JSON, however far apart."""
    return r"\s+".join(re.escape(json.dumps(word, ensure_ascii=False)[1:-1]) for word in words)


def _any(patterns: list[str]) -> re.Pattern[str]:
    every = "|".join(patterns)
    return re.compile(rf"(?<!\w)(?:{every})(?!\w)" if every else r"(?!)", re.IGNORECASE)
