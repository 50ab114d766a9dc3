"""The differences with a delivery divided: what a person accepted, what is an update, and what is neither. One
definition for the play that looks, and for the record that says so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from . import updates
from .differences import Difference, Look, drift, test_id
from .updates import Update
from .values import at_key, rows


class Acceptance(NamedTuple):
    """The state of one thing that a person accepted: `value` as the snapshot has it in words (empty: it was gone),
    `until` the last day it holds (empty: no end), `record` where it was accepted, `expired` whether that day was over
    when a run looked."""

    kind: str
    name: str
    value: str
    by: str
    at: str
    reason: str
    until: str = ""
    record: str = ""
    expired: bool = False

    @property
    def id(self) -> str:
        """The name of the test that it is about."""
        return test_id(self.kind, self.name)

    def covers(self, difference: Difference) -> bool:
        """Any later change of the same thing is another value, and was accepted by nobody."""
        return self.id == difference.id and self.value == difference.after and not self.expired


Acceptances = Mapping[str, Acceptance]
"""By the name of the test."""


class Drift(NamedTuple):
    """`accepted` with the acceptance that covers it, `open` what nothing explains: it fails."""

    open: list[Difference]
    accepted: list[tuple[Difference, Acceptance]]
    updates: list[Update]


def divided(before: Look, after: Look, acceptances: Acceptances, origins: Collection[str] = ()) -> Drift:
    """The differences since the delivery, each once. Updates may come from `origins` beside those of the delivery."""
    result = Drift([], [], [])
    differences = drift(before, after)
    expected = updates.updates(before, after, differences, origins)
    for difference in differences:
        acceptance = acceptances.get(difference.id)
        if difference.id in expected:
            result.updates.append(expected[difference.id])
        elif acceptance is not None and acceptance.covers(difference):
            result.accepted.append((difference, acceptance))
        else:
            result.open.append(difference)
    return result


def latest(acceptances: Iterable[Acceptance]) -> dict[str, Acceptance]:
    """Of each thing the one that was said last: it takes the place of what was said before."""
    return {acceptance.id: acceptance for acceptance in sorted(acceptances, key=lambda acceptance: acceptance.at)}


def read(data: object) -> Acceptances:
    """As a result has them: never trusted to have the right shape."""
    texts = [name for name in Acceptance._fields if name != "expired"]
    return latest(
        Acceptance(**{name: at_key(row, name) for name in texts}, expired=row.get("expired") is not False)
        for row in rows(data)
    )


def written(acceptances: Acceptances) -> list[dict[str, Any]]:
    """As a result has them."""
    return [acceptance._asdict() for acceptance in acceptances.values()]
