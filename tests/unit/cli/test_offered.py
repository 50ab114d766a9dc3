"""What the record has to choose from is offered on a terminal, by numbers."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner
from oplever.cli.add import _ask_choices, _numbers


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [("1", [1]), ("1,3", [1, 3]), ("2-4", [2, 3, 4]), (" 4 , 1-2 ", [4, 1, 2]), ("1,1-2", [1, 2])],
)
def test_numbers_and_ranges_are_taken(answer: str, numbers: list[int]) -> None:
    assert _numbers(answer, 4) == numbers


@pytest.mark.parametrize("answer", ["", "0", "5", "x", "1-", "3-2", "1-5", "1,,2", "-1"])
def test_anything_else_is_refused(answer: str) -> None:
    with pytest.raises(click.UsageError, match="no number from 1 to 4"):
        _numbers(answer, 4)


def test_the_list_shows_each_with_what_it_is() -> None:
    @click.command()
    def ask() -> None:
        click.echo(_ask_choices("item", {"file//a": "web1: file /a was changed", "unit/b\x1b[31m": "web1: unit b"}))

    done = CliRunner().invoke(ask, input="2\n")
    assert "   1 file//a\n       web1: file /a was changed" in done.output
    assert "\x1b" not in done.output.rpartition("[")[0]
