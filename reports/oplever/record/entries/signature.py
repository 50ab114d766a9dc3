"""Signatures with a key."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.record.entries.base import Declaration, EntryKind, Envelope, NonEmptyText
from oplever.record.model import Record, Signature

Role = Literal["executor", "verifier", "supervisor", "principal", "user"]
Through = Literal["", "desk"]
"""Whose key it is: of the person, or of the desk, where that person had logged in."""
OF_DESK = "desk-signature"
"""The line in the history of a signature of the desk. Whoever reads it takes it for none of the person beside it."""


class SignatureEntry(EntryKind, frozen=True, tag="signature"):
    """A signature with an SSH key over a revision."""

    declaration: ClassVar = Declaration(
        ("signatures",),
        names=("by", "key"),
        term="signatures",
        after_approval=True,
        command="oplever sign",
        is_read=True,
        withdrawal="nobody",
    )

    role: Annotated[Role, Meta(description="As what somebody signed.")]
    revision: Annotated[int, Meta(ge=1, description="What was signed.")]
    statement: Annotated[NonEmptyText, Meta(description="SHA-256 of the signed statement.")]
    signature: Annotated[NonEmptyText, Meta(description="SHA-256 of its signature.")]
    key: Annotated[NonEmptyText, Meta(description="Fingerprint of the key.")]
    through: Annotated[Through, Meta(description="`desk` when the desk signed for who had logged in there.")] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        """Whoever signs has seen all that stands before the signature."""
        if self.revision != record.document.revision:
            raise changed_meanwhile()

    def history(self) -> str:
        return OF_DESK if self.through == "desk" else self.tag()

    def fold(self, record: Record, envelope: Envelope) -> Record:
        signature = Signature(
            envelope.by, self.role, envelope.at, self.role, self.statement, self.revision, self.key, self.through
        )
        return structs.replace(record, signatures=(*record.signatures, signature))


def changed_meanwhile() -> OpleverError:
    message = M_("the record changed while it was being signed")
    return OpleverError("signing-failed", message, M_("check the new revision, then sign again: oplever sign"))
