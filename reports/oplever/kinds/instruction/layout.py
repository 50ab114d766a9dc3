"""What the report of an instruction holds, in its order, and the sheet that attendees sign."""

from __future__ import annotations

from oplever.kinds.installation.chapters import handover, job
from oplever.kinds.installation.chapters.summary import waiting
from oplever.kinds.installation.stage import reached
from oplever.kinds.instruction.completeness import of
from oplever.kinds.instruction.judge import EFFECTS
from oplever.page.blocks import (
    Block,
    Cell,
    Column,
    Page,
    Paragraph,
    Stage,
    Table,
    Tone,
    Verdict,
)
from oplever.page.cards import AUDIENCE_WORDS
from oplever.page.document import REJECTED, Chapter, Headline, Layout, Paper, sheet
from oplever.page.parts import Blocks, code, needs_attention, pairs, people_named, stages, table
from oplever.page.reasons import reason_text
from oplever.page.translator import N_, Translator
from oplever.page.view import View
from oplever.page.vocabulary import toned
from oplever.record import figures
from oplever.record.model import Record
from oplever.record.model.instruction import Subject

WAYS: dict[str, str] = {
    "oral": N_("explained orally"),
    "demonstration": N_("shown"),
    "practice": N_("practised together"),
    "remote": N_("at a distance"),
    "counter": N_("at the counter"),
    "phone": N_("by phone"),
    "mail": N_("by mail"),
    "chat": N_("by chat"),
    "visit": N_("on a visit"),
}
UNDERSTOOD: dict[str, tuple[Tone, str]] = {
    "understood": ("good", N_("understood")),
    "partly": ("warn", N_("understood in part")),
    "not_understood": ("bad", N_("not understood")),
}
CLEAR: dict[str, tuple[Tone, str]] = {"clear": ("good", N_("clear")), "unclear": ("bad", N_("not clear"))}
HEADLINES: dict[str, Headline] = {
    "nothing_done": Headline("warn", N_("Not given yet"), N_("Nobody has been instructed yet.")),
    "rejected": REJECTED,
    "not_understood": Headline("bad", N_("Not understood"), N_("It has to be explained again, in another way.")),
    "carried_out": Headline(
        "warn", N_("Given, not checked"), N_("Whether it was understood was not asked back everywhere.")
    ),
    "tested": Headline("info", N_("Understood"), N_("Users understood it; a handout waits for a user's verdict.")),
    "accepted": Headline("info", N_("Understood, handouts clear"), N_("Users said so; the supervisor has to decide.")),
    "tested_partly": Headline(
        "warn",
        N_("Understood in part"),
        N_("Not everything was understood; a handout waits for a user's verdict."),
    ),
    "accepted_partly": Headline(
        "warn",
        N_("Understood in part"),
        N_("Not everything was understood; the supervisor has to decide."),
    ),
    "approved_with_remarks": Headline(
        "warn",
        N_("Instruction approved, with remarks"),
        N_("Users understood it, and the supervisor approved; read the remarks."),
    ),
    "approved_partly": Headline(
        "warn",
        N_("Instruction approved, with remarks"),
        N_("Not everything was understood, and the supervisor approved; read the remarks."),
    ),
    "approved": Headline("good", N_("Instruction approved"), N_("Users understood it, and the supervisor approved.")),
}
"""By how far it came, and whether all of it was understood; a rejection, and what was not understood, come before
that."""
_ROWS = 12
"""Rows of the sheet to sign at least."""
_ROOM = "\u00a0\n\u00a0"
"""Two lines of height, to write in."""


def headline(t: Translator, record: Record) -> Headline:
    codes = {reason.code for reason in record.document.reasons}
    code: str = "rejected" if "decision_rejected" in codes else record.stage
    if "not_understood" in codes and code != "rejected":
        code = "not_understood"
    if code in ("approved", "signed"):
        code = "approved_with_remarks" if codes else "approved"
    if "understood_partly" in codes and code in ("tested", "accepted", "approved_with_remarks"):
        code = f"{code.removesuffix('_with_remarks')}_partly"
    return HEADLINES[code].translated(t)


