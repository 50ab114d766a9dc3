"""Parts and materials."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.record.entries.base import Declaration, EntryKind, Envelope, Machine, NonEmptyText, require_machine
from oplever.record.model import Component, Record


class ComponentEntry(EntryKind, frozen=True, tag="component"):
    """A part or material that a snapshot cannot see."""

    declaration: ClassVar = Declaration(("components",))

    host: Machine
    name: Annotated[NonEmptyText, Meta(description="What it is.")]
    change: Annotated[Literal["installed", "removed", "used"], Meta(description="What was done with it.")] = "used"
    kind: Annotated[str, Meta(description="What sort of thing it is.")] = "part"
    version: Annotated[str, Meta(description="Its version or type.")] = ""
    origin: Annotated[str, Meta(description="Where it came from.")] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        require_machine(record, self.host)

    def fold(self, record: Record, envelope: Envelope) -> Record:
        component = Component(self.host, self.kind, self.name, self.change, "", self.version, self.origin, envelope.by)
        return structs.replace(record, components=(*record.components, component))
