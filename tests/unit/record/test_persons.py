"""Who is the same person, whatever the spelling; and who did the work."""

from __future__ import annotations

import json

import pytest
from journals import complete
from oplever.kinds.derive import derive
from oplever.record.entries import make
from oplever.record.persons import executors, is_executor, same_person


@pytest.mark.parametrize(
    ("name_a", "name_b"),
    [
        ("S. Yilmaz", "S. Yilmaz"),
        ("S. Yilmaz", "s yilmaz"),
        ("S. Yilmaz", "Yilmaz, S."),
        ("S. Yilmaz", "s.yilmaz"),
        ("S. Yilmaz", "s.yilmaz@school.example"),
        ("S. Yilmaz", "Sevda Yilmaz"),
        ("Sevda Yilmaz", "YILMAZ Sevda"),
        ("S. Yilmaz", "S. Y\u0131lmaz"),
        ("S. Yilmaz", "syilmaz"),
        ("Sevda Yilmaz", "yilmazs"),
        ("S.A. Yilmaz", "Sevda Yilmaz"),
        ("J.P. Bakker", "JP Bakker"),
        ("Jan Piet Bakker", "jp.bakker"),
        ("M. de Wit", "mdewit"),
        ("M. de Wit", "m.wit"),
        ("Wit, M. de", "M. de Wit"),
        ("mevr. M. de Wit", "M. de Wit"),
        ("José Núñez", "jose.nunez"),
    ],
)
def test_same(name_a: str, name_b: str) -> None:
    assert same_person(name_a, name_b)
    assert same_person(name_b, name_a)


@pytest.mark.parametrize(
    ("name_a", "name_b"),
    [
        ("S. Yilmaz", "T. Yilmaz"),
        ("Sevda Yilmaz", "Selim Yilmaz"),
        ("S. Yilmaz", "S. Bakker"),
        ("S. Yilmaz", ""),
        ("", ""),
        ("S. Yilmaz", "Yilmaz"),
        ("S. Yilmaz", "root"),
        ("M. de Wit", "M. de Witte"),
        ("J. Bakker", "jbakkerman"),
    ],
)
def test_not_shown_to_be_the_same(name_a: str, name_b: str) -> None:
    assert not same_person(name_a, name_b)
    assert not same_person(name_b, name_a)


def test_who_did_the_work() -> None:
    people = [
        {"name": "S. Yilmaz", "role": "executor"},
        {"name": "M. de Wit", "role": "supervisor"},
        {"name": "Selma Yilmaz", "role": "user"},
    ]
    journal = complete()
    start = json.loads(journal.lines[0]) | {"account": "svc-jansen", "assignment": {"people": people}}
    journal.lines[0] = json.dumps(start).encode() + b"\n"
    entries = [
        make("hours", "T. Bos", "2026-11-23T12:00:00.000000Z", {"hours": 1.0, "activity": "cabling"}),
        make("hours", "R. Reis", "2026-11-23T12:00:00.000000Z", {"hours": 1.0, "activity": "trip", "kind": "travel"}),
        make("step", "P. Hand", "2026-11-23T12:00:00.000000Z", {"host": "a", "name": "placed the disk"}),
    ]  # fmt: skip
    record = derive(journal.finish(ok=5).events(), "d", entries)
    assert executors(record) == ("S. Yilmaz", "svc-jansen", "T. Bos", "P. Hand")
    assert is_executor(record, "yilmaz, s") == "S. Yilmaz"
    assert is_executor(record, "Theo Bos") == "T. Bos"
    assert is_executor(record, "p.hand") == "P. Hand"
    assert is_executor(record, "R. Reis") is None
    assert is_executor(record, "M. de Wit") is None
    # The assignment names both: they are two people, however much the names look alike.
    assert is_executor(record, "Selma Yilmaz") is None
