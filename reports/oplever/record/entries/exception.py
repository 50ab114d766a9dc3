"""Deviations from the security baseline."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, structs

from oplever.messages import M_
from oplever.record import own_work
from oplever.record.entries.base import (
    Day,
    Declaration,
    EntryKind,
    Envelope,
    NonEmptyText,
    next_number,
    require_known,
    require_machine,
    require_not_past,
)
from oplever.record.model import Control, ExceptionGrant, Record


class ExceptionEntry(EntryKind, frozen=True, tag="exception"):
    """A failing control that a supervisor approved until a day: it counts as waived from then on."""

    declaration: ClassVar = Declaration(("baseline",))

    control: Annotated[NonEmptyText, Meta(description="Number of the control, as SSH-001.")]
    reason: Annotated[NonEmptyText, Meta(description="Why it is not met.")]
    owner: Annotated[NonEmptyText, Meta(description="Who answers for it.")]
    approver: Annotated[NonEmptyText, Meta(description="The supervisor who approved it.")]
    expires: Annotated[Day, Meta(min_length=10, description="Last day it holds, as 2027-07-31 or 31-07-2027.")]
    hosts: Annotated[
        tuple[NonEmptyText, ...],
        Meta(description="A machine it holds for; can be given more than once. All of them when left out."),
    ] = ()
    compensating: Annotated[str, Meta(description="What lowers the risk meanwhile.")] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        own_work.check_role(record, self.approver, "approver")
        require_known(M_("control"), self.control, (control.id for control in record.baseline.controls))
        for host in self.hosts:
            require_machine(record, host)
        require_not_past("expires", self.expires, envelope)

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """What it covers and fails is waived, unless it had expired by the day of the run. It is about what this record
        found, and nothing else."""
        section = record.baseline
        grant = self._grant(self._next_id(record), record.document.created[:10], envelope.by)
        values = (control.found for control in section.controls if self._covers(control) and control.after == "fail")
        grant = structs.replace(grant, values=tuple(dict.fromkeys(values)))
        controls = tuple(self._waive(control, grant) for control in section.controls)
        baseline = structs.replace(section, controls=controls, exceptions=(*section.exceptions, grant))
        return structs.replace(record, baseline=baseline)

    def _grant(self, identifier: str, day: str, by: str) -> ExceptionGrant:
        valid = self.expires >= day
        return ExceptionGrant(
            id=identifier,
            control=self.control,
            hosts=self.hosts,
            reason=self.reason,
            owner=self.owner,
            approver=self.approver,
            expires=self.expires,
            compensating=self.compensating,
            valid=valid,
            problem="" if valid else f"expired on {self.expires}",
            stated_by=by,
        )

    def _waive(self, control: Control, grant: ExceptionGrant) -> Control:
        if grant.valid and self._covers(control) and control.after == "fail":
            return structs.replace(control, after="waived", exception=grant.id, reason=self.reason)
        return control

    def _covers(self, control: Control) -> bool:
        return self.control == control.id and (not self.hosts or control.host in self.hosts)

    def _next_id(self, record: Record) -> str:
        """X1, X2, ...: numbers of their own, also where a file of exceptions has numbers like these."""
        grants = record.baseline.exceptions
        ids = {grant.id for grant in grants}
        own = [grant for grant in grants if grant.stated_by and grant.id.startswith("X")]
        first = next_number(record, type(self), len(own))
        return next(name for number in range(first, first + len(ids) + 1) if (name := f"X{number}") not in ids)
