"""The PDF for the archive: it holds the evidence, says of which record it was made, and can be read for a long time.

No validator of PDF/A can be had where these tests run; the rules that are checked here are those of ISO 19005-3 and
ISO 14289-1 that a file can break by what this package does. Typst refuses by itself what it knows to be against them.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier
from typing import Any

import fleet
import pikepdf
import pytest
import typst
from click.testing import CliRunner
from golden import outputs
from msgspec import structs
from oplever.app.build import build, enclosing, paper
from oplever.cli.main import main
from oplever.journal.reader import read
from oplever.kinds.derive import derive
from oplever.kinds.documents import build as page_of
from oplever.page.blocks import Details, Page
from oplever.page.translator import Translator
from oplever.render import paper as on_sheets
from oplever.render import pdf
from oplever.render.registry import draw_all, render
from oplever.render.sheets import SHEET, annex_height

ARABIC, HEBREW, CHINESE = "يلماز", "שלום", "王小明"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record with documents."""
    place = tmp_path_factory.mktemp("records") / "20261123T100000Z-site-d00001"
    place.mkdir()
    case = outputs.case("delivered")
    (place / "journal.jsonl").write_bytes(b"".join(case.journal))
    build(place)
    return place


@pytest.fixture(scope="module")
def content(directory: Path) -> bytes:
    return (directory / "report.nl.pdf").read_bytes()


def words(content: bytes) -> str:
    return subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True).stdout.decode()


def code(content: bytes) -> str:
    match = re.search(r"oplever:[\w-]+:\d+:[0-9a-f]{24}", words(content).replace("\n", ""))
    assert match
    return match[0]


def test_the_files_of_the_record_are_inside_it_as_they_are(directory: Path, content: bytes) -> None:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert set(pdf.attachments) == {"journal.jsonl", "record.json"}
        for name, spec in pdf.attachments.items():
            assert spec.get_file().read_bytes() == (directory / name).read_bytes()
            assert spec.obj.AFRelationship == ("/Data" if name == "record.json" else "/Source")
        assert len(pdf.Root.AF) == len(pdf.attachments)


