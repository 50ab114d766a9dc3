"""A kind of entry is declared once: what it takes, what it refuses, and what it does to the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from journals import complete
from msgspec import structs
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.kinds.derive import derive
from oplever.record import entries
from oplever.record.entries import EVERY, KINDS, Entry, EntryKind
from oplever.record.entries.base import Declaration
from oplever.record.entries.fields import fields
from oplever.record.identity import latest
from oplever.record.model import Record
from oplever.store import pseudonyms
from programs import program

ROOT = Path(__file__).resolve().parents[3]
AT = "2026-11-24T09:00:00.000000Z"


def entry(kind: str, at: str = AT, **data: Any) -> Entry:
    return entries.make(kind, "S. Yilmaz", at, data)


def record(*added: Entry) -> Record:
    journal = complete().task("breaks", "failed", message="no")
    controls = [{"id": "SSH-001", "severity": "high", "status": "fail", "expected": "no", "found": "yes"}]
    journal.task("audit", data={"stage": "after", "suite": "SSH", "checks": controls})
    return derive(journal.finish(ok=5, failed=1).events(), "", added)


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.tag())
def test_every_kind_is_declared_whole(kind: type[EntryKind]) -> None:
    assert (kind.__doc__ or "").strip().endswith(".")
    assert set(kind.declaration.sections) <= set(Record.__struct_fields__)
    assert set(kind.declaration.names) <= {"by", *kind.__struct_fields__}
    assert bool(kind.declaration.names) == bool(kind.declaration.term)
    assert kind.declaration.argument in ("", *kind.__struct_fields__)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.tag())
def test_every_field_that_people_fill_in_is_described(kind: type[EntryKind]) -> None:
    assert [field.name for field in fields(kind) if not field.description.endswith(".")] == []


def test_what_a_field_takes() -> None:
    by_name = {field.name: field for field in fields(KINDS["hours"])}
    assert (by_name["hours"].form, by_name["hours"].required, by_name["hours"].default) == ("number", True, None)
    assert (by_name["kind"].form, by_name["kind"].required, by_name["kind"].default) == ("choice", False, "hands_on")
    assert set(by_name["kind"].choices) == {"hands_on", "travel", "waiting"}
    assert (by_name["day"].form, by_name["day"].default) == ("day", None)
    by_name = {field.name: field for field in fields(KINDS["acceptance"])}
    assert (by_name["as_wanted"].form, by_name["instructed"].form) == ("texts", "yes_no")
    by_name = {field.name: field for field in fields(registry.entry_kind("classified"))}
    assert (by_name["flag"].form, by_name["flag"].choices) == ("texts", ("data_leak", "major", "safety"))


def test_of_several_words_each_is_one_of_the_choices() -> None:
    data = {"impact": "1", "urgency": "1", "flag": ["Data leak", "major"]}
    made = registry.LOG.make("classified", "S. Yilmaz", "2026-11-24T09:00:00Z", data)
    assert made.entry.flag == ("data_leak", "major")
    with pytest.raises(OpleverError, match="flag: fire is none of the choices") as problem:
        registry.LOG.make("classified", "S. Yilmaz", "2026-11-24T09:00:00Z", {**data, "flag": ["fire"]})
    assert problem.value.advice == "choose: data_leak, major, safety"


@pytest.mark.parametrize(
    ("kind", "data", "says"),
    [
        ("step", {"host": "web9", "name": "x"}, "no machine web9"),
        ("test", {"host": "web9", "title": "x", "status": "pass"}, "no machine web9"),
        ("component", {"host": "web9", "name": "x"}, "no machine web9"),
        ("fault", {"host": "web9", "symptom": "x"}, "no machine web9"),
        ("fault", {"id": "F-009", "cause": "x"}, "no fault F-009"),
        ("fault", {"cause": "x"}, "symptom"),
        ("escalation", {"to": "X", "message": "x", "fault": "F-009"}, "no fault F-009"),
        ("rest-point", {"done": "R9"}, "no open point R9"),
        ("rest-point", {"owner": "X"}, "needs a description"),
        ("rest-point", {"item": "x", "owner": "S", "due": "2026-11-20"}, "due: 2026-11-20 lies in the past"),
        ("hours", {"hours": 1, "activity": "x", "day": "2026-11-26"}, "day: 2026-11-26 lies in the future"),
        ("results", {"host": "web9", "stage": "after", "file": "f", "digest": "d", "tests": []}, "no machine web9"),
        ("scan", {"tool": "lynis", "host": "web9", "file": "f", "digest": "d", "rules": []}, "no machine web9"),
        ("correction", {"field": "nothing", "reason": "x"}, "no section nothing"),
    ],
)
def test_what_does_not_fit_the_record_is_refused(kind: str, data: dict[str, Any], says: str) -> None:
    new, before = entry(kind, **data), record()
    with pytest.raises(OpleverError) as caught:
        new.entry.check(before, new)
    assert says in caught.value.message
    assert caught.value.slug == "entry-invalid"


GRANT = {"reason": "old", "owner": "ICT", "approver": "M. de Wit"}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"control": "SSH-999", "expires": "2027-01-01"}, "no control SSH-999"),
        ({"control": "SSH-001", "expires": "2026-11-22"}, "lies in the past"),
        ({"control": "SSH-001", "expires": "2027-01-01", "hosts": ["web9"]}, "no machine web9"),
    ],
)
def test_an_exception_that_does_not_fit_is_refused(data: dict[str, Any], says: str) -> None:
    new = entry("exception", **GRANT, **data)
    with pytest.raises(OpleverError) as caught:
        new.entry.check(record(), new)
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("step", {"host": "a", "name": "x"}),
        ("fault", {"id": "F-001", "cause": "x"}),
        ("fault", {"symptom": "x"}),
        ("escalation", {"to": "X", "message": "x", "fault": "F-001"}),
        ("rest-point", {"done": "R1"}),
        ("rest-point", {"item": "x", "owner": "S", "due": "2026-11-24"}),
        ("hours", {"hours": 1, "activity": "x", "day": "2026-11-24"}),
        ("exception", {"control": "SSH-001", "expires": "2026-11-24", "hosts": ["a"], **GRANT}),
        ("correction", {"field": "tests", "reason": "x"}),
    ],
)
def test_what_fits_is_taken(kind: str, data: dict[str, Any]) -> None:
    new = entry(kind, **data)
    new.entry.check(record(entry("rest-point", item="cable")), new)


def test_a_day_that_has_begun_somewhere_is_not_in_the_future() -> None:
    """Shortly after midnight in Amsterdam it is still the day before in UTC."""
    late = entry("hours", "2026-11-23T23:30:00.000000Z", hours=1, activity="x", day="2026-11-24")
    late.entry.check(record(), late)


def test_a_day_that_is_not_over_everywhere_is_not_in_the_past() -> None:
    due = entry("rest-point", item="x", owner="S", due="2026-11-23")
    due.entry.check(record(), due)


def test_what_does_not_fit_any_more_changes_nothing() -> None:
    added = [
        entry("rest-point", done="R9"),
        entry("fault", id="F-009", cause="x"),
        entry("escalation", to="X", message="x", fault="F-009", answer="y"),
        entry("correction", field="systems.web9.serial", value="1", reason="x"),
    ]
    before, after = record(), record(*added)
    assert (after.faults, after.rest_points, after.systems) == (before.faults, before.rest_points, before.systems)
    assert after.document.revision == 5


def test_entries_count_in_their_order() -> None:
    added = [
        entry("assignment", title="first"),
        entry("correction", field="assignment.title", value="corrected", reason="x"),
        entry("assignment", title="last"),
    ]
    made = record(*added)
    assert made.assignment.title == "last"
    assert [(corrected.old, corrected.new) for corrected in made.document.corrections] == [("first", "corrected")]
    assert [line.what for line in made.document.history] == [
        "run", "assignment", "correction: assignment.title", "assignment",
    ]  # fmt: skip


def test_the_work_process_is_the_last_that_was_assigned() -> None:
    made = record(entry("assignment", work_process="1.3"), entry("assignment", title="x"))
    assert (made.work_process, made.scope.work_processes, made.assignment.title) == ("1.3", ("1.3",), "x")


def test_numbers_go_on_where_they_were() -> None:
    case = {"id": "t", "title": "t", "status": "pass"}
    added = [
        entry("test", host="a", title="sound", status="pass"),
        entry("results", host="a", stage="after", file="f", digest="d", tests=[case]),
        entry("test", host="a", title="picture", status="pass"),
        entry("fault", symptom="loose"),
        entry("fault", symptom="dirty"),
        entry("exception", control="SSH-001", expires="2027-01-01", **GRANT),
        entry("exception", control="SSH-001", expires="2027-02-01", **GRANT),
        entry("escalation", to="X", message="x"),
        entry("escalation", to="Y", message="y"),
        entry("proposal", observation="o", proposal="p"),
        entry("proposal", observation="o", proposal="p"),
    ]
    made = record(*added)
    assert [test.id for test in made.tests if test.by != "machine"] == ["hand.1", "t", "hand.2"]
    assert [fault.id for fault in made.faults if fault.kind == "reported"] == ["M1", "M2"]
    assert [grant.id for grant in made.baseline.exceptions] == ["X1", "X2"]
    assert [item.id for item in made.escalations] == ["E1", "E2"]
    assert [item.id for item in made.proposals.items if not item.candidate] == ["V1", "V2"]
    assert made.baseline.controls[0].exception == "X1"


def test_a_fault_that_was_handed_over_can_be_solved_here() -> None:
    handed = entry("escalation", to="X", message="x", fault="F-001")
    assert [fault.status for fault in record(handed).faults] == ["escalated"]
    answered = entry("escalation", to="X", message="x", fault="F-001", answer="not ours")
    assert [fault.status for fault in record(answered).faults] == ["open"]
    closed = record(handed, answered)
    assert [(escalation.id, escalation.answer, escalation.closed) for escalation in closed.escalations] == [
        ("E1", "not ours", True)
    ]
    assert [fault.status for fault in closed.faults] == ["open"]
    other = entry("escalation", to="Y", message="y", fault="F-001")
    assert [fault.status for fault in record(handed, other, answered).faults] == ["escalated"]
    assert [fault.status for fault in record(handed, entry("fault", id="F-001", fix="y")).faults] == ["solved"]


@pytest.mark.parametrize("section", ["rest_points", "proposals"])
def test_a_statement_that_there_are_none_does_not_count_when_there_are(section: str) -> None:
    examples = {
        "rest_points": entry("rest-point", item="x"),
        "proposals": entry("proposal", observation="o", proposal="p"),
    }
    none = entry("none", what=section)
    assert getattr(record(none), section).none_stated is True
    assert getattr(record(none, examples[section]), section).none_stated is False
    assert getattr(record(examples[section], none), section).none_stated is False


def test_hours_are_numbers_with_a_point_whatever_was_said() -> None:
    made = record(entry("hours", hours=1, activity="x"))
    assert [type(value) for value in (made.hours.machine, made.hours.hands_on, made.hours.other)] == [float] * 3


def test_a_line_of_an_earlier_version_is_read() -> None:
    old = b'{"at":"%s","by":"S","entry":{"added":"hours","hours":1,"activity":"x"},"amends":"entry:aa"}\n' % AT.encode()
    [read] = entries.parse([old], "entries.jsonl")
    assert (read.previous, read.amends) == ("entry:aa", "")
    assert b'"previous":"entry:aa"' in entries.line(read)
    assert b"amends" not in entries.line(read)


def test_names_in_a_kind_are_those_it_declares() -> None:
    added = [entry("acceptance", user="A. de Boer", verdict="accepted"), entry("hours", hours=1, activity="x")]
    assert pseudonyms.names(added, ("signatures",)) == {"A. de Boer", "S. Yilmaz"}
    assert pseudonyms.names(added[1:], ("signatures",)) == set()
    assert Declaration(("hours",)).after_approval is False


def test_everything_made_of_the_kinds_is_up_to_date() -> None:
    for path, text in program(ROOT / "tools/entries-docs").files().items():
        assert path.read_text(encoding="utf-8") == text, f"run tools/entries-docs: {path}"


def test_a_record_is_a_value() -> None:
    """Folding makes another record and leaves the first as it was."""
    before = record()
    kept = structs.asdict(before)
    entries.added(before, entry("hours", hours=1, activity="x"))
    assert structs.asdict(before) == kept


def test_a_file_called_as_a_suite_takes_the_place_of_nothing_that_machines_showed() -> None:
    journal = complete().check("fail").finish(ok=6)
    passed = entries.CaseResult("x.y", "all is well", "pass")
    added = entries.Entry(AT, "S. Yilmaz", entries.ResultsEntry("a", "after", "x", "0" * 64, (passed,)))
    record = derive(journal.events(), "", [added])
    assert [(t.suite, t.status) for t in latest(record.tests)] == [("x", "fail"), ("x (junit)", "pass")]
    assert record.verdict == "not_delivered"
