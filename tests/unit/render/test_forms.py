"""Papers for one purpose: one sheet each, with what is in the record and nothing else."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import fleet
import pikepdf
import pytest
from click.testing import Result
from command import attempt
from golden import outputs
from msgspec import structs
from oplever import store
from oplever.app import forms
from oplever.app.build import build, refresh
from oplever.cli.language import of_the_user
from oplever.errors import OpleverError
from oplever.journal.reader import read
from oplever.kinds import registry
from oplever.kinds.derive import derive
from oplever.page.document import NO_PAPER
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record.model import Language, Record, RestPoint, RestPoints
from oplever.render import pdf

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><rect width="4" height="4" fill="#1b5686"/></svg>'
OWN = """organisation:
  name: School De Linde
  address: [Lindelaan 4, 1234 AB Utrecht]
  logo: logo.svg
  colour: "#1b5686"
  fields: {KvK: "12345678"}
"""


def draw_form(record: Record, name: str, language: Language = "nl") -> bytes:
    form = registry.of(record).layout.forms[name]
    return pdf.draw(form(View.of(record), Translator(language), NO_PAPER))


def words(content: bytes) -> str:
    text = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    return " ".join(text.stdout.decode().split())


def pages(content: bytes) -> int:
    with pikepdf.open(io.BytesIO(content)) as opened:
        return len(opened.pages)


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with one record, in which somebody stands."""
    place = tmp_path / "records" / "20261123T100000Z-site-d00001"
    place.mkdir(parents=True)
    case = outputs.case("delivered")
    (place / "journal.jsonl").write_bytes(b"".join(case.journal))
    (place / "entries.jsonl").write_text("".join(json.dumps(line) + "\n" for line in case.entries), encoding="utf-8")
    monkeypatch.setenv("OPLEVER_RECORDS", str(place.parent))
    monkeypatch.setenv("OPLEVER_CONFIG", str(tmp_path / "oplever.yml"))
    (tmp_path / "oplever.yml").write_text("")
    monkeypatch.chdir(tmp_path)
    refresh(store.load(place), place)  # forms are made of the record, not of its documents
    return place


def run(*arguments: str) -> Result:
    return attempt("form", *arguments)


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("name", ["delivered", "failed", "remarks", "empty"])
def test_a_certificate_is_one_sheet(name: str, language: Language) -> None:
    assert pages(draw_form(outputs.record(name), "certificate", language)) == 1


def test_a_certificate_of_many_machines_is_one_sheet() -> None:
    record = derive(read(fleet.lines(30, tasks=4, tests=4, controls=10)))
    content = draw_form(record, "certificate")
    assert pages(content) == 1
    text = words(content)
    assert "30 gelijke machines" in text
    assert "en nog 22" in text


def points(record: Record, *stated: RestPoint, none: bool = False) -> str:
    """The certificate of a record in which people said this of open points."""
    return words(
        draw_form(structs.replace(record, rest_points=RestPoints(stated, none_stated=none)), "certificate", "en")
    )


@pytest.mark.slow
def test_a_user_signs_except_for_open_points_that_are_there() -> None:
    record = outputs.record("delivered")
    point = RestPoint("R1", "Label the cables", "A. Vos", "2026-12-01", "open")
    done = structs.replace(point, status="done")
    for text, sentence in (
        (points(record, point, done), "accepts the work, except for the open points above."),
        (
            points(record, done),
            "There are no open points any more: all of them are done. Who signs as the user accepts",
        ),
        (points(record, none=True), "stated explicitly. Who signs as the user accepts the work. "),
        (points(record), "accepts the work, except for open points that are written on this sheet."),
    ):
        assert sentence in text


@pytest.mark.parametrize(("name", "is_handed_over"), [("delivered", True), ("failed", False), ("check_mode", False)])
def test_machines_are_handed_over_when_the_work_is_in_order(name: str, is_handed_over: bool) -> None:
    text = words(draw_form(outputs.record(name), "certificate", "en"))
    assert ("Handed over" in text) is is_handed_over


def test_the_worst_is_on_the_certificate_and_in_the_letter_and_what_is_left_out_is_counted() -> None:
    record = outputs.record("remarks")
    layout = registry.of(record).layout
    text = layout.letter(View.of(record), Translator("en"), NO_PAPER)
    watched = text.partition("Needs attention:\n")[2].partition("\n\n")[0].splitlines()
    assert watched[0] == "- Failing control: control SSH-001 holds (web1)"
    assert (len(watched), watched[-1]) == (6, "- and 10 more")
    assert "Others" in words(draw_form(record, "certificate", "en"))


