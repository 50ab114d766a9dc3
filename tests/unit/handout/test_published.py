"""The page with cards over all records shows what the newest word about each card and machine is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import school
from command import attempt

LATER = "20261124T100000Z-verify-e00009"


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    monkeypatch.chdir(tmp_path)
    school.store(tmp_path / "records", school.journal())
    return tmp_path / "records"


def page(language: str = "nl") -> str:
    done = attempt("publish", "--out", "pages")
    assert done.exit_code == 0, done.output
    return (Path("pages") / f"handouts.{language}.html").read_text()


def later(base: Path, wiki: school.Tests | None = None, **keys: Any) -> None:
    school.store(base, school.journal(wiki, identifier=LATER, **keys), LATER)


@pytest.mark.slow
def test_cards_of_all_machines_stand_there_in_both_languages() -> None:
    dutch, english = page("nl"), page("en")
    for text, words in ((dutch, ("De wiki openen", "ws1, ws2")), (english, ("Open the wiki", "ws1, ws2"))):
        assert [word for word in (*words, school.ADDRESS) if word not in text] == []
    assert dutch.index("De wiki openen") < dutch.index("Een account voor de wiki maken"), "users first"


def test_a_card_goes_when_a_newer_record_shows_that_it_is_not_true(base: Path) -> None:
    later(base, {"dokuwiki.page": "fail"})
    text = page()
    assert "De wiki openen" not in text
    assert "Een website openen" in text


def test_a_newer_record_that_did_not_test_it_leaves_the_card(base: Path) -> None:
    later(base, {"dokuwiki.title": "pass"})
    assert school.ADDRESS in page()


def test_the_newest_address_stands_there_alone(base: Path) -> None:
    later(base, address="http://wiki2.school.example/")
    text = page()
    assert "http://wiki2.school.example/" in text
    assert school.ADDRESS not in text


@pytest.mark.slow
def test_a_trial_run_changes_nothing(base: Path) -> None:
    later(base, {"dokuwiki.page": "fail"}, check_mode=True)
    assert school.ADDRESS in page()


def test_without_cards_the_page_says_so(base: Path) -> None:
    lines = [line for line in school.journal() if b'"kind": "role"' not in line]
    (base / school.RECORD / "journal.jsonl").write_bytes(b"".join(lines))
    assert "Er kan geen kaart worden gemaakt" in page()
