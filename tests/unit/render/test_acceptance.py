"""What the user accepted is held against the form that was proposed: a line without an answer is not accepted."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import pikepdf
import pytest
from golden import outputs
from golden.cases import Case, entry
from golden.journal import Journal, check, machine, text
from oplever.kinds import registry
from oplever.kinds.documents import build
from oplever.page.blocks import CheckItem, Checklist, Group, Paragraph
from oplever.page.document import NO_PAPER
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record.model import Language
from oplever.render.registry import render

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
    page = build(outputs.record_of(Case(journal.lines, entries)), Translator(language))
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
    assert sentence == "Lines of the form that were answered: 0 of 5."
    assert [line.text for line in lines] == FORM
    assert {(line.done, line.remark) for line in lines} == {(None, "not answered")}


@pytest.mark.parametrize("language", ["en", "nl"])
def test_an_answer_is_recognised_in_either_language(language: Language) -> None:
    answers = ["Web1:  wiki verschijnt.", FORM[3]]
    sentence, lines = chapter(language, as_wanted=answers, not_as_wanted=[FORM[1]], instructed=True)
    assert sentence.endswith((": 4 of 5.", ": 4 van 5."))
    assert [line.done for line in lines] == [True, False, None, True, True]


def test_two_answers_to_one_line_are_both_shown() -> None:
    sentence, lines = chapter(as_wanted=[FORM[0]], not_as_wanted=[FORM[0]])
    assert sentence == "Lines of the form that were answered: 1 of 5."
    assert [(line.text, line.done) for line in lines[:2]] == [(FORM[0], True), (FORM[0], False)]


def test_an_answer_to_what_was_not_asked_says_so() -> None:
    sentence, lines = chapter(as_wanted=[*FORM, "the colour"])
    assert sentence == "Lines of the form that were answered: 5 of 5."
    assert [(line.text, line.done, line.remark) for line in lines[5:]] == [("the colour", True, "not on the form")]


WHOLE = "The user was told how to use it and whom to ask for help"


def of_three(language: Language = "en", **accepted: Any) -> tuple[str, list[tuple[str, bool | None]]]:
    """The same is asked of all three machines, and something else of two of them."""
    journal = Journal("20261123T100000Z-site-c00001")
    journal.play("Web", {"web1": [], "web2": [], "web3": []})
    clock, wiki = text("the clock is right", "de klok loopt gelijk"), text("wiki shows", "wiki verschijnt")
    for host in ("web1", "web2", "web3"):
        journal.checks(host, "after", "timesync", [check("clock", source="http", title=clock)])
    for host in ("web1", "web3"):
        journal.checks(host, "after", "wiki", [check("wiki", source="http", title=wiki)])
    journal.finish()
    entries = (
        [entry(0, "J. Bakker", "acceptance", user="J. Bakker", verdict="accepted", **accepted)] if accepted else []
    )
    page = build(outputs.record_of(Case(journal.lines, entries)), Translator(language))
    (blocks,) = [section.blocks for section in page.sections if section.key == "acceptance"]
    (sentence,) = [block.text for block in blocks if isinstance(block, Paragraph)][-1:]
    (form,) = [block for block in blocks if isinstance(block, Checklist)]
    return sentence, [(line.text, line.done) for line in form.lines]


def test_what_is_asked_of_several_machines_is_one_line() -> None:
    _, lines = of_three()
    assert [line for line, _ in lines] == ["All 3 machines: the clock is right", "web1, web3: wiki shows", WHOLE]
    _, lines = of_three("nl")
    assert [line for line, _ in lines[:2]] == ["Alle 3 machines: de klok loopt gelijk", "web1, web3: wiki verschijnt"]


def test_a_line_of_several_machines_is_answered_at_once_or_for_each_of_them() -> None:
    sentence, lines = of_three(as_wanted=["Alle 3 machines: de klok loopt gelijk", "web3: wiki verschijnt"])
    assert sentence == "Lines of the form that were answered: 2 of 4."
    assert lines == [
        ("All 3 machines: the clock is right", True),
        ("web1: wiki shows", None),
        ("web3: wiki shows", True),
        (WHOLE, None),
    ]


@pytest.mark.slow
def test_a_signature_from_a_screen_is_on_paper_with_every_line_of_it() -> None:
    """One that is longer than a text on paper may be."""
    points = [f"{20 + number} {60 + number * 7 % 40}" for number in range(500)]
    signed = {"user": "J. Bakker", "verdict": "accepted", "drawn": f"M{'L'.join(points)}", "opened_by": "S. Yilmaz"}
    journal = Journal("20261123T100000Z-site-d00099")
    journal.play("Wiki", {"web1": ["web"]})
    journal.finish()
    record = outputs.record_of(Case(journal.lines, [entry(1, "J. Bakker", "acceptance", **signed)]))
    drawn: Counter[str] = Counter()
    with pikepdf.open(io.BytesIO(render(record, "pdf", "nl"))) as paper:
        for part in (*paper.pages, *(part for part in paper.objects if isinstance(part, pikepdf.Stream))):
            if isinstance(part, pikepdf.Page) or part.get("/Subtype") == "/Form":
                drawn.update(str(line.operator) for line in pikepdf.parse_content_stream(part))
    assert drawn["l"] >= len(points) - 1


def test_what_is_asked_of_the_same_machines_stands_together_on_the_sheet() -> None:
    """Their names once above the lines, and not again before each of them."""
    journal = Journal("20261123T100000Z-site-c00001")
    journal.play("Web", {"web1": [], "web2": [], "web3": []})
    asked = {"clock": ("web1", "web2", "web3"), "wiki": ("web1", "web3"), "mail": ("web1", "web3"), "disk": ("web2",)}
    for name, hosts in asked.items():
        for host in hosts:
            title = text(f"{name} shows", f"{name} verschijnt")
            journal.checks(host, "after", name, [check(name, source="http", title=title)])
    journal.finish()
    view = View.of(outputs.record_of(Case(journal.lines)))
    page = registry.of(view.record).layout.forms["checklist"](view, Translator("en"), NO_PAPER)
    shown = []
    for block in page.summary:
        for part in block.blocks if isinstance(block, Group) else (block,):
            if isinstance(part, Checklist):
                shown.append((getattr(block, "title", ""), [line.text for line in part.lines]))
    assert [lines for _, lines in shown] == [
        ["All 3 machines: clock shows"], ["wiki shows", "mail shows"], ["disk shows"], [WHOLE],
    ]  # fmt: skip
    assert [title for title, _ in shown[1:3]] == ["web1, web3", "web2"]