def test_what_is_too_large_stays_outside_and_is_named(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (directory / "record.json").stat().st_size
    monkeypatch.setattr("oplever.app.build._LARGEST_ENCLOSED", size)
    made = enclosing(directory, paper(directory, 1))
    assert made.too_large == tuple(n for n in ("journal.jsonl",) if (directory / n).stat().st_size > size)
    monkeypatch.setattr("oplever.app.build._LARGEST_ENCLOSED", 0)
    assert enclosing(directory, paper(directory, 1)).too_large == ("record.json", "journal.jsonl")


@pytest.mark.slow
def test_every_row_that_was_folded_is_in_an_annex(content: bytes) -> None:
    page = page_of(outputs.record("delivered"), Translator("nl"))
    sheets = on_sheets.archived(page)
    assert sum(len(annex.blocks) for annex in sheets.annexes) > 5
    folded = [b for s in sheets.sections for b in s.blocks if isinstance(b, Details) and b.folded]
    assert [block.folded for block in folded if not block.folded.startswith("Zie bijlage ")] == []
    for name in ("nginx.answers", "/etc/nginx/nginx.conf", "libssl"):
        assert (name in words(content)) is (name in str(page)), name


def many() -> Page:
    return page_of(derive(read(fleet.lines(40, tasks=8, tests=4, controls=60))), Translator("en"))


@pytest.mark.slow
def test_of_many_rows_those_that_failed_are_kept() -> None:
    sheets = on_sheets.archived(many())
    size = sum(annex_height(annex) for annex in sheets.annexes)
    assert 0 < size <= on_sheets.MOST_ANNEX_SHEETS * SHEET
    text = str(sheets.sections)
    assert "The rows are in the file report.en.html." in text
    assert [annex.number for annex in sheets.annexes] == list(range(1, len(sheets.annexes) + 1))


@pytest.mark.slow
@pytest.mark.parametrize("sheets", [8, 20])
def test_annexes_take_as_many_sheets_as_they_may(sheets: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_sheets, "MOST_ANNEX_SHEETS", sheets)
    page = many()
    size = sum(map(annex_height, on_sheets.archived(page).annexes)) / SHEET
    pages = words(pdf.draw(page)).rstrip("\f").split("\f")
    (first,) = [number for number, text in enumerate(pages) if re.search("^Annexes$", text, re.MULTILINE)]
    assert 0.7 * sheets < size <= sheets
    assert len(pages) - first == pytest.approx(size, rel=0.12, abs=1)


def test_tests_and_controls_go_before_long_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """What shows that the work is right is short by subject; the packages of all machines are not."""
    page = page_of(outputs.record("delivered"), Translator("en"))
    sizes = sorted(annex_height(annex) for annex in on_sheets.archived(page).annexes)
    monkeypatch.setattr(on_sheets, "MOST_ANNEX_SHEETS", (sum(sizes) - 1) / SHEET)
    fewer = on_sheets.archived(page).annexes
    assert sorted(map(annex_height, fewer)) == sizes[:-1]


@pytest.mark.slow
def test_a_heading_is_not_said_again_by_its_table() -> None:
    record = outputs.record("incident_closed")
    text = render(record, "md", "nl").decode()
    assert "Gebruikte materialen" in text
    assert "**Gebruikte materialen**" not in text
    assert words(render(record, "pdf", "nl")).count("Gebruikte materialen") == 1
    assert '<caption class="hidden">Gebruikte materialen</caption>' in render(record, "html", "nl").decode()


@pytest.mark.slow
def test_a_short_first_page_is_followed_at_once() -> None:
    first, _, _ = words(render(outputs.record("incident_closed"), "pdf", "nl")).partition("\f")
    assert "Documentgegevens en versiebeheer" in first
    first, _, _ = words(render(outputs.record("delivered"), "pdf", "nl")).partition("\f")
    assert "Documentgegevens en versiebeheer" not in first


def objects(pdf: pikepdf.Pdf, kind: str) -> Iterator[pikepdf.Object]:
    for found in pdf.objects:
        if isinstance(found, pikepdf.Dictionary) and found.get("/Type") == kind:
            yield found


def test_it_keeps_the_rules_of_the_archive(content: bytes) -> None:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        with pdf.open_metadata() as about:
            levels = ("pdfa", "part"), ("pdfa", "conformance"), ("pdfua", "part")
            part = {key: about.get(f"{{http://www.aiim.org/{key[0]}/ns/id/}}{key[1]}") for key in levels}
        assert list(part.values()) == ["3", "A", "1"]
        assert not pdf.is_encrypted
        assert [str(intent.S) for intent in pdf.Root.OutputIntents] == ["/GTS_PDFA1"]
        assert bool(pdf.Root.MarkInfo.Marked)
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
        assert "/StructTreeRoot" in pdf.Root
        descriptors = list(objects(pdf, "/FontDescriptor"))
        assert descriptors
        for font in descriptors:
            assert any(f"/FontFile{kind}" in font for kind in ("", "2", "3")), font.FontName
        for spec in objects(pdf, "/Filespec"):
            assert {"/AFRelationship", "/F", "/UF", "/EF", "/Desc"} <= set(spec.keys())
            assert "/Subtype" in spec.EF.F
        figures = [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/S") == "/Figure"]
        assert figures
        assert all("/Alt" in figure for figure in figures)
        assert not {"/JavaScript", "/OpenAction", "/AA"} & set(pdf.Root.keys())


@pytest.mark.slow
def test_every_mark_of_the_structure_is_closed_on_its_page(content: bytes) -> None:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        for page in pdf.pages:
            depth, deepest = 0, 0
            for _, operator in pikepdf.parse_content_stream(page):
                depth += (str(operator) in ("BDC", "BMC")) - (str(operator) == "EMC")
                deepest = max(depth, deepest)
                assert depth >= 0
            assert (depth, deepest > 0) == (0, True)


@pytest.mark.slow
def test_nothing_on_paper_is_without_a_width(content: bytes) -> None:
    """What is copied from it, or searched in it, is what it says."""
    assert not re.search("[\u200b-\u200d\u2060\ufeff]", words(content))
    with pikepdf.open(io.BytesIO(content)) as pdf, pdf.open_metadata() as about:
        assert "20261123T100000Z-site-d00001" in str(about.get("pdf:Keywords"))


def test_every_page_but_the_first_says_what_it_belongs_to(content: bytes) -> None:
    pages = words(content).split("\f")[:-1]
    for number, text in enumerate(pages, 1):
        assert f"Pagina {number} van {len(pages)}" in text
        assert "concept, revisie 1" in text or number == 1


def test_no_heading_stands_alone_at_a_foot(content: bytes) -> None:
    """The last words of a page before its foot are no heading of a section."""
    titles = {f"{s.number} {s.title}" for s in page_of(outputs.record("delivered"), Translator("nl")).sections}
    for text in words(content).split("\f")[:-1]:
        lines = [re.sub(r"\s+", " ", line) for line in text.splitlines() if line.strip()]
        foot = next(n for n, line in enumerate(lines) if line.startswith("20261123T100000Z-site"))
        assert lines[foot - 1] not in titles


def test_signatures_stand_on_one_page(content: bytes) -> None:
    pages = [text for text in words(content).split("\f") if "Handtekening" in text]
    assert len(pages) == 1


def test_the_code_of_the_paper_is_taken_by_verify(directory: Path, content: bytes) -> None:
    printed = code(content)
    done, out = verify_in(directory, printed)
    assert (done, "the document is of revision 1 of this record" in out) == (0, True), out
    done, out = verify_in(directory, printed[:-1] + ("0" if printed[-1] != "0" else "1"))
    assert done == 1
    assert "its fingerprint differs" in out
    done, out = verify_in(directory, printed.replace(":1:", ":7:"))
    assert "revision 7, which this record does not have" in out
    done, out = verify_in(directory, "oplever:nonsense")
    assert (done, "code-invalid" in out) == (2, True)


@pytest.mark.slow
def test_a_paper_of_an_earlier_revision_says_so(directory: Path, content: bytes, tmp_path: Path) -> None:
    copy = tmp_path / directory.name
    shutil.copytree(directory, copy)
    entry = {"at": "2026-11-24T09:00:00.000000Z", "by": "S. Yilmaz", "entry": {"added": "none", "what": "proposals"}}
    (copy / "entries.jsonl").write_text(json.dumps(entry) + "\n")
    build(copy)
    done, out = verify_in(copy, code(content))
    assert (done, "revision 1 of this record; the present revision is 2" in out) == (0, True), out
    assert code((copy / "report.nl.pdf").read_bytes()).split(":")[2] == "2"


def verify_in(directory: Path, printed: str) -> tuple[int, str]:
    result = CliRunner(env={"OPLEVER_RECORDS": str(directory.parent)}).invoke(main, ["verify", printed])
    return result.exit_code, result.output + str(result.exception or "")


def test_the_square_is_that_code(directory: Path, content: bytes) -> None:
    segno = pytest.importorskip("segno")
    from oplever.render.square import square  # noqa: PLC0415 - what draws it

    printed = code(content)
    assert square(printed) == ["".join(map(str, row)) for row in segno.make(printed, error="m", micro=False).matrix]
    assert square("") == []


@pytest.mark.slow
def test_a_name_in_another_script_is_printed_where_there_is_a_font() -> None:
    record = outputs.record("delivered")
    title = f"{ARABIC} {HEBREW} {CHINESE}"
    record = structs.replace(record, assignment=structs.replace(record.assignment, title=title))
    text = words(render(record, "pdf", "nl"))
    families = set(typst.Fonts(include_system_fonts=True).families())
    for name, fonts in (
        (HEBREW, {"DejaVu Sans", "Noto Sans Hebrew"}),
        (CHINESE, {"Droid Sans Fallback", "Noto Sans CJK SC"}),
        (ARABIC, {"DejaVu Sans", "Noto Sans Arabic", "Noto Naskh Arabic"}),
    ):
        letters = set(name)
        assert letters <= set(text) if families & fonts else f"U+{ord(name[0]):04X}" in text


@pytest.mark.slow
@pytest.mark.parametrize("name", ["delivered", "failed", "empty", "many"])
def test_the_layout_settles_without_a_warning(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of pages that depend on what is on a page would come out wrong."""
    given: list[str] = []

    def compile_(*arguments: Any, **options: Any) -> bytes:
        content, warnings = typst.compile_with_warnings(*arguments, **options)
        given.extend(warning.message for warning in warnings)
        return bytes(content)

    monkeypatch.setattr(typst, "compile", compile_)
    render(outputs.record(name), "pdf", "nl")
    assert given == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "fits"), [("delivered", True), ("failed", False), ("drifted", False)])
def test_what_runs_over_the_first_page_is_followed_at_once(name: str, fits: bool) -> None:
    """A first page that fits is one sheet; else no sheet after it is nearly empty."""
    sheets = words(render(outputs.record(name), "pdf", "en")).split("\f")
    chapter = next(number for number, sheet in enumerate(sheets) if re.search(r"^0 +Document control", sheet, re.M))
    assert chapter == 1
    before = sheets[chapter].partition("Document control")[0]
    assert ("Timeline" not in before) is fits
    assert all(len(sheet.split()) > 150 for sheet in sheets[: chapter + 1])


@pytest.mark.slow
def test_a_large_page_is_drawn_by_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of(outputs.record("remarks"), Translator("en"))
    whole = pdf.draw(page)
    monkeypatch.setattr(pdf, "APART_ROWS", 0)
    monkeypatch.setattr(pdf, "compiled", None)
    assert pdf.draw(page) == whole


@pytest.mark.slow
def test_a_page_that_cannot_be_drawn_there_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "APART_ROWS", 0)
    monkeypatch.setattr(pdf, "_PAGE", "elsewhere.json")
    with pytest.raises(ChildProcessError, match="Typst: FileNotFoundError"):
        pdf.draw(page_of(outputs.record("empty"), Translator("en")))


@pytest.mark.slow
def test_languages_are_drawn_at_once_where_that_takes_not_too_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each PDF waits for the other, so that one after the other would never end."""
    record, both = outputs.record("remarks"), Barrier(2, timeout=60)
    draw = pdf.draw

    def waiting(page: Page) -> bytes:
        both.wait()
        return draw(page)

    monkeypatch.setattr(pdf, "draw", waiting)
    monkeypatch.setattr(pdf, "APART_ROWS", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    names = [name for name, content in draw_all(record) if content]
    assert names[-2:] == ["report.nl.pdf", "report.en.pdf"]
    monkeypatch.setattr(pdf, "MANY_ROWS", 1)
    assert pdf.at_once([page_of(record, Translator("en"))] * 2) == 1


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("all,networked_machines,dns", ["all,", "networked_", "machines,", "dns"]),
        ("20261101T100000Z-site-aaaaaa", ["20261101T100000Z-", "site-", "aaaaaa"]),
        ("f" * 40, ["f" * 18, "f" * 18, "f" * 4]),
        ("f" * 18 + "." + "g" * 18, ["f" * 18 + ".", "g" * 18]),
        ("verwijderingsdatum", ["verwijderingsdatum"]),
    ],
)
def test_a_long_word_is_broken_after_its_signs_and_a_name_between_them_is_whole(text: str, parts: list[str]) -> None:
    assert pdf.for_paper(text).split("\u200b") == parts
