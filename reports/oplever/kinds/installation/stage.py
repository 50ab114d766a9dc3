"""How far the work has come, and what it waits for. Pure.

The verdict is technical: what machines showed. That work is delivered, as people say it, takes the acceptance of the
user and the decision of the supervisor as well. `HEADLINES` is the one place where the two come together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from oplever.kinds.installation.verdict import EFFECTS, REJECTIONS
from oplever.record import figures
from oplever.record.entries.pseudonymised import PseudonymisedEntry
from oplever.record.entries.signature import OF_DESK, SignatureEntry
from oplever.record.model import Acceptance, Accountability, Reason, Record, Signature, Stage, Verdict
from oplever.record.persons import same_person
from oplever.record.start import is_stated

Wait = Literal["user", "supervisor", "both", "nobody"]
Headline = Literal[
    "interrupted",
    "nothing_done",
    "trial",
    "trial_failed",
    "not_delivered",
    "rejected",
    "untested",
    "in_order",
    "in_order_with_remarks",
    "delivered",
    "delivered_with_remarks",
    "nothing_stated",
    "stated",
]

ACCEPTED = ("accepted", "accepted_with_rest_points")
UNFINISHED = frozenset(code for code, effect in EFFECTS.items() if effect == "interrupted") | {
    "tool_failed",
    "hosts_unreachable",
    "helpers_unreachable",
    "hosts_failed",
    "hosts_stopped",
    "hosts_left",
    "hosts_not_reached",
    "plays_not_begun",
    "hand_steps_failed",
    "runs_unreadable",
}
"""Reasons by which the work itself is not done."""

HEADLINES: dict[tuple[Verdict, Stage], Headline] = {
    ("interrupted", "started"): "interrupted",
    ("interrupted", "trial"): "interrupted",
    ("interrupted", "nothing_done"): "interrupted",
    ("not_delivered", "nothing_done"): "nothing_done",
    ("not_delivered", "trial"): "trial_failed",
    ("delivered_with_remarks", "trial"): "trial",
    ("delivered_with_remarks", "carried_out"): "untested",
    ("delivered_with_remarks", "tested"): "in_order_with_remarks",
    ("delivered_with_remarks", "accepted"): "in_order_with_remarks",
    ("delivered_with_remarks", "approved"): "delivered_with_remarks",
    ("delivered_with_remarks", "signed"): "delivered_with_remarks",
    ("delivered", "tested"): "in_order",
    ("delivered", "accepted"): "in_order",
    ("delivered", "approved"): "delivered",
    ("delivered", "signed"): "delivered",
}
"""Headline by verdict and stage; a pair that is not in the table is `not_delivered`. A rejection comes before all of
these."""

STATED: dict[Headline, Headline] = {"nothing_done": "nothing_stated", "in_order_with_remarks": "stated"}
"""Headlines that replace these when no machine recorded the work."""
UNCHANGING = frozenset({SignatureEntry.tag(), OF_DESK, PseudonymisedEntry.tag()})
"""Lines in the history after which the record says what it said before."""
WAITING: tuple[Headline, ...] = ("untested", "in_order", "in_order_with_remarks", "stated")


def stage(
    reasons: Sequence[Reason],
    *,
    has_passed: bool,
    acceptance: Acceptance,
    accountability: Accountability,
    signatures: Sequence[Signature],
) -> Stage:
    """The last step that was reached with all steps before it. `has_passed`: something was tested, and nothing fails.

    People may accept and approve what was not tested; what failed or was rejected goes no further than it came.
    """
    codes = {reason.code for reason in reasons}
    if "check_mode" in codes:
        return "trial"
    if codes & {"nothing_done", "nothing_stated", "no_hosts"}:
        return "nothing_done"
    if codes & UNFINISHED:
        return "started"
    reached: Stage = "tested" if has_passed else "carried_out"
    technical = any(EFFECTS[code] == "not_delivered" for code in codes - REJECTIONS)
    if technical or acceptance.verdict not in ACCEPTED:
        return reached
    if accountability.decision != "approved":
        return "accepted"
    return "signed" if any(_is_approval(signature, accountability) for signature in signatures) else "approved"


def _is_approval(signature: Signature, accountability: Accountability) -> bool:
    """Whether the one who decided put a key to it. A key of the desk is nobody's own."""
    return not signature.through and is_of_decision(signature, accountability)


def is_of_decision(signature: Signature, accountability: Accountability) -> bool:
    """Whether it is of the one who decided, as the supervisor and after the decision."""
    return (
        signature.role == "supervisor"
        and same_person(signature.name, accountability.decided_by)
        and signature.at >= accountability.decided_at
    )


def reached(record: Record) -> dict[Stage, bool]:
    """The five steps, each by itself: what was approved before the user accepted it shows as just that."""
    decision = record.accountability
    return {
        "carried_out": record.stage not in ("nothing_done", "trial", "started"),
        "tested": is_tested(record) and not figures.failing_tests(record),
        "accepted": record.acceptance.verdict in ACCEPTED,
        "approved": decision.decision == "approved",
        "signed": decision.decision == "approved"
        and any(_is_approval(signature, decision) for signature in record.signatures),
    }


def is_tested(record: Record) -> bool:
    """Whether something was tested on every machine."""
    return not {"no_tests", "hosts_untested"} & {reason.code for reason in record.document.reasons}


def changed_since_decision(record: Record) -> tuple[int, int] | None:
    """The revision that was decided on and the last one that changed something since; None when none did."""
    history = record.document.history
    decided = [line.revision for line in history if line.what == "decision" and line.withdrawn_by is None]
    if not decided or record.accountability.decision is None:
        return None
    later = [line.revision for line in history if line.what not in UNCHANGING]
    return (decided[-1], later[-1]) if later[-1] > decided[-1] else None


class Standing(NamedTuple):
    """`waits_for`: who has to act next; `rejected_by`: a role, and only of a record that was rejected."""

    headline: Headline
    waits_for: Wait
    rejected_by: str = ""


def standing(record: Record) -> Standing:
    """The headline of a record and who has to act next."""
    accepted = record.acceptance.verdict in ACCEPTED
    approved = record.accountability.decision == "approved"
    waits: Wait = "supervisor" if accepted else "user" if approved else "both"
    codes = {reason.code for reason in record.document.reasons}
    if codes & REJECTIONS and record.stage not in ("trial", "nothing_done", "started"):
        rejected = "supervisor" if "decision_rejected" in codes else "user"
        return Standing("rejected", "nobody", rejected)
    headline = HEADLINES.get((record.verdict, record.stage), "not_delivered")
    if headline == "in_order_with_remarks" and not figures.tested_hosts(record):
        headline = "untested"  # that a user accepted it shows nothing of what machines do
    headline = STATED.get(headline, headline) if is_stated(record) else headline
    return Standing(headline, waits if headline in WAITING else "nobody")
