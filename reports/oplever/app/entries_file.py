"""Many entries from one file: all of them are checked before the first one is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from oplever import clock, store
from oplever.app.add import admit, with_entry
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.messages import M_, Message
from oplever.record.entries import Entry, repeated
from oplever.record.model import Record
from oplever.store import Sources
from oplever.yaml_nodes import problem_of

_ADVICE = M_("write a list of entries, each with `added: KIND` and its fields; to fill in: oplever complete --template")
_NOTHING = frozenset({"", "~", "null"})
"""Words that stand for no value in YAML."""


class Draft(Struct, frozen=True):
    """One entry as it stands in a file, its values not yet understood. `place` says where: `line 4, entry 1`, as a
    sentence that can be translated."""

    place: Message
    kind: str
    data: dict[str, Any]

    @property
    def is_empty(self) -> bool:
        """Nobody filled anything in."""
        return all(value is None for value in self.data.values())


class AddedAll(Struct, frozen=True):
    """`added` are the kinds of what was added, in their order; `skipped` the drafts that nobody filled in."""

    record: Record
    added: tuple[str, ...]
    skipped: tuple[Draft, ...]


def add_all(directory: Path, by: str, text: str, *, again: bool = False) -> AddedAll:
    """Add the entries in `text` (YAML or JSON), all of them or none; those in which nothing is filled in are skipped.
    One that the record has already is refused, unless they are to be added `again`.

    Raises OpleverError: `entries-file`, which tells everything that is wrong, `entries-known`, and what `admit` raises.
    """
    drafts, problems = _read(text)
    filled = [draft for draft in drafts if not draft.is_empty]
    if not (filled or problems):
        raise OpleverError("entries-file", M_("there is no entry in which anything is filled in"), _ADVICE)
    added = _entries(directory, by, filled, problems)

    def refuse_known(sources: Sources) -> None:
        if known := _known(sources.entries, filled, added):
            raise _refusal_of_known(known, len(added))

    record = admit(directory, added, check=None if again else refuse_known)
    skipped = tuple(draft for draft in drafts if draft.is_empty)
    return AddedAll(record, tuple(draft.kind for draft in filled), skipped)


def _entries(directory: Path, by: str, drafts: Sequence[Draft], unread: Sequence[Message]) -> list[Entry]:
    """The entries of these drafts; `unread` is what is wrong with those that are none."""
    sources, at = store.sources(directory), clock.now()
    added: list[Entry] = []
    problems = list(unread)
    for draft in drafts:
        try:
            entry = registry.LOG.make(draft.kind, by, at, draft.data)
            sources = with_entry(sources, entry)
            added.append(entry)
        except OpleverError as problem:
            problems.append(
                M_(
                    "{place} ({kind}): {problem}; {advice}",
                    place=draft.place, kind=draft.kind, problem=problem.sentence, advice=problem.advice_sentence,
                )
            )  # fmt: skip
    if problems:
        raise _refusal(problems, len(drafts) + len(unread))
    return added


def _known(present: Sequence[Entry], drafts: Sequence[Draft], added: Sequence[Entry]) -> list[Message]:
    """A sentence for each draft whose entry is among those that are `present`."""
    sentences = []
    for draft, entry in zip(drafts, added, strict=True):
        if revision := repeated.revision_of(present, entry):
            sentences.append(
                M_("{place} ({kind}): in revision {revision}", place=draft.place, kind=draft.kind, revision=revision)
            )
    return sentences


def _refusal_of_known(known: Sequence[Message], count: int) -> OpleverError:
    return OpleverError(
        "entries-known",
        M_("the record has {count} of {count2} entries already, so nothing was added:", count=len(known), count2=count),
        M_("take them out of the file; to add them once more: --again"),
        tuple(known),
    )


def _refusal(problems: Sequence[Message], count: int) -> OpleverError:
    advice = M_("correct them and add the file again")
    entries = M_("{count} of {count2} entries", count=len(problems), count2=count)
    return OpleverError(
        "entries-file", M_("{entries} cannot be added, so nothing was added:", entries=entries), advice, tuple(problems)
    )


def parse(text: str) -> tuple[Draft, ...]:
    """The entries of a file. Raises OpleverError (`entries-file`)."""
    drafts, problems = _read(text)
    if problems:
        raise _refusal(problems, len(drafts) + len(problems))
    return drafts


def _read(text: str) -> tuple[tuple[Draft, ...], tuple[Message, ...]]:
    """The entries of a file, and what is wrong with those that are none. Raises OpleverError (`entries-file`)."""
    items = _from_json(text) if text.lstrip()[:1] in ("[", "{") else _from_yaml(text)
    kinds = {kind.tag() for kind in registry.LOG.kinds if not kind.declaration.command}
    problems, drafts = [], []
    for place, item in items:
        kind = item.get("added") if isinstance(item, Mapping) else None
        if not isinstance(item, Mapping):
            problems.append(M_("{place}: this is no entry", place=place))
        elif not isinstance(kind, str) or kind not in kinds:
            names = ", ".join(sorted(kinds))
            problems.append(M_("{place}: `added` has to be a kind of entry: {kinds}", place=place, kinds=names))
        else:
            drafts.append(Draft(place, kind, {key: item[key] for key in item if key != "added"}))
    return tuple(drafts), tuple(problems)


def _from_json(text: str) -> list[tuple[Message, Any]]:
    try:
        items = json.loads(text, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as problem:
        raise OpleverError("entries-file", M_("this is no JSON: {problem}", problem=problem), _ADVICE) from None
    if not isinstance(items, list):
        raise OpleverError("entries-file", M_("this is no list of entries"), _ADVICE)
    return [(M_("entry {number}", number=number), item) for number, item in enumerate(items, 1)]


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) != len(dict(pairs)):
        raise ValueError(f"a field stands there twice: {', '.join(key for key, _ in pairs)}")
    return dict(pairs)


def _from_yaml(text: str) -> list[tuple[Message, Any]]:
    """Every value is read as text: `010` is no eight, `no` may be a word. The fields of the entry convert it."""
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        raise OpleverError(
            "entries-file", M_("this is no YAML: {problem}", problem=problem_of(problem)), _ADVICE
        ) from None
    if not isinstance(node, yaml.SequenceNode):
        raise OpleverError("entries-file", M_("this is no list of entries"), _ADVICE)
    places = [
        M_("line {line}, entry {number}", line=item.start_mark.line + 1, number=number)
        for number, item in enumerate(node.value, 1)
    ]
    return [(place, _entry(place, item)) for place, item in zip(places, node.value, strict=True)]


def _entry(place: Message, node: yaml.Node) -> Any:
    if not isinstance(node, yaml.MappingNode):
        return None
    entry = {}
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if name in entry:
            raise OpleverError(
                "entries-file", M_("{place}: {name} stands there twice", place=place, name=name), _ADVICE
            )
        entry[name] = _value(M_("line {line}", line=value.start_mark.line + 1), name, value)
    return entry


def _value(place: Message, name: str, node: yaml.Node) -> Any:
    """A text, None, or a list of texts: no field of an entry that people fill in is anything else."""
    if isinstance(node, yaml.ScalarNode):
        return None if node.style is None and node.value in _NOTHING else node.value
    if isinstance(node, yaml.SequenceNode) and all(isinstance(item, yaml.ScalarNode) for item in node.value):
        return [item.value for item in node.value]
    raise OpleverError(
        "entries-file", M_("{place}: {name} is neither a text nor a list of texts", place=place, name=name), _ADVICE
    )
