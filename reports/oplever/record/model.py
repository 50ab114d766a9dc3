"""The record: frozen types only, no I/O and no imports of ours.

One `Record` is what `derive(journal, entries)` returns and what `record.json` holds. Field order is the order
in the file. Times are ISO 8601 strings in UTC with microseconds (`2026-11-23T10:00:00.000000Z`), durations are
seconds, sizes say their unit in the name. Empty means "nothing was said": no field is ever guessed.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

SCHEMA_VERSION = 1
"""Version of record.json. 1: first release."""

Language = Literal["nl", "en"]
Verdict = Literal["delivered", "delivered_with_remarks", "not_delivered", "interrupted"]
DocumentStatus = Literal["concept", "submitted", "approved", "rejected", "superseded"]
CheckStatus = Literal["pass", "fail", "error", "not_applicable", "waived"]
TaskStatus = Literal["ok", "changed", "failed", "skipped", "unreachable", "rescued", "ignored"]
Severity = Literal["high", "medium", "low"]
Who = Literal["executor", "supervisor", "user", "toolkit"]


class Text(Struct, frozen=True):
    """One text in both languages of the documents."""

    nl: str
    en: str


class Reason(Struct, frozen=True):
    """Why the verdict is what it is; `code` is a message id that the renderers translate, `params` fill it in."""

    code: str
    params: dict[str, Any] = {}


class Document(Struct, frozen=True):
    """Section 0: document control."""

    revision: int
    created: str
    started: str
    ended: str | None
    duration: float
    journal_version: int
    journal_digest: str
    tool_versions: dict[str, str]
    playbooks: tuple[str, ...]
    command: tuple[str, ...]
    check_mode: bool
    inventories: tuple[str, ...]
    commit: str | None
    dirty: bool | None
    reasons: tuple[Reason, ...]
    history: tuple[History, ...] = ()
    corrections: tuple[Correction, ...] = ()


class Correction(Struct, frozen=True):
    """What somebody corrected: `field` is a path (systems.web1.serial) or a section that is commented on."""

    field: str
    old: str
    new: str
    reason: str
    by: str
    at: str


class History(Struct, frozen=True):
    """One revision of the document: every entry makes one."""

    revision: int
    at: str
    by: str
    what: str


class Assignment(Struct, frozen=True):
    """Section 1: what was asked, by whom; prefilled from `assignment.yml`, corrected by entries."""

    id: str = ""
    title: str = ""
    principal: str = ""
    location: str = ""
    requested_by: str = ""
    reason: str = ""
    planned_start: str = ""
    planned_end: str = ""
    norm_hours: float | None = None
    prescribed_order: bool = False
    procedures: tuple[str, ...] = ()


class Person(Struct, frozen=True):
    """Section 2: who did, checked or accepted; `account` is the operating-system account that ran it."""

    name: str
    role: Literal["executor", "verifier", "supervisor", "principal", "user"]
    level: str = ""
    account: str = ""
    controller: str = ""


class Exclusion(Struct, frozen=True):
    system: str
    reason: str


class Scope(Struct, frozen=True):
    """Section 3: which systems the run addressed and which it left out."""

    systems: tuple[str, ...]
    work_processes: tuple[str, ...]
    limit: str = ""
    tags: tuple[str, ...] = ()
    skip_tags: tuple[str, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()


class Recap(Struct, frozen=True):
    """Counts per host exactly as Ansible's own PLAY RECAP."""

    ok: int = 0
    changed: int = 0
    unreachable: int = 0
    failed: int = 0
    skipped: int = 0
    rescued: int = 0
    ignored: int = 0


class Interface(Struct, frozen=True):
    name: str
    mac: str = ""
    addresses: tuple[str, ...] = ()
    mtu: int | None = None
    state: str = ""


class Volume(Struct, frozen=True):
    target: str
    source: str
    fstype: str
    size_mb: int | None = None
    free_mb: int | None = None


