"""The documents: the same content in three formats and two languages, safe against what machines say."""

from __future__ import annotations

import ast
import io
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import helps
import pikepdf
import pytest
from babel.messages.pofile import read_po
from golden import outputs
from journals import Journal, complete
from markdown_it import MarkdownIt
from msgspec import structs
from oplever import render as render_package
from oplever.kinds import documents
from oplever.kinds.derive import derive
from oplever.kinds.installation.chapters.baseline import exception_problem
from oplever.kinds.registry import LOG
from oplever.page.blocks import Attention, Cell, Column
from oplever.page.parts import table
from oplever.page.translator import LANGUAGES, Translator
from oplever.page.view import short_names
from oplever.page.vocabulary import setting_name, setting_value
from oplever.record import entries
from oplever.record.entries.fields import typed_fields
from oplever.record.model import ExceptionGrant, Language, Record
from oplever.render.markdown import escape
from oplever.render.registry import FORMATS, render
from oplever.web.forms import about, label

EVIL = '<script>alert(1)</script>"\x1b[31m\u202eend|*_`[x](javascript:alert(1))#{let} =HYPERLINK("http://evil")'
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "rect", "path", "line", "circle", "use"}


def hostile() -> Record:
    journal = complete().check(
        "fail", id="x.evil", title={"nl": EVIL, "en": EVIL}, found=EVIL, expected=EVIL, evidence=EVIL
    )
    journal.task(EVIL, "failed", message=EVIL)
    return journal.finish(ok=5, failed=1).record()


def text(record: Record, fmt: str, language: Language = "nl") -> str:
    return render(record, fmt, language).decode("utf-8")


