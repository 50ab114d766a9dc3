"""Words that the whole package uses: the languages, statuses and verdicts, and texts in both languages. A leaf."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

Language = Literal["nl", "en"]
Verdict = Literal["delivered", "delivered_with_remarks", "not_delivered", "interrupted"]
Stage = Literal["nothing_done", "trial", "started", "carried_out", "tested", "accepted", "approved", "signed"]
"""How far the work came: each value but the first two takes all that stand before it."""
DocumentStatus = Literal["concept", "submitted", "approved", "rejected", "superseded"]
OpenCaseState = Literal["new", "assigned", "in_progress", "waiting", "solved"]
CaseState = Literal[OpenCaseState, "closed", "merged"]
"""States of an incident; in the open ones somebody still has to do something."""
Status = Literal[DocumentStatus, CaseState]
"""The state of a record of any kind."""
Kind = Literal["installation", "incident", "instruction", "faq"]
"""What a record is of: `oplever.kinds.registry` has what each of them declares."""
CheckStatus = Literal["pass", "fail", "error", "not_applicable", "waived"]
TaskStatus = Literal["ok", "changed", "failed", "skipped", "unreachable", "rescued", "ignored"]
Severity = Literal["high", "medium", "low"]
WorkProcess = Literal["1.1", "1.3", "1.4", "2.1", "2.2", "3.1", "3.2", "3.3"]
REFUSING: frozenset[Verdict] = frozenset(("not_delivered", "interrupted"))
"""Verdicts with which commands end with 1."""
BAD: frozenset[CheckStatus | None] = frozenset(("fail", "error"))
"""Results by which a test or control is not in order: what is unknown is as bad as what fails."""
Who = Literal["executor", "supervisor", "user", "toolkit"]
Audience = Literal["user", "student", "teacher", "administrator"]
"""Whom a card is for; what is for every user is for students and teachers too."""


class Text(Struct, frozen=True):
    """One text in the languages of the documents; empty in a language in which there is none."""

    nl: str
    en: str


class Reason(Struct, frozen=True):
    """Why the verdict is what it is; `code` is a message id that the renderers translate, `params` fill it in."""

    code: str
    params: dict[str, Any] = {}
