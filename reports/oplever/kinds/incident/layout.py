"""What the case file holds, in its order."""

from __future__ import annotations

from oplever.kinds.incident import leaks
from oplever.kinds.incident.chapters import breach, handling, intake
from oplever.kinds.incident.chapters.terms import WAITS, category, phrase, with_whom
from oplever.kinds.incident.judge import EFFECTS
from oplever.kinds.installation.chapters import faults, handover, job
from oplever.kinds.installation.chapters.summary import waiting
from oplever.page.blocks import Block, Cell, Stage, Verdict
from oplever.page.document import REJECTED, Chapter, Headline, Layout, Paper
from oplever.page.parts import Blocks, needs_attention, pairs, stages
from oplever.page.translator import N_, Translator
from oplever.page.view import View
from oplever.record import figures
from oplever.record.model import Record


def _escalations(view: View, t: Translator) -> Blocks:
    return faults.escalations(view, t) if view.record.escalations else ()


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(("document",), N_("Document control"), job.document),
    Chapter(("incident",), N_("Report"), intake.report),
    Chapter(("priority",), N_("Priority and time limits"), intake.priority),
    Chapter(("leak",), N_("Personal-data breach"), breach.breach),
    Chapter(("handling", "people"), N_("Handling"), handling.handling),
    Chapter(("escalations",), N_("Escalations"), _escalations),
    Chapter(("contacts",), N_("Contact with the user"), handling.contacts),
    Chapter(("solution", "tests"), N_("Solution and retest"), handling.solution),
    Chapter(("materials",), N_("Materials used"), handling.materials),
    Chapter(("rest_points",), N_("Follow-up actions"), handover.rest_points),
    Chapter(("proposals",), N_("Improvement proposals"), handover.proposals),
    Chapter(("hours",), N_("Hours"), handover.hours),
    Chapter(("links",), N_("Records and other reports"), handling.links),
    Chapter(("annexes",), N_("Annexes"), handover.attached),
    Chapter(("accountability",), N_("Accountability and review"), handover.accountability),
    Chapter(("signatures",), N_("Signatures"), handover.signatures),
)
ELSEWHERE = {"case_classification_missing": "priority", "case_assessment_missing": "handling"}

HEADLINES: dict[str, Headline] = {
    "new": Headline("warn", N_("New report"), N_("Nobody has this report yet.")),
    "assigned": Headline("info", N_("Assigned"), N_("Somebody has this report, and has not begun.")),
    "in_progress": Headline("info", N_("In progress"), N_("Somebody is working on this report.")),
    "waiting": Headline("warn", N_("Waiting"), N_("The work waits; the resolution time stands still.")),
    "solved": Headline(
        "info", N_("Solved, not closed"), N_("It is solved; the report can be closed when nothing is missing.")
    ),
    "closed": Headline("good", N_("Closed"), N_("The report was solved and closed.")),
    "closed_with_remarks": Headline("warn", N_("Closed, with remarks"), N_("The report was closed; read the remarks.")),
    "rejected": REJECTED,
    "merged": Headline("info", N_("Joined with another report"), N_("The other report goes on.")),
}
"""By the state of the case."""


FOR_REPORTER: dict[str, str] = {
    "new": N_("Your report came in. Somebody will look at it."),
    "assigned": N_("Somebody has your report and will begin with it."),
    "in_progress": N_("Somebody is working on your report."),
    "waiting": N_("The work on your report waits for {what}."),
    "solved": N_("Your report is solved. Is it not right? Let us know."),
    "closed": N_("Your report is solved and closed."),
    "merged": N_("Your report is the same as another one. We go on with that one."),
}
"""The same for whoever reported it: what a supervisor thinks of the work, and remarks about it, are not for him."""
_ASKED = N_("We need an answer from you before we can go on.")


def headline(t: Translator, record: Record) -> Headline:
    code: str = "rejected" if record.accountability.decision == "rejected" else record.status
    if code == "closed" and record.document.reasons:
        code = "closed_with_remarks"
    return HEADLINES.get(code, HEADLINES["new"]).translated(t)


def _title(record: Record, t: Translator) -> str:
    return record.assignment.title


def _facts(record: Record, t: Translator) -> tuple[tuple[str, Cell], ...]:
    case = record.case
    level = t("priority {level}", level=case.priority) if case.priority else t("not determined yet")
    reporter = t("reported by {name}", name=case.reporter) if case.reporter else ""
    return (
        (t("What"), Cell(category(t, case) or t("no category"), note=level)),
        (
            t("Where"),
            Cell(case.place or case.machine or t("place not recorded"), note=case.machine if case.place else ""),
        ),
        (t("When"), Cell(t.moment(case.reported_at or record.document.started), note=_due(case.due, t))),
        (t("Who"), Cell(with_whom(t, case) or t("nobody yet"), note=reporter)),
    )


