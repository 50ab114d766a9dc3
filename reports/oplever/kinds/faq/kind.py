"""A frequently asked question: proposed from closed incidents, accepted by a colleague, withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oplever.errors import OpleverError
from oplever.kinds.base import RecordKind, Rule, State, Transition
from oplever.kinds.faq.entries import ENTRIES
from oplever.kinds.faq.judge import judge, of
from oplever.messages import M_, N_
from oplever.record.entries.base import EntryKind
from oplever.record.model import Record

if TYPE_CHECKING:
    from oplever.page.document import Layout

_SHARED = frozenset(("correction", "pseudonymised", "signature"))
"""Entries of every record that a question takes as well, in each state."""
_TAKEN = {
    "concept": {"faq-proposed", "faq-accepted", "faq-withdrawn"},
    "approved": {"faq-withdrawn"},
    "superseded": set[str](),
}


def _takes_of(state: str) -> State:
    taken = _TAKEN[state] | _SHARED

    def takes(content: EntryKind) -> bool:
        return content.tag() in taken

    return State(state, takes, is_final=state != "concept")  # type: ignore[arg-type] # a key of the table above


def _lacks_question(record: Record) -> bool:
    return not of(record).proposed_at


def _lacks_acceptance(record: Record) -> bool:
    faq = of(record)
    return not (faq.accepted_at or faq.withdrawn_at)


RULES = (
    Rule("faq", "faq_missing", "executor", ("3.1-04",), "faq-proposed", _lacks_question, typed="oplever faq propose"),
    Rule(
        "faq",
        "faq_acceptance_missing",
        "supervisor",
        ("3.1-04",),
        "faq-accepted",
        _lacks_acceptance,
        typed="oplever faq accept",
    ),
)


def _refusal(record: Record, content: EntryKind) -> OpleverError:
    faq = of(record)
    if faq.withdrawn_at:
        advice = M_("propose it anew: oplever faq propose")
        return OpleverError("entry-invalid", M_("{id} was withdrawn", id=record.id), advice)
    if faq.accepted_at:
        advice = M_("withdraw it, and propose it anew: oplever faq withdraw")
        return OpleverError("entry-invalid", M_("{id} was accepted and stays as it is", id=record.id), advice)
    return OpleverError(
        "entry-invalid", M_("a question takes no {kind}", kind=content.tag()), M_("see: oplever faq --help")
    )


def layout() -> Layout:
    from oplever.kinds.faq.layout import LAYOUT  # noqa: PLC0415 - documents and words for them are much to read

    return LAYOUT


KIND = RecordKind(
    id="faq",
    work_processes=("3.1",),
    states=tuple(_takes_of(state) for state in _TAKEN),
    transitions=(
        Transition("faq-accepted", ("concept",), "approved"),
        Transition("faq-withdrawn", ("concept", "approved"), "superseded"),
    ),
    entries=ENTRIES,
    rules=RULES,
    load_layout=layout,
    judge=judge,
    due=lambda _: "",
    refusal=_refusal,
    command="oplever faq propose",
    unfinished=N_("not ready"),
)
