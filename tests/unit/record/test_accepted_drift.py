"""What a person accepted of what differs from the delivery: in that state, until that day, now and in later looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.action import reference as action
from ansible_collections.oplever.lab.plugins.plugin_utils import delivered
from journals import Journal
from oplever.errors import OpleverError
from oplever.kinds.derive import derive
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record import entries
from oplever.record.entries import Entry, check
from oplever.record.model import Record
from oplever.text import to_json

REFERENCE = "20261101T100000Z-site-aaaaaa"
LOOK = "20261123T100000Z-verify-bbbbbb"
AT = "2026-11-24T09:00:00.000000Z"
DELIVERED = {"file": {"/etc/motd": "5 bytes, aa", "/etc/gone": "1 byte, cc"}}
CHANGED = {"file": {"/etc/motd": "9 bytes, bb", "/etc/new": "2 bytes, dd"}}
BASH = "drift.package.bash"
MOTD, GONE, NEW = ("drift.file./etc/motd", "drift.file./etc/gone", "drift.file./etc/new")


def look(state: dict[str, Any], *rules: dict[str, Any], **unseen: list[str]) -> Journal:
    """A run that compared machine a with its delivery, and ended with an error that names what differs."""
    before = {"format": 2, "digest_key": "k", "state": DELIVERED, "packages": {"bash": ["1", ""]}}
    journal = Journal()
    reference = {"stage": "before", "snapshot": before, "reference": REFERENCE, "accepted": list(rules)}
    journal.task("1", data=reference, action="oplever.lab.reference")
    after = {**before, "state": state, "unseen": unseen}
    journal.task("2", data={"stage": "after", "snapshot": after})
    failing = [test.id for test in Journal.record(journal).tests if test.status in ("fail", "error")]
    journal.add("task_start", task="3", play="p", name="Check", action="ansible.builtin.assert", path="verify.yml:9")
    status, message = ("failed", f"2 differences: {', '.join(failing)}") if failing else ("ok", "")
    journal.add("result", task="3", host="a", status=status, duration=0.1, message=message)
    for line in range(len(journal.lines)):  # what is neither a test nor a look is work
        journal.lines[line] = journal.lines[line].replace(b"ansible.builtin.debug", b"oplever.lab.snapshot")
    return journal.finish(ok=2, failed=int(bool(failing)))


def accept(*item: str, by: str = "S. Yilmaz", at: str = AT, **data: Any) -> Entry:
    return entries.make("accept-drift", by, at, {"item": list(item), "reason": "asked for by the school", **data})


def record(*added: Entry, journal: Journal | None = None) -> Record:
    return derive((journal or look(CHANGED)).events(), "", added)


def statuses(result: Record) -> dict[str, str]:
    return {test.id: test.status for test in result.tests}


def test_what_is_accepted_is_waived_and_the_rest_still_fails() -> None:
    result = record(accept("file//etc/motd", MOTD, "file//etc/gone", until="2026-12-24"))
    assert statuses(result) == {MOTD: "waived", GONE: "waived", NEW: "fail"}
    [gone, motd] = [test.acceptance for test in result.tests if test.acceptance]
    assert (motd.value, gone.value) == ("9 bytes, bb", "")
    assert (motd.by, motd.at, motd.until, motd.record) == ("S. Yilmaz", AT, "2026-12-24", "")
    assert reasons(result)[MOTD] == "accepted by S. Yilmaz until 2026-12-24: asked for by the school"
    assert [reason.code for reason in result.document.reasons] == ["tests_failed", "drift_accepted"]


def test_when_all_is_accepted_the_machine_no_longer_fails() -> None:
    """The last task of the run failed on these differences, and on nothing else."""
    assert record().verdict == "not_delivered"
    result = record(accept(MOTD, GONE, NEW))
    assert (result.verdict, result.stage) == ("delivered_with_remarks", "tested")
    assert "hosts_failed" not in {reason.code for reason in result.document.reasons}
    assert result.faults == ()


def test_a_withdrawn_acceptance_counts_no_more() -> None:
    withdrawal = entries.make(
        "correction", "S. Yilmaz", AT, {"field": "entry.2", "reason": "it may not stay after all"}
    )
    assert statuses(record(accept(MOTD, GONE, NEW), withdrawal)) == dict.fromkeys((MOTD, GONE, NEW), "fail")


def test_an_acceptance_for_one_machine_is_not_for_another() -> None:
    new = accept(MOTD, hosts=["b"])
    with pytest.raises(OpleverError, match="no machine b"):
        check(record(), (), new)


@pytest.mark.parametrize(
    ("item", "data", "message", "advice"),
    [
        ("file//etc/mtd", {}, "item: file//etc/mtd is no difference in this record", "did you mean file//etc/motd"),
        ("unit/x", {}, "item: unit/x is no difference", "there are: file//etc/gone, file//etc/motd, file//etc/new"),
        ("filter", {}, "item: filter could not be compared", "let verify.yml look again"),
        (MOTD, {"until": "2026-11-22"}, "until: 2026-11-22 lies in the past", "still to come"),
    ],
)
def test_what_does_not_fit_is_refused(item: str, data: dict[str, Any], message: str, advice: str) -> None:
    result = record(journal=look({**CHANGED, "filter": {}}, filter=["there is no nft"]))
    with pytest.raises(OpleverError) as caught:
        check(result, (), accept(item, **data))
    assert message in caught.value.message
    assert advice in (caught.value.advice or "")


def test_without_a_comparison_there_is_nothing_to_accept() -> None:
    with pytest.raises(OpleverError, match="names no difference with a delivery"):
        check(record(journal=Journal().finish()), (), accept(MOTD))


@pytest.mark.parametrize("data", [{"item": []}, {"item": [MOTD], "reason": ""}])
def test_items_and_a_reason_are_required(data: dict[str, Any]) -> None:
    with pytest.raises(OpleverError) as caught:
        entries.make("accept-drift", "S. Yilmaz", AT, {"reason": "x", **data})
    assert caught.value.slug == "entry-invalid"


def later(tmp_path: Path, result: Record, day: str = "2026-11-25") -> list[dict[str, Any]]:
    """What a later look of the machine knows of what people accepted in this record, from its record.json."""
    (tmp_path / LOOK).mkdir(exist_ok=True)
    (tmp_path / LOOK / "record.json").write_bytes(json.dumps(json.loads(to_json(result))).encode())
    ((_, content),) = delivered.every(tmp_path)
    return action.drift.written(action.drift.latest(delivered.acceptances(content, LOOK, "a", day)))


def test_a_later_look_keeps_to_what_was_accepted(tmp_path: Path) -> None:
    rules = later(tmp_path, record(accept(MOTD, GONE, NEW, until="2026-11-25")))
    result = record(journal=look(CHANGED, *rules))
    assert statuses(result) == {"drift": "pass", MOTD: "waived", GONE: "waived", NEW: "waived"}
    acceptance = next(test for test in result.tests if test.id == MOTD).acceptance
    assert acceptance is not None
    assert (acceptance.record, acceptance.by, acceptance.until) == (LOOK, "S. Yilmaz", "2026-11-25")
    assert result.tests[0].title.en == "nothing else changed since the delivery"
    assert result.verdict == "delivered_with_remarks"
    # What a later record repeats was not said in it.
    assert later(tmp_path, result) == []


def test_another_change_of_the_same_thing_is_drift_again(tmp_path: Path) -> None:
    rules = later(tmp_path, record(accept(MOTD, GONE, NEW)))
    result = record(journal=look({"file": {"/etc/motd": "9 bytes, ee", "/etc/gone": "1 byte, ff"}}, *rules))
    assert statuses(result) == {MOTD: "fail", GONE: "fail"}
    assert reasons(result) == {
        MOTD: f"S. Yilmaz accepted it in {LOOK} as another state: 9 bytes, bb",
        GONE: f"S. Yilmaz accepted it in {LOOK} as another state: absent",
    }


def test_what_is_as_delivered_again_needs_no_acceptance(tmp_path: Path) -> None:
    rules = later(tmp_path, record(accept(MOTD, GONE, NEW)))
    assert statuses(record(journal=look(DELIVERED, *rules))) == {"drift": "pass"}


def test_past_its_day_it_is_drift_again(tmp_path: Path) -> None:
    rules = later(tmp_path, record(accept(MOTD, GONE, NEW, until="2026-11-25")), day="2026-11-26")
    result = record(journal=look(CHANGED, *rules))
    assert statuses(result) == dict.fromkeys((MOTD, GONE, NEW), "fail")
    assert reasons(result)[MOTD] == f"S. Yilmaz accepted it in {LOOK} until 2026-11-25; that day is over"


def test_what_is_said_last_takes_the_place_of_what_was_said_before(tmp_path: Path) -> None:
    first = accept(MOTD, GONE, NEW)
    shorter = accept(MOTD, at="2026-11-24T10:00:00.000000Z", by="M. de Wit", until="2026-11-25")
    rules = later(tmp_path, record(first, shorter), day="2026-11-26")
    assert statuses(record(journal=look(CHANGED, *rules))) == {MOTD: "fail", GONE: "waived", NEW: "waived"}


@pytest.mark.parametrize("rules", [None, {}, "x", [None, 1, {}], [{"kind": "file", "name": "/etc/motd"}]])
def test_rules_of_a_damaged_shape_accept_nothing(rules: Any) -> None:
    assert not any(row.covers(difference()) for row in action.drift.read(rules).values())


def difference() -> Any:
    return action.drift.Difference("file", "/etc/motd", "removed", "5 bytes, aa", "")


def reasons(result: Record) -> dict[str, str]:
    return {test.id: test.reason for test in result.tests}


def test_the_first_page_says_who_until_when_and_why() -> None:
    view = View.of(record(accept(MOTD, until="2026-12-24"), accept(NEW)))
    texts = [text for text in attention(view, "en") if text.startswith("Accepted")]
    assert texts == [
        "Accepted: a: file /etc/motd was changed since the delivery (S. Yilmaz accepted it until 24 December 2026: "
        "asked for by the school)",
        "Accepted: a: file /etc/new was added since the delivery (S. Yilmaz accepted it: asked for by the school)",
    ]
    assert [text.split(": ")[0] for text in attention(view, "nl")].count("Geaccepteerd") == 2


def attention(view: View, language: Any) -> list[str]:
    from oplever.kinds.installation.chapters.attention import attention as block  # noqa: PLC0415 - the name is taken

    (items,) = block(view, Translator(language))
    return [
        f"{line.label}: {line.text}" + (f" ({''.join(phrase.text for phrase in line.detail)})" if line.detail else "")
        for line in items.lines
    ]


def test_it_is_offered_what_can_be_accepted() -> None:
    offers = entries.KINDS["accept-drift"].offers(record())
    assert offers == {
        "item": {
            "file//etc/motd": "a: file /etc/motd was changed since the delivery",
            "file//etc/gone": "a: file /etc/gone has gone since the delivery",
            "file//etc/new": "a: file /etc/new was added since the delivery",
        }
    }


def test_a_test_of_another_suite_with_that_id_still_fails() -> None:
    own = {"id": MOTD, "title": "t", "status": "fail", "expected": "1", "found": "2"}
    journal = look(CHANGED)
    journal.lines = journal.lines[:-2]  # its end
    journal.task("own", data={"stage": "after", "suite": "mine", "checks": [own]})
    result = record(accept(MOTD), journal=journal.finish(ok=3, failed=1))
    assert {test.suite: test.status for test in result.tests if test.id == MOTD} == {"drift": "waived", "mine": "fail"}


def test_only_a_state_that_a_machine_showed_is_accepted() -> None:
    """Neither a corrected description of it, nor what a person says of a package."""
    corrected = entries.make(
        "correction", "S. Yilmaz", AT, {"field": "settings./etc/motd.after", "value": "9 bytes, ee", "reason": "so"}
    )
    with pytest.raises(OpleverError, match="is no difference in this record"):
        check(record(corrected), [corrected], accept(MOTD))
    assert statuses(record(corrected, accept(MOTD)))[MOTD] == "fail"
    added = {"host": "a", "name": "bash", "kind": "package", "version": "9", "change": "installed"}
    part = entries.make("component", "S. Yilmaz", AT, added)
    journal = look(CHANGED)
    later = max(number for number, line in enumerate(journal.lines) if b'"bash"' in line)
    journal.lines[later] = journal.lines[later].replace(b'"bash": ["1"', b'"bash": ["0"')
    [acceptance] = [t.acceptance for t in record(part, accept(BASH), journal=journal).tests if t.id == BASH]
    assert acceptance
    assert acceptance.value == "0"


def test_a_run_that_may_have_been_a_trial_is_no_delivery() -> None:
    content: dict[str, Any] = {
        "verdict": "delivered_with_remarks",
        "stage": "tested",
        "tests": [{"host": "a", "status": "pass"}],
        "systems": [{"name": "a", "snapshot_before": "1", "snapshot_after": "2"}],
    }
    for code, is_delivery in (("failures_ignored", True), ("check_mode_unknown", False)):
        assert delivered.is_delivery({**content, "document": {"reasons": [{"code": code}]}}, "a") is is_delivery
