"""Tests and controls as one list: what every format for tests or compliance draws."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.record.identity import latest
from oplever.record.model import BAD, CheckStatus, Control, ExceptionGrant, Language, Record, Severity, Test, Text

URN = "urn:oplever"
"""Namespace of what we name in formats that ask for one; nothing is there to fetch."""
NO_REASON = "no reason given"


class Finding(Struct, frozen=True):
    """One expectation about one host. `status` is how it ended, `before` how it was at the start (controls only).
    `stage` is when it was measured last: `during`, `after`, or `before` for a control that nobody measured since.
    `is_retested` is a test of which a later result counts.

    `suite` is the suite of a test or the area of a control; `grant` is the exception behind `waived`, `refused` one
    that names this control and host and does not count.
    """

    id: str
    host: str
    title: str
    suite: str
    path: str
    status: CheckStatus
    expected: str
    found: str
    at: str
    stage: str = "after"
    severity: Severity = "medium"
    before: CheckStatus | None = None
    found_before: str = ""
    reason: str = ""
    evidence: str = ""
    remedy: str = ""
    refs: dict[str, tuple[str, ...]] = {}
    duration: float = 0.0
    control: bool = False
    is_retested: bool = False
    grant: ExceptionGrant | None = None
    refused: ExceptionGrant | None = None

    @property
    def is_problem(self) -> bool:
        """Whether it is not in order now, also when that was approved."""
        return self.status in {*BAD, "waived"}

    @property
    def was_repaired(self) -> bool:
        return self.before in BAD and not self.is_problem

    @property
    def skipped(self) -> str:
        """Why it is no result of the host as it is now, in words; empty when it is one."""
        result = f"{self.status}: {self.message}"
        if self.stage == "before":
            return f"not measured after the work; before it {result}"
        if self.is_retested and self.status in BAD:
            return f"a later result counts; this one was {result}"
        if self.status == "not_applicable":
            return self.reason if self.reason.startswith("not run") else f"not applicable: {self.reason or NO_REASON}"
        return ""

    @property
    def message(self) -> str:
        """What a person reads: expectation, what was found, and why it does not count when it does not."""
        text = f"expected {self.expected or 'nothing'}; found {self.found or 'nothing'}"
        return f"{text} ({self.reason})" if self.reason else text

    @property
    def waiver(self) -> str:
        """Reason, approver and end of the exception; empty without one."""
        if self.grant is None:
            return self.reason if self.status == "waived" else ""
        grant = self.grant
        parts = [grant.reason, f"approved by {grant.approver}", f"until {grant.expires}"]
        return ", ".join([*parts, f"instead: {grant.compensating}"] if grant.compensating else parts)


def tests(record: Record, language: Language) -> tuple[Finding, ...]:
    counts = {id(test) for test in latest(record.tests)}
    return tuple(_test(test, language, is_retested=id(test) not in counts) for test in record.tests)


def controls(record: Record, language: Language) -> tuple[Finding, ...]:
    """The controls that were measured, after the work or else before it."""
    grants: dict[str, list[ExceptionGrant]] = defaultdict(list)
    for grant in record.baseline.exceptions:
        grants[grant.control].append(grant)
    at = record.document.ended or record.document.created
    return tuple(
        _control(control, grants[control.id], language, at)
        for control in record.baseline.controls
        if control.after or control.before
    )


def baseline(record: Record, fmt: str, language: Language) -> dict[str, list[Finding]]:
    """The controls of each host. Raises OpleverError (`export-empty`) when the record has none."""
    by_host: dict[str, list[Finding]] = defaultdict(list)
    for finding in controls(record, language):
        by_host[finding.host].append(finding)
    if not by_host:
        raise OpleverError(
            "export-empty",
            M_("{id} has no security baseline, and {fmt} contains nothing else", id=record.id, fmt=fmt),
            M_("measure one with playbooks/audit.yml, or export the tests: oplever export junit"),
        )
    return dict(by_host)


def _test(test: Test, language: Language, *, is_retested: bool) -> Finding:
    return Finding(
        id=test.id,
        host=test.host,
        title=translated(test.title, language) or test.id,
        suite=test.suite,
        path=test.path,
        is_retested=is_retested,
        status=test.status,
        expected=test.expected,
        found=test.found,
        at=test.at,
        stage=test.stage,
        reason=test.reason,
        evidence=test.evidence,
        duration=test.duration,
    )


def _control(control: Control, grants: Iterable[ExceptionGrant], language: Language, at: str) -> Finding:
    applicable = [grant for grant in grants if not grant.hosts or control.host in grant.hosts]
    status = control.after or control.before
    assert status is not None  # what was not measured was left out  # noqa: S101
    waived = status == "waived"
    return Finding(
        id=control.id,
        host=control.host,
        title=translated(control.title, language) or control.id,
        suite=control.area,
        path=control.path,
        status=status,
        expected=control.expected,
        found=control.found if control.after else control.found_before,
        at=at,
        stage="after" if control.after else "before",
        severity=control.severity,
        before=control.before if control.after else None,
        found_before=control.found_before,
        reason=control.reason,
        evidence=control.evidence,
        remedy=translated(control.remedy, language),
        refs=control.refs,
        control=True,
        grant=_by_id(applicable, control.exception) if waived else None,
        refused=None if waived else next((grant for grant in applicable if not grant.valid), None),
    )


def _by_id(grants: list[ExceptionGrant], name: str) -> ExceptionGrant | None:
    named = [grant for grant in grants if grant.id == name] or [grant for grant in grants if grant.valid]
    return named[0] if named else None


def place(path: str) -> tuple[str, int]:
    """File and line of `roles/web/tasks/verify.yml:12`; line 1 where none is given."""
    match = re.fullmatch(r"(.+):(\d+)", path)
    return (match[1], max(1, int(match[2]))) if match else (path, 1)


def translated(text: Text, language: Language) -> str:
    first, second = (text.nl, text.en) if language == "nl" else (text.en, text.nl)
    return first or second


def numbered(record: Record, *parts: str) -> UUID:
    """An id that is the same each time for the same thing of the same record."""
    return uuid5(NAMESPACE_URL, "/".join((URN, record.id, *parts)))


def token(text: str) -> str:
    """`text` as a name without spaces that starts with a letter, as XML and OSCAL ask for ids."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", text)
    return name if re.match(r"[A-Za-z]", name) else f"x-{name}"
