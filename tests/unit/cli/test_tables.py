"""A table on a terminal shows what machines say as it is: no markup, nothing that steers the terminal."""

from __future__ import annotations

import sys

import pytest
from oplever.cli.tables import table


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
