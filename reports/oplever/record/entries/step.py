"""Work by hand."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.record.entries.base import (
    Declaration,
    EntryKind,
    Envelope,
    Machine,
    NonEmptyText,
    next_number,
    require_machine,
)
from oplever.record.model import HostResult, HostResults, Record, Step


class StepEntry(EntryKind, frozen=True, tag="step"):
    """Work done by hand."""

    declaration: ClassVar = Declaration(("steps",))

    host: Machine
    name: Annotated[NonEmptyText, Meta(description="What was done.")]
    status: Annotated[Literal["ok", "changed", "failed"], Meta(description="How it ended.")] = "changed"
    message: Annotated[str, Meta(description="What there is to say about it.")] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        require_machine(record, self.host)

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """Numbered after the steps that are there."""
        step = Step(
            number=next_number(record, type(self), len(record.steps)),
            name=self.name,
            play="",
            role="",
            action="",
            path="",
            started=envelope.at,
            results=HostResults((HostResult(self.host, self.status, envelope.at, 0.0, self.message),)),
            by=envelope.by,
        )
        return structs.replace(record, steps=(*record.steps, step))
