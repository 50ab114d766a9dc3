"""Acceptance by the user."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.record import own_work
from oplever.record.entries.base import Declaration, EntryKind, Envelope, NonEmptyText
from oplever.record.model import Acceptance, AcceptanceItem, Record


class AcceptanceEntry(EntryKind, frozen=True, tag="acceptance"):
    """What the user said when shown the settings; the last one counts."""

    declaration: ClassVar = Declaration(("acceptance",), names=("by", "user"), term="signatures", withdrawal="author")

    user: Annotated[NonEmptyText, Meta(description="Name of the user.")]
    verdict: Annotated[
        Literal["accepted", "accepted_with_rest_points", "rejected"], Meta(description="What the user said of it.")
    ]
    as_wanted: Annotated[
        tuple[NonEmptyText, ...], Meta(description="A setting that is as wanted; can be given more than once.")
    ] = ()
    not_as_wanted: Annotated[
        tuple[NonEmptyText, ...], Meta(description="A setting that is not; can be given more than once.")
    ] = ()
    remarks: Annotated[str, Meta(description="What else the user said.")] = ""
    instructed: Annotated[bool, Meta(description="The user was instructed.")] = False

    def check(self, record: Record, envelope: Envelope) -> None:
        own_work.check_role(record, self.user, "user")

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """The last one counts: a user who rejected may accept after the repair."""
        items = [AcceptanceItem(item, True) for item in self.as_wanted]
        items += [AcceptanceItem(item, False) for item in self.not_as_wanted]
        acceptance = Acceptance(
            self.user, envelope.at, self.verdict, tuple(items), self.remarks, self.instructed, envelope.by
        )
        return structs.replace(record, acceptance=acceptance)