def _title(record: Record, t: Translator) -> str:
    return record.assignment.title


def _facts(record: Record, t: Translator) -> tuple[tuple[str, Cell], ...]:
    instruction = of(record)
    days = list(dict.fromkeys(session.day for session in instruction.sessions))
    count = t.plural("{count} attendee", "{count} attendees", len(instruction.attendees))
    facts = (
        (t("What"), Cell(t("instruct users"), note=count)),
        (t("Where"), Cell(record.assignment.location)),
        (t("When"), Cell(", ".join(t.day(day) for day in days) or t("not given yet"))),
        (t("Who"), Cell(people_named(record, "executor"))),
    )
    return tuple((key, cell) for key, cell in facts if cell.text)


def _verdict(record: Record, t: Translator) -> Verdict:
    return Verdict(*headline(t, record), figures=_figures(record, t), stages=_stages(record, t))


def _figures(record: Record, t: Translator) -> str:
    instruction = of(record)
    understood = sum(
        1 for subject in instruction.subjects
        if (answer := instruction.last_answer(subject.id)) and answer.judged == "understood"
    )  # fmt: skip
    if not instruction.subjects:
        return ""
    text = t.plural(
        "{understood} of {count} subject understood, {attendees}, {handouts}.",
        "{understood} of {count} subjects understood, {attendees}, {handouts}.",
        len(instruction.subjects),
        understood=t.number(understood),
        attendees=t.plural("{count} attendee", "{count} attendees", len(instruction.attendees)),
        handouts=t.plural("{count} handout", "{count} handouts", len(instruction.counting_handouts)),
    )
    return text


def _stages(record: Record, t: Translator) -> tuple[Stage, ...]:
    """The steps of an instruction, each by itself."""
    lacking = {missing.code for missing in record.completeness.missing}
    codes = {reason.code for reason in record.document.reasons}
    is_given = record.stage != "nothing_done"
    decision = record.accountability.decision
    steps: tuple[tuple[str, bool, bool], ...] = (
        (t("explained"), is_given, False),
        (
            t("understood"),
            is_given and not {"understood_missing"} & lacking and not {"not_understood", "understood_partly"} & codes,
            "not_understood" in codes,
        ),
        (t("user"), is_given and "review_missing" not in lacking, "handout_unclear" in codes),
        (t("supervisor"), decision == "approved", decision == "rejected"),
        (t("signed"), reached(record)["signed"], False),
    )
    return stages(steps)


def _summary(view: View, t: Translator) -> tuple[Block, ...]:
    return (
        *waiting(view, t),
        *needs_attention(t, view.record, t("Instruction"), EFFECTS),
        *_subjects(view, t),
    )


def _sessions(view: View, t: Translator) -> Blocks:
    rows = [
        (
            Cell(t.day(session.day)),
            Cell(session.given_by),
            Cell(t(WAYS[session.way])),
            Cell(session.place),
            _by(t, session.by, session.at),
        )
        for session in of(view.record).sessions
    ]
    columns = (
        Column(t("Day"), 2),
        Column(t("Given by"), 3),
        Column(t("How"), 3),
        Column(t("Where"), 3),
        Column(t("Recorded by"), 3),
    )
    return table(t("Instruction given"), columns, rows)


def _attendees(view: View, t: Translator) -> Blocks:
    rows = [
        (code(attendee.pseudonym), Cell(t(AUDIENCE_WORDS[attendee.audience])), _by(t, attendee.by, attendee.at))
        for attendee in of(view.record).attendees
    ]
    if not rows:
        return ()
    columns = (Column(t("Pseudonym"), 3), Column(t("As"), 3), Column(t("Recorded by"), 3))
    text = t("Attendees are in this record by pseudonym; the sheet that they signed has their names.")
    return (Paragraph(text, "info"), *table(t("Attendees"), columns, rows))


