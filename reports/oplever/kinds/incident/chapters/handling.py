"""How a case was handled: who had it, what was done, what the user was told, the solution and its retest."""

from __future__ import annotations

from msgspec import structs

from oplever.kinds.incident.chapters.terms import (
    CHANNELS,
    LINKS,
    MOVES,
    RETESTS,
    SATISFACTION,
    WAITS,
    by_at,
    phrase,
    with_whom,
)
from oplever.page.blocks import Cell, Column, Paragraph
from oplever.page.parts import Blocks, code, pairs, table
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.page.vocabulary import toned
from oplever.record.model import Confirmation, Incident, Mail, Move, Retest
from oplever.record.persons import same_person


def handling(view: View, t: Translator) -> Blocks:
    incident = view.record.case
    assessment = incident.assessment
    alone = (t("yes") if assessment.can_solve else t("no")) if assessment else None
    moves = [
        (Cell(phrase(t, MOVES, move.kind)), Cell(move.to), Cell(_why(t, move)), by_at(t, move.by, move.at))
        for move in incident.moves
    ]
    work = [(Cell(work.activity), by_at(t, work.by, work.at)) for work in incident.work]
    reopenings = [(Cell(reopening.activity), by_at(t, reopening.by, reopening.at)) for reopening in incident.reopenings]
    by = Column(t("By"), 2)
    return (
        *pairs(
            (t("With"), with_whom(t, incident)),
            (t("Can solve it alone"), Cell(alone, note=assessment.reason) if assessment and alone else None),
        ),
        *table(t("Who had the report"), (Column(t("How"), 2), Column(t("To"), 2), Column(t("Reason"), 4), by), moves),
        *_waits(view, t),
        *table(t("Work carried out"), (Column(t("Work"), 5), by), work),
        *table(t("Reopened"), (Column(t("Reason"), 5), by), reopenings),
    )


def _why(t: Translator, move: Move) -> str:
    passed_over = t("{record} was first in the queue", record=move.passed_over) if move.passed_over else ""
    ground = t("authorised: {ground}", ground=move.ground) if move.ground else ""
    return "; ".join(part for part in (ground, passed_over, move.reason) if part)


def _waits(view: View, t: Translator) -> Blocks:
    rows = [
        (
            Cell(phrase(t, WAITS, wait.on)),
            Cell(wait.reason, note=wait.by),
            Cell(t.moment(wait.since), note=t("until {day}", day=t.day(wait.expected)) if wait.expected else ""),
            Cell(t.moment(wait.resumed)) if wait.resumed else Cell(t("still waiting"), "warn"),
        )
        for wait in view.record.case.waits
    ]
    columns = (Column(t("Waits for"), 2), Column(t("Reason"), 4), Column(t("From"), 3), Column(t("Resumed"), 3))
    return table(t("Waiting"), columns, rows)


def contacts(view: View, t: Translator) -> Blocks:
    incident = view.record.case
    rows = [
        (
            Cell(contact.how, "warn", note=_came_back(t, contact.returned)) if contact.returned else Cell(contact.how),
            Cell(t.day(contact.day)),
            Cell(contact.user, note=phrase(t, CHANNELS, contact.medium)),
            by_at(t, contact.by, contact.at),
        )
        for contact in incident.contacts
    ]
    columns = (Column(t("How it is handled"), 5), Column(t("When"), 2), Column(t("To"), 2), Column(t("By"), 2))
    confirmations = [
        (
            _if_it_counts(incident, t, toned(t, SATISFACTION, confirmation.satisfied), confirmation.at),
            Cell(confirmation.user),
            Cell(confirmation.remark),
            _asked_by(t, confirmation),
        )
        for confirmation in incident.confirmations
    ]
    titles = (Column(t("Satisfied"), 2), Column(t("User"), 2), Column(t("Remarks"), 4), Column(t("Asked by"), 2))
    return (
        *table(t("What the user was told"), columns, rows),
        *table(t("Whether the user is satisfied"), titles, confirmations),
        *_mails(view, t),
    )


