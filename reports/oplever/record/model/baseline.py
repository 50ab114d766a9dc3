"""The security check against one profile."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from oplever.words import CheckStatus, Severity, Text


class ExceptionGrant(Struct, frozen=True):
    """A deviation from the baseline that is let go; without approver or past `expires` it does not count.

    `values` are the values found that were approved; without them it is about all that the control may find.
    `approver` is who approved it according to `stated_by`, the person who entered it; empty when a file states it.
    """

    id: str
    control: str
    hosts: tuple[str, ...]
    reason: str
    owner: str
    approver: str
    expires: str
    compensating: str = ""
    valid: bool = True
    problem: str = ""
    stated_by: str = ""
    values: tuple[str, ...] = ()


class Control(Struct, frozen=True):
    """One control on one host, before and after; a stage that was not measured is None. `path` is file and line of
    the task that measured it last, relative to where Ansible ran when it lies below that."""

    id: str
    host: str
    title: Text
    severity: Severity
    area: str
    before: CheckStatus | None
    after: CheckStatus | None
    expected: str
    found: str
    found_before: str = ""
    reason: str = ""
    evidence: str = ""
    remedy: Text = Text("", "")
    refs: dict[str, tuple[str, ...]] = {}
    exception: str = ""
    path: str = ""


class Score(Struct, frozen=True):
    """Weighted share of applicable controls that pass (high 10, medium 4, low 1), 0-100; None when none applied.

    Of `total` controls `measured` could be judged; `errors` apply and could not be read, and count as not passed;
    `not_applicable` say nothing about this machine. `not_measured` of those may have a meaning: nobody looked, since
    the host of a container decides or the machine does not run.
    """

    score: float | None
    passed: int
    failed: int
    errors: int
    not_applicable: int
    waived: int
    measured: int = 0
    total: int = 0
    not_measured: int = 0


class HostScore(Struct, frozen=True):
    """Scores of one host; `delivered` is the score at its last delivery, of the controls that are measured now too."""

    host: str
    before: Score | None
    after: Score | None
    delivered: Score | None = None


class Tally(Struct, frozen=True):
    """Scores of one area and severity over all hosts."""

    area: str
    severity: Severity
    before: Score | None
    after: Score | None
    delivered: Score | None = None


class Regression(Struct, frozen=True):
    """A control that was in order at the last delivery, was let go or did not apply (`was`), and is not in order now.
    `since` is when a run first saw it, `record` that run; empty when this one is the first."""

    control: str
    host: str
    severity: Severity
    was: CheckStatus
    now: CheckStatus
    delivered: str
    since: str = ""
    record: str = ""


class SecondOpinion(Struct, frozen=True):
    """What another scanner says about one host, beside ours. `raw` is its own word for `status`.

    `controls` are ours that ask the same, `ours` is what they say together (None: we do not ask it), `agrees` is None
    where one of the two could not judge.
    """

    tool: Literal["openscap", "lynis"]
    host: str
    rule: str
    status: CheckStatus
    raw: str
    title: Text
    controls: tuple[str, ...] = ()
    ours: CheckStatus | None = None
    agrees: bool | None = None


class Baseline(Struct, frozen=True):
    """The security check against one profile."""

    profile: str = ""
    version: str = ""
    hosts: tuple[HostScore, ...] = ()
    controls: tuple[Control, ...] = ()
    exceptions: tuple[ExceptionGrant, ...] = ()
    tallies: tuple[Tally, ...] = ()
    worse: tuple[Regression, ...] = ()
    opinions: tuple[SecondOpinion, ...] = ()
