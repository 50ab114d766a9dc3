"""The record from the journal and the entries: pure, the same lines always give the same record.

`start` makes a record of the journal alone, each entry is folded into it, and `conclude` adds what follows from all of
it. What differs between kinds of records is declared by the kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import structs

from oplever.journal.events import JournalEvent
from oplever.kinds import registry
from oplever.record import opinions, score
from oplever.record.calls import Call
from oplever.record.entries import Entry, RunEntry, added, withdrawal
from oplever.record.entries.withdrawal import Counted
from oplever.record.fold import Run, fold
from oplever.record.joining import combine
from oplever.record.joining.members import Member
from oplever.record.model import Completeness, Missing, Record
from oplever.record.start import is_stated, start


def derive(events: Iterable[JournalEvent], digest: str = "", entries: Iterable[Entry] = ()) -> Record:
    """`events` of one journal in order, `digest` the SHA-256 of its file, `entries` what people added, in order.

    What neither contains stays empty.
    """
    return derive_folded(fold(events), digest, entries)


def derive_folded(run: Run, digest: str, entries: Iterable[Entry], members: Sequence[Member] = ()) -> Record:
    """As `derive`, for a journal that was folded already; or for the runs of a record of several, as their entries
    name them. Those that were withdrawn do not count."""
    entries, record = tuple(entries), start(run, digest)
    lines = withdrawal.lines(entries)
    members = _in_force(members, lines)
    for place, (entry, counted) in enumerate(zip(entries, lines, strict=True)):
        record = _with(record, entry, counted)
        if place == 0 and members:
            record = combine.joined(record, members)
    return conclude(record, run, members)


def _in_force(members: Sequence[Member], lines: Sequence[Counted]) -> tuple[Member, ...]:
    """Of each run the revision that was taken in last."""
    named = (line.content for line in lines if line.withdrawn_by is None)
    cited = {content.record: content.fingerprint for content in named if isinstance(content, RunEntry)}
    return tuple(member for member in members if cited.get(member.name) == member.fingerprint)


def _with(record: Record, entry: Entry, counted: Counted) -> Record:
    """The record with one more entry, and the status that its kind then has."""
    record = added(record, entry, counted)
    if counted.withdrawn_by:
        return record
    return structs.replace(record, status=registry.of(record).status_after(record.status, counted.content))


def conclude(record: Record, run: Run, members: Sequence[Member] = ()) -> Record:
    """The record with what follows from all that was said: scores, verdict, stage, and what is still missing."""
    kind, points = registry.of(record), record.rest_points
    record = structs.replace(
        record,
        rest_points=structs.replace(points, none_stated=points.none_stated and not points.items),
        baseline=opinions.compared(score.scored(record.baseline, _checks(run, members))),
    )
    record = kind.judge(record, run)
    bound = record.work_process in kind.work_processes
    lacking = tuple(
        Missing(rule.section, rule.code, rule.who, rule.obligations if bound else (), rule.command)
        for rule in kind.rules
        if rule.lacks(record)
    )
    is_whole, lines = _recorded(record, run)
    return structs.replace(record, completeness=Completeness(not lacking and is_whole, lacking, is_whole, lines))


def _checks(run: Run, members: Sequence[Member]) -> Sequence[Call]:
    return combine.checks(members) if members else run.checks


def _recorded(record: Record, run: Run) -> tuple[bool, int]:
    """Whether all of the journal is there, or of the journals of all runs, and how many lines."""
    if record.runs:
        return all(joined.is_whole for joined in record.runs), sum(joined.lines for joined in record.runs)
    return is_stated(record) or (run.end is not None and not run.lost and not run.surplus), run.lines
