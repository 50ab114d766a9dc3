"""Differences with the delivery that a person accepts."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, ClassVar

from msgspec import Meta, structs

from oplever._shared.differences import thing
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.record import drift
from oplever.record.entries.base import (
    Day,
    Declaration,
    EntryKind,
    Envelope,
    NonEmptyText,
    invalid,
    require_machine,
    require_not_past,
)
from oplever.record.identity import TestKey
from oplever.record.model import DriftAcceptance, Record, Test

_MOST = 5
"""Differences that an error names."""


class AcceptDriftEntry(EntryKind, frozen=True, tag="accept-drift"):
    """Differences with the delivery that may stay, in the state that was seen: they no longer fail."""

    declaration: ClassVar = Declaration(("tests",), names=("by",), term="signatures", offered=("item",))

    item: Annotated[
        tuple[NonEmptyText, ...],
        Meta(
            min_length=1,
            description="A difference as KIND/KEY, as file//etc/motd, or by the name of its test, as "
            "drift.file./etc/motd; can be given more than once.",
        ),
    ]
    reason: Annotated[NonEmptyText, Meta(description="Why it may stay.")]
    until: Annotated[
        Day, Meta(description="Last day it may stay, as 2027-07-31 or 31-07-2027; without it until the next delivery.")
    ] = ""
    hosts: Annotated[
        tuple[NonEmptyText, ...],
        Meta(description="A machine it holds for; can be given more than once. All of them when left out."),
    ] = ()

    def check(self, record: Record, envelope: Envelope) -> None:
        for host in self.hosts:
            require_machine(record, host)
        require_not_past("until", self.until, envelope)
        differences = {_plain(test.id) for test, _ in _acceptable(record) if self._is_about(test.host)}
        if not differences:
            raise invalid(
                M_("the record names no difference with a delivery"),
                M_("let verify.yml look first, and name its record"),
            )
        for item in self.item:
            if _plain(item) not in differences:
                raise _unknown_difference(item, differences, record)

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """Each is waived in the state that this record has, and in no other."""
        items = {_plain(item) for item in self.item}
        accepted = {
            TestKey.of(test): value
            for test, value in _acceptable(record)
            if _plain(test.id) in items and self._is_about(test.host)
        }
        tests = tuple(
            drift.waived(test, self._acceptance(accepted[key], envelope))
            if (key := TestKey.of(test)) in accepted
            else test
            for test in record.tests
        )
        return structs.replace(record, tests=tests)

    def _is_about(self, host: str) -> bool:
        return not self.hosts or host in self.hosts

    @classmethod
    def offers(cls, record: Record) -> Mapping[str, Mapping[str, str]]:
        differences: dict[str, dict[str, None]] = {}
        for test, _ in _acceptable(record):
            differences.setdefault(_plain(test.id), {})[f"{test.host}: {test.title.en}"] = None
        return {"item": {item: "; ".join(texts) for item, texts in differences.items()}}

    def _acceptance(self, value: str, envelope: Envelope) -> DriftAcceptance:
        return DriftAcceptance(value, envelope.by, envelope.at, self.reason, self.until)


def _acceptable(record: Record) -> list[tuple[Test, str]]:
    """The tests of differences, those that fail and those that were accepted before, with the state that was seen."""
    values = drift.values(record)
    return [
        (test, value)
        for test in record.tests
        if test.suite == drift.SUITE and test.status in ("fail", "waived")
        if (value := values.get((test.host, test.id))) is not None and _is_seen(value, test)
    ]


def _is_seen(value: str, test: Test) -> bool:
    """Whether the test found this state. A description that somebody corrected since is none that a machine showed."""
    found = test.found.partition("\n")[0]
    return found == value if value else found in ("absent", "present")


def _plain(item: str) -> str:
    """`KIND/KEY`, of the name of a test too."""
    return "/".join(thing(item)) if item.startswith(f"{drift.SUITE}.") else item


def _unknown_difference(item: str, differences: set[str], record: Record) -> OpleverError:
    names = (item, f"{drift.SUITE}.{item}")
    if any(test.suite == drift.SUITE and test.status == "error" and test.id in names for test in record.tests):
        return invalid(
            M_("item: {item} could not be compared", item=item),
            M_("nobody saw what changed: let verify.yml look again"),
        )
    message = M_("item: {item} is no difference in this record", item=item)
    if like := difflib.get_close_matches(_plain(item), sorted(differences), n=3):
        return invalid(message, M_("did you mean {like}?", like=", ".join(like)))
    listed = sorted(differences)[:_MOST]
    surplus = len(differences) - len(listed)
    shown = ", ".join(listed)
    if surplus:
        return invalid(message, M_("there are: {names}, and {count} more", names=shown, count=surplus))
    return invalid(message, M_("there are: {names}", names=shown))
