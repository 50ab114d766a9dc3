"""An incident: a report is taken in, handled, tested, confirmed by the user and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oplever.kinds.base import RecordKind
from oplever.kinds.incident.completeness import RULES
from oplever.kinds.incident.entries import EVENTS
from oplever.kinds.incident.entries.base import refusal
from oplever.kinds.incident.judge import judge
from oplever.kinds.incident.states import STATES, TRANSITIONS
from oplever.messages import N_
from oplever.record.model import Record

if TYPE_CHECKING:
    from oplever.page.document import Layout


def due(record: Record) -> str:
    """The next moment at which something is due."""
    return (record.incident.due if record.incident else None) or ""


def layout() -> Layout:
    from oplever.kinds.incident.layout import LAYOUT  # noqa: PLC0415 - documents and words for them are much to read

    return LAYOUT


KIND = RecordKind(
    id="incident",
    work_processes=("3.2", "3.3"),
    states=STATES,
    transitions=TRANSITIONS,
    entries=EVENTS,
    rules=RULES,
    load_layout=layout,
    judge=judge,
    due=due,
    refusal=refusal,
    command="oplever incident new",
    unfinished=N_("not ready"),
)
