"""A record from the run to the approval as people on paper follow it: every sentence of the first page, each time, in
both languages; and what is said when somebody changes a file afterwards."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from command import attempt
from golden import outputs
from oplever import store
from oplever.record.model import Language
from oplever.render.registry import render

NAME = "20261123T100000Z-site-d00001"
FRAME: dict[Language, str] = {
    "en": """\
# Web server for the school's wiki
Installation record `20261123T100000Z-site-d00001`
W-2026-118 · 1.3 install and configure · Room 2.14 · 23 November 2026, 11:00, took 3 min 10 s · S. Yilmaz, for Head of \
ICT · {status}
{verdict} 2 machines, 3 of 3 tests passed, 6 of 8 security controls measured, 2 do not apply.
{needed}
{watch}
**Machines**
| Machine | Task | State | Tests | Security | Changes |
| --- | --- | --- | --- | --- | --- |
| web1<br>192.0.2.1 · Debian GNU/Linux 13 (trixie) | nginx<br>web | ✓ OK | ✓ 2 of 2 tests passed | 7 → 73 \
| 2 packages asked for, 1 file by roles<br>came along: 3 components, 15 settings |
| db1<br>192.0.2.1 · Debian GNU/Linux 13 (trixie) | base<br>db | ✓ OK | ✓ 1 of 1 test passed | 7 → 73 | none |
## Timeline
Began at 11:00:00 and took 3 min 10 s; the time beside a machine is the sum of its steps. The higher a block, the more \
it did; failed blocks are marked with a cross.
## Security per area
How many security controls are OK, before and after the work, of those that apply.
- accounts and shells: 0 → 0 of 2
- kernel: 2 → 2 of 2
- SSH server: 0 → 2 of 2
""",
    "nl": """\
