"""Faults: what failed, where, how often, and what shows that it was solved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import structs

from oplever._shared.values import items, mapping
from oplever.journal.events import Result
from oplever.record.checks import Outcome, status_of
from oplever.record.fold import SETBACKS, Run, relative
from oplever.record.identity import TestKey
from oplever.record.model import BAD, Fault, Test

ASSERT = "ansible.builtin.assert"
Failing = tuple[str, str]
"""Machine and id of a test that did not pass."""


def faults(
    run: Run, saved: dict[int, Result | None], outcomes: Iterable[Outcome], drift: Iterable[Test] = ()
) -> tuple[Fault, ...]:
    """All faults in order of time, numbered from F-001. That something drifted is a test and no fault."""
    tests = list(_test_faults(outcomes))
    failing = [(fault.host, fault.location) for fault in tests]
    failing += [(test.host, test.id) for test in drift if test.status in BAD]
    every = [*_task_faults(run, saved, failing), *tests, *_interruption(run)]
    every.sort(key=lambda fault: fault.at)
    return tuple(structs.replace(fault, id=f"F-{number:03d}") for number, fault in enumerate(every, 1))


def _task_faults(run: Run, saved: dict[int, Result | None], failing: Sequence[Failing]) -> list[Fault]:
    opened: dict[tuple[str, str], Fault] = {}
    closed: list[Fault] = []
    for result in run.setbacks:
        start = run.tasks[result.task].start
        key = (start.path or result.task, result.host)
        earlier = opened.get(key)
        if result.status in SETBACKS:
            if _reported_by_tests(result) or (start.action == ASSERT and _repeats(result, failing)):
                continue
            fault = _task_fault(run, result, saved)
            if earlier and earlier.status == fault.status == "open":
                fault = structs.replace(earlier, attempts=earlier.attempts + fault.attempts)
            elif earlier:
                closed.append(earlier)
            opened[key] = fault
        elif earlier and earlier.status == "open" and result.status in ("ok", "changed"):
            closed.append(structs.replace(earlier, status="solved", retest=f"{start.name} {result.t}"))
            del opened[key]
    return [*closed, *opened.values()]


def _task_fault(run: Run, result: Result, saved: dict[int, Result | None]) -> Fault:
    start = run.tasks[result.task].start
    after = saved.get(result.seq)
    place = f"{start.name} ({relative(run, start.path)})" if start.path else start.name
    is_away = result.status == "unreachable" and result.host in run.silent[result.host]
    return Fault(
        id="",
        host=result.host,
        kind="unreachable" if is_away else "task_failed",
        location=place,
        symptom=result.message or ("(no_log)" if result.censored else ""),
        at=result.t,
        status="solved" if result.seq in saved else "ignored" if result.status == "ignored" else "open",
        fix=run.tasks[after.task].start.name if after else "",
        attempts=result.attempts or 1,
    )


def _reported_by_tests(result: Result) -> bool:
    """A task that failed because tests failed: those are the faults."""
    return any((status_of(check) or "error") in BAD for check in items(mapping(result.data).get("checks")))


def _repeats(result: Result, failing: Sequence[Failing]) -> bool:
    """Whether an assertion at the end only names tests that failed on this host."""
    return any(host == result.host and test in (result.message or "") for host, test in failing)


def _test_faults(outcomes: Iterable[Outcome]) -> list[Fault]:
    opened: dict[TestKey, Fault] = {}
    closed: list[Fault] = []
    for outcome in outcomes:
        if outcome.severity:
            continue  # controls have a section of their own
        key = TestKey.of(outcome)
        earlier = opened.get(key)
        if outcome.status in BAD:
            opened[key] = structs.replace(earlier, attempts=earlier.attempts + 1) if earlier else _test_fault(outcome)
        elif earlier and outcome.status == "pass":
            closed.append(structs.replace(earlier, status="solved", retest=f"{outcome.id} {outcome.t}"))
            del opened[key]
    return [*closed, *opened.values()]


def _test_fault(outcome: Outcome) -> Fault:
    expected, found = outcome.text("expected"), outcome.text("found")
    return Fault(
        id="",
        host=outcome.host,
        kind="test_failed",
        location=outcome.id,
        symptom=outcome.text("reason") or f"expected {expected}, found {found}",
        at=outcome.t,
        status="open",
    )


def _interruption(run: Run) -> list[Fault]:
    """Tasks that were under way when the controller was killed or Ansible was stopped, with their hosts."""
    under_way = [f"{run.tasks[task].start.name} ({host})" for task, host in run.running if task in run.tasks]
    if run.end is not None and (run.end.reason == "finished" or not under_way):
        return []
    return [Fault("", "", "interrupted", "", ", ".join(under_way), run.last, "open")]
