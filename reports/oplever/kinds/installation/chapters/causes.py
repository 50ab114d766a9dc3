"""Which causes of failing tests the first page has room for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from oplever.record.alike import Once
from oplever.record.causes import Cause

_MOST_CAUSES = 5
_MOST_SHARED = 3
"""Causes that several machines have, where there are enough that one machine has alone."""


def main_causes(causes: Sequence[Once[Cause]]) -> list[Once[Cause]]:
    """What explains most failing tests comes first. What several machines share leaves room for what one has alone."""
    shared = sorted((cause for cause in causes if len(cause.hosts) > 1), key=lambda cause: -tests_explained(cause))
    alone = _every_machine_first([cause for cause in causes if len(cause.hosts) == 1])
    shared = shared[: max(_MOST_SHARED, _MOST_CAUSES - len(alone))]
    return sorted([*shared, *alone[: _MOST_CAUSES - len(shared)]], key=lambda cause: -tests_explained(cause))


def tests_explained(cause: Once[Cause]) -> int:
    """How many tests fail by it, itself on every machine included."""
    return sum(1 + len(member.consequences) for member in cause.members)


def _every_machine_first(causes: Sequence[Once[Cause]]) -> list[Once[Cause]]:
    """Of each machine the first before the second of any, so that one that has many hides no other."""
    rank: Counter[str] = Counter()
    ranks = []
    for cause in causes:
        ranks.append(rank[cause.hosts[0]])
        rank[cause.hosts[0]] += 1
    return [cause for _, cause in sorted(zip(ranks, causes, strict=True), key=lambda pair: pair[0])]
