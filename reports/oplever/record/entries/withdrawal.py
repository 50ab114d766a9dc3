"""Corrections of entries: which count, which were withdrawn, and who may do so. Pure.

`entry.5` is the entry that made revision 5, as the history of the document numbers it; `entry.5.hours` is one value of
it. Without a value the whole entry is withdrawn: it stays readable, and the record is derived without it. A correction
can be withdrawn itself; then what it corrected stands again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
from msgspec import structs

from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.record.entries.base import EntryKind, Envelope, invalid
from oplever.record.entries.correction import CorrectionEntry
from oplever.record.entries.fields import fields
from oplever.record.entries.opened import OpenedEntry
from oplever.record.entries.typed import understood
from oplever.record.model import Record
from oplever.record.persons import among

_PATH = re.compile(r"entry\.(\d{1,9})(?:\.(\w+))?")
_ADVICE = M_(
    "entries are numbered by their revision, in the history of the document: oplever add correction --field entry.5"
)


class Added(Protocol):
    """An entry: who added it and what it says."""

    @property
    def at(self) -> str: ...
    @property
    def by(self) -> str: ...
    @property
    def entry(self) -> EntryKind: ...


class Counted(NamedTuple):
    """One entry as it counts: `content` with its values corrected, the revision that withdrew it, and (of a correction
    of an entry) the old text of what it corrects; None when it corrects nothing."""

    content: EntryKind
    withdrawn_by: int | None = None
    old: str | None = None


def lines(entries: Sequence[Added]) -> tuple[Counted, ...]:
    """Every entry as it counts. A correction that may not be, or does not fit, changes nothing: see `check`."""
    withdrawn = _withdrawn(entries)
    contents = [entry.entry for entry in entries]
    old: dict[int, str] = {}
    for place, entry in enumerate(entries):
        target = _target(entries, place)
        if target is None or place in withdrawn or _refusal(entries, place, target):
            continue
        name = _field(entry.entry)
        if not name:
            old[place] = text(contents[target])
            continue
        try:
            changed = _with_correction(contents[target], entry.entry)
        except OpleverError:
            continue
        old[place] = _value(getattr(contents[target], name))
        contents[target] = changed
    return tuple(Counted(content, withdrawn.get(place), old.get(place)) for place, content in enumerate(contents))


def check(entries: Sequence[Added], record: Record, new: CorrectionEntry, envelope: Envelope) -> None:
    """Raises OpleverError (`entry-invalid`) when `new` may not correct its entry, or cannot do so."""
    if not new.field.startswith("entry."):
        return
    place = len(entries)
    every = (*entries, _Adding(envelope.by, new, envelope.at))
    target = _target(every, place)
    if target is None:
        raise invalid(M_("{field}: the record has no such entry", field=new.field), _ADVICE)
    standing = lines(entries)[target]
    if standing.withdrawn_by:
        raise invalid(
            M_(
                "{field}: it was withdrawn already, in revision {withdrawn_by}",
                field=new.field,
                withdrawn_by=standing.withdrawn_by,
            ),
            _ADVICE,
        )
    if refusal := _refusal(every, place, target):
        raise invalid(
            M_("{field}: {refusal}", field=new.field, refusal=refusal),
            M_("let who added it do it, or add a comment on the section"),
        )
    if _field(new):
        corrected = _with_correction(standing.content, new)
        corrected.check_corrected(record, Envelope(entries[target].at, entries[target].by))


def files(entries: Sequence[Added]) -> dict[str, str]:
    """Files that were withdrawn, each with the last moment at which it was; not those that an entry that stands brought
    in too."""
    moments: dict[str, str] = {}
    standing: set[str] = set()
    for entry, line in zip(entries, lines(entries), strict=True):
        names = entry.entry.files()
        if line.withdrawn_by is None:
            standing.update(names)
            continue
        moment = entries[line.withdrawn_by - first(entries)].at
        moments |= {name: max(moment, moments.get(name, "")) for name in names}
    return {name: moment for name, moment in moments.items() if name not in standing}


def text(content: EntryKind) -> str:
    """An entry on one line: its kind and what was filled in."""
    values = {name: value for name, value in structs.asdict(content).items() if value not in ("", (), False)}
    return f"{content.tag()}: " + "; ".join(f"{name} {_value(value)}" for name, value in values.items())


def first(entries: Sequence[Added]) -> int:
    """The revision that the first entry makes: a journal is revision 1, and a record without one is opened by it."""
    return 1 if entries and isinstance(entries[0].entry, OpenedEntry) else 2


def path(correction: CorrectionEntry, entries: Sequence[Added]) -> tuple[int, str] | None:
    """Place and field of the entry that a correction is about; None when it is about something else."""
    named = _PATH.fullmatch(correction.field)
    place = int(named[1]) - first(entries) if named else -1
    return (place, named[2] or "") if named and place >= 0 else None


class _Adding(NamedTuple):
    by: str
    entry: EntryKind
    at: str


def _withdrawn(entries: Sequence[Added]) -> Mapping[int, int]:
    """Place of each withdrawn entry -> revision that did it. From the last back: who withdraws must stand himself."""
    withdrawn: dict[int, int] = {}
    for place in range(len(entries) - 1, -1, -1):
        target = _target(entries, place)
        if target is None or place in withdrawn or _field(entries[place].entry):
            continue
        if not _refusal(entries, place, target):
            withdrawn[target] = place + first(entries)
    return withdrawn


def _target(entries: Sequence[Added], place: int) -> int | None:
    """The place of the entry that this one corrects; None when it corrects none that came before it."""
    content = entries[place].entry
    if not isinstance(content, CorrectionEntry) or not (named := _PATH.fullmatch(content.field)):
        return None
    if (named[2] is None) == bool(content.value):
        return None  # a whole entry has no value, and a value is never left empty
    target = int(named[1]) - first(entries)
    return target if 0 <= target < place else None


def _field(content: EntryKind) -> str:
    path = _PATH.fullmatch(content.field) if isinstance(content, CorrectionEntry) else None
    return (path[2] or "") if path else ""


def _refusal(entries: Sequence[Added], place: int, target: int) -> str:
    """Why this is refused; empty when it is allowed. A decision, statement or signature belongs to its author."""
    content, by, who = entries[target].entry, entries[place].by, entries[target].by
    if content.declaration.withdrawal == "nobody":
        return M_("a {kind} cannot be withdrawn or changed", kind=content.tag())
    # What a user said is his own too when somebody else typed it.
    authors = (who, getattr(content, "user", who))
    if content.declaration.withdrawal == "author" and among(by, authors) is None:
        return M_("a {kind} of {name} is withdrawn by {name} alone", kind=content.tag(), name=who)
    if _field(entries[place].entry) and content.declaration.command:
        return M_(
            "what {command} added is withdrawn as a whole: leave the field and --value out",
            command=content.declaration.command,
        )
    return ""


def _with_correction(content: EntryKind, correction: EntryKind) -> EntryKind:
    assert isinstance(correction, CorrectionEntry)  # noqa: S101 - for the type checker
    name = _field(correction)
    kind = type(content)
    names = [field.name for field in fields(kind)]
    if name not in names:
        raise invalid(
            M_("{field}: there is no {name}", field=correction.field, name=name),
            M_("a {content} has: {names}", content=content.tag(), names=", ".join(names)),
        )
    data = {**structs.asdict(content), **understood(kind, {name: correction.value})}
    try:
        return msgspec.convert({"added": content.tag(), **msgspec.to_builtins(data)}, kind)
    except msgspec.ValidationError as problem:
        message = M_("{field}: {problem}", field=correction.field, problem=str(problem).partition(" - at ")[0])
        raise invalid(message, M_("see: oplever add {content} --help", content=content.tag())) from None


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
