"""The audit and OpenSCAP on the same machines: no disagreement that is not explained, none in which we are wrong."""

from __future__ import annotations

from collections import Counter

import pytest

from lab.planted import openscap
from lab.planted.agreement import STATES, comparable_pairs, report, rulings
from lab.planted.compare import compare
from lab.planted.suite import NAMES, Suite

pytestmark = pytest.mark.truth
MUCH = 150
"""Controls that both judge on one machine in one state, at least; fewer means that the comparison lost its ground."""


def test_every_disagreement_is_explained_and_none_is_our_fault() -> None:
    pairs = compare(Suite("agreement"))
    wrong, note = report(pairs, rulings(), openscap.version())
    if note:
        pytest.skip(note)
    assert wrong == [], "\n".join(wrong)
    places = Counter((pair.machine, pair.state) for pair in comparable_pairs(pairs))
    assert {place: many for place, many in places.items() if many < MUCH} == {}
    assert set(places) == {(machine, state) for machine in NAMES for state in STATES}
