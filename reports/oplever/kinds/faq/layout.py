"""What the page of a frequently asked question holds, in its order."""

from __future__ import annotations

from oplever.kinds.faq.judge import EFFECTS, of
from oplever.kinds.installation.chapters import handover, job
from oplever.kinds.installation.chapters.summary import waiting
from oplever.page.blocks import Block, Bullets, Cell, Paragraph, Verdict
from oplever.page.document import Chapter, Headline, Layout, Paper
from oplever.page.parts import Blocks, code, needs_attention, pairs, stages
from oplever.page.translator import N_, Translator
from oplever.page.view import View
from oplever.record.model import Record

HEADLINES: dict[str, Headline] = {
    "concept": Headline("warn", N_("Proposed"), N_("A colleague still has to accept question and answer.")),
    "approved": Headline(
        "good",
        N_("Accepted"),
        N_("Whether the answer still holds is seen each time that it is shown: oplever faq check."),
    ),
    "superseded": Headline("info", N_("Withdrawn"), N_("It is shown to nobody any more.")),
}
"""By the state of the record."""


def headline(t: Translator, record: Record) -> Headline:
    return HEADLINES.get(record.status, HEADLINES["concept"]).translated(t)


def _title(record: Record, t: Translator) -> str:
    return of(record).question or record.assignment.title


def _facts(record: Record, t: Translator) -> tuple[tuple[str, Cell], ...]:
    faq = of(record)
    count = t.plural("{count} incident", "{count} incidents", len(faq.cases))
    return (
        (t("What"), Cell(t("frequently asked question"), note=count)),
        (t("Category"), Cell(faq.category, note=faq.guideline)),
        (t("When"), Cell(t.moment(faq.proposed_at or record.document.started))),
    )


def _verdict(record: Record, t: Translator) -> Verdict:
    faq = of(record)
    steps = [(t("proposed"), bool(faq.proposed_at), False), (t("accepted"), bool(faq.accepted_at), False)]
    if faq.withdrawn_at:
        steps.append((t("withdrawn"), False, True))
    return Verdict(*headline(t, record), figures="", stages=stages(steps))


def _summary(view: View, t: Translator) -> tuple[Block, ...]:
    record = view.record
    return (
        *pairs((t("Answer"), Cell(of(record).answer, language=t.mark(of(record).language)))),
        *needs_attention(t, record, t("Question"), EFFECTS),
        *waiting(view, t),
    )


def _question(view: View, t: Translator) -> Blocks:
    faq = of(view.record)
    mark = t.mark(faq.language)
    return pairs(
        (t("Question"), Cell(faq.question, language=mark, note=_words(faq.is_edited, faq.words_of, t))),
        (t("Answer"), Cell(faq.answer, language=mark)),
        (t("Proposed by"), Cell(faq.proposed_by, note=t.moment(faq.proposed_at)) if faq.proposed_at else None),
        (t("Accepted by"), Cell(faq.accepted_by, note=t.moment(faq.accepted_at)) if faq.accepted_at else None),
        (t("Remark"), faq.remark),
        (t("Withdrawn by"), Cell(faq.withdrawn_by, note=t.moment(faq.withdrawn_at)) if faq.withdrawn_at else None),
        (t("Why it was withdrawn"), faq.reason),
    )


def _words(is_edited: bool, case: str, t: Translator) -> str:
    if not case:
        return ""
    return t("changed from the words of {case}", case=case) if is_edited else t("in the words of {case}", case=case)


def _cases(view: View, t: Translator) -> Blocks:
    faq = of(view.record)
    if not faq.cases:
        return ()
    guideline = Cell(faq.guideline, note=t("version {version}", version=faq.guideline_version or "?"))
    return (
        *pairs((t("Category"), faq.category), (t("Guideline"), guideline)),
        Bullets(tuple(code(name) for name in faq.cases)),
    )


def _proof(view: View, t: Translator) -> Blocks:
    faq = of(view.record)
    if not faq.source:
        return ()
    text = t("The answer holds as long as this is so in the newest record of the machine.")
    return (
        Paragraph(text, "info"),
        *pairs(
            (t("Handout"), code(faq.card, t("version {version}", version=faq.version[:8])) if faq.card else None),
            (t("Tests"), Cell(", ".join(faq.tests), code=True) if faq.tests else None),
            (t("Made of record"), code(faq.source, faq.source_digest)),
        ),
    )


def _letter(view: View, t: Translator, paper: Paper) -> str:
    """Question and answer as plain text, to send to somebody who asks."""
    faq = of(view.record)
    parts = [faq.question, faq.answer, paper.code]
    return "\n\n".join(part for part in parts if part) + "\n"


LAYOUT = Layout(
    name=N_("Frequently asked question"),
    title=_title,
    facts=_facts,
    headline=headline,
    verdict=_verdict,
    summary=_summary,
    chapters=(
        Chapter(("document",), N_("Document control"), job.document),
        Chapter(("faq",), N_("Question and answer"), _question),
        Chapter(("cases",), N_("Incidents that it was made of"), _cases),
        Chapter(("proof",), N_("What shows that the answer is right"), _proof),
        Chapter(("signatures",), N_("Signatures"), handover.signatures),
    ),
    problem=lambda view, t, key: None,
    forms={},
    letter=_letter,
    notes=lambda record, t: (),
)
