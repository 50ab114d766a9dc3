"""The runs of which one record is made."""

from __future__ import annotations

from msgspec import Struct

from oplever.words import CheckStatus, Reason, Stage, Verdict


class JoinedRun(Struct, frozen=True, omit_defaults=True):
    """One run of a record of several. `number` is by which the rest of the record names it, in the order in which runs
    were taken in; the rows themselves are in the order in which the runs were carried out.

    `record`, `revision`, `fingerprint` and `digest` (SHA-256 of its journal) say what of it was taken in. `verdict` and
    `stage` are those of the run by itself. `deciding` are the machines of which no later run did all that this one was
    to do: for those its `reasons` still hold. `problem` is why nothing of it could be read (then all else is empty).
    """

    number: int
    record: str
    revision: int
    fingerprint: str
    digest: str
    started: str = ""
    ended: str | None = None
    duration: float = 0.0
    playbooks: tuple[str, ...] = ()
    limit: str = ""
    tags: tuple[str, ...] = ()
    check_mode: bool = False
    verdict: Verdict | None = None
    stage: Stage | None = None
    hosts: tuple[str, ...] = ()
    deciding: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    passed: int = 0
    measured: int = 0
    lines: int = 0
    is_whole: bool = False
    problem: str = ""


class EarlierResult(Struct, frozen=True):
    """How a test ended in an earlier run; `run` is its number."""

    run: int
    status: CheckStatus
    found: str
    at: str
