"""A photo or another file that belongs to the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.messages import M_
from oplever.record.entries.base import Declaration, EntryKind, Envelope, NonEmptyText, invalid
from oplever.record.model import Annex, Record

FileType = Literal["image/jpeg", "image/png", "image/webp", "application/pdf", "text/plain"]
SUFFIXES: dict[FileType, str] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "text/plain": "txt",
}
"""The types that a record takes, each with the end of the name of its file."""


def place(digest: str, kind: FileType) -> str:
    """Where an annex is in its record. It is named after its content, never after what somebody called it."""
    return f"annexes/{digest}.{SUFFIXES[kind]}"


def place_of(annex: Annex) -> str:
    """Where the file of an annex is in its record."""
    return place(annex.sha256, next((kind for kind in SUFFIXES if kind == annex.type), "text/plain"))


class AnnexEntry(EntryKind, frozen=True, tag="annex"):
    """A photo or another file; the file itself is kept beside the record."""

    declaration: ClassVar = Declaration(("annexes",), command="oplever attach", is_read=True)

    name: Annotated[NonEmptyText, Meta(description="What whoever added it called the file.")]
    type: Annotated[FileType, Meta(description="What it is, by its content.")]
    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the file as it is kept.")]
    size_bytes: Annotated[int, Meta(ge=1, description="Size of the file as it is kept.")]
    what: Annotated[NonEmptyText, Meta(description="What it shows.")]

    def check(self, record: Record, envelope: Envelope) -> None:
        if any(annex.sha256 == self.digest for annex in record.annexes):
            raise invalid(M_("this file is in the record already"), M_("look at the annexes of the record"))

    def files(self) -> Mapping[str, str]:
        return {place(self.digest, self.type): self.digest}

    def fold(self, record: Record, envelope: Envelope) -> Record:
        annex = Annex(self.name, self.digest, self.size_bytes, self.what, self.type, envelope.by, envelope.at)
        return structs.replace(record, annexes=(*record.annexes, annex))