def _if_it_counts(incident: Incident, t: Translator, cell: Cell, at: str) -> Cell:
    """What was found or said of a solution; of one after which the case was reopened it is history, not good news."""
    if not any(reopening.at >= at for reopening in incident.reopenings):
        return cell
    return structs.replace(cell, tone="info", note=t("before it was reopened"))


def _asked_by(t: Translator, confirmation: Confirmation) -> Cell:
    is_own = same_person(confirmation.by, confirmation.user)
    return by_at(t, t("answered himself") if is_own else confirmation.by, confirmation.at)


def _came_back(t: Translator, reason: str) -> str:
    return t("did not arrive: {reason}", reason=reason)


def _mails(view: View, t: Translator) -> Blocks:
    rows = [
        (
            Cell(t("in") if mail.direction == "in" else t("out"), note=t("by a machine") if mail.is_automatic else ""),
            Cell(mail.sender or mail.address, note=mail.address if mail.sender else ""),
            Cell(mail.subject, note=_came_back(t, mail.returned) if mail.returned else mail.text),
            Cell(_files(t, mail), note=f"SHA-256 {mail.digest[:16]}…"),
            Cell(t.moment(mail.at), note=mail.by),
        )
        for mail in view.record.case.mails
    ]
    columns = (
        Column(t("Direction"), 1),
        Column(t("From or to"), 3),
        Column(t("Mail"), 5),
        Column(t("Files"), 3),
        Column(t("When"), 2),
    )
    unread = view.record.case.unread
    new = t.plural("{count} new mail", "{count} new mails", unread)
    return (
        *((Paragraph(new, "warn"),) if unread else ()),
        *table(t("Mails"), columns, rows),
    )


def _files(t: Translator, mail: Mail) -> str:
    return ", ".join(f"{file.name or file.type} ({t.number(file.size_bytes, 0)} B)" for file in mail.attachments)


def solution(view: View, t: Translator) -> Blocks:
    incident = view.record.case
    rows = [
        (
            Cell(solution.solution),
            Cell(solution.guideline, note=t("version {version}", version=solution.version)),
            Cell(solution.cause),
            by_at(t, solution.by, solution.at),
        )
        for solution in incident.solutions
    ]
    columns = (Column(t("Solution"), 4), Column(t("Guideline"), 3), Column(t("Cause"), 3), Column(t("By"), 2))
    retests = [
        (
            _if_it_counts(incident, t, toned(t, RETESTS, retest.result), retest.at),
            _shown(t, retest),
            Cell(retest.reason),
            by_at(t, retest.by, retest.at),
        )
        for retest in incident.retests
    ]
    titles = (Column(t("Result"), 2), Column(t("Shown by"), 5), Column(t("Explanation"), 4), Column(t("By"), 2))
    return (*table(t("Solution"), columns, rows), *table(t("Retest"), titles, retests))


def _shown(t: Translator, retest: Retest) -> Cell:
    if retest.record:
        return code(retest.record, ", ".join(retest.tests))
    return Cell("" if retest.result == "not_needed" else t("tested by hand"), "info")


def materials(view: View, t: Translator) -> Blocks:
    incident = view.record.case
    if incident.no_materials and not incident.materials:
        return (Paragraph(t("No material was used; this was stated explicitly."), "good"),)
    rows = [
        (Cell(row.name), Cell(t.number(row.quantity, 0 if row.quantity.is_integer() else 2)), by_at(t, row.by, row.at))
        for row in incident.materials
    ]
    columns = (Column(t("Material"), 5), Column(t("Quantity"), 1, True), Column(t("By"), 2))
    return table(t("Materials used"), columns, rows)


def links(view: View, t: Translator) -> Blocks:
    rows = [
        (
            Cell(phrase(t, LINKS, link.relation)),
            code(link.target, link.digest),
            Cell(link.reason),
            by_at(t, link.by, link.at),
        )
        for link in view.record.case.links
    ]
    columns = (Column(t("What it is"), 2), Column(t("Name"), 5), Column(t("Reason"), 3), Column(t("By"), 2))
    merged = pairs((t("Goes on as"), code(view.record.case.merged_into)))
    return (*merged, *table(t("Linked"), columns, rows))
