"""Text from machines, whatever it is: bounded, printable, and without a secret that was known or has a shape."""

from __future__ import annotations

import json
import re
import time

import pytest
from ansible_collections.oplever.lab.plugins.plugin_utils import writer
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.redact import Redactor, redact_text
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import MARGIN, clean, one_line, plain, slug, tail
from hypothesis import given, settings
from hypothesis import strategies as st

HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
SECRET = "Tr0ub4dor&3"  # noqa: S105 - looked for in what comes out
ANY = st.text(st.characters(codec=None, categories=None), max_size=200)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY | st.integers(), inner, max_size=4),
    max_leaves=20,
)
FEW = settings(max_examples=60)


@FEW
@given(ANY)
def test_one_line_is_one_printable_line(text: str) -> None:
    line = one_line(text, 100)
    assert not HARMFUL.search(line)
    assert "\n" not in line
    assert len(line) <= 100 + len("… [1000000 more characters]")
    assert one_line(line, 1000) == line


@FEW
@given(JSON)
def test_any_value_becomes_a_line_of_json(value: object) -> None:
    line = writer.encode(0, "t", "result", {"data": plain(value)})
    assert line.count(b"\n") == 1
    decoded = json.loads(line.decode("utf-8"))
    assert not HARMFUL.search(json.dumps(decoded["data"], ensure_ascii=False))


@FEW
@given(before=ANY, after=ANY, filler=st.sampled_from(["x", " ", "\x1b[31m", "\u200b", "é"]), size=st.integers(0, 9000))
def test_a_known_secret_is_found_wherever_the_text_is_cut(before: str, after: str, filler: str, size: int) -> None:
    redactor = Redactor([SECRET])
    text = before + filler * size + SECRET + after
    for made in (
        one_line(text, 2000, redactor.text),
        tail(text, 2000, redactor.text),
        clean(text, 2000, redactor.text),
    ):
        assert SECRET not in made
        assert SECRET[:8] not in made


@pytest.mark.parametrize("gone", range(1, len(SECRET)))
def test_what_a_cut_leaves_of_a_secret_goes_too(gone: int) -> None:
    """Blanks take no room in the line, so the cut end of the part that was looked at shows in it."""
    redactor = Redactor([SECRET])
    start = " " * (2000 * 4 + MARGIN - gone) + SECRET + "x" * 9000
    assert SECRET[:gone] not in one_line(start, 2000, redactor.text)
    end = "x" * 9000 + SECRET + " " * (2000 + MARGIN - gone)
    assert SECRET[-gone:] not in tail(end, 2000, redactor.text)


@FEW
@given(ANY, ANY)
def test_redacting_twice_changes_nothing_more(before: str, after: str) -> None:
    once = redact_text(f"{before} password={SECRET} {after}")
    assert SECRET not in once
    assert redact_text(once) == once


@FEW
@given(ANY)
def test_names_of_directories_are_plain(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9_-]{1,60}", slug(text))


@pytest.mark.slow
def test_redaction_takes_no_time_that_grows_with_the_square() -> None:
    """No assertion on time: text that makes a careless expression backtrack would keep this from ending."""
    for text in (
        "A" * 200_000,
        "password" * 25_000,
        "-----BEGIN PRIVATE KEY" * 9_000,
        "://a:" * 40_000,
        "eyJ" * 60_000,
    ):
        redact_text(text)


class Wall:
    """A clock on the wall that a person can set, over one that cannot be."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.running = 1_700_000_000.0, 50.0
        monkeypatch.setattr(time, "time", lambda: self.wall)
        monkeypatch.setattr(time, "clock_gettime", lambda _: self.running)

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.running += seconds


def test_a_clock_that_is_set_does_not_touch_the_times(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = Wall(monkeypatch)
    clock = writer.Clock()
    wall.pass_(10)
    wall.wall -= 7200
    assert clock.now() == 1_700_000_010.0
    assert clock.shift() == -7200.0
    wall.pass_(5)
    assert clock.now() == 1_700_000_015.0
    assert writer.timestamp(clock.now()) == "2023-11-14T22:13:35.000000Z"
    wall.wall += 7200
    assert clock.shift() == -7200.0, "it was set, though it is right again"


def test_a_part_of_a_second_is_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = Wall(monkeypatch)
    clock = writer.Clock()
    wall.wall += 0.9
    assert clock.shift() == 0.0