def _due(due: str | None, t: Translator) -> str:
    return t("due {moment}", moment=t.moment(due)) if due else ""


def _verdict(record: Record, t: Translator) -> Verdict:
    return Verdict(*headline(t, record), figures=_figures(record, t), stages=_stages(record, t))


def _figures(record: Record, t: Translator) -> str:
    """Priority and what is due, in one sentence."""
    case = record.case
    late = sum(state.in_time is False for state in case.targets)
    parts = [
        t("priority {level}", level=case.priority) if case.priority else t("not determined yet"),
        _due(case.due, t),
        t.plural("{count} time limit not met", "{count} time limits not met", late) if late else "",
    ]
    text = ", ".join(part for part in parts if part)
    return f"{text[0].upper()}{text[1:]}."


def _stages(record: Record, t: Translator) -> tuple[Stage, ...]:
    """The steps of a case, each with whether it was reached, or refused by who takes it."""
    case, decision = record.case, record.accountability.decision
    lacking = {missing.code for missing in record.completeness.missing}
    satisfied = case.confirmations[-1].satisfied if case.confirmations else ""
    is_solved = record.status in ("solved", "closed")
    steps: tuple[tuple[str, bool, bool], ...] = (
        (t("taken up"), any(move.kind == "taken" for move in case.moves), False),
        (t("solved"), is_solved, False),
        (t("tested"), is_solved and "case_retest_missing" not in lacking, False),
        (t("user"), is_solved and satisfied == "yes" and "case_confirmation_missing" not in lacking, satisfied == "no"),
        (t("closed"), record.status == "closed", False),
        (t("supervisor"), decision == "approved", decision == "rejected"),
    )
    return stages(steps)


def _letter(view: View, t: Translator, paper: Paper) -> str:
    """What to write to the reporter, as plain text."""
    record, case = view.record, view.record.case
    last = case.solutions[-1] if case.solutions and record.status in ("solved", "closed") else None
    contact = case.contacts[-1] if case.contacts else None
    parts = [
        [t("Subject: {subject}", subject=record.assignment.title)],
        [t("Dear {name},", name=case.reporter) if case.reporter else t("Dear reader,")],
        [_for_reporter(record, t)],
        [f"{t('How it is handled')}: {contact.how} ({t.day(contact.day)})"] if contact and not last else [],
        [f"{t('Solution')}: {last.solution}"] if last else [],
        [f"{t('Report')}: {record.id}"],
        [t("To check this record: oplever verify with this code."), paper.code] if paper.code else [],
        [t("Kind regards,"), with_whom(t, case) or case.reported_by],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _for_reporter(record: Record, t: Translator) -> str:
    on = record.case.waits[-1].on if record.status == "waiting" and record.case.waits else ""
    if on == "user":
        return t(_ASKED)
    return t(FOR_REPORTER.get(record.status, FOR_REPORTER["new"]), what=phrase(t, WAITS, on))


def _summary(view: View, t: Translator) -> tuple[Block, ...]:
    """What was reported and how it was solved, what needs attention, and what is missing."""
    record, case = view.record, view.record.case
    last = case.solutions[-1] if case.solutions and record.status in ("solved", "closed") else None
    return (
        *pairs(
            (t("In the words of the reporter"), case.text),
            (t("Solution"), Cell(last.solution, note=last.guideline) if last else None),
            (t("Cause"), last.cause if last else None),
        ),
        *needs_attention(t, record, t("Report"), EFFECTS, {"case_open": "info"}),
        *waiting(view, t),
    )


def _problem(view: View, t: Translator, key: str) -> Cell | None:
    """What the table of contents says beside a section in which something is wrong."""
    if key == "priority" and any(state.in_time is False for state in view.record.case.targets):
        return Cell(t("late"), "warn")
    if key == "leak" and (leak := view.record.case.leak) and leaks.to_be_notified(leak):
        return Cell(t("still needed"), "bad")
    if key == "rest_points" and (points := figures.open_points(view.record)):
        return Cell(t.plural("{count} open", "{count} open", len(points)), "warn")
    return None


def _notes(record: Record, t: Translator) -> tuple[str, ...]:
    return (t("Priority and time limits are worked out of what people added and the rules named above."),)


LAYOUT = Layout(
    name=N_("Case file"),
    title=_title,
    facts=_facts,
    headline=headline,
    verdict=_verdict,
    summary=_summary,
    chapters=CHAPTERS,
    problem=_problem,
    forms={},
    letter=_letter,
    notes=_notes,
    elsewhere=ELSEWHERE,
)
