"""Who has to act on a record, by the definitions that its document has."""

from __future__ import annotations

from typing import NamedTuple

from oplever.kinds import registry
from oplever.kinds.incident.states import OPEN
from oplever.kinds.installation.stage import standing
from oplever.overview.sources import Readable, executors
from oplever.record.model import Missing, Stage, Status, Who
from oplever.record.persons import supervisors

ORDER: tuple[Who, ...] = ("supervisor", "user", "executor")
_BY_PEOPLE = ("user", "supervisor")
_CASE_WAITS: dict[Status, tuple[Who, ...]] = {
    **dict.fromkeys(OPEN, ("executor",)),
    "solved": ("user", "executor"),
    "closed": ("supervisor", "executor"),
    "merged": (),
}
"""Who can do something about an incident in a state: nobody asks a user about what is not solved yet."""
_STAGE_WAITS: dict[Stage, tuple[Who, ...]] = {
    "nothing_done": ("executor",),
    "carried_out": ("executor",),
    "tested": ("user", "executor"),
    "accepted": ("supervisor", "executor"),
}
"""Who can do something about an instruction that came so far: nobody asks a user about what was not understood."""
_REFUSED = frozenset({"not_delivered", "rejected", "interrupted"})
"""Headlines of work that has to be done again or mended."""


class Wait(NamedTuple):
    """A record that waits for somebody: `missing` is what they have to supply; without any the work itself is not
    done."""

    of: Readable
    who: Who
    missing: tuple[Missing, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Who that is by name, as far as the record says: users are not named on pages that many read."""
        record = self.of.record
        if self.who == "supervisor":
            return supervisors(record)
        if self.who == "executor":
            return (record.case.assignee,) if record.incident else tuple(executors(record))
        return ()


def waits(of: Readable) -> list[Wait]:
    """For whom a record waits, and for what: never more than its document says is still needed."""
    record = of.record
    lacking = {role: tuple(item for item in record.completeness.missing if _role(item) == role) for role in ORDER}
    if record.incident is not None:
        return [Wait(of, role, lacking[role]) for role in _CASE_WAITS.get(record.status, ORDER) if lacking[role]]
    if next(state for state in registry.of(record).states if state.id == record.status).is_final:
        return []
    if record.instruction is not None or record.faq is not None:
        roles = ORDER if record.faq else _STAGE_WAITS.get(record.stage, ORDER)
        return [Wait(of, role, lacking[role]) for role in roles if lacking[role]]
    headline, waits_for, _ = standing(record)
    if headline in _REFUSED:
        return [Wait(of, "executor", ())]
    people = {"both": _BY_PEOPLE, "nobody": ()}.get(waits_for, (waits_for,))
    concerned = [role for role in ORDER if role in people or (people and role == "executor" and lacking[role])]
    return [Wait(of, role, lacking[role]) for role in concerned]


def _role(item: Missing) -> Who:
    """What the toolkit has to supply, the technician has to run it for."""
    return "executor" if item.who == "toolkit" else item.who
