"""What follows from what was said of an instruction: how far it came, and why it is not in order. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from oplever.kinds.installation.stage import reached
from oplever.kinds.instruction.completeness import of, unasked, unreviewed
from oplever.record import figures
from oplever.record.fold import Run
from oplever.record.model import Reason, Record, Stage, Verdict

EFFECTS: dict[str, Verdict] = {
    "nobody_instructed": "not_delivered",
    "decision_rejected": "not_delivered",
    "not_understood": "not_delivered",
    "not_asked_back": "delivered_with_remarks",
    "understood_partly": "delivered_with_remarks",
    "handout_unclear": "delivered_with_remarks",
    "handout_mistakes": "delivered_with_remarks",
    "rest_points_open": "delivered_with_remarks",
}
"""Every reason with what it makes of the record, the heaviest first: the first reason that there is decides."""


def judge(record: Record, _: Run) -> Record:
    """The record with verdict, reasons and stage."""
    order = list(EFFECTS)
    reasons = tuple(sorted(_reasons(record), key=lambda reason: order.index(reason.code)))
    return structs.replace(
        record,
        verdict=EFFECTS[reasons[0].code] if reasons else "delivered",
        stage=_stage(record),
        document=structs.replace(record.document, reasons=reasons),
    )


def _reasons(record: Record) -> Iterator[Reason]:
    instruction = of(record)
    if record.accountability.decision == "rejected":
        yield Reason("decision_rejected", {"by": record.accountability.decided_by})
    if not (instruction.sessions and instruction.attendees and instruction.subjects):
        yield Reason("nobody_instructed")
    elif unshown := [s.subject for s in instruction.subjects if instruction.last_answer(s.id) is None]:
        yield Reason("not_asked_back", {"subjects": unshown})
    for code, judged in (("not_understood", "not_understood"), ("understood_partly", "partly")):
        if subjects := [
            subject.subject
            for subject in instruction.subjects
            if (answer := instruction.last_answer(subject.id)) and answer.judged == judged
        ]:
            yield Reason(code, {"subjects": subjects})
    handouts = {(subject.card, subject.version): subject for subject in instruction.counting_handouts}
    reviews = {key: instruction.last_review(*key) for key in handouts}
    if unclear := [card for (card, _), review in reviews.items() if review and review.verdict == "unclear"]:
        yield Reason("handout_unclear", {"handouts": unclear})
    if wrong := [card for (card, _), subject in handouts.items() if subject.mistakes]:
        yield Reason("handout_mistakes", {"handouts": wrong})
    if points := figures.open_points(record):
        yield Reason("rest_points_open", {"count": len(points)})


def _stage(record: Record) -> Stage:
    """The last step that was reached with all steps before it: given, understood, reviewed, approved, signed."""
    instruction = of(record)
    if not (instruction.sessions and instruction.attendees and instruction.subjects):
        return "nothing_done"
    if unasked(record):
        return "carried_out"
    if unreviewed(record):
        return "tested"
    if record.accountability.decision != "approved":
        return "accepted"
    return "signed" if reached(record)["signed"] else "approved"
