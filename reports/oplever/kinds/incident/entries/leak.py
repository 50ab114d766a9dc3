"""A personal-data breach (in Dutch: datalek), which has a clock of its own: within 72 hours after the organisation came
to know of it the supervisory authority is told, unless it is unlikely that people are harmed by it (GDPR, articles 33
and 34)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, structs

from oplever import clock
from oplever.kinds.incident.entries.base import Event
from oplever.messages import M_
from oplever.record.entries.base import Declaration, Envelope, NonEmptyText, invalid
from oplever.record.model import Incident, Leak, LeakNotice, Record
from oplever.record.model.incident import LeakAudience, Risk

HOURS = 72
Moment = Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2})?$", extra={"form": "moment"})]
"""A moment by the clock on the wall, to the minute."""


def due(aware: str) -> str:
    """The moment at which the 72 hours are over; they count through nights and weekends."""
    return clock.written(clock.moment(aware) + timedelta(hours=HOURS))


class DataLeakEntry(Event, frozen=True, tag="data-leak"):
    """Personal data were lost, changed or seen by somebody who should not: what, of how many people, since when it is
    known."""

    declaration: ClassVar = Declaration(("incident",), names=("by",), term="hours_names")

    what: Annotated[NonEmptyText, Meta(description="Which data, of whom, and what happened to them.")]
    risk: Annotated[Risk, Meta(description="How likely it is that people are harmed by it.")]
    reason: Annotated[NonEmptyText, Meta(description="Why the risk is what it is.")]
    aware: Annotated[
        Moment, Meta(description="When the organisation came to know, as '2026-11-24 14:30'; now when left out.")
    ] = ""
    people: Annotated[int, Meta(ge=0, le=100_000_000, description="Of how many people; 0 when nobody knows.")] = 0
    measures: Annotated[str, Meta(description="What was done about it.")] = ""

    def require(self, record: Record, case: Incident, envelope: Envelope) -> None:
        _require_past("aware", self.aware, case, envelope)

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        aware = _moment(self.aware, case, envelope)
        leak = case.leak or Leak(aware, due(aware))
        return structs.replace(
            case,
            leak=structs.replace(
                leak,
                aware=aware,
                due=due(aware),
                what=self.what,
                people=self.people or None,
                risk=self.risk,
                consequences=self.reason,
                measures=self.measures,
                by=envelope.by,
            ),
        )


class LeakToldEntry(Event, frozen=True, tag="leak-told"):
    """Somebody was told of the personal-data breach, or need not be."""

    declaration: ClassVar = Declaration(("incident",), names=("by", "who"), term="hours_names")

    to: Annotated[
        LeakAudience,
        Meta(
            description="The supervisory authority, the people whose data it is, the data protection officer, or who "
            "is responsible for the data."
        ),
    ]
    who: Annotated[str, Meta(description="Who it was, by name.")] = ""
    moment: Annotated[Moment, Meta(description="When, as '2026-11-24 14:30'; now when left out.")] = ""
    reference: Annotated[str, Meta(description="The number that the authority gave it.")] = ""
    not_needed: Annotated[str, Meta(description="Why these need not be told.")] = ""

    def require(self, record: Record, case: Incident, envelope: Envelope) -> None:
        if case.leak is None:
            raise invalid(
                M_("this case is no personal-data breach"), M_("say so first: oplever incident leak {id}", id=record.id)
            )
        if bool(self.who) == bool(self.not_needed):
            raise invalid(
                M_("say who was told, or why nobody has to be"), M_("--who 'mevr. A. Vos', or --not-needed '...'")
            )
        if self.not_needed and self.to == "authority" and case.leak.risk != "unlikely":
            raise invalid(
                M_("the authority is told unless a risk is unlikely"),
                M_("tell it: --who; or judge the risk again: oplever incident leak {id} --risk unlikely", id=record.id),
            )
        _require_past("moment", self.moment, case, envelope)

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        if case.leak is None:
            return case
        moment = _moment(self.moment, case, envelope)
        notice = LeakNotice(self.to, self.who, moment, self.reference, self.not_needed, envelope.by, envelope.at)
        return structs.replace(case, leak=structs.replace(case.leak, notices=(*case.leak.notices, notice)))


def _moment(text: str, case: Incident, envelope: Envelope) -> str:
    """A moment in UTC, of one in the zone of the rules; that of the entry when nothing was typed."""
    if not text:
        return envelope.at
    zone = ZoneInfo(case.rules.calendar.zone if case.rules else "Europe/Amsterdam")
    try:
        return clock.written(datetime.fromisoformat(text).replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return envelope.at


def _require_past(field: Literal["aware", "moment"], text: str, case: Incident, envelope: Envelope) -> None:
    """Raises OpleverError (`entry-invalid`)."""
    if not text:
        return
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise invalid(
            M_("{field}: {text} is no moment", field=field, text=text),
            M_("write it as 2026-11-24 14:30 or 24-11-2026 14:30"),
        ) from None
    if _moment(text, case, envelope) > envelope.at:
        raise invalid(
            M_("{field}: {text} lies in the future", field=field, text=text), M_("give the moment at which it was so")
        )
