"""Which faults become candidates for an improvement, in which order and with which words."""

from __future__ import annotations

from typing import Any

import pytest
from oplever.kinds.installation.candidates import candidates
from oplever.record.model import Fault, Proposal


def fault(place: str, host: str = "a", kind: Any = "task_failed", attempts: int = 1, at: str = "t") -> Fault:
    return Fault("F-001", host, kind, place, f"{place} broke", at, "open", attempts=attempts)


def test_a_candidate_names_what_failed_and_on_which_machines_how_often() -> None:
    faults = [fault("install", at="t1"), fault("other"), fault("install", "b", attempts=3, at="t2")]
    assert candidates(faults) == (
        Proposal(
            id="K1", observation="install: install broke (a 1×, b 3×)", proposal="", process="installation",
            candidate=True, by="machine", at="t1",
        ),
    )  # fmt: skip


def test_twice_on_one_machine_is_enough_and_once_is_not() -> None:
    assert [item.observation[:1] for item in candidates([fault("x", attempts=2), fault("y", attempts=1)])] == ["x"]


def test_what_failed_most_comes_first_and_else_what_failed_first() -> None:
    faults = [fault("x", attempts=2), fault("y", attempts=4), fault("z", attempts=2)]
    assert [(item.id, item.observation[:1]) for item in candidates(faults)] == [("K1", "y"), ("K2", "x"), ("K3", "z")]


def test_no_more_than_ten_are_made() -> None:
    assert [item.id for item in candidates([fault(f"x{n}", attempts=2) for n in range(11)])] == [
        f"K{number}" for number in range(1, 11)
    ]


def test_a_test_that_failed_is_about_testing() -> None:
    assert [item.process for item in candidates([fault("x.y", kind="test_failed", attempts=2)])] == ["test"]


@pytest.mark.parametrize("kind", ["unreachable", "interrupted", "reported"])
def test_other_faults_are_no_candidates(kind: str) -> None:
    assert candidates([fault("x", kind=kind, attempts=2)]) == ()


def test_a_fault_without_a_place_is_none() -> None:
    assert candidates([fault("", attempts=2)]) == ()