class Strict(HTMLParser):
    """Fails on an element that is not closed in the order it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag


def parsed(record: Record, language: Language = "nl") -> Strict:
    parser = Strict()
    parser.feed(text(record, "html", language))
    parser.close()
    assert parser.open == []
    return parser


@pytest.mark.parametrize("language", LANGUAGES)
def test_html_is_well_formed_and_one_file(language: Language) -> None:
    page = parsed(complete().finish(ok=5).record(), language)
    assert ("html", language) in [(tag, attributes.get("lang")) for tag, attributes in page.seen]
    links = [str(attributes[key]) for _, attributes in page.seen for key in ("src", "href") if attributes.get(key)]
    assert [link for link in links if not link.startswith(("#", "data:"))] == []
    identifiers = [attributes["id"] for _, attributes in page.seen if attributes.get("id")]
    assert len(identifiers) == len(set(identifiers))
    assert {link[1:] for link in links if link.startswith("#")} <= set(identifiers)


def test_what_a_machine_says_stays_text_in_html() -> None:
    page = parsed(hostile())
    raw = text(hostile(), "html")
    assert "<script>alert" not in raw
    assert "&lt;script&gt;alert" in raw
    assert sum(tag == "script" for tag, _ in page.seen) == sum(
        tag == "script" for tag, _ in parsed(complete().finish(ok=5).record()).seen
    )
    assert not any(str(attributes.get("href", "")).startswith("javascript:") for _, attributes in page.seen)
    assert not any(key.startswith("on") for _, attributes in page.seen for key in attributes)


@pytest.mark.parametrize("fmt", ["html", "md"])
def test_control_and_bidi_characters_do_not_get_through(fmt: str) -> None:
    raw = text(hostile(), fmt)
    assert "\x1b" not in raw
    assert "\u202e" not in raw


def test_what_a_machine_says_stays_text_in_markdown() -> None:
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text(hostile(), "md"))
    inner = [child for token in tokens for child in token.children or ()]
    assert {child.content for child in inner if child.type == "html_inline"} <= {"<br>"}
    blocks = {token.content.strip() for token in tokens if token.type == "html_block"}
    assert not any("script" in block for block in blocks)
    links = {str(child.attrs.get("href")) for child in inner if child.type == "link_open"}
    assert all(link.startswith("#") for link in links), links
    assert any("alert(1)" in child.content for child in inner if child.type in ("text", "code_inline"))


def test_markdown_is_readable_as_it_is_written() -> None:
    """A figure at the start of a line is no list, and a note stands apart from what it is about."""
    assert escape("1.3 install\n20.0 GB") == "1.3 install<br>20.0 GB"
    assert [escape(text) for text in ("1. one", "2) two", "3.")] == ["1<!-- -->. one", "2<!-- -->) two", "3<!-- -->."]
    facts = text(outputs.record("delivered"), "md", "nl").splitlines()[4]
    assert "1.3 installeren en configureren · " in facts
    assert "23 november 2026, 11:00, duurde 3 min 10 s" in facts


def test_no_label_of_the_timeline_is_cut_off() -> None:
    """A block has its label only where there is room for it, at 11 pixels a letter of the narrowest drawing."""
    html = "".join(text(outputs.record(name), "html") for name in ("delivered", "failed", "remarks", "stopped"))
    spans = re.findall(r'<svg class="span [a-z]+"[^>]* width="([\d.]+)%"[^>]*>(.*?)</svg>', html)
    drawn = [(float(width), *re.findall(r"<text[^>]*>([^<]+)</text>", inside)) for width, inside in spans]
    assert any(words for _, *words in drawn)
    for width, *words in drawn:
        assert all(width > 1.2 * len(word) for word in words), words


def test_tables_of_markdown_have_as_many_cells_as_heads() -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(text(hostile(), "md"))
    heads = cells = 0
    for token in tokens:
        heads = 0 if token.type == "table_open" else heads + (token.type == "th_open")
        cells = 0 if token.type == "tr_open" else cells + (token.type == "td_open")
        if token.type == "tr_close" and cells:
            assert cells == heads
    assert any(token.type == "td_open" for token in tokens)


@pytest.mark.parametrize("record", [complete().finish(ok=5).record(), hostile()], ids=["plain", "hostile"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_pdf_is_tagged_and_says_its_language(record: Record, language: Language) -> None:
    content = render(record, "pdf", language)
    assert b"/Suspects" not in content  # poppler calls it an error
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert str(pdf.Root.Lang).startswith(language)
        assert bool(pdf.Root.MarkInfo.Marked)
        assert len(pdf.pages) > 1
        with pdf.open_metadata() as about:
            assert about["{http://www.aiim.org/pdfa/ns/id/}part"] == "3"
            assert about["{http://www.aiim.org/pdfua/ns/id/}part"] == "1"
        assert "/JavaScript" not in str(pdf.Root.keys())
        assert "/OpenAction" not in pdf.Root


@pytest.mark.parametrize("fmt", FORMATS)
def test_the_same_record_gives_the_same_document(fmt: str) -> None:
    record = complete().finish(ok=5).record()
    assert render(record, fmt, "nl") == render(record, fmt, "nl")


def test_the_languages_differ_in_words_and_not_in_facts() -> None:
    record = complete().finish(ok=5).record()
    dutch, english = text(record, "md", "nl"), text(record, "md", "en")
    assert "Technisch in orde, wacht op de gebruiker en de leidinggevende" in dutch
    assert "Technically in order, waits for the user and the supervisor" in english
    facts = re.compile(r"\b(?:nginx|bash|r1|x\.y|5\.2-2)\b")
    assert facts.findall(dutch) == facts.findall(english)


@pytest.mark.parametrize("fmt", ["html", "md"])
@pytest.mark.parametrize("section", range(23))
def test_every_section_is_there(fmt: str, section: int) -> None:
    raw = text(complete().finish(ok=5).record(), fmt)
    numbers = re.findall(r'class="number">(\d+)</span>' if fmt == "html" else r"^#+ (\d+)\W", raw, re.MULTILINE)
    assert str(section) in numbers


def test_what_needs_attention_leads_to_the_section_that_tells_more() -> None:
    journal = complete().check("fail", "during", id="a.b").check("fail", id="c.d").task("breaks", "failed")
    controls = [{"id": "SSH-001", "severity": "high", "status": "fail", "expected": "no", "found": "yes"}]
    journal.task("audit", data={"stage": "after", "suite": "SSH", "checks": controls})
    contents: list[tuple[str, dict[str, Any]]] = [
        ("rest-point", {"item": "cable"}),
        ("escalation", {"to": "M. de Wit", "message": "no rights"}),
        ("acceptance", {"user": "A. de Boer", "verdict": "rejected"}),
    ]
    added = [entries.make(kind, "S. Yilmaz", "2026-11-23T12:00:00.000000Z", data) for kind, data in contents]
    raw = text(derive(journal.finish(failed=1).events(), "", added), "html", "en")
    front = re.findall(r'&nbsp;([^<]+)</span></span>\s*<div><p>.*? <a href="#section-(\w+)">Section (\d+)</a>', raw)
    headings = dict(re.findall(r'id="heading-(\w+)"><span class="number">\d+</span> ([^<]+)', raw))
    assert {(label, headings[key]) for label, key, _ in front} == {
        ("Work", "Steps carried out"),
        ("Failed test", "Tests directly after"),
        ("Failed test", "Tests during"),
        ("Open fault", "Faults and deviations"),
        ("Failing control", "Security-baseline check"),
        ("User", "User check and acceptance"),
        ("Open point", "Open points"),
        ("Escalation", "Escalations"),
    }
    numbers = dict(re.findall(r'id="heading-(\w+)"><span class="number">(\d+)<', raw))
    assert [(key, number) for _, key, number in front] == [(key, numbers[key]) for _, key, _ in front]


def test_every_section_is_labelled_by_its_heading() -> None:
    raw = text(complete().finish(ok=5).record(), "html")
    labels, ids = re.findall(r'aria-labelledby="([^"]+)"', raw), set(re.findall(r'id="([^"]+)"', raw))
    assert len(labels) > 20
    assert set(labels) | set(re.findall(r'href="#([^"]+)"', raw)) <= ids


def test_a_record_without_anything_can_be_read() -> None:
    record = derive([])
    for fmt in FORMATS:
        assert len(render(record, fmt, "nl")) > 500


def test_what_people_added_is_shown() -> None:
    contents: list[tuple[str, dict[str, Any]]] = [
        ("acceptance", {"user": "A. de Boer", "verdict": "accepted", "as_wanted": ["startpagina"]}),
        ("hours", {"hours": 2.5, "activity": "installatie"}),
        ("decision", {"decision": "approved"}),
    ]
    added = [entries.make(kind, "S. Yilmaz", "2026-11-23T12:00:00.000000Z", data) for kind, data in contents]
    record = derive(complete().finish(ok=5).events(), "0" * 64, added)
    raw = text(record, "md")
    for part in ("A. de Boer", "startpagina", "2,5", "S. Yilmaz"):
        assert part in raw


def messages() -> set[str]:
    """Every text that the code hands to a translator, by reading the code."""
    texts = set()
    package = Path(render_package.__file__).parents[1]
    for path in (path for path in package.rglob("*.py") if "_shared" not in path.parts):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            count = {"t": 1, "self": 1, "N_": 1, "M_": 1, "say": 1, "plural": 2}.get(name, 0)
            if isinstance(node.func, ast.Call) and getattr(node.func.func, "id", "") == "translator":
                count = 1
            texts |= {
                arg.value for arg in node.args[:count] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            }
    return {text for text in texts | declared() | helps.texts() if re.search("[A-Za-z]", re.sub(r"{[^{}]*}", "", text))}


def declared() -> set[str]:
    """What the declarations of entries say to whoever fills them in: a form shows it."""
    kinds = [kind for kind in LOG.kinds if not kind.declaration.is_read]
    texts = {label(field) for kind in kinds for field in typed_fields(kind)}
    return texts | {about(kind) for kind in kinds if kind.tag() != "opened"}


@pytest.mark.slow
def test_every_text_has_a_dutch_translation_and_none_is_left_over() -> None:
    path = Path(render_package.__file__).parents[1] / "locale" / "nl" / "LC_MESSAGES" / "oplever.po"
    with path.open("rb") as source:
        catalogue = read_po(source, locale="nl")
    translated = {text for row in catalogue if row.string for text in ([row.id] if isinstance(row.id, str) else row.id)}
    asked = messages()
    assert sorted(asked - translated) == []
    assert sorted(translated - asked - {""}) == []
    assert len(asked) > 300


def accounts() -> Record:
    old = {"accounts": {}, "host": {"timezone": "Etc/UTC"}}
    new = {
        "accounts": {"_chrony": {"uid": 103}, "nobody2": {"uid": 65534}, "docent": {"uid": 1001}},
        "host": {"timezone": "Europe/Amsterdam"},
        "network": {"dns_servers": ["192.0.2.1"]},
    }
    journal = Journal().snapshot("before", **old)
    return journal.snapshot("after", **new).finish(ok=2).record()


def test_a_user_is_shown_what_a_user_can_see() -> None:
    shown = next(
        part for part in re.split(r"^#+ (?=\d)", text(accounts(), "md"), flags=re.MULTILINE) if part[:2] == "14"
    )
    assert "gebruikersaccount docent, toegevoegd" in shown
    assert "Europe/Amsterdam" in shown
    for hidden in ("chrony", "nobody2", "192.0.2.1", "uid"):
        assert hidden not in shown


def test_a_role_goes_by_its_own_name_where_that_says_enough() -> None:
    assert short_names({"oplever.lab.base", "base2", ""}) == {"oplever.lab.base": "base", "base2": "base2", "": ""}
    assert short_names({"a.b.web", "c.d.web"}) == {"a.b.web": "a.b.web", "c.d.web": "c.d.web"}


def test_what_is_not_known_takes_no_row() -> None:
    raw = text(complete().finish(ok=5).record(), "md")
    assert "Serienummer" not in raw
    assert "Bereikbaar" in raw


def test_a_machine_with_many_failures_hides_no_other() -> None:
    journal = complete()
    for number in range(20):
        journal.check("fail", id=f"web.{number}")
    check = {"id": "ws.one", "title": "one", "status": "fail", "expected": "1", "found": "2"}
    journal.task("check of b", host="b", data={"stage": "after", "suite": "x", "checks": [check]})
    page = documents.build(journal.finish(ok=5).record(), Translator("en"))
    attention = next(block for block in page.summary if isinstance(block, Attention))
    shown = [line.text for line in attention.lines if line.label == "Failed test"]
    assert "b: one" in shown[:5]
    assert shown[5] == "and 16 more"


def test_what_could_not_be_read_says_why() -> None:
    journal = complete().check("error", id="SSH-001", severity="high", found="", reason="only root may read it")
    text = render(journal.finish(ok=5).record(), "md", "en").decode()
    assert "not read: only root may read it" in text


def test_dutch_shows_no_english_for_an_exception_that_does_not_count() -> None:
    expired, nobody = (
        ExceptionGrant("U1", "SSH-001", (), "", "", approver, "2020-01-01", problem="it expired")
        for approver in ("M. de Wit", "")
    )
    assert exception_problem(Translator("nl"), expired) == "verlopen op 1 januari 2020"
    assert exception_problem(Translator("nl"), nobody) == "niemand keurde dit goed"
    assert exception_problem(Translator("nl"), structs.replace(expired, problem="")) == ""


def test_dutch_has_words_for_settings_of_the_machine_and_none_for_those_of_programs() -> None:
    t = Translator("nl")
    assert setting_name(t, "host", "keyboard") == "toetsenbordindeling"
    assert setting_name(t, "file", "keyboard") == "keyboard"
    assert setting_value(t, "(secret) 0600 root root 12") == "(geheim) 0600 root root 12"
    assert setting_value(t, "the (secret)") == "the (secret)"


def off_the_paper(content: bytes) -> list[str]:
    """Words of a PDF that stand outside its margins."""
    boxes = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=content, capture_output=True, check=True)
    words = re.findall(r'xMin="([\d.]+)".* xMax="([\d.]+)".*>(.*)</word>', boxes.stdout.decode())
    left, right = 17 * 72 / 25.4, (210 - 17) * 72 / 25.4
    assert len(words) > 200
    return [word for start, end, word in words if float(start) < left - 1 or float(end) > right + 1]


@pytest.mark.slow
def test_a_row_stands_on_one_page() -> None:
    """Only a row that is too long for that is broken."""
    page = documents.build(outputs.record("empty"), Translator("en"))
    columns = (Column("Machine", 1), Column("Score", 1))
    rows = [
        (Cell(f"begin{row:02}"), Cell("score", note="\n".join(["line"] * (row % 7) + [f"end{row:02}"])))
        for row in range(90)
    ]
    long = (Cell("beginlong"), Cell("score", note="\n".join(["x"] * 120 + ["endlong"])))
    page = structs.replace(page, summary=table("Rows", columns, [*rows, long], 200), sections=())
    shown = subprocess.run(["pdftotext", "-", "-"], input=FORMATS["pdf"].draw(page), capture_output=True, check=True)
    sheets = shown.stdout.decode().split("\f")
    assert len(sheets) > 4
    for sheet in sheets:
        assert set(re.findall(r"begin(\d+)", sheet)) == set(re.findall(r"end(\d+)", sheet))
    assert "endlong" in "".join(sheets)


@pytest.mark.slow
def test_what_is_copied_from_paper_is_what_was_recorded() -> None:
    """Where a long word may be broken on paper, nothing stands in it: a copied name is the name."""
    name = "0123456789abcdef" * 5
    record = complete().check("fail", id="x.long", found=name).finish(ok=5).record()
    record = structs.replace(record, id="20261123T100000Z-a-long-playbook-of-a-school-abc123")
    content = render(record, "pdf", "nl")
    words = subprocess.run(["pdftotext", "-raw", "-", "-"], input=content, capture_output=True, check=True)
    shown = words.stdout.decode()
    assert words.stderr == b""
    assert "\u200b" not in shown
    assert shown.count(record.id) > 1
    assert name in shown.replace("\n", "")
    assert off_the_paper(content) == []
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert str(pdf.docinfo["/Keywords"]) == record.id


@pytest.mark.slow
@pytest.mark.parametrize("name", ["delivered", "failed", "remarks", "hostile"])
def test_nothing_runs_off_the_paper(name: str) -> None:
    assert off_the_paper(render(outputs.record(name), "pdf", "nl")) == []
