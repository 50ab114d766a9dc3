"""What one record has to say about the work itself, kept so small that thousands can be set beside each other. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from msgspec import Struct

from oplever.record.drift import SUITE
from oplever.record.identity import latest
from oplever.record.model import BAD, Record, Step, Test
from oplever.text import clean

SLOW_SECONDS, SLOW_SHARE = 10.0, 0.1
"""A step is slow when its slowest machine takes so long, and so much of the run."""
_AT_WORK = frozenset(("ok", "changed", "failed", "rescued", "ignored"))
_MOST = 60
"""Steps of one record that are told apart: the first delivery of a machine changes everything, and says nothing."""


class TaskSignal(Struct, frozen=True, array_like=True, gc=False):
    """A step that changed, was tried again, or was slow: `key` stands for its role and name, `changed` are the machines
    that it changed, `retried` those on which it took more than one attempt, `seconds` those of the slowest machine."""

    key: int
    role: str
    name: str
    changed: tuple[str, ...]
    retried: tuple[str, ...]
    seconds: float


class FaultSignal(Struct, frozen=True, array_like=True, gc=False):
    """A step or test that failed on a machine, solved or not; `what` is a step with its role, or the id of a test."""

    kind: str
    what: str
    host: str


class TestSignal(Struct, frozen=True, array_like=True, gc=False):
    """A test by its suite and id. It passed on all machines but those in `failed`; `beside` are machines on which it
    passed although a step of the role that it belongs to failed there."""

    suite: str
    id: str
    passed: int
    failed: tuple[str, ...]
    beside: tuple[str, ...]


class Signals(Struct, frozen=True, array_like=True, gc=False):
    """`ran` are the keys of all steps that were carried out; `still` are the machines on which nothing changed between
    two snapshots. `duration` is that of the run, in seconds."""

    duration: float = 0.0
    ran: tuple[int, ...] = ()
    tasks: tuple[TaskSignal, ...] = ()
    faults: tuple[FaultSignal, ...] = ()
    tests: tuple[TestSignal, ...] = ()
    still: tuple[str, ...] = ()


def of(record: Record) -> Signals:
    """Of a trial run, work by hand, and a record of several runs (its runs say it) there is nothing to say."""
    if record.document.check_mode or record.runs or not record.document.journal_version:
        return Signals()
    steps = [step for step in record.steps if step.by == "machine" and step.results]
    worked = [step for step in steps if any(status in _AT_WORK for status in _statuses(step))]
    changed = {row.host for row in record.components} | {row.host for row in record.settings}
    compared = (system.name for system in record.systems if system.snapshot_before and system.snapshot_after)
    return clean(
        Signals(
            duration=record.document.duration,
            ran=tuple(sorted({key(step.role, step.name) for step in worked})),
            tasks=tuple(_tasks(worked, record.document.duration)),
            faults=tuple(_faults(record)),
            tests=tuple(_tests(record)),
            still=tuple(host for host in compared if host not in changed),
        )
    )


def key(role: str, name: str) -> int:
    """What stands for a step over records: its role and name, wherever it stands in its file."""
    return zlib.crc32(f"{role}\0{name}".encode("utf-8", "surrogatepass"))


def _statuses(step: Step) -> Iterator[str]:
    return (result.status for result in step.results)


def _tasks(steps: list[Step], duration: float) -> Iterator[TaskSignal]:
    """A step that a playbook takes more than once is one step. Most machines first, where there are many."""
    by_key: dict[int, list[Step]] = {}
    for step in steps:
        by_key.setdefault(key(step.role, step.name), []).append(step)
    tasks = (_task(number, same) for number, same in by_key.items())
    telling = [task for task in tasks if task.changed or task.retried or is_slow(task.seconds, duration)]
    telling.sort(key=lambda task: (-len(task.retried), -task.seconds, -len(task.changed), task.name))
    yield from telling[:_MOST]


def _task(number: int, same: list[Step]) -> TaskSignal:
    results = [result for step in same for result in step.results]
    seconds: dict[str, float] = {}
    for result in results:
        seconds[result.host] = seconds.get(result.host, 0.0) + result.duration
    return TaskSignal(
        key=number,
        role=same[0].role,
        name=same[0].name,
        changed=tuple(dict.fromkeys(result.host for result in results if result.status == "changed")),
        retried=tuple(dict.fromkeys(result.host for result in results if result.attempts > 1)),
        seconds=round(max(seconds.values(), default=0.0), 1),
    )


def is_slow(seconds: float, duration: float) -> bool:
    """Both in seconds: a step on its slowest machine, and the run."""
    return duration > 0 and seconds >= SLOW_SECONDS and seconds >= SLOW_SHARE * duration


def _faults(record: Record) -> Iterator[FaultSignal]:
    places = {f"{step.name} ({step.path})": step for step in record.steps}
    for fault in record.faults:
        if fault.kind == "test_failed":
            yield FaultSignal(fault.kind, fault.location, fault.host)
        elif fault.kind == "task_failed":
            step = places.get(fault.location)
            what = f"{step.role} : {step.name}" if step and step.role else step.name if step else fault.location
            yield FaultSignal(fault.kind, what, fault.host)


def _tests(record: Record) -> Iterator[TestSignal]:
    """By the results that count. What differs from a delivery has names of its own on every machine: it is no test."""
    broken = {
        (step.role.rsplit(".", 1)[-1], result.host)
        for step in record.steps
        for result in step.results
        if step.role and result.status == "failed"
    }
    groups: dict[tuple[str, str], list[Test]] = {}
    for test in latest(record.tests):
        if test.by == "machine" and test.suite != SUITE and test.status in ("pass", *BAD):
            groups.setdefault((test.suite, test.id), []).append(test)
    for (suite, name), tests in groups.items():
        passed = [test.host for test in tests if test.status == "pass"]
        yield TestSignal(
            suite=suite,
            id=name,
            passed=len(passed),
            failed=tuple(test.host for test in tests if test.status in BAD),
            beside=tuple(host for host in passed if (suite, host) in broken),
        )
