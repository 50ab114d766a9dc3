"""Faults that others take over."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.messages import M_
from oplever.record.entries.base import Declaration, EntryKind, Envelope, NonEmptyText, next_number, require_known
from oplever.record.model import Escalation, Fault, Record


class EscalationEntry(EntryKind, frozen=True, tag="escalation"):
    """A fault handed to somebody else, with the answer once there is one."""

    declaration: ClassVar = Declaration(("escalations", "faults"))

    to: Annotated[NonEmptyText, Meta(description="To whom.")]
    message: Annotated[NonEmptyText, Meta(description="What was asked.")]
    why: Annotated[Literal["not_able", "not_allowed", "not_in_time"], Meta(description="Why it was handed over.")] = (
        "not_able"
    )
    type: Annotated[
        Literal["functional", "hierarchical"], Meta(description="To somebody with other skills, or with more say.")
    ] = "functional"
    fault: Annotated[str, Meta(description="Number of the fault that is handed over.")] = ""
    answer: Annotated[str, Meta(description="What was answered; closes the escalation.")] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        if self.fault:
            require_known(M_("fault"), self.fault, (fault.id for fault in record.faults))

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """An answer about a fault that waits for the same person closes that escalation; else it is a new one."""
        rows = list(record.escalations)
        place = next((place for place, row in enumerate(rows) if self._answers(row)), None)
        if place is None:
            rows.append(self._escalation(f"E{next_number(record, type(self), len(rows))}", envelope))
        else:
            rows[place] = structs.replace(rows[place], answer=self.answer, closed=True)
        waits = any(row.fault == self.fault and not row.closed for row in rows)
        faults = tuple(self._handed_over(fault, waits) for fault in record.faults)
        return structs.replace(record, escalations=tuple(rows), faults=faults)

    def _answers(self, row: Escalation) -> bool:
        same = (row.fault, row.to) == (self.fault, self.to)
        return bool(self.answer and self.fault) and same and not row.closed

    def _handed_over(self, fault: Fault, waits: bool) -> Fault:
        if fault.id != self.fault or fault.status not in ("open", "escalated"):
            return fault
        return structs.replace(fault, status="escalated" if waits else "open")

    def _escalation(self, identifier: str, envelope: Envelope) -> Escalation:
        return Escalation(
            id=identifier,
            to=self.to,
            at=envelope.at,
            why=self.why,
            type=self.type,
            fault=self.fault,
            message=self.message,
            answer=self.answer,
            closed=bool(self.answer),
            by=envelope.by,
        )
