"""The kinds of entries, in the order in which they are listed, and lines of `entries.jsonl` to and from them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeAlias, TypeVar, Union, get_args

import msgspec
from msgspec import structs

from oplever.errors import OpleverError
from oplever.messages import M_, N_, Message
from oplever.record.entries import withdrawal
from oplever.record.entries.accept_drift import AcceptDriftEntry
from oplever.record.entries.acceptance import AcceptanceEntry
from oplever.record.entries.annex import AnnexEntry
from oplever.record.entries.assignment import AssignmentEntry
from oplever.record.entries.base import LONGEST, Declaration, EntryKind, Envelope, NonEmptyText, Term, require_moment
from oplever.record.entries.component import ComponentEntry
from oplever.record.entries.consequence import ConsequenceEntry
from oplever.record.entries.correction import CorrectionEntry
from oplever.record.entries.decision import DecisionEntry
from oplever.record.entries.escalation import EscalationEntry
from oplever.record.entries.exception import ExceptionEntry
from oplever.record.entries.fault import FaultEntry
from oplever.record.entries.handover import HandoverEntry
from oplever.record.entries.hours import HoursEntry
from oplever.record.entries.none import NoneEntry
from oplever.record.entries.opened import OpenedEntry
from oplever.record.entries.proposal import ProposalEntry
from oplever.record.entries.pseudonymised import PseudonymisedEntry
from oplever.record.entries.report import ReportEntry
from oplever.record.entries.rest_point import RestPointEntry
from oplever.record.entries.results import CaseResult, ResultsEntry
from oplever.record.entries.run import RunEntry
from oplever.record.entries.scan import ScanEntry, ScannedRule
from oplever.record.entries.signature import Role, SignatureEntry
from oplever.record.entries.step import StepEntry
from oplever.record.entries.test import TestEntry
from oplever.record.entries.typed import person, understood
from oplever.record.entries.withdrawal import Counted
from oplever.record.model import Correction, History, Record

__all__ = [
    "EVERY",
    "KINDS",
    "LONGEST",
    "AcceptDriftEntry",
    "AcceptanceEntry",
    "AnnexEntry",
    "AssignmentEntry",
    "CaseResult",
    "ComponentEntry",
    "ConsequenceEntry",
    "CorrectionEntry",
    "DecisionEntry",
    "Declaration",
    "Entry",
    "EntryKind",
    "Envelope",
    "EscalationEntry",
    "ExceptionEntry",
    "FaultEntry",
    "HandoverEntry",
    "HoursEntry",
    "Line",
    "Log",
    "NonEmptyText",
    "NoneEntry",
    "OpenedEntry",
    "ProposalEntry",
    "PseudonymisedEntry",
    "ReportEntry",
    "RestPointEntry",
    "ResultsEntry",
    "Role",
    "RunEntry",
    "ScanEntry",
    "ScannedRule",
    "SignatureEntry",
    "StepEntry",
    "Term",
    "TestEntry",
    "added",
    "check",
    "line",
    "make",
    "parse",
]

Content = (
    OpenedEntry
    | RunEntry
    | AssignmentEntry
    | ComponentEntry
    | StepEntry
    | TestEntry
    | FaultEntry
    | EscalationEntry
    | AcceptanceEntry
    | RestPointEntry
    | ConsequenceEntry
    | ProposalEntry
    | NoneEntry
    | HoursEntry
    | ReportEntry
    | DecisionEntry
    | HandoverEntry
    | AnnexEntry
    | CorrectionEntry
    | ExceptionEntry
    | AcceptDriftEntry
    | ResultsEntry
    | ScanEntry
    | SignatureEntry
    | PseudonymisedEntry
)
EVERY: tuple[type[EntryKind], ...] = get_args(Content)
KINDS: dict[str, type[EntryKind]] = {kind.tag(): kind for kind in EVERY if not kind.declaration.command}
"""Every kind that `oplever add` takes, by its name on the command line."""


Content_ = TypeVar("Content_", bound=EntryKind)


class Line(Envelope, Generic[Content_], frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of `entries.jsonl`.

    `previous` is the link of the chain (oplever.store.chain) to what stands before it; empty in lines from before there
    was one. `amends` is what lines of an earlier version call it: `parse` makes it `previous`.
    """

    entry: Content_
    previous: str = ""
    amends: str = ""

    @property
    def kind(self) -> str:
        return self.entry.tag()


Entry: TypeAlias = Line[EntryKind]


