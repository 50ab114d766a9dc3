"""What is not in the language of the page says so, in HTML and in PDF: a screen reader goes by it."""

from __future__ import annotations

import io
from html.parser import HTMLParser

import pikepdf
import pytest
from golden import outputs
from golden.cases import Case, entry
from golden.journal import Journal, check, control, text
from oplever.page.translator import Translator
from oplever.record.model import Language, Record
from oplever.render.registry import render

VOID = ("br", "img", "link", "meta")


class Spoken(HTMLParser):
    """Every text of a page with the language that a browser would give it."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.texts: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inherited = self.open[-1][1] if self.open else ""
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("lang") or inherited))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open[-1][0] not in ("style", "script", "title"):
            self.texts.append((self.open[-1][1], data))


def record() -> Record:
    journal = Journal("20261123T100000Z-site-e00001")
    journal.play("Web", {"web1": []})
    journal.task("Start the web server", "ansible.builtin.service", "oplever.lab.nginx")
    journal.result("web1", "failed", message="exit status was one")
    journal.task("Herstart alles", "ansible.builtin.service", "school.rollen.web")
    journal.result("web1")
    only = {"en": "only in English", "nl": ""}, {"nl": "alleen in het Nederlands", "en": ""}
    journal.checks(
        "web1",
        "after",
        "nginx",
        [
            check(
                "a", "fail", title=only[0], expected="is one of true", found="does not exist", evidence="no such file"
            ),
            check("b", "error", title=only[1], reason="permission denied"),
            check("c", "fail", title=text("in both", "in beide")),
        ],
    )
    fix = control(
        "SSH-001", "fail", "high", remedy=only[0], title=only[1], expected="value was no", found="value was yes"
    )
    journal.checks("web1", "after", "harden", [fix], profile="basis")
    journal.finish()
    hand = entry(
        0, "S. Yilmaz", "test", host="web1", title="lamp brandt", status="fail", stage="after", found="lamp is uit"
    )
    return outputs.record_of(Case(journal.lines, [hand]))


def spoken(language: Language) -> dict[str, set[str]]:
    """Languages by text."""
    parser = Spoken()
    parser.feed(render(record(), "html", language).decode())
    languages: dict[str, set[str]] = {}
    for mark, words in parser.texts:
        languages.setdefault(words.strip(), set()).add(mark)
    return languages


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("exit status was one", "en"),
        ("Start the web server", "en"),
        ("Herstart alles", "nl"),
        ("is one of true", "en"),
        ("does not exist", "en"),
        ("no such file", "en"),
        ("permission denied", "en"),
        ("value was no", "en"),
        ("value was yes", "en"),
        ("only in English", "en"),
        ("web1: only in English", "en"),
        ("alleen in het Nederlands", "nl"),
        ("in beide", "nl"),
        ("lamp is uit", "nl"),
        ("web1: exit status was one", "en"),
    ],
)
def test_english_in_a_dutch_page_says_so(words: str, language: str) -> None:
    assert spoken("nl")[words] == {language}


def test_an_english_page_marks_only_what_is_dutch() -> None:
    texts = spoken("en")
    assert texts["alleen in het Nederlands"] == texts["web1: alleen in het Nederlands"] == {"nl"}
    assert {words for words, marks in texts.items() if marks != {"en"} and "alleen in het" not in words} == set()


@pytest.mark.slow
@pytest.mark.parametrize(("language", "other"), [("nl", "en"), ("en", "nl")])
def test_pdf_marks_the_other_language_in_its_tags(language: Language, other: str) -> None:
    with pikepdf.open(io.BytesIO(render(record(), "pdf", language))) as pdf:
        marks = [str(part["/Lang"]) for part in pdf.objects if isinstance(part, pikepdf.Dictionary) and "/Lang" in part]
    assert marks.count(language) == 1  # the document itself
    assert set(marks) == {language, other}


def test_a_sentence_is_in_two_languages_when_its_parameters_are() -> None:
    pieces = Translator("nl").phrases("expected {expected}; found {found}", "en", expected="yes", found="no")
    assert [(piece.text, piece.language) for piece in pieces] == [
        ("verwacht ", ""),
        ("yes", "en"),
        ("; gevonden ", ""),
        ("no", "en"),
    ]
    assert {piece.language for piece in Translator("en").phrases("found {found}", "en", found="no")} == {""}
