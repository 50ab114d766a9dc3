"""Tests by hand."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.record.entries.base import (
    Declaration,
    EntryKind,
    Envelope,
    Machine,
    NonEmptyText,
    Phase,
    next_number,
    require_machine,
)
from oplever.record.model import Record, Test, Text

SOURCE = ""
"""What `Test.source` says of a test by hand: no source of the check engine, no other tool."""


def is_by_hand(test: Test) -> bool:
    return test.by != "machine" and test.source == SOURCE


class TestEntry(EntryKind, frozen=True, tag="test"):
    """A test done by hand; one that fails makes the verdict not delivered."""

    declaration: ClassVar = Declaration(("tests",))

    host: Machine
    title: Annotated[NonEmptyText, Meta(description="What was tested.")]
    status: Annotated[Literal["pass", "fail"], Meta(description="How it ended.")]
    expected: Annotated[str, Meta(description="What should have been found.")] = ""
    found: Annotated[str, Meta(description="What was found.")] = ""
    stage: Phase = "after"

    def check(self, record: Record, envelope: Envelope) -> None:
        require_machine(record, self.host)

    def fold(self, record: Record, envelope: Envelope) -> Record:
        rows = sum(map(is_by_hand, record.tests))
        test = Test(
            id=f"hand.{next_number(record, type(self), rows)}",
            host=self.host,
            stage=self.stage,
            status=self.status,
            expected=self.expected,
            found=self.found,
            title=Text(self.title, self.title),
            source=SOURCE,
            at=envelope.at,
            by=envelope.by,
        )
        return structs.replace(record, tests=(*record.tests, test))
