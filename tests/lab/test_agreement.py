"""The audit and OpenSCAP on the same machines: no disagreement that is not explained, none in which we are wrong."""

from __future__ import annotations

from lab.planted.agreement import STATES, rulings, unsettled
from lab.planted.compare import compare
from lab.planted.suite import NAMES, Suite

MUCH = 150
"""Controls that both judge on one machine in one state, at least; fewer means that the comparison lost its ground."""


def test_every_disagreement_is_explained_and_none_is_our_fault() -> None:
    found = compare(Suite("agreement"))
    for state in STATES:
        for machine in NAMES:
            judged = [pair for pair in found if (pair.machine, pair.state) == (machine, state) and pair.comparable]
            assert len(judged) >= MUCH, f"{machine} {state}: {len(judged)}"
    assert unsettled(found, rulings()) == []
