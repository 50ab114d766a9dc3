"""Names in the entries of a record, and the pseudonyms that take their place. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import structs

from oplever.record import entries as kinds
from oplever.record.entries import CorrectionEntry, Entry, Term, withdrawal

KEY = "pseudonym.key"
"""File beside the records with the key that pseudonyms are made with."""
PSEUDONYM = re.compile(r"P-[0-9a-f]{10}")


def pseudonym(name: str, key: bytes) -> str:
    """The same name always gives the same pseudonym, whatever its case and spaces."""
    if not name or PSEUDONYM.fullmatch(name):
        return name
    return "P-" + hmac.new(key, plain(name).encode(), hashlib.sha256).hexdigest()[:10]


def names(entries: Iterable[Entry], sorts: Collection[Term]) -> frozenset[str]:
    """The names of these sorts that still stand in the entries."""
    entries = tuple(entries)
    person_names: set[str] = set()
    for entry in entries:
        declaration = entry.entry.declaration
        if declaration.term in sorts:
            person_names |= {*entry.entry.person_names(), *((entry.by,) if "by" in declaration.names else ())}
        person_names |= _corrected_name(entries, entry, sorts)
    return frozenset(name for name in person_names if name and not PSEUDONYM.fullmatch(name))


def _corrected_name(entries: Sequence[Entry], entry: Entry, sorts: Collection[Term]) -> set[str]:
    """The name that a correction puts in the place of another."""
    if not isinstance(entry.entry, CorrectionEntry) or not (path := withdrawal.path(entry.entry, entries)):
        return set()
    place, name = path
    if not place < len(entries):
        return set()
    declaration = entries[place].entry.declaration
    return {entry.entry.value} if declaration.term in sorts and name in declaration.names else set()


def texts(thing: object) -> frozenset[str]:
    """Every text in a Struct, or in what it is as JSON."""
    return frozenset(_texts(msgspec.to_builtins(thing)))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)


class Pseudonyms:
    """Puts pseudonyms in the place of names: where one is a whole text, and within texts those of two words or more and
    addresses. A name of one word may mean something else there."""

    def __init__(self, person_names: Collection[str], key: bytes = b"") -> None:
        self._key = key
        self._plain_names = {plain(name) for name in person_names}
        longest_first = sorted(person_names, key=len, reverse=True)
        within = [_word_pattern(name.split()) for name in longest_first if _is_clear(name)]
        quoted = [f'"{_word_pattern([name.strip()])}"' for name in longest_first if not _is_clear(name)]
        self._within = _any(within)
        self._in_json = _any(within + quoted)

    def text(self, text: str) -> str:
        if plain(text) in self._plain_names:
            return pseudonym(text, self._key)
        return self._within.sub(lambda match: pseudonym(match[0], self._key), text)

    def count(self, line: str) -> int:
        """How often the names stand in a line of JSON."""
        return sum(1 for _ in self._in_json.finditer(line))


def replaced(entry: Entry, sorts: Collection[Term], pseudonyms: Pseudonyms) -> Entry:
    """The entry without these names, except in fields whose names are of another sort: their time is not over."""
    declaration = entry.entry.declaration
    kept = () if declaration.term in sorts else declaration.names
    by = entry.by if "by" in kept else pseudonyms.text(entry.by)
    return structs.replace(entry, by=by, entry=_replace(entry.entry, kept, pseudonyms.text))


def _replace(content: Any, kept: Collection[str], replace: Callable[[str], str]) -> Any:
    types = _types(type(content))
    texts = {name: _value(getattr(content, name), types[name], replace) for name in types if name not in kept}
    return structs.replace(content, **texts)


def _types(kind: type) -> dict[str, msgspec.inspect.Type]:
    """The type of each field, without what only describes it."""
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)  # noqa: S101 - for the type checker
    return {field.name: _bare(field.type) for field in info.fields}


def _bare(kind: msgspec.inspect.Type) -> msgspec.inspect.Type:
    return kind.type if isinstance(kind, msgspec.inspect.Metadata) else kind


def _value(value: Any, kind: msgspec.inspect.Type, replace: Callable[[str], str]) -> Any:
    """Free text with the names replaced; words from a list (`approved`), days and numbers stay as they are."""
    match kind:
        case msgspec.inspect.StrType(pattern=None):
            return replace(value)[: kinds.LONGEST]  # a pseudonym can be longer than the name
        case msgspec.inspect.VarTupleType(item_type=item):
            return tuple(_value(part, _bare(item), replace) for part in value)
        case msgspec.inspect.DictType(value_type=item):
            return {key: _value(part, _bare(item), replace) for key, part in value.items()}
        case msgspec.inspect.StructType():
            return _replace(value, (), replace)
        case _:
            return value


def _is_clear(name: str) -> bool:
    """Whether it can mean nothing else within a text: two words or more, or an address."""
    return len(name.split()) > 1 or "@" in name


def plain(name: str) -> str:
    """A name without what two ways of writing it may differ in."""
    return " ".join(name.casefold().split())


def _word_pattern(words: Iterable[str]) -> str:
    """A pattern for these words as they stand in JSON, however far apart."""
    return r"\s+".join(re.escape(json.dumps(word, ensure_ascii=False)[1:-1]) for word in words)


def _any(patterns: list[str]) -> re.Pattern[str]:
    every = "|".join(patterns)
    return re.compile(rf"(?<!\w)(?:{every})(?!\w)" if every else r"(?!)", re.IGNORECASE)
