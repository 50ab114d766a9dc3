"""What people add to a record: the kinds of entries, and lines of `entries.jsonl` to and from them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from oplever.errors import OpleverError
from oplever.record.model import CheckStatus
from oplever.words import WorkProcess

LONGEST = 4000
"""Characters of one text."""
Said = Annotated[str, Meta(min_length=1, max_length=LONGEST)]
Role = Literal["executor", "verifier", "supervisor", "principal", "user"]
Day = Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]


class _Said(Struct, frozen=True, forbid_unknown_fields=True, tag_field="added"):
    """The content of an entry; the field `added` says of which kind."""


class HoursEntry(_Said, frozen=True, tag="hours"):
    """Hours that a person spent, beside the machine's own."""

    hours: Annotated[float, Meta(gt=0, le=24)]
    activity: Said
    kind: Literal["hands_on", "travel", "waiting"] = "hands_on"
    day: Day = ""


class AcceptanceEntry(_Said, frozen=True, tag="acceptance"):
    """What the user said when shown the settings."""

    user: Said
    verdict: Literal["accepted", "accepted_with_rest_points", "rejected"]
    as_wanted: tuple[Said, ...] = ()
    not_as_wanted: tuple[Said, ...] = ()
    remarks: str = ""
    instructed: bool = False


class RestPointEntry(_Said, frozen=True, tag="rest-point"):
    """Something that is still to be done, by whom and when; or that it is done now."""

    item: str = ""
    owner: str = ""
    due: Day = ""
    done: str = ""


class ProposalEntry(_Said, frozen=True, tag="proposal"):
    """An improvement of the way of working."""

    observation: Said
    proposal: Said
    process: Literal["assembly", "installation", "configuration", "test", "cabling", "maintenance"] = "installation"
    gain: str = ""


class ConsequenceEntry(_Said, frozen=True, tag="consequence"):
    """What a chosen solution means for maintenance and for the information system."""

    solution: Said
    maintenance: Said
    information_system: Said


class EscalationEntry(_Said, frozen=True, tag="escalation"):
    """A fault handed to somebody else, with the answer once there is one."""

    to: Said
    message: Said
    why: Literal["not_able", "not_allowed", "not_in_time"] = "not_able"
    type: Literal["functional", "hierarchical"] = "functional"
    fault: str = ""
    answer: str = ""


class FaultEntry(_Said, frozen=True, tag="fault"):
    """Cause and fix of a fault in the record, or a fault that was found by hand."""

    id: str = ""
    host: str = ""
    symptom: str = ""
    cause: str = ""
    fix: str = ""


class StepEntry(_Said, frozen=True, tag="step"):
    """Work done by hand."""

    host: Said
    name: Said
    status: Literal["ok", "changed", "failed"] = "changed"
    message: str = ""


class TestEntry(_Said, frozen=True, tag="test"):
    """A test done by hand."""

    host: Said
    title: Said
    status: Literal["pass", "fail"]
    expected: str = ""
    found: str = ""
    stage: Literal["during", "after"] = "after"


class ComponentEntry(_Said, frozen=True, tag="component"):
    """A part or material that a snapshot cannot see."""

    host: Said
    name: Said
    change: Literal["installed", "removed", "used"] = "used"
    kind: str = "part"
    version: str = ""
    origin: str = ""


class AssignmentEntry(_Said, frozen=True, tag="assignment"):
    """What was asked, where it was not said or not right at the start."""

    id: str = ""
    title: str = ""
    principal: str = ""
    location: str = ""
    requested_by: str = ""
    reason: str = ""
    procedures: tuple[Said, ...] = ()
    work_process: Literal["", WorkProcess] = ""


class HandoverEntry(_Said, frozen=True, tag="handover"):
    """What the user and the next administrator get."""

    instructions: tuple[Said, ...] = ()
    warranty: str = ""
    support: str = ""
    maintenance: str = ""


class ReportEntry(_Said, frozen=True, tag="report"):
    """The report to the supervisor: from now on the record is submitted."""

    to: Said
    form: Literal["written", "oral"] = "written"
    minutes: str = ""


class DecisionEntry(_Said, frozen=True, tag="decision"):
    """What the supervisor decided; an approved record takes only corrections."""

    decision: Literal["approved", "rejected"]
    remarks: str = ""


class NoneEntry(_Said, frozen=True, tag="none"):
    """Says that there are none, which is not the same as saying nothing."""

    what: Literal["rest_points", "proposals"]


