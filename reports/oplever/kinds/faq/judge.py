"""How far a frequently asked question came. Pure: whether its answer still holds is for `oplever.app.faq` to see."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from oplever.record.fold import Run
from oplever.record.model import Faq, Reason, Record, Stage, Verdict

EFFECTS: dict[str, Verdict] = {
    "faq_withdrawn": "not_delivered",
    "faq_not_accepted": "not_delivered",
    "faq_edited": "delivered_with_remarks",
}
"""Every reason with what it makes of the record, the heaviest first: the first reason that there is decides."""


def of(record: Record) -> Faq:
    return record.faq or Faq()


def judge(record: Record, _: Run) -> Record:
    """The record with verdict, reasons and stage."""
    faq, reasons = of(record), tuple(_reasons(of(record)))
    stage: Stage = "accepted" if faq.accepted_at and not faq.withdrawn_at else "carried_out"
    return structs.replace(
        record,
        verdict=EFFECTS[reasons[0].code] if reasons else "delivered",
        stage=stage if faq.proposed_at else "nothing_done",
        document=structs.replace(record.document, reasons=reasons),
    )


def _reasons(faq: Faq) -> Iterator[Reason]:
    if faq.withdrawn_at:
        yield Reason("faq_withdrawn", {"reason": faq.reason})
    elif not faq.accepted_at:
        yield Reason("faq_not_accepted")
    if faq.is_edited:
        yield Reason("faq_edited", {"case": faq.words_of})
