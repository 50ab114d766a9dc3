"""The record of a run, taken into a record of several."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from oplever.messages import M_
from oplever.record.entries.base import Declaration, EntryKind, Envelope, NonEmptyText, invalid
from oplever.record.model import Record


class RunEntry(EntryKind, frozen=True, tag="run"):
    """Takes a run into a record of several, or a later revision of one that is in it. What the run showed stays in its
    own record: this says which, and what it was like."""

    declaration: ClassVar = Declaration(
        ("runs", "systems", "steps", "tests", "baseline", "faults", "hours"), command="oplever join", is_read=True
    )

    record: Annotated[NonEmptyText, Meta(description="Name of the record of the run.")]
    revision: Annotated[int, Meta(ge=1, description="The revision of it that counts.")]
    fingerprint: Annotated[NonEmptyText, Meta(description="Fingerprint of that revision, as its papers have it.")]
    digest: Annotated[NonEmptyText, Meta(description="SHA-256 of its journal.")]

    def history(self) -> str:
        return f"joined: {self.record}"

    def check(self, record: Record, envelope: Envelope) -> None:
        """Runs make a record from its first line on: to one that is about something else they are not added."""
        if not record.runs:
            raise invalid(
                M_("{record} is no record of several runs", record=record.id), M_("make one with: oplever join RUN RUN")
            )
        if any((run.record, run.fingerprint) == (self.record, self.fingerprint) for run in record.runs):
            raise invalid(
                M_("revision {revision} of {run} is in it already", revision=self.revision, run=self.record),
                M_("name runs that are not in it yet: oplever list"),
            )

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """Changes nothing by itself: `joining` makes the beginning of the record out of all its runs."""
        return record
