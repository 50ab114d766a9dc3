"""Entries that were withdrawn or corrected: the record goes on without them, and everything stays readable."""

from __future__ import annotations

from typing import Any

import pytest
from journals import complete
from oplever.errors import OpleverError
from oplever.kinds.derive import derive
from oplever.kinds.installation.kind import KIND as INSTALLATION
from oplever.kinds.installation.stage import changed_since_decision
from oplever.record import entries
from oplever.record.entries import Entry
from oplever.record.model import Record
from oplever.store import pseudonyms

AT = "2026-11-24T09:00:00.000000Z"


def entry(kind: str, by: str = "S. Yilmaz", /, **data: Any) -> Entry:
    return entries.make(kind, by, AT, data)


def correct(field: str, value: str | None = None, by: str = "S. Yilmaz") -> Entry:
    return entry("correction", by, field=field, value=value, reason="typing error")


def record(*added: Entry) -> Record:
    return derive(complete().finish(ok=5).events(), "", added)


HOURS = entry("hours", hours=2.5, activity="cables")
DECISION = entry("decision", "M. de Wit", decision="approved")
SIGNATURE = Entry(AT, "M. de Wit", entries.SignatureEntry("supervisor", 2, "a", "b", "c"))


def test_withdrawn_hours_do_not_count_and_stay_readable() -> None:
    made = record(HOURS, HOURS, correct("entry.2"))
    assert made.hours.hands_on == 2.5
    assert [(line.what, line.withdrawn_by) for line in made.document.history] == [
        ("run", None), ("hours", 4), ("hours", None), ("correction: entry.2", None),
    ]  # fmt: skip
    [listed] = made.document.corrections
    assert (listed.old, listed.new) == ("hours: hours 2.5; activity cables; kind hands_on", "")
    assert (listed.by, listed.reason) == ("S. Yilmaz", "typing error")


def test_a_value_of_an_entry_is_corrected_in_its_place() -> None:
    made = record(HOURS, correct("entry.2.hours", "1,5"), correct("entry.2.day", "23-11-2026"))
    assert made.hours.hands_on == 1.5
    assert made.hours.lines[-1].day == "2026-11-23"
    assert [(corrected.old, corrected.new) for corrected in made.document.corrections] == [
        ("2.5", "1,5"),
        ("", "23-11-2026"),
    ]


def test_a_withdrawal_can_be_withdrawn() -> None:
    made = record(HOURS, correct("entry.2"), correct("entry.3"))
    assert made.hours.hands_on == 2.5
    assert record(HOURS, correct("entry.2.hours", "1"), correct("entry.3")).hours.hands_on == 2.5


@pytest.mark.parametrize(
    ("added", "open_points"),
    [
        ([correct("entry.2")], ["R2"]),
        ([correct("entry.2"), entry("rest-point", done="R2")], []),
        ([entry("rest-point", done="R2"), correct("entry.4")], ["R1", "R2"]),
    ],
)
def test_numbers_stay_what_they_were(added: list[Entry], open_points: list[str]) -> None:
    points = [entry("rest-point", item=item, owner="S", due="2026-12-01") for item in ("cable", "label")]
    items = record(*points, *added).rest_points.items
    assert [point.id for point in items if point.status == "open"] == open_points


@pytest.mark.parametrize(
    ("before", "new", "message"),
    [
        ([HOURS], correct("entry.1"), "no such entry"),
        ([HOURS], correct("entry.3"), "no such entry"),
        ([HOURS], correct("entry.x"), "no such entry"),
        ([HOURS, correct("entry.2")], correct("entry.2"), "withdrawn already, in revision 3"),
        ([HOURS], correct("entry.2.minutes", "1"), "there is no minutes"),
        ([HOURS], correct("entry.2.hours", "much"), "is not a number"),
        ([DECISION], correct("entry.2"), "a decision of M. de Wit"),
        ([DECISION], correct("entry.2.decision", "rejected"), "a decision of M. de Wit"),
        ([SIGNATURE], correct("entry.2", by="M. de Wit"), "a signature cannot be withdrawn"),
        ([entry("acceptance", "A. Kok", user="J. Bakker", verdict="rejected")], correct("entry.2"), "of A. Kok"),
    ],
)
def test_what_cannot_be_withdrawn_is_refused_and_changes_nothing(before: list[Entry], new: Entry, message: str) -> None:
    made = record(*before)
    with pytest.raises(OpleverError) as caught:
        entries.check(made, before, new)
    assert message in caught.value.message
    after = record(*before, new)
    assert (after.hours, after.accountability, after.signatures) == (made.hours, made.accountability, made.signatures)
    assert (after.acceptance, after.status) == (made.acceptance, made.status)


