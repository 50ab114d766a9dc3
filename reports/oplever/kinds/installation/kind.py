"""An installation: machines are installed and configured, tested, and handed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from oplever.kinds.base import DOCUMENT_STATES, DOCUMENT_TRANSITIONS, RecordKind
from oplever.kinds.installation.candidates import with_candidates
from oplever.kinds.installation.completeness import RULES
from oplever.kinds.installation.stage import stage
from oplever.kinds.installation.verdict import Grounds, verdict
from oplever.record.fold import Run
from oplever.record.model import Record

if TYPE_CHECKING:
    from oplever.page.document import Layout


def judge(record: Record, run: Run) -> Record:
    """The record with its own proposals, verdict with reasons, and stage."""
    record = structs.replace(record, proposals=with_candidates(record.proposals, record.faults))
    grounds = Grounds(run, record)
    conclusion, reasons = verdict(grounds)
    return structs.replace(
        record,
        verdict=conclusion,
        stage=stage(
            reasons,
            has_passed=bool(grounds.measured) and not grounds.failing,
            acceptance=record.acceptance,
            accountability=record.accountability,
            signatures=record.signatures,
        ),
        document=structs.replace(record.document, reasons=reasons),
    )


def due(record: Record) -> str:
    return record.assignment.planned_end


def layout() -> Layout:
    from oplever.kinds.installation.layout import LAYOUT  # noqa: PLC0415 - documents and words for them are much to read

    return LAYOUT


KIND = RecordKind(
    id="installation",
    work_processes=("1.3",),
    states=DOCUMENT_STATES,
    transitions=DOCUMENT_TRANSITIONS,
    entries=(),
    rules=RULES,
    load_layout=layout,
    judge=judge,
    due=due,
)
