"""Sign a revision of a record with an SSH key."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from oplever import clock, store
from oplever.app.add import admit
from oplever.app.build import build
from oplever.app.join import refuse_part
from oplever.errors import OpleverError
from oplever.files import locked, unreadable
from oplever.kinds import registry
from oplever.messages import M_
from oplever.record import own_work
from oplever.record.entries import Role
from oplever.record.entries.signature import Through
from oplever.record.entries.typed import person
from oplever.record.model import Record
from oplever.store import manifest, signatures


class Signed(Struct, frozen=True):
    """`revision` is what was signed; the signature itself makes the next revision, that of `record`."""

    revision: int
    record: Record


def sign(
    directory: Path,
    by: str,
    role: Role,
    *,
    key: Path | None = None,
    decision: str | None = None,
    remarks: str = "",
    through: Through = "",
    after: str = "",
) -> Signed:
    """Sign the current revision, after adding the decision when there is one. `through` says that the key is the
    desk's; `after` is the head of the record that was decided about.

    Raises OpleverError: `record-altered` when a file is not as it was made, `decision-by-executor`, `signing-failed`,
    `signing-key-missing`, `entry-invalid`, `record-approved`, `record-changed`, `run-joined`, `file-unwritable`.
    """
    by = person("by", by)
    refuse_part(directory)
    _refuse_altered(directory)
    own_work.check_role(store.load(directory), by, role)
    signatures.try_key(key)  # before anything is written: a decision cannot be taken back
    if decision:
        content = {"decision": decision, "remarks": remarks or None}
        admit(directory, [registry.LOG.make("decision", by, clock.now(), content)], is_drawn=True, after=after)
    try:
        signed = build(directory).document.revision
        signature = signatures.sign(directory, by, role, clock.now(), key, through=through)
    except OpleverError as problem:
        raise (_unsigned_decision(directory, problem, through) if decision else problem) from None
    return Signed(signed, admit(directory, [signature]))


def _unsigned_decision(directory: Path, problem: OpleverError, through: Through) -> OpleverError:
    """What went wrong after the decision was added, which stays: whoever decided has to know."""
    name = directory.name
    return OpleverError(
        problem.slug,
        M_("the decision was added and is not signed: {problem}", problem=problem.sentence),
        M_("mend this and decide again")
        if through
        else M_("mend this, and sign without --decision: oplever sign {name} --role supervisor", name=name),
    )


def _refuse_altered(directory: Path) -> None:
    """Nobody puts their name to what is not as it was made, or not as somebody else signed it."""
    try:
        with locked(directory):  # nobody puts other documents there while they are compared
            problems = manifest.problems(directory) if (directory / store.MANIFEST).is_file() else []
            problems += [problem for checked in signatures.check(directory, None) for problem in checked.altered]
    except OSError as problem:
        raise unreadable(directory, problem) from None
    if problems:
        advice = M_("list all changes: oplever verify; make the documents again: oplever report")
        raise OpleverError(
            "record-altered", M_("{name} was changed: {problems}", name=directory.name, problems=problems[0]), advice
        )
