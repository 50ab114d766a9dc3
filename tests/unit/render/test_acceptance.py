"""What the user accepted is held against the form that was proposed: a line without an answer is not accepted."""

from __future__ import annotations

from typing import Any

import pytest
from golden import outputs
from golden.cases import Case, entry
from golden.journal import Journal, check, machine, text
from oplever.kinds.documents import build
from oplever.page.blocks import CheckItem, Checklist, Paragraph
from oplever.page.translator import Translator
from oplever.record.model import Language

FORM = [
    "web1: wiki shows",
    "web1: account beheer, added",
    "web1: account guest, removed",
    "web1: time zone: Europe/Amsterdam",
    "The user was told how to use it and whom to ask for help",
]


def chapter(language: Language = "en", **accepted: Any) -> tuple[str, list[CheckItem]]:
    """The sentence above the form and its lines."""
    journal = Journal("20261123T100000Z-site-c00001")
    journal.play("Web", {"web1": []})
    journal.snapshots("before", {"web1": machine(1)})
    journal.checks("web1", "after", "wiki", [check("wiki", source="http", title=text("wiki shows", "wiki verschijnt"))])
    journal.snapshots("after", {"web1": machine(1, after=True)})
    journal.finish()
    content = {"user": "J. Bakker", "verdict": "accepted", **accepted}
    entries = [entry(0, "J. Bakker", "acceptance", **content)] if accepted else []
    page = build(outputs.read(Case(journal.lines, entries)), Translator(language))
    (blocks,) = [section.blocks for section in page.sections if section.key == "acceptance"]
    (sentence,) = [block.text for block in blocks if isinstance(block, Paragraph)][-1:]
    (form,) = [block for block in blocks if isinstance(block, Checklist)]
    return sentence, list(form.lines)


def test_without_a_verdict_it_is_a_form_to_fill_in() -> None:
    _, lines = chapter()
    assert [line.text for line in lines] == FORM
    assert {(line.done, line.remark) for line in lines} == {(None, "")}


def test_accepting_the_work_answers_no_line() -> None:
    sentence, lines = chapter(remarks="fine")
    assert sentence == "0 of 5 lines of the form were answered."
    assert [line.text for line in lines] == FORM
    assert {(line.done, line.remark) for line in lines} == {(None, "not answered")}


@pytest.mark.parametrize("language", ["en", "nl"])
def test_an_answer_is_recognised_in_either_language(language: Language) -> None:
    answers = ["Web1:  wiki verschijnt.", FORM[3]]
    sentence, lines = chapter(language, as_wanted=answers, not_as_wanted=[FORM[1]], instructed=True)
    assert sentence.startswith(("4 of 5 lines", "4 van 5 regels"))
    assert [line.done for line in lines] == [True, False, None, True, True]


def test_two_answers_to_one_line_are_both_shown() -> None:
    sentence, lines = chapter(as_wanted=[FORM[0]], not_as_wanted=[FORM[0]])
    assert sentence == "1 of 5 lines of the form were answered."
    assert [(line.text, line.done) for line in lines[:2]] == [(FORM[0], True), (FORM[0], False)]


def test_an_answer_to_what_was_not_asked_says_so() -> None:
    sentence, lines = chapter(as_wanted=[*FORM, "the colour"])
    assert sentence == "5 of 5 lines of the form were answered."
    assert [(line.text, line.done, line.remark) for line in lines[5:]] == [("the colour", True, "not on the form")]
