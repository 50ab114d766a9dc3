"""The states of a case, and what brings it from one to another: the whole of it is these tables."""

from __future__ import annotations

from typing import get_args

from oplever.kinds.base import State, Transition, step
from oplever.record.entries.base import EntryKind
from oplever.words import CaseState, OpenCaseState, Status

_TO_DO: tuple[CaseState, ...] = ("new", "assigned", "in_progress", "waiting")
_OPEN: tuple[CaseState, ...] = get_args(OpenCaseState)
OPEN = frozenset(_OPEN)
"""States in which somebody still has to do something."""

_MAIL: tuple[CaseState, ...] = (*_OPEN, "closed")
"""States in which mail comes in and is answered, and a personal-data breach is told of: those do not wait."""
_ALWAYS = frozenset(("data-leak", "leak-told", "mail-received", "mail-sent", "mail-returned", "mail-read"))

_SHARED = frozenset(
    (
        "annex", "assignment", "consequence", "correction", "decision", "escalation", "hours", "none", "proposal",
        "pseudonymised", "report", "rest-point", "signature", "test",
    )
)  # fmt: skip
"""Entries of every record that a case takes as well. What a user thinks of it is `confirmed`, not an acceptance."""


def _is_test_failed(content: EntryKind) -> bool:
    return getattr(content, "result", "") == "fail"


def _is_not_satisfied(content: EntryKind) -> bool:
    return getattr(content, "satisfied", "") == "no"


TRANSITIONS: tuple[Transition, ...] = (
    Transition("opened", ("concept", "new"), "new"),
    Transition("reported", ("new",), "new"),
    Transition("taken", ("new", "assigned", "in_progress"), "in_progress"),
    Transition("assigned", _TO_DO, "assigned"),
    Transition("passed-on", _TO_DO, "assigned"),
    Transition("waiting", ("assigned", "in_progress"), "waiting"),
    Transition("resumed", ("waiting",), "in_progress"),
    Transition("solved", ("in_progress",), "solved"),
    Transition("retested", ("solved",), "in_progress", _is_test_failed),
    Transition("confirmed", ("solved",), "in_progress", _is_not_satisfied),
    Transition("confirmed", ("solved",), "solved"),
    Transition("closed", ("solved",), "closed"),
    Transition("reopened", ("solved", "closed"), "in_progress"),
    Transition("merged", _TO_DO, "merged"),
    *(
        Transition(entry, (state,), state)
        for entry, states in {
            "rules": _OPEN,
            "classified": _OPEN,
            "assessed": _OPEN,
            "contact": _OPEN,
            "worked": ("in_progress", "waiting", "solved"),
            "material": ("in_progress", "waiting", "solved"),
            "retested": ("in_progress", "solved"),
            "linked": _OPEN,
            "data-leak": _MAIL,
            "leak-told": _MAIL,
            "mail-received": _MAIL,
            "mail-sent": _MAIL,
            "mail-returned": (*_MAIL, "merged"),
            "mail-read": _MAIL,
        }.items()
        for state in states
    ),
)
"""An event that no transition has for the state of a case is refused. The first one that fits counts."""


def _takes_open(content: EntryKind) -> bool:
    return content.tag() in EVENTS or content.tag() in _SHARED


def _takes_closed(content: EntryKind) -> bool:
    """A closed case is closed: what was done stays as it is, until it is reopened."""
    return content.tag() in ("reopened", "report") or content.tag() in _ALWAYS or content.declaration.after_approval


def _takes_merged(content: EntryKind) -> bool:
    return content.tag() == "mail-returned" or content.declaration.after_approval


EVENTS = frozenset(transition.entry for transition in TRANSITIONS) - {"opened"}
STATES: tuple[State, ...] = (
    *(State(state, _takes_open) for state in _OPEN),
    State("closed", _takes_closed, is_final=True),
    State("merged", _takes_merged, is_final=True),
)


COMMANDS: dict[str, str] = {
    "classified": "classify",
    "assessed": "assess",
    "assigned": "assign",
    "taken": "take",
    "passed-on": "pass",
    "waiting": "wait",
    "resumed": "resume",
    "contact": "tell",
    "worked": "work",
    "material": "material",
    "solved": "solve",
    "retested": "retest",
    "confirmed": "confirm",
    "closed": "close",
    "reopened": "reopen",
    "merged": "merge",
    "linked": "link",
    "data-leak": "leak",
    "leak-told": "notify",
    "mail-read": "read",
    "escalation": "escalate",
    "hours": "hours",
}
"""The word after `oplever incident` that adds an event, by the kind of entry."""


def transition(status: Status, content: EntryKind) -> Transition | None:
    """The transition that an event makes from a state; None when it is not possible."""
    return step(TRANSITIONS, status, content)


def possible(status: Status) -> tuple[str, ...]:
    """The events that are possible in a state, in the order of the table."""
    return tuple(dict.fromkeys(t.entry for t in TRANSITIONS if status in t.sources and t.entry != "opened"))