@pytest.mark.slow
def test_a_certificate_of_work_that_is_not_in_order_says_so() -> None:
    text = words(draw_form(outputs.record("failed"), "certificate"))
    assert "Niet opgeleverd" in text
    assert "Nog niemand heeft verklaard of er restpunten zijn." in text
    record = outputs.record("failed")
    stated = structs.replace(record, rest_points=structs.replace(record.rest_points, none_stated=True))
    assert "Er zijn geen restpunten" in words(draw_form(stated, "certificate"))


def test_the_checklist_has_each_machine_under_its_name() -> None:
    text = words(draw_form(outputs.record("delivered"), "checklist"))
    assert "web1: " not in text
    assert text.index("web1 ") < text.index("De gebruiker weet hoe het werkt")


@pytest.mark.parametrize(("name", "suffix"), [("certificate", "pdf"), ("checklist", "html"), ("certificate", "md")])
def test_a_form_is_a_file_where_somebody_stands(records: Path, name: str, suffix: str) -> None:
    result = run(name, records.name, "--language", "nl", "--format", suffix)
    assert result.exit_code == 0, result.output
    file = Path(f"{name}-{records.name}.nl.{suffix}")
    assert result.output == f"formulier: {file}\n"
    assert file.stat().st_size > 500


def test_the_letter_goes_to_the_terminal(records: Path) -> None:
    result = run("letter", records.name, "--language", "en")
    assert result.output.startswith("Subject: W-2026-118: Web server for the school's wiki\n")
    assert f"To check this record: oplever verify with this code.\noplever:{records.name}:" in result.output


@pytest.mark.slow
def test_a_week_sheet_adds_up_the_hours_of_one_person(records: Path) -> None:
    made = outputs.record("delivered")
    mine = [line for line in made.hours.lines if line.kind != "machine"]
    monday = forms.monday_of("2026-W48")
    lines = forms.week(monday)
    assert sum(line.hours for line in lines) == sum(line.hours for line in mine) > 0
    assert forms.week(forms.monday_of("2026-W40")) == []
    person = forms.people_of(lines)[0]
    other = structs.replace(lines[0], person="somebody else", hours=100.0, activity="other work")
    text = words(forms.hours([*lines, other], person, monday, "en", "pdf"))
    assert "other work" not in text
    total = sum(line.hours for line in lines if line.person == person)
    assert f"Total of the week {total:.2f} hours" in text
    (records / store.RECORD).unlink()
    assert forms.week(monday) == lines  # nothing was made of its entries yet
    result = run("hours", "--week", "2026-W48", "--language", "en")
    assert len(result.output.splitlines()) == len(forms.people_of(lines))


@pytest.mark.parametrize("week", ["48", "2026-W99", "2026-W54", "next", ""])
def test_a_week_that_is_none_says_how_to_write_it(week: str) -> None:
    with pytest.raises(OpleverError, match="is not a week"):
        forms.monday_of(week)


@pytest.mark.slow
def test_the_organisation_stands_on_every_paper(records: Path, tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text(LOGO)
    (tmp_path / "oplever.yml").write_text(OWN)
    for name in ("certificate", "checklist"):
        text = words(forms.form(records, name, "nl", "pdf"))
        assert "School De Linde" in text
        assert "KvK: 12345678" in text
    build(records)
    assert "School De Linde" in words((records / "report.nl.pdf").read_bytes())
    assert "data:image/svg+xml;base64," in (records / "report.nl.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('  colour: "red"', "colour"),
        ("  logo: missing.png", "missing.png"),
        ("  logo: oplever.yml", "no picture"),
        ("  phone: 1", "phone"),
    ],
)
def test_a_mistake_in_the_organisation_is_told(line: str, problem: str, records: Path, tmp_path: Path) -> None:
    (tmp_path / "oplever.yml").write_text(f"organisation:\n  name: X\n{line}\n")
    result = run("certificate", records.name)
    assert result.exit_code == 2
    assert problem in result.output
    assert "config-invalid" in result.output or "file-unreadable" in result.output


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "nl_NL.UTF-8"}, "nl"),
        ({"LC_ALL": "C", "LANG": "nl_NL"}, "en"),
        ({}, "en"),
        ({"LC_MESSAGES": "nl_BE"}, "nl"),
    ],
)
def test_the_language_is_that_of_the_user(
    variables: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert of_the_user() == language
