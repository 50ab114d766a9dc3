"""A table on a terminal shows what machines say as it is: no markup, nothing that steers the terminal."""

from __future__ import annotations

import re
import sys

import pytest
from oplever.cli.tables import table, verdict_word
from oplever.kinds.registry import KINDS
from oplever.page.translator import Translator


def test_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    table(("record", "found"), [("20261124T200145Z-lab_down-c91bc0", "[red]x[/red]\x1b[2J"), ("b", None)], "title")
    output = capsys.readouterr().out
    assert "[red]x[/red]?[2J" in output
    assert "20261124T200145Z-lab_down-c91bc0" in output
    assert "record" in output


def test_in_a_pipe_one_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    table(("a", "b"), [("1", "x\ny"), ("22", 3)], headings=False)
    assert capsys.readouterr().out == "1   x?y\n22  3\n"


WIDE = (
    ("record", "verdict", "machines", "due date", "clock"),
    [
        (
            "20261127T112933Z-site-3aeb11",
            "started, not finished",
            "pc-101-01, pc-101-02, srv-net",
            "27 November 2026",
            "",
        )
    ],
)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_no_word_is_broken_on_a_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table as far as it fits, and else its rows below each other with the names of the columns."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    table(*WIDE)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert "clock" not in shown, "a column in which nothing stands"
    for word in (
        "20261127T112933Z-site-3aeb11",
        "started,",
        "pc-101-01,",
        "pc-101-02,",
        "srv-net",
        "November",
        "verdict",
    ):
        assert word in shown, shown
    assert max(map(len, shown.splitlines())) <= width


@pytest.mark.parametrize(
    ("kind", "word"),
    [("installation", "not delivered"), ("incident", "not ready"), ("instruction", "not ready"), ("faq", "not ready")],
)
def test_a_kind_says_what_it_is_when_it_is_not_delivered(kind: str, word: str) -> None:
    assert verdict_word(Translator("en"), "not_delivered", kind) == word
    assert KINDS[kind].unfinished == word


def test_a_verdict_of_a_newer_version_is_shown_by_its_code() -> None:
    assert verdict_word(Translator("en"), "half_delivered", "incident") == "half_delivered"
