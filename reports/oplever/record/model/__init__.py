"""The record: frozen types only, no I/O; the words come from `oplever.words`.

One `Record` is what `oplever.kinds.derive` makes and what `record.json` holds. Field order is the order in the file.
Times are ISO 8601 strings in UTC with microseconds (`2026-11-23T10:00:00.000000Z`), durations are seconds, sizes say
their unit in the name. Empty means "nothing was said": no field is ever guessed.
"""

from __future__ import annotations

from msgspec import Struct

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
from oplever.record.model.machine import Component, Interface, Recap, Setting, System, Volume
from oplever.record.model.results import HostResults
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
    "Assignment",
    "Baseline",
    "Change",
    "CheckStatus",
    "Completeness",
    "Component",
    "Consequence",
    "Control",
    "Correction",
    "Document",
    "DocumentStatus",
    "DriftAcceptance",
    "Escalation",
    "ExceptionGrant",
    "Exclusion",
    "Fault",
    "Handover",
    "History",
    "HostResult",
    "HostResults",
    "HostScore",
    "Hours",
    "HoursLine",
    "Interface",
    "ItemResult",
    "Language",
    "Missing",
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
    "Scope",
    "Score",
    "SecondOpinion",
    "Setting",
    "Severity",
    "Signature",
    "Stage",
    "Step",
    "System",
    "Tally",
    "TaskStatus",
    "Test",
    "Text",
    "Verdict",
    "Volume",
    "Who",
]

SCHEMA_VERSION = 2
"""Version of record.json. 1: first release; 2: `kind`."""


class Record(Struct, frozen=True):
    """The whole record: the keys of record.json, in their order."""

    schema: int
    id: str
    kind: str
    work_process: str
    status: DocumentStatus
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
