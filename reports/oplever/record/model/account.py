"""What people add: acceptance, rest points, proposals, hours, decision and handover."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class AcceptanceItem(Struct, frozen=True):
    item: str
    as_wanted: bool
    remark: str = ""


class Acceptance(Struct, frozen=True):
    """What the user said when shown the settings; `verdict` None means nobody was asked yet.

    `drawn` is what was signed on a screen, as the path of an SVG picture of 600 by 180; `opened_by` who made the link
    to the page on which the user said it.
    """

    user: str = ""
    at: str = ""
    verdict: Literal["accepted", "accepted_with_rest_points", "rejected"] | None = None
    items: tuple[AcceptanceItem, ...] = ()
    remarks: str = ""
    instructed: bool | None = None
    by: str = ""
    drawn: str = ""
    opened_by: str = ""


class RestPoint(Struct, frozen=True):
    id: str
    item: str
    owner: str
    due: str
    status: Literal["open", "done"]
    by: str = ""
    at: str = ""


class RestPoints(Struct, frozen=True):
    """`none_stated` is an explicit "there are none"."""

    items: tuple[RestPoint, ...] = ()
    none_stated: bool = False


class Consequence(Struct, frozen=True):
    """Effect of a chosen solution on maintenance work and on the information system."""

    solution: str
    maintenance: str
    information_system: str
    by: str = ""
    at: str = ""


class Proposal(Struct, frozen=True):
    """`candidate` proposals are the toolkit's, from repeated faults, and wait for a person. `finding` names what was
    seen over all records and led to it; somebody then accepted or rejected it (`decision`), for this `reason`."""

    id: str
    observation: str
    proposal: str
    process: Literal["assembly", "installation", "configuration", "test", "cabling", "maintenance"]
    gain: str = ""
    decision: str = ""
    candidate: bool = False
    by: str = ""
    at: str = ""
    finding: str = ""
    reason: str = ""


class Proposals(Struct, frozen=True):
    items: tuple[Proposal, ...] = ()
    none_stated: bool = False


class HoursLine(Struct, frozen=True):
    """One line; `kind` machine comes from the journal, the others from entries. `by` wrote it down, when that
    was somebody else than the `person`. `run` is the number of the run that it belongs to, 0 in a record of one."""

    person: str
    day: str
    kind: Literal["machine", "hands_on", "travel", "waiting"]
    activity: str
    hours: float
    by: str = ""
    run: int = 0


class Hours(Struct, frozen=True):
    lines: tuple[HoursLine, ...] = ()
    machine: float = 0.0
    hands_on: float = 0.0
    other: float = 0.0
    norm: float | None = None


class Accountability(Struct, frozen=True):
    """The report to the supervisor and the decision on it."""

    form: Literal["written", "oral"] | None = None
    at: str = ""
    to: str = ""
    minutes: str = ""
    decision: Literal["approved", "rejected"] | None = None
    decided_by: str = ""
    decided_at: str = ""
    remarks: str = ""


class Handover(Struct, frozen=True):
    """What the user and the next administrator get."""

    instructions: tuple[str, ...] = ()
    warranty: str = ""
    support: str = ""
    maintenance: str = ""