class System(Struct, frozen=True):
    """Sections 4 and 6: one machine as built (from its last snapshot) with its counts."""

    name: str
    recap: Recap
    groups: tuple[str, ...] = ()
    address: str = ""
    reachable: bool = True
    os: str = ""
    os_id: str = ""
    kernel: str = ""
    architecture: str = ""
    virtualization: str = ""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    uuid: str = ""
    firmware: str = ""
    cpu: str = ""
    cpu_count: int | None = None
    memory_mb: int | None = None
    default_gateway: str = ""
    dns_servers: tuple[str, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    volumes: tuple[Volume, ...] = ()
    roles: tuple[str, ...] = ()
    package_count: int | None = None
    upgradable_count: int | None = None
    machine_seconds: float = 0.0
    snapshot_before: str | None = None
    snapshot_after: str | None = None


class Component(Struct, frozen=True):
    """Section 5: what came, went or changed version; `kind` is `package` today, hardware parts come as entries."""

    host: str
    kind: str
    name: str
    change: Literal["installed", "removed", "upgraded", "downgraded", "used"]
    before: str = ""
    after: str = ""
    origin: str = ""
    by: str = "machine"


class Setting(Struct, frozen=True):
    """Section 6: one setting that differs between the snapshots, whatever task or hand changed it."""

    host: str
    kind: Literal["file", "unit", "socket", "account", "group", "mount", "sysctl", "module", "network", "host"]
    name: str
    change: Literal["added", "removed", "changed"]
    before: str = ""
    after: str = ""


class PlanStep(Struct, frozen=True):
    """Section 7: one play in the order it was meant to run."""

    number: int
    name: str
    hosts: str
    playbook: str = ""
    started: str | None = None


class ItemResult(Struct, frozen=True):
    item: str
    status: TaskStatus
    message: str = ""


class Change(Struct, frozen=True):
    """How many lines came and went in one file (or other thing with a text), as `--diff` shows."""

    name: str
    added: int
    removed: int


class HostResult(Struct, frozen=True, gc=False):
    """How one task ended on one host. `rescued_by` names the task that took over, `notified` the handlers that were
    told, `notified_by` (of a handler) the tasks that told it, `retries` holds a message for each attempt that failed,
    `job` identifies work that was left running in the background."""

    host: str
    status: TaskStatus
    started: str
    duration: float
    message: str = ""
    attempts: int = 1
    delegated_to: str = ""
    items: tuple[ItemResult, ...] = ()
    items_total: int = 0
    censored: bool = False
    rescued_by: str = ""
    notified: tuple[str, ...] = ()
    notified_by: tuple[str, ...] = ()
    retries: tuple[str, ...] = ()
    job: str = ""
    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()


class Step(Struct, frozen=True):
    """Section 8: one task as it was carried out, with its result per host. Manual steps come from entries; `includes`
    are the files and roles that it brought in."""

    number: int
    name: str
    play: str
    role: str
    action: str
    path: str
    started: str
    results: tuple[HostResult, ...]
    handler: bool = False
    check_mode: bool = False
    by: str = "machine"
    includes: tuple[str, ...] = ()


class Test(Struct, frozen=True):
    """Sections 9 and 10: one expectation about one machine with what was found."""

    id: str
    host: str
    stage: Literal["during", "after"]
    status: CheckStatus
    expected: str
    found: str
    title: Text
    suite: str = ""
    source: str = ""
    reason: str = ""
    evidence: str = ""
    at: str = ""
    duration: float = 0.0
    attempt: int = 1
    by: str = "machine"


class ExceptionGrant(Struct, frozen=True):
    """An approved deviation from the baseline; without approver or past `expires` it does not count."""

    id: str
    control: str
    hosts: tuple[str, ...]
    reason: str
    owner: str
    approver: str
    expires: str
    compensating: str = ""
    valid: bool = True
    problem: str = ""


class Control(Struct, frozen=True):
    """Section 11: one control on one host, before and after; a stage that was not measured is None."""

    id: str
    host: str
    title: Text
    severity: Severity
    area: str
    before: CheckStatus | None
    after: CheckStatus | None
    expected: str
    found: str
    found_before: str = ""
    reason: str = ""
    evidence: str = ""
    remedy: Text = Text("", "")
    refs: dict[str, tuple[str, ...]] = {}
    exception: str = ""


class Score(Struct, frozen=True):
    """Weighted share of applicable controls that pass (high 10, medium 4, low 1), 0-100; None when none applied."""

    score: float | None
    passed: int
    failed: int
    errors: int
    not_applicable: int
    waived: int


class HostScore(Struct, frozen=True):
    """Scores of one host; `delivered` is the score at its last delivery, of the controls that are measured now too."""

    host: str
    before: Score | None
    after: Score | None
    delivered: Score | None = None


class Tally(Struct, frozen=True):
    """Scores of one area and severity over all hosts."""

    area: str
    severity: Severity
    before: Score | None
    after: Score | None
    delivered: Score | None = None


class Regression(Struct, frozen=True):
    """A control that passed at the last delivery and does not now. `since` is when a run first saw it, `record` that
    run; empty when this one is the first."""

    control: str
    host: str
    severity: Severity
    was: CheckStatus
    now: CheckStatus
    delivered: str
    since: str = ""
    record: str = ""


class SecondOpinion(Struct, frozen=True):
    """What another scanner says about one host, beside ours. `raw` is its own word for `status`.

    `controls` are ours that ask the same, `ours` is what they say together (None: we do not ask it), `agrees` is None
    where one of the two could not judge.
    """

    tool: Literal["openscap", "lynis"]
    host: str
    rule: str
    status: CheckStatus
    raw: str
    title: Text
    controls: tuple[str, ...] = ()
    ours: CheckStatus | None = None
    agrees: bool | None = None


class Baseline(Struct, frozen=True):
    """Section 11: the security check against one profile."""

    profile: str = ""
    version: str = ""
    hosts: tuple[HostScore, ...] = ()
    controls: tuple[Control, ...] = ()
    exceptions: tuple[ExceptionGrant, ...] = ()
    tallies: tuple[Tally, ...] = ()
    worse: tuple[Regression, ...] = ()
    opinions: tuple[SecondOpinion, ...] = ()


class Fault(Struct, frozen=True):
    """Section 12: opened by a failed task, host or test; closed by a passing retest or an entry."""

    id: str
    host: str
    kind: Literal["task_failed", "unreachable", "test_failed", "interrupted", "reported"]
    location: str
    symptom: str
    at: str
    status: Literal["open", "solved", "ignored", "escalated"]
    cause: str = ""
    fix: str = ""
    retest: str = ""
    attempts: int = 1


class Escalation(Struct, frozen=True):
    id: str
    to: str
    at: str
    why: Literal["not_able", "not_allowed", "not_in_time"]
    type: Literal["functional", "hierarchical"]
    fault: str = ""
    message: str = ""
    answer: str = ""
    closed: bool = False
    by: str = ""


class AcceptanceItem(Struct, frozen=True):
    item: str
    as_wanted: bool
    remark: str = ""


class Acceptance(Struct, frozen=True):
    """Section 14: what the user said when shown the settings; `verdict` None means nobody was asked yet."""

    user: str = ""
    at: str = ""
    verdict: Literal["accepted", "accepted_with_rest_points", "rejected"] | None = None
    items: tuple[AcceptanceItem, ...] = ()
    remarks: str = ""
    instructed: bool | None = None
    by: str = ""


class RestPoint(Struct, frozen=True):
    id: str
    item: str
    owner: str
    due: str
    status: Literal["open", "done"]
    by: str = ""
    at: str = ""


class RestPoints(Struct, frozen=True):
    """Section 15; `none_stated` is an explicit "there are none"."""

    items: tuple[RestPoint, ...] = ()
    none_stated: bool = False


class Consequence(Struct, frozen=True):
    """Section 16: effect of a chosen solution on maintenance work and on the information system."""

    solution: str
    maintenance: str
    information_system: str
    by: str = ""
    at: str = ""


class Proposal(Struct, frozen=True):
    """Section 17; `candidate` proposals are the toolkit's, from repeated faults, and wait for a person."""

    id: str
    observation: str
    proposal: str
    process: Literal["assembly", "installation", "configuration", "test", "cabling", "maintenance"]
    gain: str = ""
    decision: str = ""
    candidate: bool = False
    by: str = ""
    at: str = ""


class Proposals(Struct, frozen=True):
    items: tuple[Proposal, ...] = ()
    none_stated: bool = False


class HoursLine(Struct, frozen=True):
    """Section 18: one line; `kind` machine comes from the journal, the others from entries."""

    person: str
    day: str
    kind: Literal["machine", "hands_on", "travel", "waiting"]
    activity: str
    hours: float


class Hours(Struct, frozen=True):
    lines: tuple[HoursLine, ...] = ()
    machine: float = 0.0
    hands_on: float = 0.0
    other: float = 0.0
    norm: float | None = None


class Accountability(Struct, frozen=True):
    """Section 19: the report to the supervisor and the decision on it."""

    form: Literal["written", "oral"] | None = None
    at: str = ""
    to: str = ""
    minutes: str = ""
    decision: Literal["approved", "rejected"] | None = None
    decided_by: str = ""
    decided_at: str = ""
    remarks: str = ""


class Handover(Struct, frozen=True):
    """Section 20: what the user and the next administrator get."""

    instructions: tuple[str, ...] = ()
    warranty: str = ""
    support: str = ""
    maintenance: str = ""


class Annex(Struct, frozen=True):
    """Section 21: one file that belongs to the record."""

    name: str
    sha256: str
    size_bytes: int
    what: str = ""


class Signature(Struct, frozen=True):
    """Section 22: who signed what, and what the signature means.

    Said, `digest` is that of the journal. With an SSH key, `key` is its fingerprint, `revision` what was signed and
    `digest` that of the signed statement.
    """

    name: str
    role: str
    at: str
    meaning: str
    digest: str = ""
    revision: int | None = None
    key: str = ""


class Missing(Struct, frozen=True):
    """One thing the record lacks: `code` is translated by the renderers, `command` is how to supply it."""

    section: str
    code: str
    who: Who
    obligations: tuple[str, ...] = ()
    command: str = ""
    params: dict[str, Any] = {}


class Completeness(Struct, frozen=True):
    complete: bool
    missing: tuple[Missing, ...] = ()
    journal_complete: bool = True
    lines: int = 0
    days_to_submission: float | None = None


class Record(Struct, frozen=True):
    """The whole installation record: the keys of record.json, in their order."""

    schema: int
    id: str
    work_process: str
    status: DocumentStatus
    verdict: Verdict
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
