"""Sentences of a first page that would mislead who was not there: words of programs, what is not known, who acts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from golden import outputs
from oplever.kinds.installation.chapters.baseline import inapplicable_text, of_the_host_text
from oplever.page.reasons import reason_text
from oplever.page.translator import Translator
from oplever.record.model import Reason
from oplever.render.registry import render

STOPS: dict[str, tuple[dict[str, Any], str]] = {
    "before the recap": (
        {"code": "before_recap"},
        "De run is gestopt: vóór het overzicht aan het eind, door iemand of door een fout die Ansible meldde.",
    ),
    "between playbooks": (
        {"code": "between_playbooks", "begun": 1, "playbooks": 3},
        "De run is gestopt: na 1 van 3 playbooks.",
    ),
    "data that end": (
        {"code": "data_end", "tool": "ara", "outcome": ""},
        "De run is gestopt: de gegevens van ara houden op vóór het overzicht aan het eind.",
    ),
    "data that end, with an outcome": (
        {"code": "data_end", "tool": "awx", "outcome": "canceled"},
        "De run is gestopt: de gegevens van awx houden op vóór het overzicht aan het eind (canceled).",
    ),
    "no code": ({}, "De run is gestopt: SIGXCPU."),
    "code of a newer version": ({"code": "by_robots"}, "De run is gestopt: SIGXCPU."),
}


@pytest.mark.parametrize(("params", "sentence"), STOPS.values(), ids=STOPS)
def test_how_a_run_was_stopped_is_in_the_language_of_the_page(params: dict[str, Any], sentence: str) -> None:
    assert reason_text(Translator("nl"), Reason("stopped", {"reason": "SIGXCPU", **params})) == sentence


def first_page(name: str) -> str:
    return render(outputs.record(name), "md", "nl").decode().partition("\n## 0")[0]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("interrupted", ["Uitvoerder"]),
        ("empty", ["Uitvoerder"]),
        ("check_mode", ["Uitvoerder"]),
        ("failed", ["Uitvoerder"]),
        ("remarks", ["Uitvoerder", "Leidinggevende"]),
    ],
)
def test_nobody_is_asked_to_judge_work_that_is_not_done(name: str, asked: list[str]) -> None:
    needed = first_page(name).partition("## Nog nodig\n")[2].partition("\n## ")[0]
    assert re.findall(r"^- \*\*(\w+)\*\*", needed, re.MULTILINE) == asked


def test_every_sentence_begins_with_a_capital() -> None:
    assert "er is niets op te leveren. Niets getest, beveiliging niet gemeten." in first_page("empty")


def test_a_machine_whose_task_nobody_recorded_says_so() -> None:
    assert "onbekend: geen opname | – niet vastgelegd | ✗ **niet in orde**" in first_page("imported")


def test_a_time_limit_that_passed_before_the_last_entry_was_not_met() -> None:
    """The page of a case is read without a clock: of what was due days before its last line, it says so itself."""
    page = render(outputs.record("incident_leaked"), "md", "nl").decode()
    (row,) = [line for line in page.splitlines() if line.startswith("| Oplostijd")]
    assert row.endswith("| 24 november 2026, 13:30 | – nog niet | ✗ **nee** |")
    page = render(outputs.record("incident_escalated"), "md", "nl").decode()
    (row,) = [line for line in page.splitlines() if line.startswith("| Oplostijd")]
    assert row.endswith("| – nog niet | – nog niet bekend |")


@pytest.mark.parametrize(
    ("count", "dutch", "english"),
    [(1, "1 hoort bij", "1 belongs to"), (2, "2 horen bij", "2 belong to")],
)
def test_one_is_not_said_as_several(count: int, dutch: str, english: str) -> None:
    assert of_the_host_text(Translator("nl"), count).startswith(dutch)
    assert of_the_host_text(Translator("en"), count).startswith(english)
    assert inapplicable_text(Translator("en"), count) == ("1 does not apply" if count == 1 else "2 do not apply")
