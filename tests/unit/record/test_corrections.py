"""What people say is wrong in a record: corrected where a record describes, commented on where machines proved it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from journals import Journal, complete
from oplever.errors import OpleverError
from oplever.kinds.derive import derive
from oplever.record import entries
from oplever.record.entries import CorrectionEntry, Envelope
from oplever.record.model import Record

AT = "2026-11-24T09:00:00.000000Z"


def with_entries(journal: Journal, *added: tuple[str, dict[str, Any]]) -> Record:
    return derive(journal.events(), "", [entries.make(kind, "S. Yilmaz", AT, data) for kind, data in added])


def correction(field: str, value: str = "") -> tuple[str, dict[str, Any]]:
    return "correction", {"field": field, "reason": "sticker read wrongly", **({"value": value} if value else {})}


def test_a_field_is_corrected_and_the_old_value_stays() -> None:
    journal = complete().finish(ok=5)
    record = with_entries(journal, correction("systems.a.serial", "7XK2"), correction("systems.a.serial", "7XK3"))
    assert record.systems[0].serial == "7XK3"
    assert [(c.field, c.old, c.new) for c in record.document.corrections] == [
        ("systems.a.serial", "", "7XK2"),
        ("systems.a.serial", "7XK2", "7XK3"),
    ]
    assert record.document.revision == 3


def test_numbers_stay_numbers() -> None:
    record = with_entries(complete().finish(ok=5), correction("assignment.norm_hours", "8.5"))
    assert record.assignment.norm_hours == 8.5


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("verdict", "delivered", "cannot be changed"),
        ("tests.x.status", "pass", "cannot be changed"),
        ("systems.a.recap.failed", "0", "was measured"),
        ("systems.b.serial", "1", "there are: a"),
        ("systems.a.seriall", "1", "there is no seriall"),
        ("systems.a.memory_mb", "much", "memory_mb"),
        ("nothing", "", "there is no section nothing"),
    ],
)
def test_what_cannot_be_corrected_is_said_before_it_is_kept(field: str, value: str, message: str) -> None:
    record = complete().finish(ok=5).record()
    with pytest.raises(OpleverError) as caught:
        CorrectionEntry(field=field, reason="because", value=value).check(record, Envelope(AT, "S. Yilmaz"))
    assert message in caught.value.message
    kept = with_entries(complete().finish(ok=5), correction(field, value))
    assert kept.verdict == record.verdict
    assert (kept.systems, kept.tests) == (record.systems, record.tests)
    assert [c.field for c in kept.document.corrections] == [field]


def control(status: str = "fail") -> Journal:
    return complete().check(status, severity="high", id="SSH-001", area="SSH").finish(ok=6)


def exception(**other: Any) -> tuple[str, dict[str, Any]]:
    grant = {"control": "SSH-001", "reason": "old device", "owner": "Head of ICT", "approver": "M. de Wit"}
    return "exception", {**grant, "expires": "2027-07-31", **other}


def test_an_approved_exception_takes_a_failing_control_out_of_the_verdict() -> None:
    assert [reason.code for reason in control().record().document.reasons] == ["controls_failed"]
    record = with_entries(control(), exception())
    assert record.verdict == "delivered"
    waived = record.baseline.controls[0]
    assert (waived.after, waived.exception, waived.reason) == ("waived", "X1", "old device")
    after = record.baseline.hosts[0].after
    assert after is not None
    assert (after.failed, after.waived) == (0, 1)


@pytest.mark.parametrize("other", [{"expires": "2026-11-22"}, {"hosts": ["b"]}, {"control": "SSH-002"}])
def test_an_exception_that_does_not_cover_changes_nothing(other: dict[str, Any]) -> None:
    record = with_entries(control(), exception(**other))
    assert record.baseline.controls[0].after == "fail"
    assert record.baseline.exceptions[0].valid is ("expires" not in other)


def test_an_exception_does_not_hide_what_could_not_be_read() -> None:
    assert with_entries(control("error"), exception()).baseline.controls[0].after == "error"


def test_a_name_with_dots_in_it_is_one_name() -> None:
    journal = complete().finish(ok=5)
    journal.lines = [line.replace(b'"a"', b'"web1.school.example"') for line in journal.lines]
    job = {"people": [{"name": "S. Yilmaz", "role": "executor"}, {"name": "S. Yil", "role": "user"}]}
    start = json.loads(journal.lines[0])
    journal.lines[0] = json.dumps({**start, "assignment": job}).encode() + b"\n"
    record = with_entries(
        journal,
        correction("systems.web1.school.example.serial", "7XK2"),
        correction("people.S. Yilmaz.name", "S. Yildiz"),
    )
    assert (record.systems[0].serial, record.people[0].name) == ("7XK2", "S. Yildiz")
    assert [c.old for c in record.document.corrections] == ["", "S. Yilmaz"]
    CorrectionEntry("people.S. Yil.level", "because", "G").check(record, Envelope(AT, "S. Yilmaz"))


def same_on_two() -> Journal:
    journal = Journal()
    for stage, content in (("before", "aa"), ("after", "bb")):
        for host in ("a", "b"):
            snapshot = {"format": 2, "state": {"file": {"/etc/motd": content}}}
            journal.task(f"{stage} {host}", host=host, data={"stage": stage, "snapshot": snapshot})
    return journal.finish(ok=4)


def test_of_rows_with_one_name_the_machine_says_which_is_meant() -> None:
    record = same_on_two().record()
    envelope = Envelope(AT, "S. Yilmaz")
    with pytest.raises(OpleverError, match=r"a:file:/etc/motd, b:file:/etc/motd"):
        CorrectionEntry("settings./etc/motd.after", "because", "cc").check(record, envelope)
    for field in ("settings.b:/etc/motd.after", "settings.b:file:/etc/motd.after"):
        CorrectionEntry(field, "because", "cc").check(record, envelope)
        after = with_entries(same_on_two(), correction(field, "cc"))
        assert [(row.host, row.after) for row in after.settings] == [("a", "bb"), ("b", "cc")]
    kept = with_entries(same_on_two(), correction("settings./etc/motd.after", "cc"))  # before there was a choice
    assert [(row.host, row.after) for row in kept.settings] == [("a", "cc"), ("b", "bb")]


def test_the_number_of_a_withdrawn_exception_is_given_to_no_other() -> None:
    controls = control().check("fail", severity="high", id="SSH-002", area="SSH")
    two = [exception(), exception(control="SSH-002")]
    assert [grant.id for grant in with_entries(controls, *two).baseline.exceptions] == ["X1", "X2"]
    record = with_entries(controls, *two, ("correction", {"field": "entry.2", "reason": "not so"}))
    assert [(grant.id, grant.control) for grant in record.baseline.exceptions] == [("X2", "SSH-002")]
    assert [(c.id, c.exception) for c in record.baseline.controls] == [("SSH-001", ""), ("SSH-002", "X2")]