def added(record: Record, entry: Entry, counted: Counted | None = None) -> Record:
    """The record with one more entry, which makes a revision of the document."""
    counted = counted or Counted(entry.entry)
    content = counted.content
    if counted.withdrawn_by is None:
        record = _fold(record, entry, counted)
    number = record.document.revision + 1
    line = History(number, entry.at, entry.by, content.history(), counted.withdrawn_by)
    document = structs.replace(record.document, revision=number, history=(*record.document.history, line))
    return structs.replace(record, document=document)


def _fold(record: Record, entry: Entry, counted: Counted) -> Record:
    if counted.old is None or not isinstance(entry.entry, CorrectionEntry):
        return counted.content.fold(record, entry)
    correction = entry.entry
    listed = Correction(correction.field, counted.old, correction.value, correction.reason, entry.by, entry.at)
    document = structs.replace(record.document, corrections=(*record.document.corrections, listed))
    return structs.replace(record, document=document)


def check(record: Record, entries: Sequence[Entry], entry: Entry) -> None:
    """Raises OpleverError when the new entry does not fit the record and the entries that it has."""
    if isinstance(entry.entry, CorrectionEntry):
        withdrawal.check(entries, record, entry.entry, entry)
    entry.entry.check(record, entry)


def line(entry: Entry) -> bytes:
    return msgspec.json.encode(entry) + b"\n"


class Log:
    """Reads entries: those that every record takes, and the `own` ones of kinds of records."""

    def __init__(self, extra_kinds: tuple[type[EntryKind], ...] = ()) -> None:
        self.kinds = (*EVERY, *extra_kinds)
        self.line: Any = Line[Union[self.kinds]]  # type: ignore[name-defined]  # noqa: UP007 - known at run time only
        """The type of a line, for decoding and for its JSON Schema."""

    def make(self, kind: str, by: str, at: str, data: dict[str, Any]) -> Entry:
        """A new entry, of what was typed or read. Raises OpleverError (`entry-invalid`) that names the field."""
        typed = {entry_kind.tag(): entry_kind for entry_kind in self.kinds if not entry_kind.declaration.is_read}
        if kind in typed:
            data = understood(typed[kind], data)
        by = person("by", by)
        try:
            entry: Entry = msgspec.convert({"at": at, "by": by, "entry": {"added": kind, **data}}, self.line)
        except msgspec.ValidationError as problem:
            is_added = kind in KINDS
            fields = M_("its fields are in docs/reference/entries.md and docs/reference/incidents.md")
            advice = M_("see: oplever add {kind} --help", kind=kind) if is_added else fields
            raise OpleverError("entry-invalid", _plain(str(problem)), advice) from None
        _require_characters(entry)
        return entry

    def parse(self, lines: Iterable[bytes], where: str) -> tuple[Entry, ...]:
        """The entries of a file. Raises OpleverError (`entries-broken`) that names the line."""
        decode = msgspec.json.Decoder(self.line).decode
        entries: list[Entry] = []
        for number, text in enumerate(lines, 1):
            if not text.strip():
                continue
            try:
                entry = decode(text)
                require_moment(entry.at)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OpleverError) as problem:
                message, advice = (
                    M_("{where}, line {number}: {problem}", where=where, number=number, problem=problem),
                    M_("repair that line, or move it to a file of its own"),
                )
                raise OpleverError("entries-broken", message, advice) from None
            entries.append(structs.replace(entry, previous=entry.previous or entry.amends, amends=""))
        return tuple(entries)


def _require_characters(entry: Entry) -> None:
    """Raises OpleverError (`entry-invalid`) when a text in it cannot be written; `understood` names the field of one
    that somebody typed."""
    try:
        line(entry)
    except UnicodeEncodeError:
        raise OpleverError(
            "entry-invalid",
            M_("{kind}: a text in it has bytes that are no UTF-8", kind=entry.kind),
            M_("set your terminal or your file to UTF-8, and type it again"),
        ) from None


SHARED = Log()
make, parse = SHARED.make, SHARED.parse


_PROBLEMS: dict[str, str] = {
    r"Object missing required field `(?P<field>\w+)`": N_("{field}: this is missing"),
    r"Object contains unknown field `(?P<field>\w+)`": N_("{field}: the entry has no such field"),
    r"Invalid enum value '?(?P<value>[^']*)'? - at `\$\.entry\.(?P<field>\w+)`": N_(
        "{field}: {value} is none of the choices"
    ),
}
"""What the library says of an entry that does not fit, and how it is said to people."""


def _plain(problem: str) -> Message | str:
    """What is wrong with an entry, in words for who typed it."""
    for pattern, text in _PROBLEMS.items():
        if match := re.match(pattern, problem):
            params = {**match.groupdict(), "field": match["field"].replace("_", "-")}
            return Message(text, params)
    return problem.replace("`$.entry.", "`").replace("`$.", "`").replace(" - at", ":")
