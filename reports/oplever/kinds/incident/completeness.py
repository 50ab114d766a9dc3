"""What a case cannot do without, who must supply it and how. Codes are listed in docs/reference/incidents.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oplever.kinds.base import Rule
from oplever.kinds.incident import leaks
from oplever.kinds.incident.states import COMMANDS
from oplever.record.model import Incident, Record, Who


def _is_after_solution(case: Incident, at: str) -> bool:
    """What was tested or confirmed before the last solution says nothing about it."""
    return bool(case.solutions) and at >= case.solutions[-1].at and not any(r.at > at for r in case.reopenings)


def _report(record: Record) -> bool:
    return not record.case.reported_at


def _classification(record: Record) -> bool:
    return not record.case.classifications


def _assessment(record: Record) -> bool:
    return record.case.assessment is None


def _contact(record: Record) -> bool:
    """Whom a mail did not reach was not told."""
    return not any(not contact.returned for contact in record.case.contacts)


def _unread(record: Record) -> bool:
    return bool(record.case.unread)


def _leak(record: Record) -> bool:
    leak = record.case.leak
    return leak is not None and leak.risk is None


def _without_notice(record: Record) -> bool:
    leak = record.case.leak
    return leak is not None and bool(leaks.to_be_notified(leak))


def _work(record: Record) -> bool:
    return not record.case.work


def _is_solved(record: Record) -> bool:
    """Whether the last solution still is one: a test that failed, a user who is not satisfied and who opened the case
    again ask for another, with a test and an answer of its own."""
    return record.status in ("solved", "closed") and bool(record.case.solutions)


def _solution(record: Record) -> bool:
    return not _is_solved(record)


def _retest(record: Record) -> bool:
    case = record.case
    last = case.retests[-1] if case.retests else None
    return not _is_solved(record) or last is None or last.result == "fail" or not _is_after_solution(case, last.at)


def _confirmation(record: Record) -> bool:
    case = record.case
    last = case.confirmations[-1] if case.confirmations else None
    return not _is_solved(record) or last is None or last.satisfied == "no" or not _is_after_solution(case, last.at)


def _materials(record: Record) -> bool:
    case = record.case
    return not (case.materials or case.no_materials)


def _hours(record: Record) -> bool:
    return not record.hours.hands_on


def _unable(record: Record) -> bool:
    """Who cannot solve it alone says so to the supervisor, or passes it on to who may do it."""
    case = record.case
    if case.assessment is None or case.assessment.can_solve or case.solutions:
        return False
    return not (record.escalations or any(move.kind == "passed_on" for move in case.moves))


def _account(record: Record) -> bool:
    return record.accountability.form is None


def _decision(record: Record) -> bool:
    """A report after a rejection asks for another decision."""
    account = record.accountability
    is_rejected = account.decision == "rejected"
    return account.decision is None or (is_rejected and account.at > account.decided_at)


def _of_case(
    section: str,
    code: str,
    obligations: tuple[str, ...],
    entry: str,
    lacks: Callable[[Record], bool],
    *,
    who: Who = "executor",
    **more: Any,
) -> Rule:
    """What every case must have, but one that was joined with another: that one has it."""

    def case_lacks(record: Record) -> bool:
        return record.status != "merged" and lacks(record)

    word = "new" if entry == "reported" else COMMANDS.get(entry)
    typed = f"oplever incident {word}" if word else ""
    return Rule(section, code, who, obligations, entry, case_lacks, typed=typed, **more)


CLOSING = (
    _of_case("incident", "case_report_missing", ("3.2-01", "3.2-02", "3.2-07"), "reported", _report),
    _of_case(
        "incident", "case_classification_missing", ("3.2-04",), "classified", _classification
    ),
    _of_case("incident", "case_assessment_missing", ("3.2-03",), "assessed", _assessment),
    _of_case("handling", "case_work_missing", ("3.2-10", "3.3-11"), "worked", _work),
    _of_case(
        "solution", "case_solution_missing", ("3.2-08", "3.3-01", "3.3-08"), "solved", _solution
    ),
    _of_case(
        "solution", "case_retest_missing", ("3.3-06",), "retested", _retest,
        fields=("result", "reason"),
    ),
    _of_case("contacts", "case_contact_missing", ("3.3-03", "3.3-04"), "contact", _contact),
    _of_case(
        "contacts", "case_confirmation_missing", ("3.3-07",), "confirmed", _confirmation,
        who="user",
    ),
    _of_case("contacts", "case_mail_unread", ("3.3-07",), "mail-read", _unread),
    _of_case("leak", "case_leak_missing", ("3.2-02",), "data-leak", _leak),
    _of_case("leak", "case_leak_untold", ("3.3-02",), "leak-told", _without_notice),
    _of_case("materials", "case_materials_missing", ("3.3-09",), "material", _materials),
    _of_case(
        "hours", "hands_on_hours_missing", ("3.2-09", "3.3-10"), "hours", _hours,
        preset={"kind": "hands_on"},
    ),
)  # fmt: skip
"""Without these a case is not closed."""
RULES = (
    *CLOSING,
    _of_case("escalations", "case_escalation_missing", ("3.3-05",), "escalation", _unable),
    _of_case("accountability", "report_missing", ("3.2-11", "3.3-12"), "report", _account),
    _of_case("accountability", "decision_missing", ("3.2-11", "3.3-12"), "decision", _decision, who="supervisor"),
)
"""In the order in which they are listed."""


def open_ends(record: Record) -> tuple[Rule, ...]:
    """What is missing before a case can be closed."""
    return tuple(rule for rule in CLOSING if rule.lacks(record))
