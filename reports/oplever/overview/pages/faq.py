"""What users ask frequently, with answers that hold at this moment."""

from __future__ import annotations

from collections.abc import Iterator

from oplever.messages import translated
from oplever.overview.collection import Collection
from oplever.overview.pages import cells
from oplever.overview.questions import Question
from oplever.overview.tree import Part
from oplever.page.blocks import Block, Bullets, Cell, Column, Group, Paragraph, Steps
from oplever.page.parts import step_line, titled
from oplever.page.translator import Translator


def faq(collection: Collection, t: Translator) -> tuple[Part, ...]:
    """Accepted answers that hold, and below them those that are not shown to users, with the reason."""
    shown = [question for question in collection.questions if question.is_shown]
    held = [question for question in collection.questions if not question.is_shown and question.state != "withdrawn"]
    columns = (Column(t("Question"), 6), Column(t("State"), 3), Column(t("Why"), 6))
    rows = [
        (
            Cell(question.faq.question, language=t.mark(question.faq.language), note=question.name),
            Cell(t("does not hold any more"), "warn") if question.lapsed else Cell(t("not accepted yet"), "info"),
            Cell("; ".join(translated(reason, t) for reason in question.lapsed)),
        )
        for question in held
    ]
    answers: tuple[Block, ...] = tuple(_answer(t, question) for question in shown)
    empty = (Paragraph(t("No answer was accepted yet, or none holds."), "info"),)
    return (
        Part("answers", t("Questions and answers"), answers or empty),
        cells.part("held", t("Not shown to users"), columns, rows, t("There are none.")),
    )


def _answer(t: Translator, question: Question) -> Group:
    return Group(question.faq.question, tuple(_blocks(t, question)))


def _blocks(t: Translator, question: Question) -> Iterator[Block]:
    faq = question.faq
    yield Bullets((Cell(faq.answer, language=t.mark(faq.language)),))
    if question.steps:
        yield Steps(tuple(step_line(step) for step in question.steps))
    version = f"{faq.card} {faq.version[:8]}" if faq.card else ", ".join(faq.tests)
    category = titled(t, question.category) if question.category else faq.category
    count = t.plural("{count} incident", "{count} incidents", len(faq.cases))
    yield from cells.facts(
        (t("Shown by"), Cell(version, code=True)),
        (t("Made of"), Cell(count, note=", ".join(faq.cases))),
        (t("Category"), Cell(category, note=faq.guideline)),
    )
