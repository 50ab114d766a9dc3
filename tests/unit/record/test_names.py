"""How names and accounts are read, and who of a record's people did, decided or confirmed what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from journals import complete
from oplever.kinds.derive import derive
from oplever.record.entries import make
from oplever.record.model import ExceptionGrant, Record
from oplever.record.persons import among, executors, has_confirmed, is_executor, same_person, supervisors

AT = "2026-11-24T09:00:00.000000Z"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("yilmazsevda", "Sevda Yilmaz"),
        ("jpbakker", "Jan Piet Bakker"),
        ("janpietbakker", "Jan Piet Bakker"),
        ("bakkerjp", "Jan Piet Bakker"),
        ("bakkerj", "Jan Piet Bakker"),
        ("sdewit", "Sanne de Wit"),
        ("dewits", "Sanne de Wit"),
        ("sannewit", "Sanne de Wit"),
        ("s_yilmaz", "S. Yilmaz"),
        ("s-yilmaz", "S. Yilmaz"),
        (" s.yilmaz@school.example ", "S. Yilmaz"),
        ("Søren Øst", "soren ost"),
        ("Łukasz Đorđević", "lukasz dordevic"),
        ("Dr. ir. S. Yilmaz MSc", "S. Yilmaz Msc"),
        ("S. van der Berg", "S. Berg"),
        ("Jan Bakker", "Jan Piet Bakker"),
        ("Sevda Yilmaz", "SEVDA YILMAZ"),
        ("Straße, Jan", "jan strasse"),
        # A name that is a prefix all through is still a name.
        ("van de", "Van De"),
    ],
)
def test_these_are_one_person(first: str, second: str) -> None:
    assert same_person(first, second)
    assert same_person(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("yilmaz", "S. Yilmaz"),
        ("yilmaz", "bakker"),
        ("Jan Bakker", "J. de Vries"),
        ("Jan Piet Bakker", "Jan Kees Bakker"),
        ("kp bakker", "Jan Piet Bakker"),
        ("jpk bakker", "Jan Piet Bakker"),
        ("Jo Bakker", "Jan Bakker"),
        ("JP Bakker", "Jan Kees Bakker"),
        ("sevdayilmaz2", "Sevda Yilmaz"),
        ("mr", "mr"),
        ("s.yilmaz at school", "S. Yilmaz"),
        ("S. Yilmaz @school", "S. Yilmaz"),
        ("a, b, c", "b a, c d"),
    ],
)
def test_these_are_not_shown_to_be_one(first: str, second: str) -> None:
    assert not same_person(first, second)
    assert not same_person(second, first)


TITLES = ["dhr.", "mevr.", "mw.", "Mr.", "Mrs.", "Ms.", "Dr.", "ir.", "ing.", "drs.", "Prof.", "BSc", "MSc"]


@pytest.mark.parametrize("title", TITLES)
def test_a_title_is_no_part_of_a_name(title: str) -> None:
    assert same_person(f"{title} S. Yilmaz", "syilmaz")


def test_the_first_of_the_names_that_fits() -> None:
    assert among("S. Yilmaz", ["M. de Wit", "s.yilmaz", "Sevda Yilmaz"]) == "s.yilmaz"
    assert among("S. Yilmaz", ["M. de Wit"]) is None


def record(*statements: tuple[str, str, dict[str, Any]], people: Any = (), account: str = "") -> Record:
    journal = complete()
    start = json.loads(journal.lines[0]) | {"account": account, "assignment": {"people": list(people)}}
    journal.lines[0] = json.dumps(start).encode() + b"\n"
    entries = [make(kind, by, AT, data) for by, kind, data in statements]
    return derive(journal.finish(ok=5).events(), "d", entries)


@pytest.mark.parametrize("account", ["root", "ansible", "runner", "awx", ""])
def test_an_account_of_a_service_is_nobody(account: str) -> None:
    assert executors(record(account=account)) == ()


def test_each_who_did_the_work_is_named_once() -> None:
    hours = ("S. Yilmaz", "hours", {"hours": 1.0, "activity": "x"})
    waiting = ("T. Bos", "hours", {"hours": 1.0, "activity": "x", "kind": "waiting"})
    people = [{"name": "S. Yilmaz", "role": "executor"}, {"name": "J. Bakker", "role": "user"}]
    assert executors(record(hours, waiting, hours, people=people, account="syilmaz")) == ("S. Yilmaz", "syilmaz")


def test_who_is_to_decide_is_whom_the_assignment_names() -> None:
    people = [
        {"name": "S. Yilmaz", "role": "executor"},
        {"name": "M. de Wit", "role": "supervisor"},
        {"name": "", "role": "supervisor"},
    ]
    assert supervisors(record(people=people)) == ("M. de Wit",)
    assert supervisors(record()) == ()


def test_somebody_with_two_roles_did_the_work() -> None:
    people = [{"name": "S. Yilmaz", "role": "executor"}, {"name": "S. Yilmaz", "role": "user"}]
    assert is_executor(record(people=people), "S. Yilmaz") == "S. Yilmaz"
    assert is_executor(record(people=people), "Sevda Yilmaz") == "S. Yilmaz"


DECISION = {"decision": "approved"}
SIGNATURE = {"role": "supervisor", "revision": 1, "statement": "s", "signature": "t", "key": "SHA256:k"}


@pytest.mark.parametrize(
    ("statements", "stated_by", "is_confirmed"),
    [
        ((), "", False),
        ((), "S. Yilmaz", False),
        ((), "m.dewit", True),
        ((("M. de Wit", "decision", DECISION),), "", True),
        ((("M. de Wit", "decision", {"decision": "rejected", "remarks": "no"}),), "", False),
        ((("T. Bos", "decision", DECISION),), "", False),
        ((("M. de Wit", "signature", SIGNATURE),), "", True),
        ((("T. Bos", "signature", SIGNATURE),), "", False),
    ],
)
def test_an_approver_confirms_an_exception_by_entering_approving_or_signing(
    statements: tuple[tuple[str, str, dict[str, Any]], ...], stated_by: str, is_confirmed: bool
) -> None:
    grant = ExceptionGrant("E1", "SSH-001", (), "r", "o", "M. de Wit", "2027-01-01", stated_by=stated_by)
    assert has_confirmed(record(*statements), grant) is is_confirmed
