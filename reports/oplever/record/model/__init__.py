"""The record: frozen types only, no I/O; the words come from `oplever.words`.

One `Record` is what `oplever.kinds.derive` makes and what `record.json` holds. Field order is the order in the file.
Times are ISO 8601 strings in UTC with microseconds (`2026-11-23T10:00:00.000000Z`), durations are seconds, sizes say
their unit in the name. Empty means "nothing was said": no field is ever guessed.
"""

from __future__ import annotations

from msgspec import Struct

from oplever.journal.cards import Card, CardStep, Trouble, Value
from oplever.record.model.account import (
    Acceptance,
    AcceptanceItem,
    Accountability,
    Consequence,
    Handover,
    Hours,
    HoursLine,
    Proposal,
    Proposals,
    RestPoint,
    RestPoints,
)
from oplever.record.model.baseline import (
    Baseline,
    Control,
    ExceptionGrant,
    HostScore,
    Regression,
    Score,
    SecondOpinion,
    Tally,
)
from oplever.record.model.document import (
    Annex,
    Assignment,
    Completeness,
    Correction,
    Document,
    Exclusion,
    History,
    Missing,
    Person,
    Scope,
    Signature,
)
from oplever.record.model.faq import Faq
from oplever.record.model.incident import (
    Answer,
    Assessment,
    Attachment,
    Classification,
    Confirmation,
    Contact,
    Incident,
    Leak,
    LeakNotice,
    Link,
    Mail,
    Material,
    Move,
    Retest,
    Solution,
    TargetState,
    Wait,
)
from oplever.record.model.incident import Change as StateChange
from oplever.record.model.incident import Work as CaseWork
from oplever.record.model.instruction import Instruction
from oplever.record.model.machine import Component, GroupTask, Interface, Recap, Setting, System, Volume
from oplever.record.model.results import HostResults
from oplever.record.model.runs import EarlierResult, JoinedRun
from oplever.record.model.work import (
    Change,
    DriftAcceptance,
    Escalation,
    Fault,
    HostResult,
    ItemResult,
    PlanStep,
    Step,
    Test,
)
from oplever.words import (
    BAD,
    CheckStatus,
    DocumentStatus,
    Language,
    Reason,
    Severity,
    Stage,
    Status,
    TaskStatus,
    Text,
    Verdict,
    Who,
)

__all__ = [
    "BAD",
    "SCHEMA_VERSION",
    "Acceptance",
    "AcceptanceItem",
    "Accountability",
    "Annex",
    "Answer",
    "Assessment",
    "Assignment",
    "Attachment",
    "Baseline",
    "Card",
    "CardStep",
    "CaseWork",
    "Change",
    "CheckStatus",
    "Classification",
    "Completeness",
    "Component",
    "Confirmation",
    "Consequence",
    "Contact",
    "Control",
    "Correction",
    "Document",
    "DocumentStatus",
    "DriftAcceptance",
    "EarlierResult",
    "Escalation",
    "ExceptionGrant",
    "Exclusion",
    "Faq",
    "Fault",
    "GroupTask",
    "Handover",
    "History",
    "HostResult",
    "HostResults",
    "HostScore",
    "Hours",
    "HoursLine",
    "Incident",
    "Instruction",
    "Interface",
    "ItemResult",
    "JoinedRun",
    "Language",
    "Leak",
    "LeakNotice",
    "Link",
    "Mail",
    "Material",
    "Missing",
    "Move",
    "Person",
    "PlanStep",
    "Proposal",
    "Proposals",
    "Reason",
    "Recap",
    "Record",
    "Regression",
    "RestPoint",
    "RestPoints",
    "Retest",
    "Scope",
    "Score",
    "SecondOpinion",
    "Setting",
    "Severity",
    "Signature",
    "Solution",
    "Stage",
    "StateChange",
    "Status",
    "Step",
    "System",
    "Tally",
    "TargetState",
    "TaskStatus",
    "Test",
    "Text",
    "Trouble",
    "Value",
    "Verdict",
    "Volume",
    "Wait",
    "Who",
]

SCHEMA_VERSION = 2
"""Version of record.json. 1: first release; 2: `kind`."""


class Record(Struct, frozen=True, omit_defaults=True):
    """The whole record: the keys of record.json, in their order. `incident`, `instruction` and `faq` are there for
    those kinds alone; `cards` are those that roles declare, without values; `runs` are of a record that is made of the
    records of several runs."""

    schema: int
    id: str
    kind: str
    work_process: str
    status: Status
    verdict: Verdict
    stage: Stage
    document: Document
    assignment: Assignment
    people: tuple[Person, ...]
    scope: Scope
    systems: tuple[System, ...]
    components: tuple[Component, ...]
    settings: tuple[Setting, ...]
    plan: tuple[PlanStep, ...]
    steps: tuple[Step, ...]
    tests: tuple[Test, ...]
    baseline: Baseline
    faults: tuple[Fault, ...]
    escalations: tuple[Escalation, ...]
    acceptance: Acceptance
    rest_points: RestPoints
    consequences: tuple[Consequence, ...]
    proposals: Proposals
    hours: Hours
    accountability: Accountability
    handover: Handover
    annexes: tuple[Annex, ...]
    signatures: tuple[Signature, ...]
    completeness: Completeness
    incident: Incident | None = None
    cards: tuple[Card, ...] = ()
    runs: tuple[JoinedRun, ...] = ()
    instruction: Instruction | None = None
    faq: Faq | None = None

    @property
    def case(self) -> Incident:
        """The incident; an empty one before anything was reported."""
        return self.incident or Incident()
