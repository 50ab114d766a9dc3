"""Options that were typed are not left out without a word, and are called alike where they do the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import attempt, run
from stored import store_record, visit

NAME = "20261101T100000Z-site-aaaaaa"
WEEK = ("form", "hours", "--week", "2026-W45", "--format", "md", "--language", "en")


@pytest.fixture(autouse=True)
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    monkeypatch.setenv("OPLEVER_PERSON", "S. Yilmaz")
    monkeypatch.chdir(tmp_path)
    return store_record(tmp_path / "records", NAME, visit().finish(ok=5))


@pytest.fixture
def hours() -> None:
    for by in ("S. Yilmaz", "J. Bakker"):
        words = ("add", "hours", "--record", NAME, "--by", by, "--hours", "2", "--activity", "x", "--day", "2026-11-03")
        run(*words)


@pytest.mark.usefixtures("hours")
@pytest.mark.parametrize("output", ["week.md", "-"])
def test_several_sheets_do_not_fit_in_one_file(output: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    refused = run(*WEEK, "-o", output, code=2)
    assert "2 people gave hours: name one with --person" in refused.stderr
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.usefixtures("hours")
def test_the_sheet_of_one_person_goes_where_it_was_asked_for(tmp_path: Path) -> None:
    assert run(*WEEK, "--person", "bakker, j.", "-o", "week.md").stdout == "form: week.md\n"
    assert "J. Bakker" in run(*WEEK, "--person", "J. Bakker", "-o", "-").stdout
    assert run(*WEEK).stdout.splitlines() == [
        "form: hours-2026-W45-S--Yilmaz.en.md",
        "form: hours-2026-W45-J--Bakker.en.md",
    ]


@pytest.mark.usefixtures("hours")
def test_a_person_without_hours_is_said(tmp_path: Path) -> None:
    done = run(*WEEK, "--person", "J. Baker")
    assert "J. Baker gave no hours for 2026-W45; these did: S. Yilmaz, J. Bakker" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("export", "json", "--excel"), "--excel is for csv only"),
        (("export", "junit", "--subject", "hours"), "--subject is for csv only"),
        (("export", "csv", "--all"), "--all is for sarif only"),
        (("export", "hdf", "--before"), "--before is for sarif only"),
        (("incident", "retest", "x", "--result", "pass", "--tests", "web1 a"), "--tests are those of a record"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(arguments: tuple[str, ...], says: str) -> None:
    assert says in run(*arguments, code=2).stderr


def test_a_file_of_mail_is_asked_for_by_its_number(tmp_path: Path) -> None:
    made = run("incident", "new", "--channel", "counter", "--reporter", "J. Bakker", "--text", "stuk")
    case = made.stdout.splitlines()[-1]
    assert "NUMBER" in run("incident", "attachment", case, "-o", "x.jpg", code=2).stderr
    assert "No mail of this case has a file." in run("incident", "attachment", case).stdout


@pytest.mark.parametrize("option", ["--out", "--output", "-o"])
def test_a_handout_goes_where_other_papers_go(option: str) -> None:
    assert "[handout-none]" in attempt("handout", NAME, option, "place.pdf").stderr


@pytest.mark.parametrize("name", ["s. yilmaz", "Yilmaz, S.", "syilmaz"])
def test_a_queue_of_somebody_is_found_however_the_name_is_written(name: str) -> None:
    made = run("incident", "new", "--channel", "counter", "--reporter", "J. Bakker", "--text", "stuk")
    case = made.stdout.splitlines()[-1]
    run("incident", "take", case)
    assert run("incident", "list", "--with", name).stdout.startswith(case)
    assert run("incident", "list", "--with", "J. Bakker").stdout == "No case matches.\n"