def _subjects(view: View, t: Translator) -> Blocks:
    instruction = of(view.record)
    rows = []
    for subject in instruction.subjects:
        answer = instruction.last_answer(subject.id)
        judged = toned(t, UNDERSTOOD, answer.judged) if answer else Cell(t("not asked back"), "info")
        rows.append((Cell(subject.id), Cell(subject.subject), _handout(subject, t), judged))
    columns = (Column(t("No."), 1), Column(t("Subject"), 5), Column(t("Handout"), 5), Column(t("Understood"), 3))
    return table(t("Subjects"), columns, rows)


def _handout(subject: Subject, t: Translator) -> Cell:
    if not subject.card:
        return Cell(t("none"), "info")
    return code(subject.card, t("version {version}", version=subject.version[:8]))


def _handouts(view: View, t: Translator) -> Blocks:
    """Each handout with what it was made of, and how it is written."""
    rows = [
        (
            _handout(subject, t),
            code(subject.source),
            Cell(t.number(subject.steps)),
            Cell(t("none"), "good") if not subject.mistakes else Cell(t.number(subject.mistakes), "warn"),
            Cell(t("not measured") if subject.ease is None else t.number(subject.ease, 0), note=subject.language),
        )
        for subject in of(view.record).handouts
    ]
    columns = (
        Column(t("Handout"), 3), Column(t("Made of record"), 5), Column(t("Steps"), 1, True),
        Column(t("Not by the rules for cards"), 2), Column(t("Reading ease (of 100)"), 2),
    )  # fmt: skip
    return (*_subjects(view, t), *table(t("Handouts"), columns, rows))


def _understood(view: View, t: Translator) -> Blocks:
    subjects = {subject.id: subject.subject for subject in of(view.record).subjects}
    rows = [
        (
            Cell(subjects.get(question.subject, question.subject), note=question.subject),
            Cell(question.question),
            Cell(question.answer, note=question.pseudonym),
            toned(t, UNDERSTOOD, question.judged),
            _by(t, question.by, question.at),
        )
        for question in of(view.record).questions
    ]
    columns = (
        Column(t("Subject"), 3), Column(t("Question back"), 3), Column(t("Answer in own words"), 4),
        Column(t("Judged"), 3), Column(t("Judged by"), 3),
    )  # fmt: skip
    return table(t("Understood"), columns, rows)


def _reviews(view: View, t: Translator) -> Blocks:
    rows = [
        (
            code(review.card, t("version {version}", version=review.version[:8])),
            Cell(review.user),
            toned(t, CLEAR, review.verdict),
            Cell(review.remark),
            _by(t, review.by, review.at),
        )
        for review in of(view.record).reviews
    ]
    columns = (
        Column(t("Handout"), 3), Column(t("User"), 2), Column(t("Verdict"), 2), Column(t("Remark"), 4),
        Column(t("Recorded by"), 3),
    )  # fmt: skip
    return table(t("What users said of the handouts"), columns, rows)


def _support(view: View, t: Translator) -> Blocks:
    instruction = of(view.record)
    if instruction.no_support and not instruction.support:
        return (Paragraph(t("Nobody asked for help; this was stated explicitly."), "good"),)
    rows = [
        (
            Cell(t.day(support.day), note=t(WAYS[support.way])),
            Cell(support.user),
            Cell(support.question),
            Cell(support.answer),
            _by(t, support.by, support.at),
        )
        for support in instruction.support
    ]
    columns = (
        Column(t("Day"), 3), Column(t("User"), 2), Column(t("Question"), 4), Column(t("Answer"), 4),
        Column(t("Recorded by"), 3),
    )  # fmt: skip
    return table(t("Help in daily use"), columns, rows)


def _by(t: Translator, by: str, at: str) -> Cell:
    return Cell(by, note=t.moment(at))


