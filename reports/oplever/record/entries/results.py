"""Tests by other tools."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct, structs

from oplever.record.entries.base import (
    Declaration,
    EntryKind,
    Envelope,
    Machine,
    NonEmptyText,
    Phase,
    require_machine,
)
from oplever.record.model import CheckStatus, Record, Test, Text

SOURCE = "junit"
"""What `Test.source` says of these."""


def suites(file: str) -> tuple[str, str]:
    """What the suite of a file is called: after it, and where that is the name of tests that machines showed."""
    return file, f"{file} ({SOURCE})"


class CaseResult(Struct, frozen=True, forbid_unknown_fields=True):
    """One test that another tool ran."""

    id: Annotated[NonEmptyText, Meta(description="Its id in the other tool.")]
    title: Annotated[NonEmptyText, Meta(description="What was tested.")]
    status: Annotated[CheckStatus, Meta(description="How it ended.")]
    message: Annotated[str, Meta(description="Why it did not pass.")] = ""
    duration: Annotated[float, Meta(description="Seconds.")] = 0.0


class ResultsEntry(EntryKind, frozen=True, tag="results"):
    """Tests of one machine by another tool."""

    declaration: ClassVar = Declaration(("tests",), command="oplever import junit", is_read=True)

    host: Machine
    stage: Phase
    file: Annotated[NonEmptyText, Meta(description="The file they were read from.")]
    digest: Annotated[NonEmptyText, Meta(description="Its SHA-256.")]
    tests: Annotated[tuple[CaseResult, ...], Meta(description="The tests in it.")]

    def check(self, record: Record, envelope: Envelope) -> None:
        require_machine(record, self.host)

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """In a suite of their own: else one of the file would count in the place of one that a machine showed."""
        own, apart = suites(self.file)
        measured = {test.suite for test in record.tests if test.by == "machine"}
        suite = apart if own in measured else own
        tests = tuple(self._test(case, suite, envelope) for case in self.tests)
        return structs.replace(record, tests=(*record.tests, *tests))

    def _test(self, case: CaseResult, suite: str, envelope: Envelope) -> Test:
        skipped = case.status == "not_applicable"
        return Test(
            id=case.id,
            host=self.host,
            stage=self.stage,
            status=case.status,
            expected="",
            found="" if skipped else case.message,
            title=Text(case.title, case.title),
            suite=suite,
            source=SOURCE,
            reason=case.message if skipped else "",
            evidence=f"sha256:{self.digest}",
            at=envelope.at,
            duration=case.duration,
            by=envelope.by,
        )