# Web server for the school's wiki
Opleverdossier `20261123T100000Z-site-d00001`
W-2026-118 · 1.3 installeren en configureren · Room 2.14 · 23 november 2026, 11:00, duurde 3 min 10 s · S. Yilmaz, \
voor Head of ICT · {status}
{verdict} 2 machines, 3 van 3 tests geslaagd, 6 van 8 beveiligingseisen gemeten, 2 niet van toepassing.
{needed}
{watch}
**Machines**
| Machine | Taak | Toestand | Tests | Beveiliging | Wijzigingen |
| --- | --- | --- | --- | --- | --- |
| web1<br>192.0.2.1 · Debian GNU/Linux 13 (trixie) | nginx<br>web | ✓ in orde | ✓ 2 van 2 tests geslaagd | 7 → 73 \
| 2 gevraagde pakketten, 1 bestand door rollen<br>meegekomen: 3 componenten, 15 instellingen |
| db1<br>192.0.2.1 · Debian GNU/Linux 13 (trixie) | base<br>db | ✓ in orde | ✓ 1 van 1 test geslaagd | 7 → 73 | geen |
## Tijdlijn
Begon om 11:00:00 en duurde 3 min 10 s; de tijd naast een machine is de som van zijn stappen. Hoe hoger een blok, hoe \
meer er gebeurde; mislukte blokken hebben een kruis.
## Beveiliging per gebied
Hoeveel beveiligingseisen in orde zijn, vóór en na het werk, van de eisen die van toepassing zijn.
- accounts en shells: 0 → 0 van 2
- kernel: 2 → 2 van 2
- SSH-server: 0 → 2 van 2
""",
}


class Shown(NamedTuple):
    """What changes on the first page: the end of the line of identity, how the work stands, who is waited for, what to
    watch."""

    status: str
    verdict: str
    needed: str
    watch: str


class Step(NamedTuple):
    """What people type, and the first page after it."""

    typed: tuple[tuple[str, ...], ...]
    en: Shown
    nl: Shown


WATCH_EN = "## Needs attention\n- ! **Security**: 2 controls of medium or low severity fail (Section 11)"
WATCH_NL = "## Vraagt aandacht\n- ! **Beveiliging**: 2 eisen met ernst gemiddeld of laag niet in orde (Onderdeel 11)"
POINT_EN = "\n- ! **Open point**: Label the cables (Section 15)\n  <br>owner A. Vos, due 1 December 2026"
POINT_NL = "\n- ! **Restpunt**: Label the cables (Onderdeel 15)\n  <br>eigenaar A. Vos, uiterlijk 1 december 2026"
EXCEPT_EN = "\n- ! **Work**: J. Bakker accepted the work with open points. (Section 14)"
EXCEPT_NL = "\n- ! **Werk**: J. Bakker accepteerde het werk met restpunten. (Onderdeel 14)"
USER_EN = "- **User**: The user's verdict on the work, after checking the settings\n"
USER_NL = "- **Gebruiker**: Het oordeel van de gebruiker over het werk, na het nalopen van de instellingen\n"
IDEAS_EN = "Improvement proposals, or the statement that there are none"
IDEAS_NL = "Verbetervoorstellen, of de verklaring dat er geen zijn"
DECIDES_EN = "\n- **Supervisor**: The supervisor's decision"
DECIDES_NL = "\n- **Leidinggevende**: Het besluit van de leidinggevende"
DONE_EN, DONE_NL = (
    "The work is done and tested; read the remarks.",
    "Het werk is gedaan en getest; lees de opmerkingen.",
)
BOTH_EN = "## ! Technically in order, with remarks, waits for the user and the supervisor"
BOTH_NL = "## ! Technisch in orde, met opmerkingen, wacht op de gebruiker en de leidinggevende"
OPEN_EN = "✓ carried out → ✓ tested → – user → – supervisor → – signed"
OPEN_NL = "✓ uitgevoerd → ✓ getest → – gebruiker → – leidinggevende → – ondertekend"

STEPS = {
    "made": Step(
        (),
        Shown(
            "draft, revision 1",
            f"{BOTH_EN}\n{OPEN_EN}\n{DONE_EN}",
            f"## Still needed\n{USER_EN}- **Technician**: Open points, or the statement that there are none "
            f"· {IDEAS_EN} · Hours worked · The report to the supervisor: in writing or orally, when and to whom"
            + DECIDES_EN,
            WATCH_EN,
        ),
        Shown(
            "concept, revisie 1",
            f"{BOTH_NL}\n{OPEN_NL}\n{DONE_NL}",
            f"## Nog nodig\n{USER_NL}- **Uitvoerder**: Restpunten, of de verklaring dat er geen zijn · {IDEAS_NL} · "
            "Gewerkte uren · Het verslag aan de leidinggevende: schriftelijk of mondeling, wanneer en aan wie"
            + DECIDES_NL,
            WATCH_NL,
        ),
    ),
    "added": Step(
        (
            ("hours", "--by", "S. Yilmaz", "--hours", "2,5", "--activity", "Install and test", "--day", "23-11-2026"),
            (
                "rest-point",
                "--by",
                "S. Yilmaz",
                "--item",
                "Label the cables",
                "--owner",
                "A. Vos",
                "--due",
                "1-12-2026",
            ),
            ("report", "--by", "S. Yilmaz", "--to", "M. de Wit"),
        ),
        Shown(
            "submitted for review, revision 4",
            f"{BOTH_EN}\n{OPEN_EN}\n{DONE_EN}",
            f"## Still needed\n{USER_EN}- **Technician**: {IDEAS_EN}{DECIDES_EN}",
            WATCH_EN + POINT_EN,
        ),
        Shown(
            "ter beoordeling, revisie 4",
            f"{BOTH_NL}\n{OPEN_NL}\n{DONE_NL}",
            f"## Nog nodig\n{USER_NL}- **Uitvoerder**: {IDEAS_NL}{DECIDES_NL}",
            WATCH_NL + POINT_NL,
        ),
    ),
    "accepted": Step(
        (("acceptance", "--by", "J. Bakker", "--user", "J. Bakker", "--verdict", "accepted_with_rest_points"),),
        Shown(
            "submitted for review, revision 5",
            "## ! Technically in order, with remarks, waits for the supervisor\n"
            f"✓ carried out → ✓ tested → ✓ user → – supervisor → – signed\n{DONE_EN}",
            f"## Still needed\n- **Technician**: {IDEAS_EN}{DECIDES_EN}",
            WATCH_EN + POINT_EN + EXCEPT_EN,
        ),
        Shown(
            "ter beoordeling, revisie 5",
            "## ! Technisch in orde, met opmerkingen, wacht op de leidinggevende\n"
            f"✓ uitgevoerd → ✓ getest → ✓ gebruiker → – leidinggevende → – ondertekend\n{DONE_NL}",
            f"## Nog nodig\n- **Uitvoerder**: {IDEAS_NL}{DECIDES_NL}",
            WATCH_NL + POINT_NL + EXCEPT_NL,
        ),
    ),
    "rejected": Step(
        (("decision", "--by", "M. de Wit", "--decision", "rejected", "--remarks", "Label the cables first"),),
        Shown(
            "rejected, revision 6",
            "## ✗ Rejected by the supervisor\n✓ carried out → ✓ tested → ✓ user → ✗ supervisor → – signed\n"
            "The work must be corrected and then judged again.",
            f"## Still needed\n- **Technician**: {IDEAS_EN}",
            WATCH_EN.replace(
                "\n",
                "\n- ✗ **Supervisor**: M. de Wit rejected the work (Section 19)\n  <br>Label the cables first\n",
            )
            + POINT_EN
            + EXCEPT_EN,
        ),
        Shown(
            "afgekeurd, revisie 6",
            "## ✗ Afgekeurd door de leidinggevende\n"
            "✓ uitgevoerd → ✓ getest → ✓ gebruiker → ✗ leidinggevende → – ondertekend\n"
            "Het werk moet worden hersteld en daarna opnieuw beoordeeld.",
            f"## Nog nodig\n- **Uitvoerder**: {IDEAS_NL}",
            WATCH_NL.replace(
                "\n",
                "\n- ✗ **Leidinggevende**: M. de Wit keurde het werk af (Onderdeel 19)\n  <br>Label the cables first\n",
            )
            + POINT_NL
            + EXCEPT_NL,
        ),
    ),
    "approved": Step(
        (
            ("rest-point", "--by", "S. Yilmaz", "--done", "R1"),
            ("decision", "--by", "M. de Wit", "--decision", "approved"),
        ),
        Shown(
            "approved, revision 8",
            "## ! Delivered with remarks\n✓ carried out → ✓ tested → ✓ user → ✓ supervisor → – signed\n"
            "The user accepted the work and the supervisor approved it; read the remarks.",
            f"## Still needed\n- **Technician**: {IDEAS_EN}",
            f"{WATCH_EN}{EXCEPT_EN}\n- ! **Supervisor**: Approved while 1 item is missing (Section 19)",
        ),
        Shown(
            "goedgekeurd, revisie 8",
            "## ! Opgeleverd met opmerkingen\n"
            "✓ uitgevoerd → ✓ getest → ✓ gebruiker → ✓ leidinggevende → – ondertekend\n"
            "De gebruiker heeft het werk geaccepteerd en de leidinggevende heeft het goedgekeurd; lees de opmerkingen.",
            f"## Nog nodig\n- **Uitvoerder**: {IDEAS_NL}",
            f"{WATCH_NL}{EXCEPT_NL}\n"
            "- ! **Leidinggevende**: Goedgekeurd terwijl er 1 onderdeel ontbreekt (Onderdeel 19)",
        ),
    ),
}


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record as the run left it."""
    directory = tmp_path / "records" / NAME
    directory.mkdir(parents=True)
    (directory / "journal.jsonl").write_bytes(b"".join(outputs.case("delivered").journal))
    (tmp_path / "oplever.yml").write_text("")
    monkeypatch.setenv("OPLEVER_RECORDS", str(directory.parent))
    monkeypatch.setenv("OPLEVER_CONFIG", str(tmp_path / "oplever.yml"))
    monkeypatch.setenv("OPLEVER_DOCUMENTS", "0")
    return directory


