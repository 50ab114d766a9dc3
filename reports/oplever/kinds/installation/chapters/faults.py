"""Faults, and what was asked of somebody else."""

from __future__ import annotations

from oplever.kinds.installation.chapters.runs import fault_runs
from oplever.page.blocks import Cell, Column, Paragraph
from oplever.page.parts import Blocks, table
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.page.vocabulary import FAULT_STATUS, toned, word
from oplever.record.model import (
    Fault,
)


def unsolved(t: Translator, faults: int) -> str:
    return t.plural("{count} not solved", "{count} not solved", faults)


def faults(view: View, t: Translator) -> Blocks:
    if not view.record.faults:
        text = t("No faults occurred.")
        return (Paragraph(text, "good" if view.tested else "info"),) if _is_known(view) else ()
    rows = [
        (
            toned(t, FAULT_STATUS, fault.status, fault.id),
            Cell(fault.host, note=_join(t.moment(fault.at), fault_runs(t, fault)[0])),
            Cell(word(t, fault.kind), note=fault.location),
            Cell(fault.symptom, language="" if fault.kind == "reported" else t.mark("en")),
            Cell(fault.cause or t("unknown"), note=fault.fix),
            _retest(t, fault),
        )
        for fault in sorted(view.record.faults, key=lambda fault: fault.status != "open")
    ]
    columns = (
        Column(t("State"), 2),
        Column(t("Machine and time"), 3),
        Column(t("Kind and location"), 3),
        Column(t("Symptom"), 5),
        Column(t("Cause and fix"), 3),
        Column(t("Retest"), 2),
    )
    return table(t("Faults"), columns, rows)


def _is_known(view: View) -> bool:
    """Whether no fault in the record means that there was none."""
    return view.record.completeness.journal_complete and view.record.stage != "nothing_done"


def _retest(t: Translator, fault: Fault) -> Cell:
    """What showed that the fault was solved: the name of a test or step, with the moment after it."""
    name, _, at = fault.retest.rpartition(" ")
    moment = t.moment(at) if name else ""
    is_moment = moment not in ("", at)
    note = _join(moment if is_moment else "", fault_runs(t, fault)[1], _attempts(t, fault.attempts))
    return Cell((name if is_moment else fault.retest) or "–", note=note)


def _join(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _attempts(t: Translator, attempts: int) -> str:
    return t.plural("{count} attempt", "{count} attempts", attempts) if attempts > 1 else ""


def escalations(view: View, t: Translator) -> Blocks:
    if not view.record.escalations and not view.unsolved_faults:
        text = t("Nothing had to be escalated: no fault is open.")
        return (Paragraph(text, "good" if view.tested else "info"),) if _is_known(view) else ()
    rows = [
        (
            Cell(t("closed"), "good") if e.closed else Cell(t("waiting for an answer"), "warn"),
            Cell(e.to, note=word(t, e.type)),
            Cell(t.moment(e.at), note=e.by),
            Cell(word(t, e.why), note=e.fault),
            Cell(e.message),
            Cell(e.answer or "–"),
        )
        for e in view.record.escalations
    ]
    columns = (
        Column(t("State"), 2),
        Column(t("To"), 2),
        Column(t("When and by"), 3),
        Column(t("Why the technician did not solve it"), 2),
        Column(t("Message"), 4),
        Column(t("Answer"), 4),
    )
    return table(t("Escalations"), columns, rows)
