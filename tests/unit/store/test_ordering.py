"""Where records belong among each other, whatever their clock said."""

from __future__ import annotations

from typing import Any

from oplever.store.ordering import order

NOW = "20261125T120000Z"


def line(name: str, previous: str | None = None, started: str | None = None) -> dict[str, Any]:
    return {"name": name, "previous": previous, "started": started}


def test_records_are_numbered_in_the_order_of_making() -> None:
    first, second, third = "20261101T100000Z-a-111111", "20261102T100000Z-a-222222", "20261103T100000Z-a-333333"
    lines = [line(third), line(first, started="2026-11-01T10:00:00.500000Z"), line(second)]
    assert order(lines, None, NOW) == {
        first: {"number": 1, "moment": "2026-11-01T10:00:00.500000Z", "clock": None},
        second: {"number": 2, "moment": "2026-11-02T10:00:00.000000Z", "clock": None},
        third: {"number": 3, "moment": "2026-11-03T10:00:00.000000Z", "clock": None},
    }
    assert order([], None, NOW) == {}


def test_a_record_whose_clock_was_wrong_has_the_moment_of_the_one_before_it() -> None:
    first, wrong, third = "20261101T100000Z-a-111111", "19700101T000000Z-a-222222", "20261103T100000Z-a-333333"
    placed = order([line(first, ""), line(wrong, first), line(third, wrong)], third, NOW)
    assert [(placed[name]["number"], placed[name]["clock"]) for name in (first, wrong, third)] == [
        (1, None), (2, "past"), (3, None),
    ]  # fmt: skip
    assert placed[wrong]["moment"] == placed[first]["moment"] == "2026-11-01T10:00:00.000000Z"
    assert placed[third]["moment"] == "2026-11-03T10:00:00.000000Z"


def test_a_record_that_somebody_renamed_is_no_wrong_clock() -> None:
    """`mv 20261102T... wiki-oud` is no reason to say that the clock of the controller stood in the future."""
    first, renamed, third = "20261101T100000Z-a-111111", "wiki-oud", "20261103T100000Z-a-333333"
    at = "2026-11-02T10:00:00.000000Z"
    placed = order([line(first, ""), line(renamed, first, at), line(third, renamed), line("other")], third, NOW)
    assert {name: row["clock"] for name, row in placed.items()} == dict.fromkeys([first, renamed, third, "other"])
    assert placed[renamed]["moment"] == at
    assert placed[third]["moment"] == "2026-11-03T10:00:00.000000Z"


def test_the_first_record_of_all_has_its_own_moment_even_when_it_is_not_believed() -> None:
    wrong = "20380101T000000Z-a-111111"
    assert order([line(wrong)], None, NOW) == {
        wrong: {"number": 1, "moment": "2038-01-01T00:00:00.000000Z", "clock": "future"}
    }


def test_moments_never_go_back() -> None:
    first, second = "20261102T100000Z-a-111111", "20261102T090000Z-a-222222"
    placed = order([line(first, ""), line(second, first)], second, NOW)
    assert [placed[name] for name in (first, second)] == [
        {"number": 1, "moment": "2026-11-02T10:00:00.000000Z", "clock": None},
        {"number": 2, "moment": "2026-11-02T10:00:00.000000Z", "clock": "back"},
    ]
