"""What differs between two sides: two records, two machines, or one machine at two moments. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from oplever._shared import differences as shared
from oplever._shared.differences import Look
from oplever.record import alike
from oplever.record.alike import Alike
from oplever.record.identity import latest
from oplever.record.model import BAD, CheckStatus, Record

Section = Literal["host", "package", "setting", "test", "control", "result"]
Looks = Mapping[str, tuple[Look | None, Look | None]]


class Side(Struct, frozen=True):
    """One record; with `host` that machine of it alone. `looks` is host -> (before the work, after it)."""

    record: Record
    looks: Looks
    host: str | None = None


class Difference(Struct, frozen=True):
    """The value on each side, None when there is none. `kind` is that of a setting, the role of a result."""

    section: Section
    host: str
    kind: str
    name: str
    a: str | None
    b: str | None


class Uncompared(Struct, frozen=True):
    """Settings of a machine that were not compared: all of them, or those of a `kind`."""

    host: str
    kind: str
    reason: str


class Time(Struct, frozen=True):
    """Seconds that the tasks of a role took on all machines together; an empty role is what stands outside roles."""

    role: str
    a: float
    b: float


class Comparison(Struct, frozen=True):
    """`unseen` are machines whose packages and settings were not compared, for want of a snapshot on one side;
    `uncompared` what of the others could not be compared."""

    a: str
    b: str
    differences: tuple[Difference, ...]
    unseen: tuple[str, ...]
    uncompared: tuple[Uncompared, ...]
    times: tuple[Time, ...]
    seconds: tuple[float, float]

    @property
    def alike(self) -> tuple[Alike[Difference], ...]:
        """Every difference once, with all machines that have it."""
        return alike.alike(self.differences, _same, lambda difference: difference.host)

    @property
    def same(self) -> bool:
        """Time does not count: no two runs take the same."""
        return not self.differences

    @property
    def is_whole(self) -> bool:
        """Whether all that is compared of a machine was compared of each."""
        return not (self.unseen or self.uncompared)


def _same(difference: Difference) -> alike.Same:
    """A machine that is on one side alone differs as any other that is."""
    name = "" if difference.section == "host" else difference.name
    return alike.Same(difference.kind, name, difference.a, difference.b, difference.section)


def compare(a: Side, b: Side) -> Comparison:
    pairs = list(_pairs(a, b))
    differences: list[Difference] = []
    unseen: list[str] = []
    uncompared: list[Uncompared] = []
    for name, host_a, host_b in pairs:
        if host_a is None or host_b is None:
            differences.append(Difference("host", name, "", name, host_a and "present", host_b and "present"))
            continue
        last = _last(a.looks, host_a), _last(b.looks, host_b)
        if last[0] is None or last[1] is None:
            unseen.append(name)
        else:
            differences += look_differences(name, last[0], last[1])
            uncompared += not_compared(name, last[0], last[1])
        for section, of in (("test", _tests), ("control", _controls), ("result", _results)):
            differences += _keyed_differences(section, name, of(a.record, host_a), of(b.record, host_b))  # type: ignore[arg-type]
    return Comparison(
        _side_name(a),
        _side_name(b),
        tuple(differences),
        tuple(unseen),
        tuple(uncompared),
        _times(a, b),
        (a.record.document.duration, b.record.document.duration),
    )


def look_differences(host: str, before: Look, after: Look) -> Iterator[Difference]:
    """Packages and settings that differ between two looks at a machine, as far as those can be compared."""
    for change in shared.packages(before, after):
        yield _difference("package", host, change)
    if before.written_in == after.written_in:
        for change in shared.settings(before, after):
            yield _difference("setting", host, change)


def not_compared(host: str, before: Look, after: Look) -> Iterator[Uncompared]:
    """Settings of which a difference would say nothing about the machine."""
    if before.written_in != after.written_in:
        formats = f"formats {before.written_in} and {after.written_in}"
        yield Uncompared(
            host, "", f"two versions of the toolkit made the snapshots ({formats}); only packages were compared"
        )
        return
    if before.digest_key != after.digest_key:
        yield Uncompared(host, "", "digests of files that not everybody may read have two keys, and say nothing")
    for kind in sorted(before.facts.keys() ^ after.facts.keys()):
        yield Uncompared(host, kind, "one of the snapshots did not look at it")
    for kind in sorted(before.unseen.keys() | after.unseen.keys()):
        reason = after.unseen.get(kind) or before.unseen[kind]
        yield Uncompared(host, kind, f"not seen in full: {reason}")


def _difference(section: Section, host: str, change: shared.Difference) -> Difference:
    before = None if change.change == "added" else change.before
    after = None if change.change == "removed" else change.after
    return Difference(section, host, change.kind, change.name, before, after)


def _pairs(a: Side, b: Side) -> Iterator[tuple[str, str | None, str | None]]:
    """(what to call it, machine in a, machine in b); None where it is not there."""
    if a.host or b.host:
        host_a, host_b = a.host or b.host, b.host or a.host
        yield (host_a or "") if host_a == host_b else f"{host_a} / {host_b}", host_a, host_b
        return
    names = [{system.name for system in side.record.systems} for side in (a, b)]
    for name in sorted(names[0] | names[1]):
        yield name, name if name in names[0] else None, name if name in names[1] else None


def _side_name(side: Side) -> str:
    return f"{side.record.id} {side.host}" if side.host else side.record.id


def _last(looks: Looks, host: str) -> Look | None:
    before, after = looks.get(host, (None, None))
    return after or before


Keyed = dict[tuple[str, str], str]


def _keyed_differences(section: Section, host: str, old: Keyed, new: Keyed) -> Iterator[Difference]:
    for kind, name in sorted(old.keys() | new.keys()):
        was, now = old.get((kind, name)), new.get((kind, name))
        if was != now:
            yield Difference(section, host, kind, name, was, now)


def _tests(record: Record, host: str) -> Keyed:
    mine = [test for test in latest(record.tests) if test.host == host]
    return {(test.suite, test.id): _outcome_text(test.status, test.found) for test in mine}


def _controls(record: Record, host: str) -> Keyed:
    mine = [control for control in record.baseline.controls if control.host == host]
    return {
        (control.area, control.id): _outcome_text(status, control.found if control.after else control.found_before)
        for control in mine
        if (status := control.after or control.before)
    }


def _outcome_text(status: CheckStatus, found: str) -> str:
    """What was found counts only when a test failed on it: a passing one finds a process id, a time, a version."""
    return f"{status}: {found}" if status in BAD and found else status


def _results(record: Record, host: str) -> Keyed:
    """By role and task: how it ended, each time it ran."""
    statuses_of_tasks: dict[tuple[str, str], list[str]] = {}
    for step in record.steps:
        for result in step.results:
            if result.host == host:
                statuses_of_tasks.setdefault((step.role, step.name), []).append(result.status)
    return {key: ", ".join(statuses) for key, statuses in statuses_of_tasks.items()}


def _times(a: Side, b: Side) -> tuple[Time, ...]:
    old, new = (dict(_seconds(side)) for side in (a, b))
    return tuple(Time(role, round(old.get(role, 0.0), 3), round(new.get(role, 0.0), 3)) for role in {**old, **new})


def _seconds(side: Side) -> Iterable[tuple[str, float]]:
    seconds: dict[str, float] = {}
    for step in side.record.steps:
        for result in step.results:
            if side.host in (None, result.host):
                seconds[step.role] = seconds.get(step.role, 0.0) + result.duration
    return seconds.items()
