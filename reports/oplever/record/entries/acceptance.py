"""Acceptance by the user."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.messages import M_
from oplever.record import own_work
from oplever.record.entries.base import Declaration, EntryKind, Envelope, NonEmptyText, invalid
from oplever.record.model import Acceptance, AcceptanceItem, Record

MOST_POINTS = 4096
LARGEST_DRAWING = 10 * MOST_POINTS
DRAWING_WIDTH, DRAWING_HEIGHT = 600, 180
_DRAWING = re.compile(r"(?:M\d{1,3} \d{1,3}(?:L\d{1,3} \d{1,3})*)+")


def is_drawing(path: str) -> bool:
    """Whether this is a path of lines in a picture of 600 by 180 with at most 4,096 points, and nothing else."""
    if len(path) > LARGEST_DRAWING or not _DRAWING.fullmatch(path):
        return False
    points = [point.split() for point in re.split("[ML]", path)[1:]]
    return len(points) <= MOST_POINTS and all(int(x) <= DRAWING_WIDTH and int(y) <= DRAWING_HEIGHT for x, y in points)


class AcceptanceEntry(EntryKind, frozen=True, tag="acceptance"):
    """What the user said when shown the settings; the last one counts."""

    declaration: ClassVar = Declaration(
        ("acceptance",), names=("by", "user", "drawn", "opened_by"), term="signatures", withdrawal="author"
    )

    user: Annotated[NonEmptyText, Meta(description="Name of the user.")]
    verdict: Annotated[
        Literal["accepted", "accepted_with_rest_points", "rejected"], Meta(description="What the user said of it.")
    ]
    as_wanted: Annotated[
        tuple[NonEmptyText, ...], Meta(description="A setting that is as wanted; can be given more than once.")
    ] = ()
    not_as_wanted: Annotated[
        tuple[NonEmptyText, ...], Meta(description="A setting that is not; can be given more than once.")
    ] = ()
    remarks: Annotated[str, Meta(description="What else the user said.")] = ""
    instructed: Annotated[bool, Meta(description="The user was instructed.")] = False
    drawn: Annotated[
        str,
        Meta(
            max_length=LARGEST_DRAWING,
            description="What was signed on a screen, as the path of an SVG picture.",
            extra={"form": "made"},
        ),
    ] = ""
    opened_by: Annotated[str, Meta(description="Who made the link to the page.", extra={"form": "made"})] = ""
    shown: Annotated[
        str,
        Meta(description="What the record was when the user saw it: the head of its chain.", extra={"form": "made"}),
    ] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        own_work.check_role(record, self.user, "user")
        if self.drawn and not is_drawing(self.drawn):
            raise invalid(M_("drawn: this is not what a pen draws"), M_("sign again, or type the name"))

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """The last one counts: a user who rejected may accept after the repair."""
        items = [AcceptanceItem(item, True) for item in self.as_wanted]
        items += [AcceptanceItem(item, False) for item in self.not_as_wanted]
        acceptance = Acceptance(
            self.user,
            envelope.at,
            self.verdict,
            tuple(items),
            self.remarks,
            self.instructed,
            envelope.by,
            self.drawn if is_drawing(self.drawn) else "",
            self.opened_by,
        )
        return structs.replace(record, acceptance=acceptance)
