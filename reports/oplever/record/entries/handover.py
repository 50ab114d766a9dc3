"""What stays behind with the user."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, structs

from oplever.messages import M_
from oplever.record.entries.base import Declaration, EntryKind, Envelope, NonEmptyText, invalid
from oplever.record.model import Record


class HandoverEntry(EntryKind, frozen=True, tag="handover"):
    """What the user and the next administrator get: instructions, warranty, support, maintenance."""

    declaration: ClassVar = Declaration(("handover",))

    instructions: Annotated[
        tuple[NonEmptyText, ...],
        Meta(description="An instruction that was handed over; can be given more than once."),
    ] = ()
    warranty: Annotated[str, Meta(description="What is under warranty, and until when.")] = ""
    support: Annotated[str, Meta(description="Whom to ask for help.")] = ""
    maintenance: Annotated[str, Meta(description="What must be maintained, and how often.")] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        if self == type(self)():
            raise invalid(M_("it says nothing"), M_("see what it can say: oplever add handover --help"))

    def fold(self, record: Record, envelope: Envelope) -> Record:
        values = {name: value for name, value in structs.asdict(self).items() if value}
        return structs.replace(record, handover=structs.replace(record.handover, **values))
