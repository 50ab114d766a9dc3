"""What follows from a personal-data breach: who still has to be told, and whether the authority was in time. Pure."""

from __future__ import annotations

from msgspec import structs

from oplever.record.model import Leak
from oplever.record.model.incident import LeakAudience


def judged(leak: Leak | None) -> Leak | None:
    """The breach with whether the authority was told in time."""
    if leak is None:
        return None
    moments = [notice.moment for notice in leak.notices if notice.to == "authority" and notice.who]
    return structs.replace(leak, in_time=min(moments) <= leak.due if moments else None)


def to_be_notified(leak: Leak) -> tuple[LeakAudience, ...]:
    """Who has to be told and was not, while nobody said why that is not needed. As long as nobody judged the risk that
    is the authority; at a high risk also the people whose data it is."""
    handled = {notice.to for notice in leak.notices if notice.who or _is_excused(leak, notice.to)}
    audiences: tuple[LeakAudience, ...] = ("authority", "people") if leak.risk == "high" else ("authority",)
    return tuple(audience for audience in audiences if audience not in handled)


def _is_excused(leak: Leak, to: LeakAudience) -> bool:
    """Whether a reason not to tell these may count: what was said while the risk was judged otherwise does not."""
    return to != "authority" or leak.risk == "unlikely"


def due(leak: Leak | None) -> str | None:
    """When the 72 hours are over; None when there is no breach, or the authority was told or need not be."""
    return leak.due if leak and "authority" in to_be_notified(leak) else None
