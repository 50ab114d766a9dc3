"""A personal-data breach: what it is, how great the risk, who was told and when."""

from __future__ import annotations

from oplever.kinds.incident import leaks
from oplever.kinds.incident.chapters.terms import AUDIENCES, RISKS, by_at, phrase
from oplever.page.blocks import Cell, Column, Paragraph
from oplever.page.parts import Blocks, pairs, table
from oplever.page.translator import Translator
from oplever.page.view import View


def breach(view: View, t: Translator) -> Blocks:
    leak = view.record.case.leak
    if leak is None:
        return ()
    waiting = ", ".join(phrase(t, AUDIENCES, audience) for audience in leaks.to_be_notified(leak))
    waits = t("Not told yet: {audiences}.", audiences=waiting)
    rows = [
        (
            Cell(phrase(t, AUDIENCES, notice.to)),
            Cell(notice.who, note=notice.reference) if notice.who else Cell(t("not needed"), note=notice.not_needed),
            Cell(t.moment(notice.moment)),
            by_at(t, notice.by, notice.at),
        )
        for notice in leak.notices
    ]
    columns = (Column(t("Told to"), 3), Column(t("Who"), 3), Column(t("When"), 2), Column(t("By"), 2))
    return (
        *((Paragraph(waits, "bad"),) if waiting else ()),
        *pairs(
            (t("What happened"), leak.what),
            (t("Known since"), t.moment(leak.aware)),
            (t("The 72 hours end"), t.moment(leak.due)),
            (t("Number of people"), t.number(leak.people, 0) if leak.people else t("nobody knows")),
            (t("Risk for these people"), Cell(phrase(t, RISKS, leak.risk or ""), note=leak.consequences)),
            (t("What was done about it"), leak.measures),
            (t("The authority was told in time"), _in_time(t, leak.in_time)),
        ),
        *table(t("Who was told"), columns, rows),
    )


def _in_time(t: Translator, in_time: bool | None) -> Cell | None:
    if in_time is None:
        return None
    return Cell(t("yes"), "good") if in_time else Cell(t("no"), "bad")
