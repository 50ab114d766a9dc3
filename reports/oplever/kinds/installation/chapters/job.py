"""The document, the assignment, the people, the scope and the plan."""

from __future__ import annotations

from oplever.kinds.installation.chapters.runs import cited, run_name
from oplever.page.blocks import Bullets, Cell, Column, Group
from oplever.page.parts import Blocks, code, pairs, table
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.page.vocabulary import DOCUMENT_STATUS, NO_HOSTS, history_text, toned, word, work_process
from oplever.record.model import Correction, PlanStep
from oplever.record.start import is_stated


def document(view: View, t: Translator) -> Blocks:
    record, doc, complete = view.record, view.record.document, view.record.completeness
    state = (
        t("working tree equal to the commit")
        if doc.dirty is False
        else t("working tree with uncommitted changes")
        if doc.dirty
        else ""
    )
    days = complete.days_to_submission
    completeness = Cell(t("yes"), "good") if complete.complete else Cell(t("no, see what is missing"), "warn")
    return (
        *pairs(
            (t("Record"), code(record.id)),
            (t("Revision"), str(doc.revision)),
            (t("Status"), toned(t, DOCUMENT_STATUS, record.status)),
            (t("Created"), t.moment(doc.created)),
            *_course(view, t, completeness),
            (t("Days until submission"), t.number(days, 1) if days is not None else None),
            (t("Check mode"), None if is_stated(record) else _trial(view, t)),
            (t("Playbooks"), code("\n".join(doc.playbooks))),
            (t("Inventories"), code("\n".join(doc.inventories))),
            (t("Command"), code(" ".join(doc.command))),
            (t("Configuration commit"), code(doc.commit or "", state)),
            (t("Digest of the journal"), code(doc.journal_digest)),
        ),
        *cited(view, t),
        *_history(view, t),
        *_corrections(view, t),
    )


def _course(view: View, t: Translator, completeness: Cell) -> tuple[tuple[str, str | Cell], ...]:
    """When the work was done, as far as anything recorded that, and whether all of it is here."""
    doc, complete = view.record.document, view.record.completeness
    if is_stated(view.record):
        return (
            (t("Record complete"), completeness),
            (t("Journal"), Cell(t("none: the work was done by hand, and is stated here"), "info")),
        )
    kept = (
        Cell(t.plural("yes, {count} line", "yes, {count} lines", complete.lines), "good")
        if complete.journal_complete
        else Cell(t("not of every run"), "bad")
        if view.record.runs
        else Cell(t("no: lines are missing, or were added"), "bad")
    )
    return (
        (t("Work started"), t.moment(doc.started)),
        (t("Work ended"), t.moment(doc.ended) if doc.ended else Cell(t("not finished"), "bad")),
        (t("Duration"), Cell(t.duration(doc.duration), note=t("of all runs together") if view.record.runs else "")),
        (t("Record complete"), completeness),
        (t("Journal complete"), kept),
    )


def _trial(view: View, t: Translator) -> str | Cell:
    codes = {reason.code for reason in view.record.document.reasons}
    if not view.record.document.check_mode:
        return Cell(t("not known"), "warn") if "check_mode_unknown" in codes else t("no")
    if "changed_in_trial" in codes:
        return Cell(t("yes, but some steps made changes"), "warn")
    return t("yes: nothing was changed")


def _history(view: View, t: Translator) -> Blocks:
    rows = [
        (
            Cell(str(line.revision)),
            Cell(t.moment(line.at)),
            Cell(word(t, line.by) if line.by == "machine" else line.by),
            Cell(history_text(t, line.what), note=_withdrawn(t, line.withdrawn_by)),
        )
        for line in view.record.document.history
    ]
    columns = (Column(t("Revision"), 1, True), Column(t("Date"), 2), Column(t("By"), 2), Column(t("What"), 5))
    return table(t("Version history"), columns, rows)


def _corrections(view: View, t: Translator) -> Blocks:
    rows = [
        (
            code(correction.field),
            code(correction.old),
            _new(t, correction),
            Cell(correction.reason),
            Cell(correction.by, note=t.moment(correction.at)),
        )
        for correction in view.record.document.corrections
    ]
    titles = (t("Field"), t("Was"), t("Is"), t("Reason"), t("By"))
    return table(t("Corrections"), tuple(Column(title, 2) for title in titles), rows)


def _withdrawn(t: Translator, revision: int | None) -> str:
    return t("withdrawn in revision {n}", n=revision) if revision else ""


def _new(t: Translator, correction: Correction) -> Cell:
    whole_entry = correction.field.startswith("entry.") and correction.old and not correction.new
    return Cell(t("withdrawn"), "warn") if whole_entry else code(correction.new)


def assignment(view: View, t: Translator) -> Blocks:
    job = view.record.assignment
    filled = pairs(
        (t("Assignment"), job.title),
        (t("Number"), job.id),
        (t("Client"), job.principal),
        (t("Location"), job.location),
        (t("Requested by"), job.requested_by),
        (t("Reason"), job.reason),
        (t("Planned start"), t.moment(job.planned_start) if job.planned_start else None),
        (t("Planned end"), t.moment(job.planned_end) if job.planned_end else None),
        (t("Norm hours"), t.hours(job.norm_hours) if job.norm_hours is not None else None),
        (t("Prescribed order"), t("yes") if job.prescribed_order else None),
    )
    if not job.procedures:
        return filled
    return (*filled, Group(t("Procedures and guidelines"), (Bullets(tuple(Cell(name) for name in job.procedures)),)))


def people(view: View, t: Translator) -> Blocks:
    rows = [
        (Cell(p.name), Cell(word(t, p.role)), Cell(word(t, p.level)), code(p.account), code(p.controller))
        for p in view.record.people
    ]
    columns = [Column(title) for title in (t("Name"), t("Role"), t("Level"), t("Account"), t("Ran from"))]
    return table(t("People"), columns, rows)


def scope(view: View, t: Translator) -> Blocks:
    section = view.record.scope
    rows = [(Cell(gone.system), Cell(gone.reason)) for gone in section.exclusions]
    return (
        *pairs(
            (t("Systems"), ", ".join(section.systems)),
            (
                t("Work processes"),
                "\n".join(work_process(t, code) for code in section.work_processes) or t("not recorded"),
            ),
            (t("Limited to"), code(section.limit)),
            (t("Only tags"), code(", ".join(section.tags)) if section.tags not in ((), ("all",)) else None),
            (t("Skipped tags"), code(", ".join(section.skip_tags))),
        ),
        *table(t("Exclusions"), (Column(t("System"), 1), Column(t("Reason"), 3)), rows),
    )


def _begun(step: PlanStep, t: Translator) -> Cell:
    if step.no_hosts:
        return toned(t, NO_HOSTS, step.no_hosts)
    if not step.started:
        return Cell(t("not carried out"), "warn")
    return Cell(t.moment(step.started) if step.run else t.clock(step.started))


def plan(view: View, t: Translator) -> Blocks:
    rows = [
        (
            Cell(str(step.number)),
            Cell(step.name, note=run_name(t, step.run)),
            code(step.hosts.replace(",", ", ")),
            code(step.playbook),
            _begun(step, t),
        )
        for step in view.record.plan
    ]
    columns = (
        Column(t("No."), 1, True),
        Column(t("Step"), 4),
        Column(t("Machines"), 3),
        Column(t("Playbook"), 3),
        Column(t("Started"), 2),
    )
    return table(t("Order of the work"), columns, rows)
