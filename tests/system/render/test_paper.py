"""The square on paper, read from the picture of a printed page as the camera of a telephone reads it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from golden import outputs
from oplever.app.build import build
from oplever.cli.main import main

NAME = "20261123T100000Z-site-d00001"


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record with documents."""
    place = tmp_path_factory.mktemp("records") / NAME
    place.mkdir()
    (place / "journal.jsonl").write_bytes(b"".join(outputs.case("delivered").journal))
    build(place)
    return place


def scanned(paper: Path, place: Path, dots_per_inch: int) -> list[str]:
    """What the squares on the first page say."""
    picture = place / "sheet"
    options = ["-r", str(dots_per_inch), "-f", "1", "-l", "1", "-png", "-singlefile"]
    subprocess.run(["pdftoppm", *options, paper, picture], check=True)
    done = subprocess.run(
        ["zbarimg", "-q", "--raw", picture.with_suffix(".png")], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("dots_per_inch", [90, 150])
def test_verify_takes_what_a_scanner_reads_from_a_document(record: Path, tmp_path: Path, dots_per_inch: int) -> None:
    (code,) = scanned(record / "report.nl.pdf", tmp_path, dots_per_inch)
    done = verify(record, code)
    assert done[0] == 0, done
    assert "the document is of revision 1 of this record" in done[1]


def test_and_from_a_certificate(record: Path, tmp_path: Path) -> None:
    paper = tmp_path / "certificate.pdf"
    environment = {"OPLEVER_RECORDS": str(record.parent)}
    made = CliRunner(env=environment).invoke(main, ["form", "certificate", NAME, "--output", str(paper)])
    assert made.exit_code == 0, made.output
    (code,) = scanned(paper, tmp_path, 110)
    assert verify(record, code)[0] == 0, verify(record, code)
    assert verify(record, code[:-1] + ("0" if code[-1] != "0" else "1"))[0] == 1


def verify(record: Path, code: str) -> tuple[int, str]:
    done = CliRunner(env={"OPLEVER_RECORDS": str(record.parent)}).invoke(main, ["--language", "en", "verify", code])
    return done.exit_code, done.output
