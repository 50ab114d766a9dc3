"""One record of the runs of one assignment: made, or brought up to date with later runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct, structs

from oplever import clock, store
from oplever.app.add import admit
from oplever.app.new import begin, named
from oplever.errors import OpleverError
from oplever.files import unreadable
from oplever.kinds import registry
from oplever.messages import M_
from oplever.record.entries import Entry, RunEntry
from oplever.record.entries.typed import person
from oplever.record.model import Record
from oplever.store import fingerprint, query
from oplever.store.index import Index, open_index
from oplever.store.joined_records import NAME, of_runs


class Joined(Struct, frozen=True):
    """What came of it. `added` are the runs that were taken in, `renewed` those of which a later revision was, `is_new`
    whether the record was begun for it."""

    directory: Path
    record: Record
    added: tuple[str, ...]
    renewed: tuple[str, ...]
    is_new: bool


class _Cited(Struct, frozen=True):
    """A run with what there is to say of it now."""

    directory: Path
    record: Record
    content: RunEntry


def join(names: Sequence[str], by: str, *, assignment: str = "", begins_new: bool = False) -> Joined:
    """Take runs together: those that are named, or else all of an assignment that are in no approved record (without
    its number: the assignment of the latest record).

    They go into the record of that assignment that is still open, and without a number into the open one that one of
    them is in already; there is none, or `begins_new`: into a new one. Runs
    that are in it already are taken in again when their own records have a later revision.

    Raises OpleverError: `join-runs` when these runs do not make one record, `record-unknown`, `record-approved`,
    `entry-invalid`, `file-unwritable`, and what reading a record raises.
    """
    by = person("by", by)
    runs = [_cite(store.find(name)) for name in dict.fromkeys(names)]
    number = assignment or _assignment(runs, names)
    with open_index() as index:
        open_record = None if begins_new else _open_record(index, number, runs)
        if not runs:
            runs = [_cite(index.base / name) for name in _runs_of(index, number, open_record)]
        base = index.base
    runs = sorted(_check(runs, number), key=lambda run: run.record.document.started)
    if open_record is None:
        return _begun(base, by, number, runs)
    return _brought_up_to_date(base / open_record, by, runs)


class Since(Struct, frozen=True):
    """What a record of several runs does not have: `runs` of its assignment that are in no such record, and of its own
    runs those of which there is a later revision, as name, revision that was taken in and revision that there is."""

    runs: tuple[str, ...] = ()
    revisions: tuple[tuple[str, int, int], ...] = ()


def since(directory: Path, record: Record) -> Since:
    """Raises OpleverError (`store-unusable`, `file-unreadable`)."""
    if not record.runs:
        return Since()
    base = directory.resolve().parent
    revisions = [(run.record, run.revision, _revision(base / run.record)) for run in record.runs if not run.problem]
    rows = []
    if record.assignment.id:
        with open_index(base) as index:
            rows = query.assigned(index, record.assignment.id)
    inside = {run.record for run in record.runs}
    outside = (row.name for row in rows if row.started and not (row.is_whole or row.part_of or row.name in inside))
    return Since(tuple(outside), tuple(line for line in revisions if line[2] > line[1]))


def _revision(directory: Path) -> int:
    return len(store.read_entries(directory)) + 1


def refuse_part(directory: Path) -> None:
    """A record of several runs is signed once, as a whole. Raises OpleverError (`run-joined`) for a run that is in
    one."""
    if wholes := of_runs(directory.parent).get(directory.name):
        raise OpleverError(
            "run-joined",
            M_("{run} is a run of {record}", run=directory.name, record=wholes[-1].name),
            M_("sign that one: oplever sign {record}", record=wholes[-1].name),
        )


def _assignment(runs: Sequence[_Cited], names: Sequence[str]) -> str:
    if names:
        return next((run.record.assignment.id for run in runs if run.record.assignment.id), "")
    number = store.load(store.find("latest")).assignment.id
    if number:
        return number
    raise _refusal(
        M_("the latest record has no number of an assignment"),
        M_("name the runs (oplever join RUN RUN), or give the number: oplever add assignment --id"),
    )


def _open_record(index: Index, number: str, runs: Sequence[_Cited]) -> str | None:
    """The last record of several runs of this assignment that is not approved; of runs without a number the last one
    that one of them is in."""
    if number:
        names = [row.name for row in query.assigned(index, number) if row.is_whole]
    else:
        wholes = of_runs(index.base)
        names = sorted({whole.name for run in runs for whole in wholes.get(run.directory.name, ())})
    return next((name for name in reversed(names) if store.load(index.base / name).status != "approved"), None)


def _runs_of(index: Index, number: str, open_record: str | None) -> list[str]:
    rows = [row for row in query.assigned(index, number) if not row.is_whole]
    return [row.name for row in rows if row.part_of in ("", open_record)]


def _cite(directory: Path) -> _Cited:
    """Raises OpleverError."""
    record = store.load(directory)
    if not record.document.journal_digest:
        raise _refusal(
            M_("{record} is no record of a run", record=directory.name),
            M_("only runs are taken together: name records with a journal"),
        )
    try:
        printed = fingerprint.of(directory, record.document.revision)
    except OSError as problem:
        raise unreadable(directory, problem) from None
    cited = RunEntry(directory.name, printed.revision, printed.fingerprint, record.document.journal_digest)
    return _Cited(directory, record, cited)


def _check(runs: Sequence[_Cited], number: str) -> Sequence[_Cited]:
    """Raises OpleverError (`join-runs`)."""
    if not runs:
        raise _refusal(
            M_("there is no run of assignment {number} that is not in an approved record", number=number),
            M_("list the records: oplever list"),
        )
    others = {run.record.assignment.id for run in runs} - {"", number}
    if others:
        raise _refusal(
            M_("the runs are of several assignments: {numbers}", numbers=", ".join(sorted({number, *others}))),
            M_("name runs of one assignment, or correct its number first: oplever add assignment --id"),
        )
    if len({run.directory.parent for run in runs}) > 1:
        raise _refusal(
            M_("the runs are in several directories of records"), M_("bring them together first, with all their files")
        )
    return runs


def _refusal(message: str, advice: str) -> OpleverError:
    return OpleverError("join-runs", message, advice)


def _begun(base: Path, by: str, number: str, runs: Sequence[_Cited]) -> Joined:
    name = named(NAME)
    last = runs[-1].record
    titles = (run.record.assignment.title for run in reversed(runs))
    title = next((title for title in titles if title), number) or _playbooks(runs) or name
    content = {
        "record": name,
        "kind": "installation",
        "title": title,
        "work_process": last.work_process or registry.KINDS["installation"].work_processes[0],
    }
    opened = registry.LOG.make("opened", by, clock.now(), content)
    directory, record = begin(runs[0].directory.parent, name, [opened, *_entries(by, runs)])
    return Joined(directory, record, tuple(run.directory.name for run in runs), (), True)


def _playbooks(runs: Sequence[_Cited]) -> str:
    """The names of the playbooks, each once, in the order in which they ran."""
    paths = (path for run in runs for path in run.record.document.playbooks)
    return ", ".join(dict.fromkeys(path.rsplit("/", 1)[-1] for path in paths))


def _entries(by: str, runs: Iterable[_Cited]) -> list[Entry]:
    return [registry.LOG.make("run", by, clock.now(), structs.asdict(run.content)) for run in runs]


def _brought_up_to_date(directory: Path, by: str, runs: Sequence[_Cited]) -> Joined:
    before = {run.record: run.fingerprint for run in store.load(directory).runs}
    added = [run for run in runs if run.directory.name not in before]
    renewed = [run for run in runs if before.get(run.directory.name, "") not in ("", run.content.fingerprint)]
    if not added and not renewed:
        return Joined(directory, store.load(directory), (), (), False)
    record = admit(directory, _entries(by, (*added, *renewed)))
    added_names, renewed_names = (tuple(run.directory.name for run in group) for group in (added, renewed))
    return Joined(directory, record, added_names, renewed_names, False)