class CorrectionEntry(_Said, frozen=True, tag="correction"):
    """What is not right in the record and how it is; the old value stays readable. Without value it is a comment."""

    field: Said
    reason: Said
    value: str = ""


class ExceptionEntry(_Said, frozen=True, tag="exception"):
    """A deviation from the security baseline that a supervisor approved, until a day."""

    control: Said
    reason: Said
    owner: Said
    approver: Said
    expires: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    hosts: tuple[Said, ...] = ()
    compensating: str = ""


class CaseResult(Struct, frozen=True, forbid_unknown_fields=True):
    """One test that another tool ran; `message` is why it did not pass, `duration` in seconds."""

    id: Said
    title: Said
    status: CheckStatus
    message: str = ""
    duration: float = 0.0


class ResultsEntry(_Said, frozen=True, tag="results"):
    """Tests of one machine by another tool: the file they were read from, with its SHA-256."""

    host: Said
    stage: Literal["during", "after"]
    file: Said
    digest: Said
    tests: tuple[CaseResult, ...]


class SignatureEntry(_Said, frozen=True, tag="signature"):
    """A signature over a revision: SHA-256 of the signed statement and of its signature, fingerprint of the key."""

    role: Role
    revision: Annotated[int, Meta(ge=1)]
    statement: Said
    signature: Said
    key: Said


class PseudonymisedEntry(_Said, frozen=True, tag="pseudonymised"):
    """Names that were replaced when their time was over; `entries` is the SHA-256 of `entries.jsonl` before that."""

    names: tuple[Literal["hours_names", "signatures"], ...]
    entries: Said


class ScannedRule(Struct, frozen=True, forbid_unknown_fields=True):
    """One rule of a scanner, as importers give it."""

    rule: Said
    status: Literal["pass", "fail", "error", "not_applicable"]
    raw: str = ""
    title: str = ""


class ScanEntry(_Said, frozen=True, tag="scan"):
    """What another scanner found on a machine; `digest` is the SHA-256 of its report."""

    tool: Literal["openscap", "lynis"]
    host: Said
    file: str
    digest: str
    rules: tuple[ScannedRule, ...]
    version: str = ""
    profile: str = ""
    at: str = ""


Content = (
    HoursEntry
    | AcceptanceEntry
    | RestPointEntry
    | ProposalEntry
    | ConsequenceEntry
    | EscalationEntry
    | FaultEntry
    | StepEntry
    | TestEntry
    | ComponentEntry
    | AssignmentEntry
    | HandoverEntry
    | ReportEntry
    | DecisionEntry
    | NoneEntry
    | CorrectionEntry
    | ExceptionEntry
    | ResultsEntry
    | SignatureEntry
    | PseudonymisedEntry
    | ScanEntry
)
BY_COMMAND = (ResultsEntry, SignatureEntry, PseudonymisedEntry, ScanEntry)
"""Kinds that a command of their own adds."""

KINDS: dict[str, type[Struct]] = {
    str(kind.__struct_config__.tag): kind for kind in get_args(Content) if kind not in BY_COMMAND
}
"""Every kind that `oplever add` takes, by its name on the command line."""

AFTER_APPROVAL = ("correction", "decision", "signature", "pseudonymised")
"""Kinds that an approved record still takes."""


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of `entries.jsonl`: `at` is ISO 8601 in UTC, `by` the name of a person.

    `amends` is the link of the chain (oplever.store.chain); empty in lines from before there was one.
    """

    at: str
    by: Said
    entry: Content
    amends: str = ""

    @property
    def kind(self) -> str:
        return str(self.entry.__struct_config__.tag)


def make(kind: str, by: str, at: str, data: dict[str, Any]) -> Entry:
    """A new entry. Raises OpleverError (`entry-invalid`) that names the field."""
    try:
        return msgspec.convert({"at": at, "by": by, "entry": {"added": kind, **data}}, Entry)
    except msgspec.ValidationError as problem:
        raise OpleverError("entry-invalid", _plain(str(problem)), f"see: oplever add {kind} --help") from None


def parse(lines: Iterable[bytes], where: str) -> tuple[Entry, ...]:
    """The entries of a file. Raises OpleverError (`entries-broken`) that names the line."""
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(msgspec.json.decode(line, type=Entry))
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            message = f"{where}, line {number}: {problem}"
            raise OpleverError("entries-broken", message, "repair that line, or move it to a file of its own") from None
    return tuple(found)


def line(entry: Entry) -> bytes:
    return msgspec.json.encode(entry) + b"\n"


def _plain(text: str) -> str:
    return text.replace("`$.entry.", "`").replace("`$.", "`").replace(" - at", ":")
