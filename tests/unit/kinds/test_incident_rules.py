"""The file with rules: what is wrong with it is told by line, with what was probably meant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from oplever.kinds.incident.rules_file import Parsed, defaults, digest, parse

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "incidents.yml"
TEXT = EXAMPLE.read_text(encoding="utf-8")


def parsed(old: str = "", new: str = "") -> Parsed:
    assert old in TEXT
    return parse(TEXT.replace(old, new, 1).encode() if old else TEXT.encode())


def line_of(text: str) -> int:
    return TEXT[: TEXT.index(text)].count("\n") + 1


def test_the_example_and_the_defaults_are_right() -> None:
    assert parsed().mistakes == ()
    rules = parsed().rules
    assert rules is not None
    assert rules.categories["inloggen"].needs == "accounts"
    assert rules.calendar.closures[0].first == "2026-12-21"
    assert defaults().version == "default-1"
    assert set(defaults().targets) == {"1", "2", "3", "4"}


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        ("priorities:\n", "prioritys:\n", "priorities:", "there is no 'prioritys' here; did you mean 'priorities'?"),
        ("team: netwerk\n", "team: netwerken\n", "team: netwerk\n", "no 'netwerken'; did you mean 'netwerk'?"),
        ("needs: firewall\n", "needs: firewal\n", "needs: firewall\n", "no 'firewal'; did you mean 'firewall'?"),
        ("    tuesday:", "    dinsdag:", "    tuesday:", "there is no 'dinsdag' here"),
        ('"07:45-16:00"', '"7:45-16:00"', '"07:45-16:00"', "'7:45-16:00': write hours as 08:00-12:30"),
        ('"07:45-16:00"', '"17:45-16:00"', '"07:45-16:00"', "'17:45-16:00' ends before it begins"),
        ("  zone: Europe/Amsterdam", "  zone: Europe/Utrecht", "  zone:", "there is no time zone 'Europe/Utrecht'"),
        ("from: 2026-12-21", "from: 2026-12-32", "from: 2026-12-21", "there is no day 2026-12-32"),
        ("until: 2027-01-01", "until: 2026-12-01", "from: 2026-12-21", "it ends (2026-12-01) before it begins"),
        ("solution: 2h}", "solution: 2 uur}", "solution: 2h}", "'2 uur': write a time as 15m, 4h or 2d"),
        ("    2: {1: 2, 2: 3, 3: 4}\n", "", "  matrix:", "no priority for impact 2 and urgency 1"),
        ("3: {1: 3, 2: 4, 3: 4}", "3: {1: 3, 2: 4, 3: 7}", "3: {1: 3", "'7': write a number from 1 to 4"),
        ("warn_at_percent: 75", "warn_at_percent: 0", "warn_at_percent:", "more than 0 and at most 100"),
        ("  4: {response: 1d, solution: 5d}\n", "", "targets:", "the matrix gives priority 4, which has no target"),
        ("        type: choice\n", "        type: choise\n", "        type: choice\n", "did you mean 'choice'? choose"),
        ("  zone: Europe/Amsterdam", "  zone: Europe/Amstredam", "  zone:", "did you mean 'Europe/Amsterdam'?"),
        ("        type: choice\n", "        type: keuze\n", "        type: choice\n", "'keuze': choose: "),
        ("        choices: [groen, oranje, rood, uit]\n", "", "      - id: lampje", "a question of type choice"),
        ("      - id: papier", "      - id: lampje", "      - id: papier", "'lampje' is asked twice"),
        ("reopen_days: 14", "reopen_days: 14\nreopen_days: 15", "teams:", "'reopen_days' stands here twice"),
        ("        required: true\n", "        required: misschien\n", "        required: true\n", "write yes or no"),
        ('version: "2026-3"\n', "", "# Rules for incidents", "missing: version"),
        ("reopen_days: 14", "reopen_days: [", "", "this is not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(old: str, new: str, at: str, message: str) -> None:
    result = parsed(old, new)
    assert result.rules is None
    named = [mistake for mistake in result.mistakes if message in mistake.message]
    assert named, result.mistakes
    if at and "missing: version" not in message:
        expected = line_of(at)
        assert abs(named[0].line - expected) <= (1 if "twice" in message or "matrix" in message else 0), named[0]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    text = (
        TEXT.replace("tuesday:", "dinsdag:").replace("solution: 2h}", "solution: 2}").replace("reopen_days", "reopen")
    )
    assert len(parse(text.encode()).mistakes) == 3


def test_the_digest_is_of_what_the_rules_say() -> None:
    rules = parsed().rules
    same = parse((TEXT.replace("hours_a_day: 8\n", "") + "\nhours_a_day: 8   # as before\n").encode()).rules
    other = parsed("solution: 2h}", "solution: 3h}").rules
    assert rules is not None
    assert same is not None
    assert other is not None
    assert digest(same) == digest(rules)
    assert digest(other) != digest(rules)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"- a\n- b\n", b"a: &x [*x]", b"text", b"{" * 200])
def test_what_is_no_file_of_rules_is_told_and_breaks_nothing(content: bytes) -> None:
    result = parse(content)
    assert result.rules is None
    assert result.mistakes


@pytest.mark.slow
def test_no_value_does_more_than_be_a_mistake() -> None:
    """Every value of the example is replaced by values that somebody could type there."""
    root = yaml.compose(TEXT)
    values = [(node.start_mark.index, node.end_mark.index) for node in scalars(root)]
    assert len(values) > 100
    odd = ("0", "-1", "1e400", "[]", "{a: 1}", "''", "x")
    for number, (begin, end) in enumerate(values):
        text = TEXT[:begin] + odd[number % len(odd)] + TEXT[end:]
        result = parse(text.encode())
        assert (result.rules is None) == bool(result.mistakes), text[begin - 20 : begin + 20]
    for limit in ("reopen_days: 14", "warn_at_percent: 75", "hours_a_day: 8", "lesson_raises: 1"):
        for value in odd:
            result = parsed(limit, f"{limit.partition(':')[0]}: {value}")
            assert (result.rules is None) == bool(result.mistakes), (limit, value)


def scalars(node: yaml.Node) -> Iterator[yaml.Node]:
    """The single values of a file, without the names of keys."""
    if isinstance(node, yaml.MappingNode):
        for _, child in node.value:
            yield from scalars(child)
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from scalars(child)
    else:
        yield node