def attendance(view: View, t: Translator, paper: Paper) -> Page:
    """The sheet that attendees sign: their names are on paper alone."""
    record, instruction = view.record, of(view.record)
    days = ", ".join(t.day(session.day) for session in instruction.sessions)
    subjects = "; ".join(subject.subject for subject in instruction.subjects)
    facts = pairs(
        (t("Day"), days or "…"),
        (t("Where"), record.assignment.location),
        (t("Given by"), people_named(record, "executor")),
        (t("Subjects"), subjects or "…"),
    )
    text = t(
        "With your signature you say that you were there. Only this paper has your name; the record has a pseudonym."
    )
    codes = [attendee.pseudonym for attendee in instruction.attendees]
    codes += [""] * (_ROWS - len(codes))
    rows = tuple(
        (Cell(t.number(number)), Cell(pseudonym, code=bool(pseudonym)), Cell(_ROOM), Cell(""))
        for number, pseudonym in enumerate(codes, 1)
    )
    columns = (Column(t("No."), 1), Column(t("Pseudonym"), 3), Column(t("Name"), 6), Column(t("Signature"), 5))
    blocks = (*facts, Paragraph(text), Table(t("Attendees"), columns, rows, paper_rows=200))
    return sheet(view, t, paper, kind=t("Attendance sheet"), title=_title(record, t), blocks=blocks)


def _letter(view: View, t: Translator, paper: Paper) -> str:
    """What to write about the instruction, as plain text."""
    record = view.record
    standing = headline(t, record)
    subjects = [f"- {subject.subject}" for subject in of(record).subjects]
    remarks = [f"- {reason_text(t, reason)}" for reason in record.document.reasons]
    parts = [
        [t("Subject: {subject}", subject=record.assignment.title)],
        [t("Dear reader,")],
        [f"{standing.title}. {standing.sentence} {_figures(record, t)}".strip()],
        [f"{t('Needs attention')}:", *remarks] if remarks else [],
        [f"{t('Subjects')}:", *subjects] if subjects else [],
        [t("To check this record: oplever verify with this code."), paper.code] if paper.code else [],
        [t("Kind regards,"), people_named(record, "executor")],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _problem(view: View, t: Translator, key: str) -> Cell | None:
    codes = {reason.code for reason in view.record.document.reasons}
    if key == "understood" and "not_understood" in codes:
        return Cell(t("not understood"), "bad")
    if key == "reviews" and "handout_unclear" in codes:
        return Cell(t("not clear"), "bad")
    if key == "rest_points" and (points := figures.open_points(view.record)):
        return Cell(t.plural("{count} open", "{count} open", len(points)), "warn")
    return None


def _notes(record: Record, t: Translator) -> tuple[str, ...]:
    return (t("Stated by people; the handouts are those of the records that they were made of."),)


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(("document",), N_("Document control"), job.document),
    Chapter(("instruction", "people"), N_("Instruction given"), _sessions),
    Chapter(("attendees",), N_("Attendees"), _attendees),
    Chapter(("subjects",), N_("Subjects and handouts"), _handouts),
    Chapter(("understood",), N_("Understood"), _understood),
    Chapter(("reviews",), N_("What users said of the handouts"), _reviews),
    Chapter(("support",), N_("Help in daily use"), _support),
    Chapter(("rest_points",), N_("Follow-up actions"), handover.rest_points),
    Chapter(("proposals",), N_("Improvement proposals"), handover.proposals),
    Chapter(("hours",), N_("Hours"), handover.hours),
    Chapter(("annexes",), N_("Annexes"), handover.attached),
    Chapter(("accountability",), N_("Accountability and review"), handover.accountability),
    Chapter(("signatures",), N_("Signatures"), handover.signatures),
)

LAYOUT = Layout(
    name=N_("Report of an instruction"),
    title=_title,
    facts=_facts,
    headline=headline,
    verdict=_verdict,
    summary=_summary,
    chapters=CHAPTERS,
    problem=_problem,
    forms={"attendance": attendance},
    letter=_letter,
    notes=_notes,
)
