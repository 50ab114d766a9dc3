"""Faults that people found, and what people know of those in the record."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, structs

from oplever.messages import M_
from oplever.record.entries.base import (
    Declaration,
    EntryKind,
    Envelope,
    invalid,
    next_number,
    require_known,
    require_machine,
)
from oplever.record.model import Fault, Record


class FaultEntry(EntryKind, frozen=True, tag="fault"):
    """Cause and fix of a fault in the record, by its number, or a fault that was found by hand."""

    declaration: ClassVar = Declaration(("faults",))

    id: Annotated[str, Meta(description="Which one, by its number in the report; a new one when left out.")] = ""
    host: Annotated[str, Meta(description="The machine of a new one, as the record names it.")] = ""
    symptom: Annotated[str, Meta(description="What is wrong with it (a new one).")] = ""
    cause: Annotated[str, Meta(description="What caused it.")] = ""
    fix: Annotated[str, Meta(description="What solved it.")] = ""

    def history(self) -> str:
        return f"fault: {self.id}" if self.id else self.tag()

    def check(self, record: Record, envelope: Envelope) -> None:
        if self.id:
            require_known(M_("fault"), self.id, (fault.id for fault in record.faults))
            if not (self.cause or self.fix):
                raise invalid(
                    M_("there is nothing new about fault {id}", id=self.id), M_("give --cause, --fix or both")
                )
        elif not self.symptom:
            raise invalid(M_("a fault is one of the record, or has a symptom"), M_("give --id or --symptom"))
        if self.host:
            require_machine(record, self.host)

    def fold(self, record: Record, envelope: Envelope) -> Record:
        faults = record.faults
        if any(fault.id == self.id for fault in faults):
            faults = tuple(self._explain(fault) if fault.id == self.id else fault for fault in faults)
        elif self.symptom:
            faults = (*faults, self._report(record, envelope))
        return structs.replace(record, faults=faults)

    def _explain(self, fault: Fault) -> Fault:
        solved = self.fix and fault.status in ("open", "escalated")
        return structs.replace(
            fault,
            cause=self.cause or fault.cause,
            fix=self.fix or fault.fix,
            status="solved" if solved else fault.status,
        )

    def _report(self, record: Record, envelope: Envelope) -> Fault:
        return Fault(
            id=f"M{next_number(record, type(self), sum(fault.kind == 'reported' for fault in record.faults))}",
            host=self.host,
            kind="reported",
            location=envelope.by,
            symptom=self.symptom,
            at=envelope.at,
            status="solved" if self.fix else "open",
            cause=self.cause,
            fix=self.fix,
        )
