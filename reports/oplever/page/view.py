"""What the sections need to know about a record, computed once and free of language."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar

from oplever.record import alike, figures, origins
from oplever.record.alike import Alike, TrialChange
from oplever.record.causes import Cause, causes
from oplever.record.identity import TestKey
from oplever.record.model import Component, Control, Fault, HostResult, HostScore, Record, Setting, Step, Test

_V = TypeVar("_V")
_T = TypeVar("_T", Test, Control, Component, Setting, Fault)
_D = TypeVar("_D")

SEVERITIES = ("high", "medium", "low")


def by_host(rows: Iterable[_T]) -> dict[str, list[_T]]:
    """The rows of each host, in their order."""
    groups: dict[str, list[_T]] = defaultdict(list)
    for row in rows:
        groups[row.host].append(row)
    return dict(groups)


def _in_order(values: dict[str, _V], hosts: Iterable[str]) -> dict[str, _V]:
    """By host, in the order in which every table has the machines; others come last."""
    rank = {host: place for place, host in enumerate(hosts)}
    return dict(sorted(values.items(), key=lambda item: rank.get(item[0], len(rank))))


def _by_place(rows: Iterable[_T], hosts: Iterable[str]) -> list[_T]:
    """Rows by their machine, in the order in which every table has the machines: they came in as machines were ready,
    which is another order in every run."""
    rank = {host: place for place, host in enumerate(hosts)}
    return sorted(rows, key=lambda row: rank.get(row.host, len(rank)))


def final_tests(tests: Iterable[Test], stage: Literal["during", "after"]) -> list[Test]:
    """The last attempt of every test of a stage; earlier attempts are what a retest replaced."""
    return list({TestKey.of(test): test for test in tests if test.stage == stage}.values())


def _rank(groups: tuple[Alike[_D], ...], hosts: Iterable[str]) -> tuple[Alike[_D], ...]:
    return alike.in_order(groups, {host: place for place, host in enumerate(hosts)})


def _packages(record: Record, hosts: Iterable[str]) -> tuple[Alike[Component], ...]:
    packages = [part for part in record.components if part.kind == "package"]
    return _rank(alike.alike(packages, alike.of_component, lambda part: part.host), hosts)


def _settings(record: Record, writers: origins.Writers, hosts: Iterable[str]) -> tuple[Alike[Setting], ...]:
    """Files that roles wrote on one machine, and others on another, are not told as one."""

    def same(setting: Setting) -> alike.Same:
        is_file = setting.kind in origins.FILES
        writer = writers.get((setting.host, setting.name), "") if is_file else ""
        return alike.of_setting(setting, shown=writer)

    return _rank(alike.alike(record.settings, same, lambda setting: setting.host), hosts)


def _trial(record: Record, hosts: Iterable[str]) -> tuple[Alike[TrialChange], ...]:
    """What a trial run would change; of any other run nothing."""
    changes = alike.trial_changes(record.steps) if record.document.check_mode else []
    return _rank(alike.alike(changes, alike.of_trial_change, lambda change: change.host), hosts)


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Names of roles without their collection, except where two would then be the same."""
    short = {name: name.rsplit(".", 1)[-1] for name in names}
    count = Counter(short.values())
    return {name: last if count[last] == 1 else name for name, last in short.items()}


@dataclass(frozen=True)
class View:
    record: Record
    during: list[Test]
    after: list[Test]
    failing_tests: list[Test]
    causes: tuple[Cause, ...]
    controls: list[Control]
    failing_controls: list[Control]
    unsolved_faults: list[Fault]
    steps_by_host: dict[str, list[tuple[Step, HostResult]]]
    changes: dict[str, origins.Changed]
    writers: origins.Writers
    packages: tuple[Alike[Component], ...]
    settings: tuple[Alike[Setting], ...]
    trial: tuple[Alike[TrialChange], ...]
    roles: dict[str, str]
    tests_of: dict[str, list[Test]]
    tested: frozenset[str]
    scores: dict[str, HostScore]

    @classmethod
    def of(cls, record: Record) -> View:
        steps: dict[str, list[tuple[Step, HostResult]]] = {system.name: [] for system in record.systems}
        for step in record.steps:
            for result in step.results:
                steps.setdefault(result.host, []).append((step, result))
        controls = _by_place(figures.failing_controls(record), steps)
        by_file = origins.writers(record.steps)
        failing, faults = _by_place(figures.failing_tests(record), steps), figures.unsolved_faults(record)
        return cls(
            record=record,
            during=_by_place(final_tests(record.tests, "during"), steps),
            after=_by_place(final_tests(record.tests, "after"), steps),
            failing_tests=failing,
            causes=causes(failing, record.tests, record.systems),
            controls=_by_place(record.baseline.controls, steps),
            failing_controls=sorted(controls, key=lambda c: (SEVERITIES.index(c.severity), c.id)),
            unsolved_faults=faults,
            steps_by_host=steps,
            changes=origins.changed(record, by_file),
            writers=by_file,
            packages=_packages(record, steps),
            settings=_settings(record, by_file, steps),
            trial=_trial(record, steps),
            tests_of=figures.tests_of_hosts(record),
            tested=figures.tested_hosts(record),
            scores=_in_order({score.host: score for score in record.baseline.hosts}, steps),
            roles=short_names(
                {*(step.role for step in record.steps), *(role for system in record.systems for role in system.roles)}
            ),
        )

    def in_order(self, hosts: Iterable[str]) -> tuple[str, ...]:
        """Names of machines in the order in which every table has them; others come last."""
        return tuple(_in_order(dict.fromkeys(hosts, None), self.steps_by_host))

    def part(self, step: Step) -> str:
        """What a step belongs to: its role by its short name, or else its play."""
        return self.roles.get(step.role, step.role) or step.play

    def host_tests(self, host: str) -> list[Test]:
        """Every test of a host, by the result that counts."""
        return self.tests_of.get(host, [])


def status_counts(tests: Iterable[Test]) -> Counter[str]:
    return Counter(test.status for test in tests)
