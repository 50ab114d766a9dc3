"""What a solution leads to."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, structs

from oplever.record.entries.base import Declaration, EntryKind, Envelope, NonEmptyText
from oplever.record.model import Consequence, Record


class ConsequenceEntry(EntryKind, frozen=True, tag="consequence"):
    """What a chosen solution means for maintenance and for the information system."""

    declaration: ClassVar = Declaration(("consequences",))

    solution: Annotated[NonEmptyText, Meta(description="The solution that was chosen.")]
    maintenance: Annotated[NonEmptyText, Meta(description="What it means for maintenance.")]
    information_system: Annotated[NonEmptyText, Meta(description="What it means for the information system.")]

    def fold(self, record: Record, envelope: Envelope) -> Record:
        consequence = Consequence(self.solution, self.maintenance, self.information_system, envelope.by, envelope.at)
        return structs.replace(record, consequences=(*record.consequences, consequence))
