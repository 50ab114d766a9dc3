"""What is still to be done."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, structs

from oplever.messages import M_
from oplever.record.entries.base import (
    Day,
    Declaration,
    EntryKind,
    Envelope,
    invalid,
    next_number,
    require_known,
    require_not_past,
)
from oplever.record.model import Record, RestPoint


class RestPointEntry(EntryKind, frozen=True, tag="rest-point"):
    """Something that is still to be done, by whom and when; or that it is done now."""

    declaration: ClassVar = Declaration(("rest_points",))

    item: Annotated[str, Meta(description="What is to be done.")] = ""
    owner: Annotated[str, Meta(description="Who does it.")] = ""
    due: Annotated[Day, Meta(description="When it must be done, as 2026-11-24 or 24-11-2026.")] = ""
    done: Annotated[str, Meta(description="Number of an open point that is done now (R1, R2, ...).")] = ""

    def history(self) -> str:
        return f"rest-point: {self.done} done" if self.done else self.tag()

    def check(self, record: Record, envelope: Envelope) -> None:
        if self.done:
            require_known(M_("open point"), self.done, (point.id for point in record.rest_points.items))
            if any(point.id == self.done and point.status == "done" for point in record.rest_points.items):
                raise invalid(
                    M_("open point {done} is already done", done=self.done), M_("list the open points: oplever show")
                )
            if self.item:
                raise invalid(
                    M_("an open point is either new or marked as done, not both"), M_("give --item or --done")
                )
        elif not self.item:
            raise invalid(
                M_("an open point needs a description, or the number of the one that is done"),
                M_("give --item or --done"),
            )
        elif not self.owner:
            raise invalid(M_("owner: an open point needs somebody who does it"), M_("give --owner"))
        elif not self.due:
            raise invalid(M_("due: an open point needs a due date"), M_("give --due, as 2026-11-24 or 24-11-2026"))
        require_not_past("due", self.due, envelope)

    def fold(self, record: Record, envelope: Envelope) -> Record:
        items = record.rest_points.items
        if self.done:
            items = tuple(structs.replace(p, status="done") if p.id == self.done else p for p in items)
        else:
            number = f"R{next_number(record, type(self), len(items))}"
            items = (*items, RestPoint(number, self.item, self.owner, self.due, "open", envelope.by, envelope.at))
        return structs.replace(record, rest_points=structs.replace(record.rest_points, items=items))
