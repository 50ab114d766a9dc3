"""The record from the journal and the entries: pure, the same lines always give the same record.

`start` makes a record of the journal alone, each entry is folded into it, and `conclude` adds what follows from all of
it. What differs between kinds of records is declared by the kind.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from oplever.journal.events import JournalEvent
from oplever.kinds import registry
from oplever.record import opinions, score
from oplever.record.entries import Entry, added, withdrawal
from oplever.record.entries.withdrawal import Counted
from oplever.record.fold import Run, fold
from oplever.record.model import Completeness, Missing, Record
from oplever.record.start import is_stated, start


def derive(events: Iterable[JournalEvent], digest: str = "", entries: Iterable[Entry] = ()) -> Record:
    """`events` of one journal in order, `digest` the SHA-256 of its file, `entries` what people added, in order.

    What neither contains stays empty.
    """
    return derive_folded(fold(events), digest, entries)


def derive_folded(run: Run, digest: str, entries: Iterable[Entry]) -> Record:
    """As `derive`, for a journal that was folded already."""
    entries, record = tuple(entries), start(run, digest)
    for entry, counted in zip(entries, withdrawal.lines(entries), strict=True):
        record = _with(record, entry, counted)
    return conclude(record, run)


def _with(record: Record, entry: Entry, counted: Counted) -> Record:
    """The record with one more entry, and the status that its kind then has."""
    record = added(record, entry, counted)
    if counted.withdrawn_by:
        return record
    return structs.replace(record, status=registry.of(record).status_after(record.status, counted.content))


def conclude(record: Record, run: Run) -> Record:
    """The record with what follows from all that was said: scores, verdict, stage, and what is still missing."""
    kind, points = registry.of(record), record.rest_points
    record = structs.replace(
        record,
        rest_points=structs.replace(points, none_stated=points.none_stated and not points.items),
        baseline=opinions.compared(score.scored(record.baseline, run.checks)),
    )
    record = kind.judge(record, run)
    bound = record.work_process in kind.work_processes
    lacking = tuple(
        Missing(rule.section, rule.code, rule.who, rule.obligations if bound else (), rule.command)
        for rule in kind.rules
        if rule.lacks(record)
    )
    lost = run.gaps + (run.end.lost if run.end else 0)
    is_whole = is_stated(record) or (run.end is not None and not lost and not run.surplus)
    return structs.replace(record, completeness=Completeness(not lacking and is_whole, lacking, is_whole, run.lines))