def test_who_decided_or_accepted_withdraws_it() -> None:
    withdrawn = record(DECISION, correct("entry.2", by="Wit, M. de"))
    assert (withdrawn.accountability.decision, withdrawn.status) == (None, "concept")
    assert INSTALLATION.status([DECISION, correct("entry.2", by="M. de Wit")]) == "concept"
    assert INSTALLATION.status([DECISION, correct("entry.2")]) == "approved"
    acceptance = entry("acceptance", "A. Kok", user="J. Bakker", verdict="rejected")
    assert record(acceptance, correct("entry.2", by="J. Bakker")).acceptance.verdict is None


def test_what_changed_after_a_decision_is_known() -> None:
    assert changed_since_decision(record(HOURS, DECISION, SIGNATURE)) is None
    assert changed_since_decision(record(HOURS, DECISION, correct("entry.2"))) == (3, 4)


def test_a_corrected_name_is_a_name() -> None:
    acceptance = entry("acceptance", user="J. Baker", verdict="accepted")
    added = [acceptance, correct("entry.2.user", "Jan Bakker")]
    assert "Jan Bakker" in pseudonyms.names(added, ("signatures",))
    assert "Jan Bakker" not in pseudonyms.names(added, ("hours_names",))


def test_a_corrected_value_must_fit_the_record() -> None:
    new = correct("entry.2.day", "26-11-2026")
    with pytest.raises(OpleverError, match="lies in the future"):
        entries.check(record(HOURS), [HOURS], new)


def test_a_signature_of_the_desk_changes_nothing_that_was_decided_on() -> None:
    of_desk = Entry(AT, "M. de Wit", entries.SignatureEntry("supervisor", 3, "a", "b", "c", "desk"))
    made = record(HOURS, DECISION, of_desk)
    assert made.document.history[-1].what == "desk-signature"
    assert changed_since_decision(made) is None
    assert changed_since_decision(record(HOURS, DECISION, of_desk, correct("entry.2"))) == (3, 5)


@pytest.mark.parametrize(
    ("value", "instructed"), [("j", True), ("Y", True), ("ja", True), ("nee", False), ("no", False)]
)
def test_a_yes_is_corrected_in_all_words_in_which_it_is_given(value: str, instructed: bool) -> None:
    acceptance = entry("acceptance", user="J. Bakker", verdict="accepted", instructed="no" if instructed else "yes")
    new = correct("entry.2.instructed", value)
    entries.check(record(acceptance), [acceptance], new)
    assert record(acceptance, new).acceptance.instructed is instructed


def test_a_yes_is_not_corrected_to_what_is_neither_yes_nor_no() -> None:
    acceptance = entry("acceptance", user="J. Bakker", verdict="accepted", instructed="yes")
    new = correct("entry.2.instructed", "perhaps")
    with pytest.raises(OpleverError, match="neither yes nor no"):
        entries.check(record(acceptance), [acceptance], new)
    assert record(acceptance, new).acceptance.instructed is True


def test_the_number_of_a_withdrawn_escalation_is_given_to_no_other() -> None:
    asked = [entry("escalation", to=to, message="help") for to in ("A. Vos", "B. Kok")]
    assert [(row.id, row.to) for row in record(*asked).escalations] == [("E1", "A. Vos"), ("E2", "B. Kok")]
    assert [(row.id, row.to) for row in record(*asked, correct("entry.2")).escalations] == [("E2", "B. Kok")]
