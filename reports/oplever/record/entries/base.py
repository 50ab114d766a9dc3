"""What every kind of entry has: its declaration, its check against the record, and what it does to the record.

A kind is declared once, in a module of its own, as a Struct whose fields have a description. From that come the
command (`oplever add`), the table in the documentation, the JSON Schema, the history in the documents, and which names
are replaced when their time is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from oplever import clock
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.record.model import Record

LONGEST = 4000
"""Characters of one text."""
NonEmptyText = Annotated[str, Meta(min_length=1, max_length=LONGEST)]
Day = Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$", extra={"form": "day"})]
Phase = Annotated[Literal["during", "after"], Meta(description="Tested during the work or after it.")]
Machine = Annotated[NonEmptyText, Meta(description="The machine, as the record names it.")]
Term = Literal["hours_names", "signatures"]
"""Which term of `retention` in oplever.yml holds for the names in an entry."""

Withdrawal = Literal["anybody", "author", "nobody"]
"""Who may withdraw an entry, or correct a value in it: `author` is who added it."""

_EASTERNMOST = timedelta(hours=14)
_WESTERNMOST = timedelta(hours=-12)
"""Hours by which clocks on earth differ from UTC: a day is past only when it is so everywhere."""


class Declaration(Struct, frozen=True):
    """What is fixed for a kind.

    `sections` are the keys of the sections of the record that it changes. `names` are its fields that name a person
    (`by` is whoever added it), kept for the `term`. An approved record still takes it `after_approval`. `command` adds
    it when `oplever add` does not. `argument` is a field that the command takes without an option.
    `is_read` is one whose fields no person typed: they were read from a file, or made by the program.
    `offered` are fields for which the record has something to choose from.
    `withdrawal` says who may withdraw it by a correction.
    """

    sections: tuple[str, ...]
    names: tuple[str, ...] = ()
    term: Term | None = None
    after_approval: bool = False
    command: str = ""
    argument: str = ""
    is_read: bool = False
    offered: tuple[str, ...] = ()
    withdrawal: Withdrawal = "anybody"


class Envelope(Struct, frozen=True):
    """Who added an entry and when: `at` is ISO 8601 in UTC, `by` the name of a person."""

    at: str
    by: NonEmptyText


class EntryKind(Struct, frozen=True, forbid_unknown_fields=True, tag_field="added"):
    """The content of an entry; the field `added` says of which kind. The names below are none of a field."""

    declaration: ClassVar[Declaration]

    @classmethod
    def tag(cls) -> str:
        return str(cls.__struct_config__.tag)

    def check(self, record: Record, envelope: Envelope) -> None:
        """Raises OpleverError (`entry-invalid`) when it does not fit the record as it is now."""

    def check_corrected(self, record: Record, envelope: Envelope) -> None:
        """The same for an entry of which a value was corrected; `envelope` is its own. Raises OpleverError, as
        `check`."""
        self.check(record, envelope)

    def person_names(self) -> Iterable[str]:
        """Names of people in it: those of the fields that the declaration names, but for who added it."""
        return (str(getattr(self, name)) for name in self.declaration.names if name != "by")

    @classmethod
    def offers(cls, record: Record) -> Mapping[str, Mapping[str, str]]:
        """Of each field that is `offered`: what there is to choose from -> what that is."""
        return {}

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """The record with this added. What does not fit (any more) changes nothing: an old line is never refused."""
        raise NotImplementedError

    def files(self) -> Mapping[str, str]:
        """The files that it brings into the record, by their path in it, each with its SHA-256."""
        return {}

    def history(self) -> str:
        """Its line in the history of the document."""
        return self.tag()


def next_number(record: Record, kind: type[EntryKind], rows: int) -> int:
    """The number of a new row after so many: one that was withdrawn keeps its number, for others name it."""
    withdrawn = (line for line in record.document.history if line.withdrawn_by and line.what == kind.tag())
    return rows + 1 + sum(1 for _ in withdrawn)


def invalid(message: str, advice: str) -> OpleverError:
    return OpleverError("entry-invalid", message, advice)


def require_known(noun: str, name: str, existing: Iterable[str]) -> None:
    """Raises OpleverError (`entry-invalid`) when the record has no such thing; the advice tells what there is."""
    names = list(dict.fromkeys(existing))
    if name not in names:
        present = ", ".join([*names[:20], *(["..."] if names[20:] else [])])
        nothing = M_("the record has no {noun} at all", noun=noun)
        advice = M_("the record has: {names}", names=present) if names else nothing
        raise invalid(M_("the record has no {noun} {name}", noun=noun, name=name), advice)


def require_machine(record: Record, host: str) -> None:
    """Raises OpleverError (`entry-invalid`)."""
    require_known(M_("machine"), host, (system.name for system in record.systems))


def require_moment(text: str) -> None:
    """Raises OpleverError (`entry-invalid`) when that is no moment in ISO 8601."""
    try:
        clock.recorded(text)
    except ValueError:
        raise invalid(
            M_("at: {text} is no moment", text=repr(text[:40])), M_("write it as {now}", now=clock.now())
        ) from None


def require_not_future(field: str, day: str, envelope: Envelope) -> None:
    """Raises OpleverError (`entry-invalid`) when the day has begun nowhere yet."""
    if day and day > (clock.moment(envelope.at) + _EASTERNMOST).date().isoformat():
        raise invalid(
            M_("{field}: {day} lies in the future", field=field, day=day), M_("give the day on which it was done")
        )


def require_not_past(field: str, day: str, envelope: Envelope) -> None:
    """Raises OpleverError (`entry-invalid`) when the day is over everywhere."""
    if day and day < (clock.moment(envelope.at) + _WESTERNMOST).date().isoformat():
        raise invalid(
            M_("{field}: {day} lies in the past", field=field, day=day), M_("give a day that is still to come")
        )
