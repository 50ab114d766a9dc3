"""What all records together say could be better, each with what shows it. A person accepts or rejects it. Pure."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import Literal, NamedTuple

from oplever.overview.collection import Collection, Life
from oplever.overview.signals import FaultSignal, TaskSignal, is_slow
from oplever.overview.sources import Readable
from oplever.record.model import Proposal

Kind = Literal["changes", "slow", "retries", "flaky", "drift", "faults", "rule", "never_fails"]
LAST = 50
"""Records that are looked at, the newest ones: what was mended long ago is no finding."""
FEWEST = 3
"""Records, or machines, from which something is more than chance."""
_MOST_OF_A_KIND = 10

Versions = Mapping[str, Mapping[str, str]]
"""Machine -> package -> version, as its last snapshot has them."""


@dataclass(frozen=True)
class Finding:
    """One thing that could be better. `what` is a step, test, control or package; `numbers` are parameters of the
    sentence that tells what was seen, `hosts` the machines, `records` those that show it, the newest first. `decision`
    is what somebody decided about it last."""

    kind: Kind
    what: str
    numbers: Mapping[str, float | str]
    hosts: tuple[str, ...]
    records: tuple[Readable, ...]
    weight: float = 0.0
    decision: Proposal | None = None

    @property
    def id(self) -> str:
        """The same for the same thing, however often it is seen."""
        return f"{self.kind.replace('_', '-')}-{zlib.crc32(self.what.encode('utf-8', 'surrogatepass')):08x}"


class _Occurrence(NamedTuple):
    """What one run says of a step."""

    of: Readable
    task: TaskSignal


@dataclass
class _Task:
    """A step over all runs in which it did something worth telling, the newest first."""

    name: str
    occurrences: list[_Occurrence] = field(default_factory=list)


@dataclass(frozen=True)
class _Newest:
    """The last runs, the newest first."""

    collection: Collection

    @property
    def versions(self) -> Versions:
        return self.collection.versions

    @cached_property
    def runs(self) -> list[Readable]:
        runs = (of for of in reversed(self.collection.runs) if of.extract.signals.ran)
        return [of for of, _ in zip(runs, range(LAST), strict=False)]

    @cached_property
    def tasks(self) -> dict[int, _Task]:
        tasks: dict[int, _Task] = {}
        for of in self.runs:
            for task in of.extract.signals.tasks:
                name = f"{task.role} : {task.name}" if task.role else task.name
                tasks.setdefault(task.key, _Task(name)).occurrences.append(_Occurrence(of, task))
        return tasks

    def ran(self, key: int) -> list[Readable]:
        """The runs in which a step was carried out."""
        return [of for of in self.runs if key in of.extract.signals.ran]


def findings(collection: Collection) -> list[Finding]:
    """Everything that was found, undecided first, then by how much there is to gain."""
    newest = _Newest(collection)
    groups = (_changing(newest), _slow(newest), _retries(newest), _flaky(newest), _drifting(newest), _failing(newest),
              _rules(newest), _never_failing(newest))  # fmt: skip
    decided = decisions(collection)
    every = [
        _with_decision(finding, decided.get(finding.id))
        for group in groups
        for finding in sorted(group, key=lambda finding: -finding.weight)[:_MOST_OF_A_KIND]
    ]
    return sorted(every, key=lambda finding: finding.decision is not None)


def decisions(collection: Collection) -> dict[str, Proposal]:
    """What people said about findings: of each what was said last."""
    proposals = (item for of in collection.readable for item in of.record.proposals.items if item.finding)
    return {item.finding: item for item in sorted(proposals, key=lambda item: item.at)}


def _with_decision(finding: Finding, decision: Proposal | None) -> Finding:
    return replace(finding, decision=decision)


def _changing(newest: _Newest) -> Iterator[Finding]:
    """Steps that change something on a machine each time: a second run would have to change nothing."""
    for key, task in newest.tasks.items():
        runs = newest.ran(key)
        changed = {id(of): step for of, step in task.occurrences if step.changed}
        shown = _in_a_row(runs, changed)
        if len(shown) >= FEWEST:
            hosts = _hosts(changed[id(of)].changed for of in shown)
            yield Finding("changes", task.name, {"count": len(shown)}, hosts, tuple(shown), len(shown))


def _in_a_row(runs: list[Readable], changed: Mapping[int, TaskSignal]) -> list[Readable]:
    """From the newest run back those in which the step changed a machine that it changed in the one after it too."""
    shown: list[Readable] = []
    hosts: set[str] = set()
    for of in runs:
        task = changed.get(id(of))
        if task is None:
            break
        hosts = set(task.changed) & hosts if shown else set(task.changed)
        if not hosts:
            break
        shown.append(of)
    return shown


def _slow(newest: _Newest) -> Iterator[Finding]:
    """Steps that take a large part of every run."""
    for task in newest.tasks.values():
        slow = [row for row in task.occurrences if is_slow(row.task.seconds, row.of.extract.signals.duration)]
        if len(slow) >= FEWEST:
            seconds = median(row.task.seconds for row in slow)
            share = median(row.task.seconds / row.of.extract.signals.duration for row in slow)
            numbers = {"count": len(slow), "seconds": seconds, "percent": round(100 * share)}
            hosts = _hosts(tuple(machine.name for machine in row.of.extract.machines) for row in slow)
            yield Finding("slow", task.name, numbers, hosts, tuple(row.of for row in slow), seconds * len(slow))


def _retries(newest: _Newest) -> Iterator[Finding]:
    """Steps that need more than one attempt."""
    for task in newest.tasks.values():
        retried = [row for row in task.occurrences if row.task.retried]
        if len(retried) >= FEWEST:
            hosts = _hosts(row.task.retried for row in retried)
            numbers = {"count": len(retried), "total": len(task.occurrences)}
            yield Finding("retries", task.name, numbers, hosts, tuple(row.of for row in retried), len(retried))


class _TestResult(NamedTuple):
    """How a test ended on a machine in one run."""

    of: Readable
    is_failing: bool


def _flaky(newest: _Newest) -> Iterator[Finding]:
    """Tests that fail and pass again on a machine while nothing changed there, twice or more."""
    results: dict[tuple[str, str], dict[str, list[_TestResult]]] = defaultdict(lambda: defaultdict(list))
    for of in reversed(newest.runs):
        hosts = {machine.name for machine in of.extract.machines}
        for test in of.extract.signals.tests:
            for host in hosts & set(of.extract.signals.still):
                results[test.suite, test.id][host].append(_TestResult(of, host in test.failed))
    for (suite, name), machines in results.items():
        turns = {host: rows for host, rows in machines.items() if _turns(rows) > 1}
        failing = [row.of for rows in turns.values() for row in rows if row.is_failing]
        if failing:
            count = sum(len(rows) for rows in turns.values())
            numbers = {"failed": len(failing), "count": count}
            records = tuple({id(of): of for of in reversed(failing)}.values())
            yield Finding("flaky", f"{suite} : {name}", numbers, tuple(turns), records, len(failing))


def _turns(rows: list[_TestResult]) -> int:
    """How often a test failed after it had passed, or the other way round."""
    return sum(earlier.is_failing != later.is_failing for earlier, later in pairwise(rows))


def _drifting(newest: _Newest) -> Iterator[Finding]:
    """Packages of which machines of one group, with one release of the system, have different versions."""
    for group, lives in newest.collection.groups.items():
        by_system: dict[str, list[Life]] = defaultdict(list)
        for life in lives:
            if life.host in newest.versions:
                by_system[life.real.machine.os].append(life)
        for alike in by_system.values():
            if len(alike) > 1:
                yield from _versions(group, alike, newest.versions)


def _versions(group: str, lives: list[Life], versions: Versions) -> Iterator[Finding]:
    hosts = tuple(life.host for life in lives)
    names = set.intersection(*(set(versions[host]) for host in hosts))
    differing = sorted(name for name in names if len({versions[host][name] for host in hosts}) > 1)
    if differing:
        shown = ", ".join(differing[:5]) + (", …" if differing[5:] else "")
        numbers: dict[str, float | str] = {"count": len(differing), "packages": shown}
        records = tuple({id(life.real.of): life.real.of for life in lives}.values())
        yield Finding("drift", group, numbers, hosts, records, len(differing))


def _failing(newest: _Newest) -> Iterator[Finding]:
    """Steps and tests that failed in several records, solved or not."""
    places: dict[tuple[str, str], list[tuple[Readable, FaultSignal]]] = defaultdict(list)
    for of in newest.runs:
        for fault in of.extract.signals.faults:
            places[fault.kind, fault.what].append((of, fault))
    for (_, what), faults in places.items():
        records = tuple({id(of): of for of, _ in faults}.values())
        if len(records) >= FEWEST:
            hosts = _hosts((fault.host,) for _, fault in faults)
            yield Finding("faults", what, {"count": len(records), "times": len(faults)}, hosts, records, len(faults))


def _rules(newest: _Newest) -> Iterator[Finding]:
    """Controls that fail on every machine of which security was measured."""
    measured = [life for life in newest.collection.lives.values() if life.scored]
    for (kind, name, status), currents in newest.collection.failing.items():
        hosts = _hosts((current.failing.host,) for current in currents)
        if (kind, status) == ("control", "fail") and len(hosts) == len(measured) >= FEWEST:
            records = tuple({id(current.of): current.of for current in currents}.values())
            yield Finding("rule", name, {"count": len(hosts)}, hosts, records, len(hosts))


class _Pass(NamedTuple):
    """A run in which a test passed on machines where a step of its role had failed."""

    of: Readable
    hosts: tuple[str, ...]


def _never_failing(newest: _Newest) -> Iterator[Finding]:
    """Tests that passed each time, also where a step of their own role had failed on the machine."""
    passed: dict[tuple[str, str], int] = defaultdict(int)
    failed: set[tuple[str, str]] = set()
    beside_faults: dict[tuple[str, str], list[_Pass]] = defaultdict(list)
    for of in newest.runs:
        for test in of.extract.signals.tests:
            place = test.suite, test.id
            passed[place] += test.passed
            if test.failed:
                failed.add(place)
            if test.beside:
                beside_faults[place].append(_Pass(of, test.beside))
    for place, passes in beside_faults.items():
        if place not in failed and len(passes) >= FEWEST:
            hosts = _hosts(row.hosts for row in passes)
            numbers = {"passed": passed[place], "count": len(passes)}
            yield Finding(
                "never_fails", " : ".join(place), numbers, hosts, tuple(row.of for row in passes), len(passes)
            )


def _hosts(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(host for group in groups for host in group))
