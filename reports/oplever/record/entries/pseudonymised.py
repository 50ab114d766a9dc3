"""Names that were replaced."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from oplever.record.entries.base import Declaration, EntryKind, Envelope, NonEmptyText, Term
from oplever.record.model import Record


class PseudonymisedEntry(EntryKind, frozen=True, tag="pseudonymised"):
    """Names that were replaced when their time was over."""

    declaration: ClassVar = Declaration(
        ("document",), after_approval=True, command="oplever purge", is_read=True, withdrawal="nobody"
    )

    names: Annotated[tuple[Term, ...], Meta(description="Which names.")]
    entries: Annotated[NonEmptyText, Meta(description="SHA-256 of `entries.jsonl` before that.")]

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """Only the history of the document shows it."""
        return record
