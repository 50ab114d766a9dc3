"""The report to the supervisor."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.messages import M_
from oplever.record.entries.base import Declaration, EntryKind, Envelope, NonEmptyText, invalid
from oplever.record.model import Accountability, Record


class ReportEntry(EntryKind, frozen=True, tag="report"):
    """The report to the supervisor; the record is then submitted."""

    declaration: ClassVar = Declaration(("accountability",), names=("by", "to"), term="signatures", withdrawal="author")

    to: Annotated[NonEmptyText, Meta(description="Name of the supervisor.")]
    form: Annotated[Literal["written", "oral"], Meta(description="In writing or orally.")] = "written"
    minutes: Annotated[str, Meta(description="Notes of an oral report.")] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        if self.form == "oral" and not self.minutes:
            raise invalid(
                M_("minutes: an oral report is kept as notes"), M_("write down what was said: --minutes '...'")
            )

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """It does away with an approval of what was there before; with a rejection only a decision does."""
        current = record.accountability
        earlier = current if current.decision == "rejected" else Accountability()
        accountability = structs.replace(earlier, form=self.form, at=envelope.at, to=self.to, minutes=self.minutes)
        return structs.replace(record, accountability=accountability)
