"""One incident: what was reported, how it was handled, and what follows from that."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from oplever.record.model.incident_rules import Category, Rules

Relation = Literal["record", "duplicate", "problem", "follow_up", "earlier"]
WaitsFor = Literal["user", "supplier", "parts", "colleague"]
RetestResult = Literal["pass", "fail", "not_needed"]
Satisfaction = Literal["yes", "no", "not_reached", "not_applicable"]
TargetName = Literal["response", "solution"]
LeakAudience = Literal["authority", "people", "officer", "controller"]
"""Of a personal-data breach: the supervisory authority, the people whose data it is, the data protection officer, and
who is responsible for the data when that is another organisation."""
Risk = Literal["unlikely", "risk", "high"]


class Answer(Struct, frozen=True):
    question: str
    answer: str


class Classification(Struct, frozen=True):
    """`impact` and `urgency` are 1 (high) to 3 (low). `override` is a priority that somebody set by hand, for the
    `reason` given."""

    category: str
    impact: int
    urgency: int
    lesson: bool
    flags: tuple[str, ...]
    override: int | None
    reason: str
    rules: str
    by: str
    at: str


class Assessment(Struct, frozen=True):
    can_solve: bool
    reason: str
    by: str
    at: str


class Move(Struct, frozen=True):
    """The case went to somebody: taken by himself, assigned by another, or passed on to who is authorised.

    `ground` is why that person may do it; `passed_over` is the case that was first in the queue when another was
    taken, `reason` why.
    """

    kind: Literal["taken", "assigned", "passed_on"]
    to: str
    by: str
    at: str
    ground: str = ""
    reason: str = ""
    passed_over: str = ""


class Wait(Struct, frozen=True):
    """`resumed` is None while it waits; `expected` is the day on which it may go on."""

    on: WaitsFor
    reason: str
    since: str
    resumed: str | None
    expected: str
    by: str


class Contact(Struct, frozen=True):
    """What the user was told: `how` in words, by which `medium`, and on which day it is or will be handled. `returned`
    is why it did not arrive, when it went by mail and came back."""

    medium: str
    how: str
    day: str
    user: str
    by: str
    at: str
    returned: str = ""


class Work(Struct, frozen=True):
    activity: str
    by: str
    at: str


class Material(Struct, frozen=True):
    name: str
    quantity: float
    by: str
    at: str


class Solution(Struct, frozen=True):
    solution: str
    guideline: str
    version: str
    cause: str
    by: str
    at: str


class Retest(Struct, frozen=True):
    """`record` shows it, with the digest of its journal; without one it is stated by a person. `reason` is why no
    retest was needed, or how it was tested by hand."""

    result: RetestResult
    record: str
    digest: str
    tests: tuple[str, ...]
    reason: str
    by: str
    at: str


class Confirmation(Struct, frozen=True):
    """What the user said; `by` asked him."""

    satisfied: Satisfaction
    user: str
    remark: str
    by: str
    at: str


class Link(Struct, frozen=True):
    """Something that belongs to the case: its `relation` to it, its name, and the digest of its journal if it is a
    record."""

    relation: Relation
    target: str
    digest: str
    reason: str
    by: str
    at: str


class Attachment(Struct, frozen=True):
    """A file in a mail, by the name that the sender gave it."""

    name: str
    type: str
    size_bytes: int
    sha256: str


class Mail(Struct, frozen=True):
    """One mail about the case. The message itself is in `mail/<digest>.eml` of the record, while names may be kept.

    `message_id`, `sender`, `address` and `date` are what the message says, which is not proven. `returned` is why one
    that went out came back.
    """

    direction: Literal["in", "out"]
    message_id: str
    sender: str
    address: str
    subject: str
    date: str
    text: str
    digest: str
    size_bytes: int
    attachments: tuple[Attachment, ...]
    is_automatic: bool
    by: str
    at: str
    returned: str = ""


class LeakNotice(Struct, frozen=True):
    """Who was told of a personal-data breach, and when; or why those need not be told."""

    to: LeakAudience
    who: str
    moment: str
    reference: str
    not_needed: str
    by: str
    at: str


class Leak(Struct, frozen=True):
    """A personal-data breach. `aware` is when the organisation came to know of it, `due` 72 hours later; `people` is
    how many it is about, None when nobody knows; `risk` is for those people. `notices` say who was told.
    `in_time` says whether the authority was: None while it was not told."""

    aware: str
    due: str
    what: str = ""
    people: int | None = None
    risk: Risk | None = None
    consequences: str = ""
    measures: str = ""
    by: str = ""
    notices: tuple[LeakNotice, ...] = ()
    in_time: bool | None = None


class Change(Struct, frozen=True):
    """The state the case came into."""

    state: str
    at: str


class TargetState(Struct, frozen=True):
    """One target: the time limit as the rules have it, when it is due (None: nobody can tell now, for the case waits,
    has no priority, or the calendar has no hours), when it was reached, and whether that was in time."""

    name: TargetName
    limit: str
    due: str | None
    reached: str | None
    in_time: bool | None


class Incident(Struct, frozen=True):
    """`priority`, `targets` and `due` are worked out of the events and the rules. `void` are revisions of events that
    have no effect, because they do not fit the state that the case was in. `cause` names what a machine showed to be
    wrong, as `host check`. `unread` is how many mails came in since somebody last did something for the case."""

    channel: str = ""
    reporter: str = ""
    text: str = ""
    place: str = ""
    machine: str = ""
    since: str = ""
    cause: str = ""
    reported_by: str = ""
    reported_at: str = ""
    category: str = ""
    answers: tuple[Answer, ...] = ()
    rules: Rules | None = None
    rules_digest: str = ""
    classifications: tuple[Classification, ...] = ()
    assessment: Assessment | None = None
    assignee: str = ""
    moves: tuple[Move, ...] = ()
    waits: tuple[Wait, ...] = ()
    contacts: tuple[Contact, ...] = ()
    work: tuple[Work, ...] = ()
    materials: tuple[Material, ...] = ()
    no_materials: bool = False
    solutions: tuple[Solution, ...] = ()
    retests: tuple[Retest, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    links: tuple[Link, ...] = ()
    merged_into: str = ""
    reopenings: tuple[Work, ...] = ()
    changes: tuple[Change, ...] = ()
    mails: tuple[Mail, ...] = ()
    unread: int = 0
    leak: Leak | None = None
    void: tuple[int, ...] = ()
    priority: int | None = None
    targets: tuple[TargetState, ...] = ()
    due: str | None = None

    @property
    def rule(self) -> Category | None:
        """What the rules of the case say of its category."""
        return self.rules.categories.get(self.category) if self.rules else None
