"""What follows from the events of a case: priority, targets, how far it came, and why it is not in order. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from oplever.kinds.incident import leaks, targets
from oplever.kinds.installation.stage import reached
from oplever.record.fold import Run
from oplever.record.model import Incident, Leak, Reason, Record, Stage, Verdict

EFFECTS: dict[str, Verdict] = {
    "case_open": "not_delivered",
    "decision_rejected": "not_delivered",
    "case_leak_untold": "not_delivered",
    "case_leak_people_untold": "not_delivered",
    "case_merged": "delivered_with_remarks",
    "case_not_reached": "delivered_with_remarks",
    "case_without_user": "delivered_with_remarks",
    "case_test_stated": "delivered_with_remarks",
    "case_test_not_needed": "delivered_with_remarks",
    "case_late": "delivered_with_remarks",
    "case_leak_late": "delivered_with_remarks",
    "case_unread": "delivered_with_remarks",
    "case_mail_returned": "delivered_with_remarks",
    "case_priority_set": "delivered_with_remarks",
    "case_void": "delivered_with_remarks",
}
"""Every reason with what it makes of the record, the heaviest first: the first reason that there is decides."""
_STARTED = frozenset({"in_progress", "waiting"})


def judge(record: Record, _: Run) -> Record:
    """The record with the priority and targets of the case, verdict with reasons, and stage."""
    case = record.case
    level = targets.priority(case)
    states = targets.targets(case, level)
    leak = leaks.judged(case.leak)
    due = min(filter(None, (targets.due(record.status, states), leaks.due(leak))), default=None)
    case = structs.replace(case, priority=level, targets=states, leak=leak, due=due)
    order = list(EFFECTS)
    reasons = tuple(sorted(_reasons(record, case), key=lambda reason: order.index(reason.code)))
    return structs.replace(
        record,
        incident=case,
        verdict=EFFECTS[reasons[0].code] if reasons else "delivered",
        stage=_stage(record, case),
        document=structs.replace(record.document, reasons=reasons),
    )


def _reasons(record: Record, case: Incident) -> Iterator[Reason]:
    if record.accountability.decision == "rejected":
        yield Reason("decision_rejected", {"by": record.accountability.decided_by})
    if record.status == "merged":
        yield Reason("case_merged", {"record": case.merged_into})
    elif record.status != "closed":
        yield Reason("case_open")
    else:
        yield from _remarks(case)
    if late := [state.name for state in case.targets if state.in_time is False]:
        yield Reason("case_late", {"count": len(late)})
    if case.classifications and case.classifications[-1].override is not None:
        yield Reason("case_priority_set", {"reason": case.classifications[-1].reason})
    if case.leak:
        yield from _of_leak(case.leak)
    if case.unread:
        yield Reason("case_unread", {"count": case.unread})
    if returned := [mail for mail in case.mails if mail.returned]:
        yield Reason("case_mail_returned", {"count": len(returned)})
    if case.void:
        yield Reason("case_void", {"revisions": list(case.void)})


def _of_leak(leak: Leak) -> Iterator[Reason]:
    audiences = leaks.to_be_notified(leak)
    if "authority" in audiences:
        yield Reason("case_leak_untold", {"at": leak.due})
    if "people" in audiences:
        yield Reason("case_leak_people_untold")
    if leak.in_time is False:
        yield Reason("case_leak_late", {"at": leak.due})


def _remarks(case: Incident) -> Iterator[Reason]:
    """What a closed case has that is not as good as it can be."""
    satisfied = case.confirmations[-1].satisfied if case.confirmations else ""
    if satisfied == "not_reached":
        yield Reason("case_not_reached", {"user": case.confirmations[-1].user})
    if satisfied == "not_applicable":
        yield Reason("case_without_user")
    if case.retests and case.retests[-1].result == "not_needed":
        yield Reason("case_test_not_needed", {"reason": case.retests[-1].reason})
    elif case.retests and not case.retests[-1].record:
        yield Reason("case_test_stated")


def _stage(record: Record, case: Incident) -> Stage:
    """The last step that was reached with all steps before it."""
    if record.status in _STARTED:
        return "started"
    if record.status not in ("solved", "closed"):
        return "nothing_done"
    last = case.solutions[-1].at if case.solutions else ""
    if not any(test.result == "pass" and test.at >= last for test in case.retests[-1:]):
        return "carried_out"
    if not any(word.satisfied == "yes" and word.at >= last for word in case.confirmations[-1:]):
        return "tested"
    if record.status != "closed" or record.accountability.decision != "approved":
        return "accepted"
    return "signed" if reached(record)["signed"] else "approved"
