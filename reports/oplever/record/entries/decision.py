"""The decision of the supervisor."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.record import own_work
from oplever.record.entries.base import Declaration, EntryKind, Envelope
from oplever.record.model import Record


class DecisionEntry(EntryKind, frozen=True, tag="decision"):
    """What the supervisor decided: approved or rejected; an approved record stays as it is."""

    declaration: ClassVar = Declaration(
        ("accountability",), names=("by",), term="signatures", after_approval=True, withdrawal="author"
    )

    decision: Annotated[Literal["approved", "rejected"], Meta(description="What was decided.")]
    remarks: Annotated[str, Meta(description="What there is to say about it.")] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        own_work.check_role(record, envelope.by, "supervisor")

    def fold(self, record: Record, envelope: Envelope) -> Record:
        accountability = structs.replace(
            record.accountability,
            decision=self.decision,
            decided_by=envelope.by,
            decided_at=envelope.at,
            remarks=self.remarks,
        )
        return structs.replace(record, accountability=accountability)
