"""An instruction: something is explained to users, they show that they understood, and are helped after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from oplever.errors import OpleverError
from oplever.kinds.base import DOCUMENT_STATES, DOCUMENT_TRANSITIONS, RecordKind, approved
from oplever.kinds.instruction.completeness import RULES
from oplever.kinds.instruction.entries import COMMANDS, ENTRIES
from oplever.kinds.instruction.judge import judge
from oplever.messages import M_, N_
from oplever.record.entries.base import EntryKind
from oplever.record.model import Record

if TYPE_CHECKING:
    from oplever.page.document import Layout

_SHARED = frozenset(
    (
        "assignment", "consequence", "correction", "decision", "escalation", "handover", "hours", "none", "proposal",
        "pseudonymised", "report", "rest-point", "signature",
    )
)  # fmt: skip
"""Entries of every record that an instruction takes as well. What users think of it is `reviewed`."""


def _takes(content: EntryKind) -> bool:
    return content.tag() in COMMANDS or content.tag() in _SHARED


def _refusal(record: Record, content: EntryKind) -> OpleverError:
    if record.status == "approved":
        return approved(record, content)
    advice = M_("it takes: oplever instruction {words}", words=", ".join(COMMANDS.values()))
    return OpleverError("entry-invalid", M_("an instruction takes no {kind}", kind=content.tag()), advice)


def due(record: Record) -> str:
    return record.assignment.planned_end


def layout() -> Layout:
    from oplever.kinds.instruction.layout import LAYOUT  # noqa: PLC0415 - documents and words are much to read

    return LAYOUT


KIND = RecordKind(
    id="instruction",
    work_processes=("3.1",),
    states=tuple(state if state.is_final else structs.replace(state, takes=_takes) for state in DOCUMENT_STATES),
    transitions=DOCUMENT_TRANSITIONS,
    entries=ENTRIES,
    rules=RULES,
    load_layout=layout,
    judge=judge,
    due=due,
    refusal=_refusal,
    command="oplever instruction new",
    unfinished=N_("not ready"),
)
