"""Machines on which the same differs, so that a reader is told once. Pure.

Two differences are the same when kind, name, and what was before and after are equal. A text of which only a digest is
known is as good as its digest: digests that differ, and digests under two keys, are two differences.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from oplever.record.model import Component, HostResult, Setting, Step, Test

_T = TypeVar("_T")


class Same(NamedTuple):
    """What differs, whatever machine it is on. `before` and `after` are None where nothing is there; `shown` is what a
    reader sees of it besides, such as the origin of a package: rows that look different are not told as one."""

    kind: str
    name: str
    before: str | None
    after: str | None
    shown: Hashable = ()


class Alike(NamedTuple, Generic[_T]):
    """`differences` that all of the `hosts` have, and no other machine has; those of the first one stand for all."""

    hosts: tuple[str, ...]
    differences: tuple[_T, ...]


class Once(NamedTuple, Generic[_T]):
    """One difference with all machines that have it; `members` are the differences of each of them."""

    hosts: tuple[str, ...]
    members: tuple[_T, ...]


class TrialChange(NamedTuple):
    """What a step of a trial run would change on one machine. `name` is the file or thing, empty where the module does
    not name it; `added` and `removed` are lines (None: not counted). `mark` is equal in one run when the text before
    and the text after are; it is empty when they are not known."""

    host: str
    role: str
    step: str
    name: str
    added: int | None
    removed: int | None
    mark: str


def of_setting(change: Setting, shown: Hashable = ()) -> Same:
    return Same(change.kind, change.name, change.before, change.after, (change.change, change.lines, shown))


def of_component(part: Component) -> Same:
    shown = (part.change, part.origin, bool(part.asked))
    return Same(part.kind, part.name, part.before, part.after, shown)


def of_test(result: Test, shown: Hashable = ()) -> Same:
    """Of a test what was expected takes the place of before, and what was found that of after."""
    outcome = (result.stage, result.status, result.title, result.reason, result.acceptance)
    return Same(result.suite, result.id, result.expected, result.found, (outcome, shown))


def of_trial_change(change: TrialChange) -> Same:
    """Where the texts are not known, the numbers of lines are all there is to go by."""
    lines = f"-{change.removed} +{change.added}"
    return Same(change.role, change.name, change.step, change.mark or lines, (lines, bool(change.mark)))


def once(differences: Iterable[_T], same: Callable[[_T], Same], host: Callable[[_T], str]) -> tuple[Once[_T], ...]:
    """Every difference once, in the order in which it comes first."""
    members: dict[Same, list[_T]] = defaultdict(list)
    for difference in differences:
        members[same(difference)].append(difference)
    return tuple(Once(tuple(dict.fromkeys(map(host, group))), tuple(group)) for group in members.values())


def alike(differences: Iterable[_T], same: Callable[[_T], Same], host: Callable[[_T], str]) -> tuple[Alike[_T], ...]:
    """Every difference once, together with those of the same machines. What most machines have comes first, and then
    what comes first."""
    groups: dict[tuple[str, ...], list[_T]] = defaultdict(list)
    for difference in once(differences, same, host):
        groups[difference.hosts].append(difference.members[0])
    by_number = sorted(groups.items(), key=lambda group: -len(group[0]))
    return tuple(Alike(names, tuple(differences)) for names, differences in by_number)


def in_order(groups: Sequence[Alike[_T]], rank: Mapping[str, int]) -> tuple[Alike[_T], ...]:
    """The groups with their machines in the order of every table; of as many machines, by the first of them."""

    def place(name: str) -> int:
        return rank.get(name, len(rank))

    sorted_hosts = [group._replace(hosts=tuple(sorted(group.hosts, key=place))) for group in groups]
    return tuple(sorted(sorted_hosts, key=lambda group: (-len(group.hosts), place(group.hosts[0]))))


def trial_changes(steps: Iterable[Step]) -> list[TrialChange]:
    """What would change, by step; a step that names nothing that it would change is one change itself."""
    return [
        TrialChange(result.host, step.role, step.name, *change)
        for step in steps
        for result in step.results
        if result.status == "changed" and step.check_mode
        for change in _changes(result)
    ]


def _changes(result: HostResult) -> Iterator[tuple[str, int | None, int | None, str]]:
    """Name, lines that came, lines that went, and mark of what a step would change."""
    for change in result.changes:
        yield change.name, change.added, change.removed, change.mark
    if not result.changes:
        for name in result.files or ("",):
            yield name, None, None, ""
