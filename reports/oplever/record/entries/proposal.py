"""Improvements."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.messages import M_
from oplever.record.entries.base import Declaration, EntryKind, Envelope, NonEmptyText, invalid, next_number
from oplever.record.model import Proposal, Record

_MADE = {"form": "made"}
"""Given by `oplever proposals` alone."""
Process = Literal["assembly", "installation", "configuration", "test", "cabling", "maintenance"]


class ProposalEntry(EntryKind, frozen=True, tag="proposal"):
    """An improvement of the way of working."""

    declaration: ClassVar = Declaration(("proposals",))

    observation: Annotated[NonEmptyText, Meta(description="What was seen.")]
    proposal: Annotated[NonEmptyText, Meta(description="What should be done differently.")]
    process: Annotated[Process, Meta(description="The process that it improves.")] = "installation"
    gain: Annotated[str, Meta(description="What it is expected to bring.")] = ""
    finding: Annotated[
        str, Meta(description="What over all records led to it, by its name: oplever proposals.", extra=_MADE)
    ] = ""
    decision: Annotated[
        Literal["", "accepted", "rejected"], Meta(description="Whether it will be done.", extra=_MADE)
    ] = ""
    reason: Annotated[str, Meta(description="Why it was decided so.", extra=_MADE)] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        if self.decision == "rejected" and not self.reason:
            raise invalid(M_("a proposal is rejected for a reason"), M_("say why: --reason"))

    def fold(self, record: Record, envelope: Envelope) -> Record:
        items = record.proposals.items
        proposal = Proposal(
            f"V{next_number(record, type(self), len(items))}",
            self.observation,
            self.proposal,
            self.process,
            self.gain,
            self.decision,
            by=envelope.by,
            at=envelope.at,
            finding=self.finding,
            reason=self.reason,
        )
        return structs.replace(record, proposals=structs.replace(record.proposals, items=(*items, proposal)))
