"""What is not right in the record."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, structs

from oplever.record import corrections
from oplever.record.entries.base import Declaration, EntryKind, Envelope, NonEmptyText
from oplever.record.model import Correction, Record


class CorrectionEntry(EntryKind, frozen=True, tag="correction"):
    """What is not right in the record and how it is; the old value stays readable. Without value it is a comment."""

    declaration: ClassVar = Declaration(("document",), after_approval=True)

    field: Annotated[
        NonEmptyText,
        Meta(
            description="What is corrected: systems.web1.serial, assignment.location, a section to comment on, or "
            "entry.5: the entry of revision 5 is withdrawn; entry.5.hours: one value of it."
        ),
    ]
    reason: Annotated[NonEmptyText, Meta(description="Why.")]
    value: Annotated[str, Meta(description="How it is; without it the reason is a comment.")] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        corrections.check(record, self.field, self.value)

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """The correction is listed with the old value; one that does not fit the record (any more) changes nothing."""
        record, old = corrections.corrected(record, self.field, self.value)
        listed = Correction(self.field, old, self.value, self.reason, envelope.by, envelope.at)
        document = structs.replace(record.document, corrections=(*record.document.corrections, listed))
        return structs.replace(record, document=document)

    def history(self) -> str:
        return f"correction: {self.field}"
