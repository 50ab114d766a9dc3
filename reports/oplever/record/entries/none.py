"""That there are none."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.record.entries.base import Declaration, EntryKind, Envelope
from oplever.record.model import Record


class NoneEntry(EntryKind, frozen=True, tag="none"):
    """That there are none, which is not the same as saying nothing."""

    declaration: ClassVar = Declaration(("rest_points", "proposals"), argument="what")

    what: Annotated[
        Literal["rest_points", "proposals"],
        Meta(description="What there are none of.", extra={"also": {"open_points": "rest_points"}}),
    ]

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """Where there are some all the same, the statement does not count: `conclude` sees to that."""
        section = getattr(record, self.what)
        return structs.replace(record, **{self.what: structs.replace(section, none_stated=True)})