def oplever(*arguments: str) -> tuple[int, str]:
    done = attempt("--language", "en", *arguments)
    return done.exit_code, done.output


def add(step: Step) -> None:
    for kind, *options in step.typed:
        code, said = oplever("add", kind, "--record", NAME, *options)
        assert code == 0, said


def first_page(record: Path, language: Language) -> str:
    """All that stands before the first chapter; the rows of the timeline are those of the steps."""
    text = render(store.load(record), "md", language).decode().partition("\n## 0")[0].replace("<!-- -->", "")
    text = re.sub(r"\n\*\*(?:Timeline|Tijdlijn)\*\*\n.*?(?=\n## )", "\n", text, flags=re.DOTALL)
    return "".join(f"{line}\n" for line in text.splitlines() if line)


def sentences(shown: Shown) -> Iterator[str]:
    """As they stand on paper: without what is markup, and a label apart from its text."""
    for line in "\n".join(shown).splitlines():
        for part in re.split(r"\*\*: ?|→|<br>| \((?:Section|Onderdeel) \d+\)| · ", line):
            if text := part.lstrip("#-✗!✓– ").replace("**", "").strip():
                yield text


@pytest.mark.slow
def test_every_sentence_of_the_first_page_is_what_is_so(record: Path) -> None:
    for name, step in STEPS.items():
        add(step)
        for language, shown in (("en", step.en), ("nl", step.nl)):
            assert first_page(record, language) == FRAME[language].format(**shown._asdict()), name


def test_nobody_decides_about_his_own_work(record: Path) -> None:
    code, said = oplever("add", "decision", "--record", NAME, "--by", "S. Yilmaz", "--decision", "approved")
    assert (code, "decision-by-executor" in said) == (2, True)
    assert not (record / "entries.jsonl").exists()


@pytest.mark.slow
def test_the_paper_says_the_same_and_names_what_was_changed_afterwards(record: Path) -> None:
    for step in STEPS.values():
        add(step)
    assert oplever("report", NAME)[0] == 0
    for language, shown in (("en", STEPS["approved"].en), ("nl", STEPS["approved"].nl)):
        made = subprocess.run(
            ["pdftotext", "-l", "1", "-layout", record / f"report.{language}.pdf", "-"], capture_output=True, check=True
        )
        sheet = " ".join(made.stdout.decode().split())
        said = list(sentences(shown))
        assert len(said) > 12
        assert [text for text in said if text not in sheet] == []
    code, said = oplever("verify", NAME)
    assert code == 0, said
    assert "approved by M. de Wit, the assigned supervisor; not signed" in said

    entries = (record / "entries.jsonl").read_bytes()
    (record / "entries.jsonl").write_bytes(entries.replace(b"2.5", b"9.5", 1))
    code, said = oplever("verify", NAME)
    assert code == 1
    assert "entries.jsonl: line 1 was changed" in said
    (record / "entries.jsonl").write_bytes(entries)
    paper = record / "report.nl.pdf"
    content = paper.read_bytes()
    paper.write_bytes(content[:-100] + bytes([content[-100] ^ 1]) + content[-99:])
    code, said = oplever("verify", NAME)
    assert (code, "report.nl.pdf" in said) == (1, True), said
