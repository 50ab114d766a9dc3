"""Records about people at the desk: an instruction and a frequently asked question are read as every record."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_client import Browser, text
from oplever.app.new import new


@pytest.fixture
def instruction(records: Path) -> str:
    return new(records, "instruction", "K. Jansen", {"title": "Wiki voor de docenten"})[0].name


@pytest.mark.parametrize(("language", "words"), [("nl", "Nog niet gegeven"), ("en", "Not given yet")])
def test_an_instruction_is_read_at_the_desk(instruction: str, language: str, words: str) -> None:
    page = text(Browser(language).log_in("A. Bakker", "auditor").page(f"/records/{instruction}"))
    assert "Wiki voor de docenten" in page
    assert words in page


def test_nobody_is_asked_to_accept_an_instruction(instruction: str, records: Path) -> None:
    browser = Browser().log_in("K. Jansen", "technician")
    assert "/invite" not in browser.page(f"/records/{instruction}")
    assert browser.get(f"/records/{instruction}/invite").status_code == 404
    installation = new(records, "installation", "K. Jansen", {"title": "Switch"})[0].name
    assert "/invite" in browser.page(f"/records/{installation}")


def test_only_what_it_takes_by_a_form_is_offered(instruction: str) -> None:
    """What looks at more than is typed has a command, and an acceptance is for work on machines."""
    page = Browser().log_in("K. Jansen", "technician").page(f"/records/{instruction}/add")
    assert f"/records/{instruction}/add/rest-point" in page
    for kind in ("attended", "explained", "acceptance", "component"):
        assert f"/records/{instruction}/add/{kind}" not in page
