"""Check that no byte of a record changed, and who signed it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from oplever import store
from oplever.app.join import Since, since
from oplever.files import locked, require_file, sha256, unreadable
from oplever.kinds.installation.stage import changed_since_decision, reached
from oplever.messages import M_
from oplever.record.entries import Entry, PseudonymisedEntry, RunEntry, withdrawal
from oplever.record.model import Record
from oplever.record.persons import among, supervisors
from oplever.store import fingerprint, manifest, signatures
from oplever.store.signatures import Checked


class Pseudonymised(Struct, frozen=True):
    """Which sorts of names were replaced, and when."""

    at: str
    names: tuple[str, ...]


class Decision(Struct, frozen=True):
    """Who decided. A decision is a statement, unless it was signed. `is_assigned` says whether that is one of the
    `assigned` supervisors; `changed` is the revision that was decided about and the present one, when they differ."""

    decision: str
    by: str
    assigned: tuple[str, ...]
    is_assigned: bool
    is_signed: bool
    changed: tuple[int, int] | None


class Verified(Struct, frozen=True):
    """`problems` are sentences, one for each file or line that is not as it was made or signed; without any the record
    is as it was. `allowed` is the file of allowed signers, `revision` the present one, `since` what a record of several
    runs does not have."""

    problems: tuple[str, ...]
    allowed: Path | None
    signatures: tuple[Checked, ...]
    revision: int
    pseudonymised: tuple[Pseudonymised, ...]
    decision: Decision | None
    since: Since = Since()


def verify(directory: Path, allowed_signers: str | None = None, printed: fingerprint.Printed | None = None) -> Verified:
    """Check a record against its checksums, the chain of its entries and its signatures; and what a paper says of it.

    Raises OpleverError: `file-unreadable`, `entries-broken`, `config-invalid`.
    """
    allowed = signatures.allowed_signers(allowed_signers)
    if allowed and allowed_signers:
        require_file(allowed)  # also where nothing is signed: somebody typed its name
    try:
        with locked(directory):  # nobody puts other documents there while they are compared
            return _verify(directory, allowed, printed)
    except OSError as problem:
        raise unreadable(directory, problem) from None


def _verify(directory: Path, allowed: Path | None, printed: fingerprint.Printed | None) -> Verified:
    checked, entries = signatures.check(directory, allowed), store.read_entries(directory)
    problems = manifest.problems(directory) + signatures.strangers(directory)
    problems += [problem for signature in checked for problem in signature.problems]
    problems += _runs(directory, entries) + _files(directory, entries)
    if printed and (problem := fingerprint.problem(directory, printed)):
        problems.append(problem)
    record = None if problems else store.load(directory)
    replaced = ((entry.at, entry.entry) for entry in entries if isinstance(entry.entry, PseudonymisedEntry))
    return Verified(
        problems=tuple(dict.fromkeys(problems)),
        allowed=allowed,
        signatures=tuple(checked),
        revision=len(entries) + manifest.first_revision(directory),
        pseudonymised=tuple(Pseudonymised(at, entry.names) for at, entry in replaced),
        decision=None if record is None else _decision(record),
        since=Since() if record is None else since(directory, record),
    )


def _runs(directory: Path, entries: Sequence[Entry]) -> list[str]:
    """What is wrong with the runs of a record of several: one that is gone, or is not what it was."""
    members = store.sources(directory).members if any(isinstance(e.entry, RunEntry) for e in entries) else ()
    return [M_("run {run}: {problem}", run=run.name, problem=run.problem) for run in members if run.problem]


def _files(directory: Path, entries: Sequence[Entry]) -> list[str]:
    """What is wrong with files that entries brought in: the chain answers for their digests, whatever the manifest says
    by now. What names people may be gone since names were replaced, and so may what was withdrawn."""
    replaced = max((n for n, entry in enumerate(entries) if isinstance(entry.entry, PseudonymisedEntry)), default=-1)
    problems: list[str] = []
    withdrawn = withdrawal.files(entries)
    for number, entry in enumerate(entries):
        for name, digest in entry.entry.files().items():
            path = directory / name
            if path.is_symlink() or not path.is_file():
                if name not in withdrawn and (number > replaced or entry.entry.declaration.term is None):
                    problems.append(M_("{name}: missing, though {by} added it", name=name, by=entry.by))
            elif sha256(path) != digest:
                problems.append(M_("{name}: changed since {by} added it", name=name, by=entry.by))
    return problems


def _decision(record: Record) -> Decision | None:
    accountability, assigned = record.accountability, supervisors(record)
    if accountability.decision is None:
        return None
    return Decision(
        decision=accountability.decision,
        by=accountability.decided_by,
        assigned=assigned,
        is_assigned=among(accountability.decided_by, assigned) is not None,
        is_signed=reached(record)["signed"],
        changed=changed_since_decision(record),
    )
