"""Figures that stand in more than one place: on the first page, in a chapter, on the terminal, in the index, in an
export. Each is computed here, once, so it means the same in all of them. Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from oplever.record.identity import is_measured, latest
from oplever.record.model import BAD, Control, Fault, HostResult, Recap, Record, RestPoint, Step, Test


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


def unsolved_faults(record: Record) -> list[Fault]:
    """Faults that are open, or handed to somebody who has not solved them."""
    return [fault for fault in record.faults if fault.status in ("open", "escalated")]


def open_points(record: Record) -> list[RestPoint]:
    return [point for point in record.rest_points.items if point.status == "open"]


def changes(record: Record) -> dict[str, tuple[int, int]]:
    """Of each machine: components that came, went or were used, and settings that differ."""
    components = Counter(component.host for component in record.components)
    settings = Counter(setting.host for setting in record.settings)
    return {host: (components[host], settings[host]) for host in components | settings}


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
