"""The order in which records were made, for clocks that stood wrong in every way."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oplever._shared import sequence

NOW = "20261201T000000Z"


def name(time: str, letter: str) -> str:
    return f"{time}T000000Z-site-{letter * 6}"


A, B, C, D = (name(f"202611{day}", letter) for day, letter in (("01", "a"), ("02", "b"), ("03", "c"), ("04", "d")))
PAST, FUTURE, AHEAD = name("19700101", "1"), name("20380101", "2"), name("20261120", "3")


def order(links: dict[str, str | None], latest: str | None) -> list[str]:
    """Of records in a random order of the directory."""
    records = list(links)
    random.shuffle(records)
    return list(sequence.newest_first(records, latest, links.__getitem__, NOW))


def chain(*oldest_first: str) -> dict[str, str | None]:
    return dict(zip(oldest_first, ["", *oldest_first], strict=False))


@pytest.mark.parametrize(
    ("links", "latest", "expected"),
    [
        (chain(A, B, C), C, [C, B, A]),
        (chain(A, PAST, B), B, [B, PAST, A]),
        (chain(A, FUTURE, B), B, [B, FUTURE, A]),
        (chain(PAST, FUTURE, A, AHEAD, B), B, [B, AHEAD, A, FUTURE, PAST]),
        (chain(A, B, PAST), PAST, [PAST, B, A]),
        (chain(A, B, FUTURE), FUTURE, [FUTURE, B, A]),
        ({A: None, C: None, B: None}, None, [C, B, A]),
        ({A: None, FUTURE: None, PAST: None}, None, [A, PAST, FUTURE]),
        ({**chain(A, C, D), B: None}, D, [D, C, B, A]),
        ({**chain(A, B), D: None}, B, [D, B, A]),
        ({A: None, B: A, C: B}, C, [C, B, A]),
        ({A: "", FUTURE: A, C: B, D: C}, D, [D, C, FUTURE, A]),
        ({A: "", FUTURE: A, C: "gone", D: C}, None, [D, C, FUTURE, A]),
        ({A: B, B: A}, None, [B, A]),
        ({A: A}, A, [A]),
        ({}, A, []),
    ],
    ids=[
        "right",
        "past between",
        "future between",
        "everything wrong",
        "past last",
        "future last",
        "without links",
        "without links, wrong",
        "imported between",
        "imported last",
        "first with links",
        "one removed",
        "one removed, no latest",
        "circle",
        "itself",
        "none",
    ],
)
def test_the_order_is_that_of_making(links: dict[str, str | None], latest: str | None, expected: list[str]) -> None:
    for _ in range(5):
        assert order(links, latest) == expected


RECORDS = [name(f"{year}0{n}01", str(n)) for n, year in enumerate(["1970", "2038", "2026"] * 3, 1)]


@given(
    links=st.dictionaries(st.sampled_from(RECORDS), st.sampled_from([None, "", "gone", *RECORDS])),
    latest=st.sampled_from([None, "gone", *RECORDS]),
)
def test_whatever_the_links_every_record_is_there_once(links: dict[str, str | None], latest: str | None) -> None:
    assert sorted(order(links, latest)) == sorted(links)


def test_links_are_read_no_further_than_the_caller_goes() -> None:
    links, requests = chain(A, B, C, D), []
    walk = sequence.newest_first(list(links), D, lambda record: requests.append(record) or links[record], NOW)
    assert [next(walk), next(walk)] == [D, C]
    assert requests == [D, C]


@pytest.mark.parametrize(
    ("record", "previous", "expected"),
    [(B, A, None), (A, B, "back"), (A, FUTURE, None), (A, PAST, None), (PAST, A, "past"), (PAST, None, None),
     (FUTURE, A, "future"), (FUTURE, None, "future"), (A, "", None), ("wiki-oud", None, None), ("wiki-oud", B, None),
     ("wiki-oud", "", None), (A, "wiki-oud", None)],
)  # fmt: skip
def test_a_time_that_cannot_be_right_is_doubted(record: str, previous: str | None, expected: str | None) -> None:
    assert sequence.doubt(record, previous, NOW) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"previous": "x"}', "x"),
        ('{"previous": null}', ""),
        ("{}", None),
        ("[]", None),
        ("", None),
        ("{", None),
        ('{"previous": 3}', ""),
    ],
)
def test_a_journal_says_what_was_before_it_or_nothing(tmp_path: Path, line: str, expected: str | None) -> None:
    (tmp_path / "journal.jsonl").write_text(line + "\n{}\n")
    assert sequence.previous(str(tmp_path)) == expected


def test_a_journal_that_is_a_link_or_a_pipe_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "real").write_text('{"previous": "x"}\n')
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "journal.jsonl").symlink_to(tmp_path / "real")
    (tmp_path / "b").mkdir()
    os.mkfifo(tmp_path / "b" / "journal.jsonl")
    assert sequence.previous(str(tmp_path / "a")) is None
    assert sequence.previous(str(tmp_path / "b")) is None
    assert sequence.previous(str(tmp_path / "absent")) is None
