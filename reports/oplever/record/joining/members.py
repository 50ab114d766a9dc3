"""The runs of a record of several, and for which machines each of them still decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oplever.record.fold import Run
from oplever.record.model import Record, System


@dataclass(frozen=True)
class Member:
    """One run as it was taken in: its record, by itself, with the journal behind it. `problem` is why it cannot be
    read; then there is no record."""

    number: int
    name: str
    revision: int
    fingerprint: str
    digest: str
    record: Record | None = None
    run: Run | None = None
    problem: str = ""


@dataclass(frozen=True)
class Readable:
    """A run that can be read. `deciding` are its machines of which no later run did all that this one was to do."""

    number: int
    record: Record
    run: Run
    deciding: frozenset[str]


def readable(members: Sequence[Member]) -> tuple[Readable, ...]:
    """Those that can be read, in the order in which they were carried out."""
    present = [(m.number, m.record, m.run) for m in members if m.record is not None and m.run is not None]
    present.sort(key=lambda member: (member[1].document.started, member[0]))
    records = [record for _, record, _ in present]
    return tuple(
        Readable(number, record, run, _deciding(record, run, records[place:]))
        for place, (number, record, run) in enumerate(present, 1)
    )


def counted(runs: Sequence[Readable]) -> tuple[Readable, ...]:
    """The runs that say what state machines are in: a trial run shows what would be. Of trial runs alone, those."""
    real = tuple(run for run in runs if not run.record.document.check_mode)
    return real or tuple(runs)


def worked_on(system: System) -> bool:
    """Whether a run got to a machine."""
    recap = system.recap
    return bool(recap.ok or recap.changed or recap.failed or recap.rescued or recap.skipped)


def _deciding(record: Record, run: Run, later: Sequence[Record]) -> frozenset[str]:
    covering = [other for other in later if covers(other, record, run)]
    covered = {system.name for other in covering for system in other.systems if worked_on(system)}
    return frozenset(system.name for system in record.systems) - covered


def covers(later: Record, earlier: Record, earlier_run: Run) -> bool:
    """Whether a run was to do at least what an earlier one was to do, on the machines that both are about. Steps with
    the tag `never` are done by runs alone that ask for them, and not by a run of everything."""
    if later.document.check_mode or not set(earlier.document.playbooks) <= set(later.document.playbooks):
        return False
    if any(reason.code in ("started_at", "check_mode_unknown") for reason in later.document.reasons):
        return False
    chosen, before = _tags(later), _tags(earlier)
    if not chosen and any("never" in task.start.tags for task in earlier_run.tasks.values()):
        return False
    wider = not chosen or (bool(before) and before <= chosen)
    return wider and set(later.scope.skip_tags) <= set(earlier.scope.skip_tags)


def _tags(record: Record) -> frozenset[str]:
    """The tags that a run was limited to; none when it was not."""
    return frozenset(record.scope.tags) - {"all"}
