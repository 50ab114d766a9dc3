"""What people type: understood in one place, kept as ISO and numbers, or refused with how to write it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from journals import complete
from oplever.errors import OpleverError
from oplever.kinds.derive import derive
from oplever.record import entries
from oplever.record.entries import KINDS, Entry
from oplever.record.model import Record

AT = "2026-11-24T09:00:00.000000Z"
FULL: dict[str, dict[str, Any]] = {
    "hours": {"hours": 1, "activity": "x"},
    "rest-point": {"item": "x", "owner": "S", "due": "2026-12-01"},
    "exception": {"control": "C", "reason": "x", "owner": "o", "approver": "a", "expires": "2027-07-31"},
    "acceptance": {"user": "A", "verdict": "accepted"},
    "none": {"what": "proposals"},
    "report": {"to": "M. de Wit"},
    "step": {"host": "a", "name": "x"},
    "assignment": {"title": "x"},
}


def typed_entry(kind: str, /, **changes: Any) -> Any:
    return entries.make(kind, "S. Yilmaz", AT, {**FULL[kind], **changes}).entry


@pytest.mark.parametrize(
    ("kind", "field", "typed", "kept"),
    [
        ("hours", "hours", "2,5", 2.5),
        ("hours", "hours", " 2.5 ", 2.5),
        ("hours", "hours", 2, 2.0),
        ("hours", "day", "24-11-2026", "2026-11-24"),
        ("hours", "day", "2026-11-24", "2026-11-24"),
        ("hours", "day", "1-2-2026", "2026-02-01"),
        ("hours", "day", date(2026, 11, 24), "2026-11-24"),
        ("hours", "kind", "hands-on", "hands_on"),
        ("hours", "activity", "  kabels  ", "kabels"),
        ("rest-point", "due", "01-12-2026", "2026-12-01"),
        ("exception", "expires", "31-07-2027", "2027-07-31"),
        ("none", "what", "rest-points", "rest_points"),
        ("none", "what", "rest_points", "rest_points"),
        ("none", "what", "open-points", "rest_points"),
        ("assignment", "work_process", 1.3, "1.3"),
        ("acceptance", "as_wanted", "page", ("page",)),
    ],
)
def test_what_is_typed_is_kept_as_one_form(kind: str, field: str, typed: Any, kept: Any) -> None:
    assert getattr(typed_entry(kind, **{field: typed}), field) == kept


DAY = "write the day as 2026-11-24 or 24-11-2026"
HOURS = "write it as 2.5 or 2,5"


@pytest.mark.parametrize(
    ("kind", "field", "typed", "advice"),
    [
        ("hours", "day", "24/11/2026", DAY),
        ("hours", "day", "24-11", DAY),
        ("hours", "day", "24-11-26", DAY),
        ("hours", "day", "11-24-2026", DAY),
        ("hours", "day", "31-02-2026", DAY),
        ("hours", "day", "yesterday", DAY),
        ("hours", "day", "", DAY),
        ("rest-point", "due", "2026-1-1", DAY),
        ("exception", "expires", "never", DAY),
        ("hours", "hours", "2:30", HOURS),
        ("hours", "hours", "1.234,5", HOURS),
        ("hours", "hours", "nan", HOURS),
        ("hours", "hours", "1e1", HOURS),
        ("hours", "hours", "-1", HOURS),
        ("hours", "hours", "0", HOURS),
        ("hours", "hours", "24,5", HOURS),
        ("hours", "hours", True, HOURS),
        ("hours", "kind", "sleeping", "choose: hands_on, travel, waiting"),
        ("none", "what", "faults", "choose: proposals, rest_points"),
        ("hours", "activity", "", "leave it out"),
        ("hours", "activity", "   ", "leave it out"),
        ("hours", "activity", "a\x1b[2Jb", "type the text again"),
        ("acceptance", "as_wanted", ["page", ""], "leave it out"),
        ("acceptance", "user", "A\u202eB", "type the name again"),
        ("report", "to", "M\nde Wit", "type the name again"),
    ],
)
def test_what_is_not_understood_says_how_to_write_it(kind: str, field: str, typed: Any, advice: str) -> None:
    with pytest.raises(OpleverError) as caught:
        typed_entry(kind, **{field: typed})
    assert caught.value.slug == "entry-invalid"
    assert caught.value.message.startswith(f"{field}: ")
    assert advice in caught.value.advice


@pytest.mark.parametrize("by", ["", "  ", "S\tY", "S\x00"])
def test_who_adds_it_is_a_name(by: str) -> None:
    with pytest.raises(OpleverError, match="by: "):
        entries.make("hours", by, AT, FULL["hours"])


def test_a_text_may_have_lines() -> None:
    assert typed_entry("report", minutes="one\ntwo").minutes == "one\ntwo"


def record(*added: Entry) -> Record:
    journal = complete()
    controls = [{"id": "SSH-001", "severity": "high", "status": "fail", "expected": "no", "found": "yes"}]
    journal.task("audit", data={"stage": "after", "suite": "SSH", "checks": controls})
    return derive(journal.finish(ok=5).events(), "", added)


def entry(kind: str, by: str = "S. Yilmaz", /, **data: Any) -> Entry:
    return entries.make(kind, by, AT, data)


HANDS_ON = entry("hours", hours=2, activity="cables")
POINT = entry("rest-point", **FULL["rest-point"])


@pytest.mark.parametrize(
    ("before", "new", "message"),
    [
        ([], entry("rest-point", item="x", due="2026-12-01"), "owner: an open point needs"),
        ([], entry("rest-point", item="x", owner="S"), "due: an open point needs"),
        ([POINT, entry("rest-point", done="R1")], entry("rest-point", done="R1"), "R1 is already done"),
        ([POINT], entry("rest-point", done="R1", item="y"), "either new or marked as done"),
        ([HANDS_ON, entry("fault", symptom="x")], entry("fault", id="M1"), "nothing new about fault M1"),
        ([], entry("assignment"), "says nothing"),
        ([], entry("handover"), "says nothing"),
        (
            [HANDS_ON],
            entry("exception", **{**FULL["exception"], "control": "SSH-001", "approver": "Yilmaz, S."}),
            "nobody approves a deviation in his own work",
        ),
    ],
)
def test_what_says_nothing_or_cannot_be_is_refused(before: list[Entry], new: Entry, message: str) -> None:
    with pytest.raises(OpleverError) as caught:
        new.entry.check(record(*before), new)
    assert message in caught.value.message


def test_an_exception_that_another_approved_is_taken() -> None:
    new = entry("exception", **{**FULL["exception"], "control": "SSH-001", "approver": "M. de Wit"})
    new.entry.check(record(HANDS_ON), new)


def test_hours_of_another_name_who_wrote_them_down() -> None:
    lines = record(HANDS_ON, entry("hours", hours=1, activity="cables", person="A. Kok")).hours.lines
    assert [(line.person, line.by) for line in lines if line.kind == "hands_on"] == [
        ("S. Yilmaz", ""), ("A. Kok", "S. Yilmaz"),
    ]  # fmt: skip


def test_every_kind_here_exists() -> None:
    assert set(FULL) <= set(KINDS)


@pytest.mark.parametrize(
    ("text", "expected"), [("ja", True), ("YES", True), (True, True), ("nee", False), (False, False)]
)
def test_yes_and_no_are_words(text: object, *, expected: bool) -> None:
    content = {"user": "A. de Boer", "verdict": "accepted", "instructed": text}
    entry = entries.make("acceptance", "S. Yilmaz", AT, content).entry
    assert getattr(entry, "instructed") is expected  # noqa: B009 - a field of this kind alone
    with pytest.raises(OpleverError, match="neither yes nor no"):
        entries.make("acceptance", "S. Yilmaz", AT, {**content, "instructed": f"{text}?"})
