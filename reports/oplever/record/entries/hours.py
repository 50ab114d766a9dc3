"""Hours of a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.record.entries.base import Day, Declaration, EntryKind, Envelope, NonEmptyText, require_not_future
from oplever.record.model import HoursLine, Record


class HoursEntry(EntryKind, frozen=True, tag="hours"):
    """Hours that a person spent, beside the machine's own."""

    declaration: ClassVar = Declaration(("hours",), names=("by", "person"), term="hours_names")

    hours: Annotated[float, Meta(gt=0, le=24, description="How many, as 2.5 or 2,5.")]
    activity: Annotated[NonEmptyText, Meta(description="What was done.")]
    kind: Annotated[Literal["hands_on", "travel", "waiting"], Meta(description="What the hours went to.")] = "hands_on"
    day: Annotated[Day, Meta(description="Day, as 2026-11-24 or 24-11-2026; today when left out.")] = ""
    person: Annotated[str, Meta(description="Whose hours they are; of who adds them when left out.")] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        require_not_future("day", self.day, envelope)

    def fold(self, record: Record, envelope: Envelope) -> Record:
        day = self.day or envelope.at[:10]
        lines = (*record.hours.lines, self._line(day, envelope.by))
        hours = structs.replace(
            record.hours,
            lines=lines,
            hands_on=_sum(lines, ("hands_on",)),
            other=_sum(lines, ("travel", "waiting")),
        )
        return structs.replace(record, hours=hours)

    def _line(self, day: str, by: str) -> HoursLine:
        person = self.person or by
        return HoursLine(person, day, self.kind, self.activity, self.hours, "" if person == by else by)


def _sum(lines: Iterable[HoursLine], kinds: tuple[str, ...]) -> float:
    return round(sum((line.hours for line in lines if line.kind in kinds), 0.0), 4)
