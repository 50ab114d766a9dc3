"""Figures that stand in more than one place: on the first page, in a chapter, on the terminal, in the index, in an
export. Each is computed here, once, so it means the same in all of them. Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from oplever.record.identity import is_measured, latest
from oplever.record.model import BAD, Control, Fault, HostResult, Recap, Record, RestPoint, Score, Step, System, Test
from oplever.record.score import NOT_MEASURED

_CONTAINER = f"{NOT_MEASURED}in a container"
"""How the reason begins of a control that belongs to the host of a container."""
_LOOPBACK = ("127.", "::1/")


def failing_tests(record: Record) -> list[Test]:
    """Tests of which the result that counts is a failure, or could not be had."""
    return [test for test in latest(record.tests) if test.status in BAD]


def accepted_drift(record: Record) -> list[Test]:
    """Differences with the delivery that a person accepted, in the state that the machine has."""
    return [test for test in latest(record.tests) if test.acceptance is not None]


def tested_hosts(record: Record) -> frozenset[str]:
    """Machines of which something was tested."""
    return frozenset(test.host for test in latest(record.tests) if is_measured(test))


def tests_of_hosts(record: Record) -> dict[str, list[Test]]:
    """Every test by its machine, with the result that counts."""
    tests: dict[str, list[Test]] = defaultdict(list)
    for test in latest(record.tests):
        tests[test.host].append(test)
    return dict(tests)


def passed_and_measured(tests: Iterable[Test]) -> tuple[int, int]:
    """How many tests passed, of how many: those that do not apply are not counted."""
    measured = list(filter(is_measured, tests))
    return sum(test.status == "pass" for test in measured), len(measured)


def failing_controls(record: Record) -> list[Control]:
    """Controls that fail after the work, or could not be read then. What was measured before it alone is not known."""
    return [control for control in record.baseline.controls if control.after in BAD]


class Measured(NamedTuple):
    """Controls of all machines together, after the work, or before it where nobody measured after it.

    `measured` of `total` could be judged. Of the others `inapplicable` say nothing about their machine, `of_the_host`
    belong to the host of a container, nobody looked at `not_looked_at`, and `errors` could not be read.
    """

    measured: int
    total: int
    inapplicable: int
    of_the_host: int
    not_looked_at: int
    errors: int


def measured(record: Record) -> Measured:
    scores = [score for host in record.baseline.hosts if (score := host.after or host.before)]
    of_the_host = sum(map(is_of_the_host, record.baseline.controls))
    return Measured(
        measured=sum(score.measured for score in scores),
        total=sum(score.total for score in scores),
        inapplicable=sum(score.not_applicable - score.not_measured for score in scores),
        of_the_host=of_the_host,
        not_looked_at=sum(score.not_measured for score in scores) - of_the_host,
        errors=sum(score.errors for score in scores),
    )


def is_of_the_host(control: Control) -> bool:
    """Whether it belongs to the host of a container, so that nobody could look at it, at the stage that counts."""
    return (control.after or control.before) == "not_applicable" and control.reason.startswith(_CONTAINER)


class Share(NamedTuple):
    """How many controls are in order, of how many that apply."""

    passed: int
    applying: int


class Area(NamedTuple):
    """An area of the baseline over all machines; None for a time at which nothing of it was measured."""

    area: str
    before: Share | None
    after: Share | None


def areas(record: Record) -> list[Area]:
    """Every area in which something applies to a machine, in the order of their codes."""
    scores: dict[str, tuple[list[Score], list[Score]]] = defaultdict(lambda: ([], []))
    for tally in record.baseline.tallies:
        before, after = scores[tally.area]
        before += [tally.before] if tally.before else []
        after += [tally.after] if tally.after else []
    shares = (Area(area, _share(before), _share(after)) for area, (before, after) in sorted(scores.items()))
    return [area for area in shares if area.before or area.after]


def _share(scores: list[Score]) -> Share | None:
    """What could not be read applies, and is not in order."""
    applying = sum(score.measured + score.errors for score in scores)
    return Share(sum(score.passed for score in scores), applying) if applying else None


def tasks(systems: Iterable[System]) -> dict[str, tuple[str, ...]]:
    """The roles by which a machine differs from the others of the record; all of them where it does not. A machine that
    was not reached says nothing of what the others share."""
    systems = tuple(systems)
    roles = {system.name: system.roles for system in systems}
    answered = [frozenset(system.roles) for system in systems if system.reachable and system.roles]
    shared = frozenset.intersection(*answered) if len(answered) > 1 else frozenset()
    return {name: tuple(role for role in of if role not in shared) or of for name, of in roles.items()}


def groups_apart(systems: Iterable[System]) -> dict[str, tuple[str, ...]]:
    """The groups of the inventory that a machine is in and others of the record are not: roles do not say which of the
    machines with the role of a name server answers for it."""
    groups = {system.name: system.groups for system in systems}
    shared = frozenset.intersection(*map(frozenset, groups.values())) if groups else frozenset()
    return {name: tuple(group for group in of if group not in shared) for name, of in groups.items()}


def address(system: System) -> str:
    """Where others reach a machine: as the inventory says, else its first address, without the size of its net."""
    addresses = (address for interface in system.interfaces for address in interface.addresses)
    outside = (address for address in addresses if not address.startswith(_LOOPBACK))
    return system.address or next(outside, "").partition("/")[0]


def unsolved_faults(record: Record) -> list[Fault]:
    """Faults that are open, or handed to somebody who has not solved them."""
    return [fault for fault in record.faults if fault.status in ("open", "escalated")]


def open_points(record: Record) -> list[RestPoint]:
    return [point for point in record.rest_points.items if point.status == "open"]


def recap_of(results: Iterable[tuple[Step, HostResult]]) -> Recap:
    """The results of steps, counted as Ansible does: what changed and what failed but was ignored is `ok` as well."""
    count = Counter(result.status for _, result in results)
    return Recap(
        ok=count["ok"] + count["changed"] + count["ignored"],
        changed=count["changed"],
        unreachable=count["unreachable"],
        failed=count["failed"],
        skipped=count["skipped"],
        rescued=count["rescued"],
        ignored=count["ignored"],
    )


def changed_nothing(record: Record) -> bool:
    """Whether the steps that were carried out, of which there are some, left every machine as it was: no result
    tells of a change, or of a failure that can have come halfway."""
    if not any(step.results for step in record.steps):
        return False
    return all(result.status in ("ok", "skipped") for step in record.steps for result in step.results)
