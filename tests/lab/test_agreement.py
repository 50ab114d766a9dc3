"""The audit and OpenSCAP on the same machines: no disagreement that is not explained, none in which we are wrong."""

from __future__ import annotations

import pytest

from lab.planted import openscap
from lab.planted.agreement import STATES, judged, report, rulings
from lab.planted.compare import compare
from lab.planted.suite import NAMES, Suite

MUCH = 150
"""Controls that both judge on one machine in one state, at least; fewer means that the comparison lost its ground."""


def test_every_disagreement_is_explained_and_none_is_our_fault() -> None:
    found = compare(Suite("agreement"))
    wrong, note = report(found, rulings(), openscap.version())
    for machine, state in ((machine, state) for machine in NAMES for state in STATES):
        both = [pair for pair in judged(found) if (pair.machine, pair.state) == (machine, state)]
        wrong += [f"{machine} {state}: only {len(both)} controls judged by both"] if len(both) < MUCH else []
    assert wrong == [], "\n".join(wrong)
    if note:
        pytest.skip(note)
