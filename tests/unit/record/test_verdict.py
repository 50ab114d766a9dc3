"""The verdict and the stage: what machines showed, what people said, and what neither of them did."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from journals import Journal, complete
from oplever.journal.reader import read
from oplever.kinds.derive import derive
from oplever.kinds.installation import stage, verdict
from oplever.record.entries import make
from oplever.record.model import Record

ROOT = Path(__file__).resolve().parents[3]
ACCEPTED = ("acceptance", "S. Yilmaz", {"user": "J. Bakker", "verdict": "accepted"})
REPORT = ("report", "S. Yilmaz", {"to": "M. de Wit"})
APPROVED = ("decision", "M. de Wit", {"decision": "approved"})
REJECTED = ("decision", "M. de Wit", {"decision": "rejected", "remarks": "the wrong version"})
REFUSED = ("acceptance", "S. Yilmaz", {"user": "J. Bakker", "verdict": "rejected"})
FAULT = ("fault", "S. Yilmaz", {"symptom": "the wiki answers 502 now and then", "host": "a"})
ESCALATED = ("escalation", "S. Yilmaz", {"to": "supplier", "message": "see the fault", "fault": "M1"})
ANSWERED = ("escalation", "S. Yilmaz", {"to": "supplier", "message": "see the fault", "fault": "M1", "answer": "soon"})
KEY = {"role": "supervisor", "revision": 3, "statement": "s", "signature": "t", "key": "SHA256:k"}
SIGNED = ("signature", "M. de Wit", KEY)
STRANGE = ("signature", "T. Bos", KEY)


def derived(journal: Journal, *said: tuple[str, str, dict[str, Any]]) -> Record:
    """The record with these entries, a minute apart."""
    entries = [
        make(kind, by, f"2026-11-23T12:{minute:02d}:00.000000Z", data) for minute, (kind, by, data) in enumerate(said)
    ]
    return derive(journal.events(), "digest", entries)


def whole() -> Journal:
    return complete().finish(ok=5, changed=1)


def codes(record: Record) -> list[str]:
    return [reason.code for reason in record.document.reasons]


def ended(**keys: Any) -> Journal:
    journal = complete()
    journal.add("stats", recap={"a": {"ok": 5}})
    return journal.add("run_end", lines=len(journal.lines), reason="finished", **keys)


@pytest.mark.parametrize(
    ("said", "verdict_", "stage_", "headline", "waits_for"),
    [
        ((), "delivered", "tested", "in_order", "both"),
        ((ACCEPTED,), "delivered", "accepted", "in_order", "supervisor"),
        ((REPORT, APPROVED), "delivered", "tested", "in_order", "user"),
        ((ACCEPTED, REPORT, APPROVED), "delivered", "approved", "delivered", "nobody"),
        ((ACCEPTED, REPORT, APPROVED, SIGNED), "delivered", "signed", "delivered", "nobody"),
        # A signature of somebody else, or from before the decision, is not the supervisor's under it.
        ((ACCEPTED, REPORT, APPROVED, STRANGE), "delivered", "approved", "delivered", "nobody"),
        ((ACCEPTED, SIGNED, APPROVED), "delivered", "approved", "delivered", "nobody"),
        ((REFUSED,), "not_delivered", "tested", "rejected", "nobody"),
        ((REFUSED, ACCEPTED), "delivered", "accepted", "in_order", "supervisor"),
        ((ACCEPTED, REPORT, REJECTED), "not_delivered", "accepted", "rejected", "nobody"),
        # A new report takes no rejection away: the next decision does.
        ((ACCEPTED, REPORT, REJECTED, REPORT), "not_delivered", "accepted", "rejected", "nobody"),
        ((ACCEPTED, REPORT, REJECTED, REPORT, APPROVED), "delivered", "approved", "delivered", "nobody"),
        ((FAULT,), "not_delivered", "tested", "not_delivered", "nobody"),
        ((ACCEPTED, FAULT, REPORT, APPROVED), "not_delivered", "tested", "not_delivered", "nobody"),
        ((FAULT, ESCALATED), "delivered_with_remarks", "tested", "in_order_with_remarks", "both"),
        ((FAULT, ESCALATED, ANSWERED), "not_delivered", "tested", "not_delivered", "nobody"),
        (
            (FAULT, ("fault", "S. Yilmaz", {"id": "M1", "fix": "restarted"})),
            "delivered", "tested", "in_order", "both",
        ),
    ],
)  # fmt: skip
def test_what_people_say(
    said: tuple[tuple[str, str, dict[str, Any]], ...], verdict_: str, stage_: str, headline: str, waits_for: str
) -> None:
    record = derived(whole(), *said)
    assert (record.verdict, record.stage) == (verdict_, stage_)
    standing = stage.standing(record)
    assert (standing.headline, standing.waits_for) == (headline, waits_for)


def test_a_rejection_is_named_and_stays_missing() -> None:
    record = derived(whole(), ACCEPTED, REPORT, REJECTED, REPORT)
    assert codes(record) == ["decision_rejected"]
    assert record.document.reasons[0].params == {"by": "M. de Wit"}
    assert stage.standing(record).rejected_by == "supervisor"
    assert "decision_missing" in {missing.code for missing in record.completeness.missing}
    assert stage.standing(derived(whole(), REFUSED)).rejected_by == "user"


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ({}, ("delivered", [])),
        ({"exit_code": 0, "outcome": "successful"}, ("delivered", [])),
        ({"exit_code": 2}, ("not_delivered", ["tool_failed"])),
        ({"outcome": "failed"}, ("not_delivered", ["tool_failed"])),
        ({"exit_code": 254, "outcome": "canceled"}, ("not_delivered", ["tool_failed"])),
    ],
)
def test_how_ansible_itself_ended(end: dict[str, Any], expected: tuple[str, list[str]]) -> None:
    record = ended(**end).record()
    assert (record.verdict, codes(record)) == expected


def test_an_exit_code_that_the_recap_explains_is_no_reason_of_its_own() -> None:
    journal = complete().task("breaks", "failed")
    journal.add("stats", recap={"a": {"failed": 1}}).add("run_end", lines=len(journal.lines), exit_code=2)
    assert codes(journal.record()) == ["hosts_failed"]


def test_what_was_not_tested_is_said() -> None:
    journal = Journal().snapshot("before").task("install", "changed").check("not_applicable").snapshot("after")
    record = journal.finish(ok=4).record()
    assert (record.verdict, codes(record), record.stage) == ("delivered_with_remarks", ["no_tests"], "carried_out")
    assert {"tests_after_missing", "tests_during_missing"} <= {each.code for each in record.completeness.missing}
    assert stage.standing(record).headline == "untested"


def test_a_machine_without_tests_among_tested_ones_is_named() -> None:
    journal = complete()
    journal.add("play_start", play="q", name="More", hosts="b", targets=["b"]).task("only this", host="b")
    record = journal.finish(ok=5).record()
    assert [r.params for r in record.document.reasons if r.code == "hosts_untested"] == [{"hosts": ["b"]}]


def test_nothing_done_is_not_delivered() -> None:
    record = Journal().task("skipped", "skipped").finish(skipped=1).record()
    assert (record.verdict, record.stage) == ("not_delivered", "nothing_done")
    by_hand = derived(Journal().finish(), ("step", "S. Yilmaz", {"host": "a", "name": "placed the disk"}))
    assert "nothing_done" not in codes(by_hand)


def test_a_manual_step_that_failed_counts_until_it_succeeds() -> None:
    step = ("step", "S. Yilmaz", {"host": "a", "name": "place the disk", "status": "failed"})
    record = derived(whole(), step)
    assert (record.verdict, codes(record), record.stage) == ("not_delivered", ["hand_steps_failed"], "started")
    again = ("step", "S. Yilmaz", {"host": "a", "name": "place the disk", "status": "changed"})
    assert derived(whole(), step, again).verdict == "delivered"


def test_two_suites_with_one_id_are_two_tests() -> None:
    journal = complete().check("fail")
    journal.task("other suite", data={"stage": "after", "suite": "y", "checks": [{"id": "x.y", "status": "pass"}]})
    record = journal.finish(ok=7).record()
    assert record.verdict == "not_delivered"
    assert [(test.suite, test.status) for test in record.tests if test.stage == "after"] == [
        ("x", "fail"),
        ("y", "pass"),
    ]
    assert [fault.status for fault in record.faults] == ["open"]


def test_two_files_of_results_with_one_id_are_two_tests() -> None:
    def results(file: str, status: str) -> tuple[str, str, dict[str, Any]]:
        cases = [{"id": "m.login", "title": "login", "status": status}]
        return ("results", "S. Yilmaz", {"host": "a", "stage": "after", "file": file, "digest": "d", "tests": cases})

    record = derived(whole(), results("a.xml", "fail"), results("b.xml", "pass"))
    assert (record.verdict, codes(record)) == ("not_delivered", ["tests_failed"])
    assert derived(whole(), results("a.xml", "fail"), results("a.xml", "pass")).verdict == "delivered"


def test_the_heaviest_reason_decides() -> None:
    record = derived(complete().check("fail").finish(ok=6), FAULT, ESCALATED, REFUSED)
    assert codes(record) == ["tests_failed", "acceptance_rejected", "faults_escalated"]
    assert [verdict.EFFECTS[code] for code in codes(record)] == sorted(
        (verdict.EFFECTS[code] for code in codes(record)), key=["interrupted", "not_delivered"].count, reverse=True
    )


def test_every_combination_has_its_headline() -> None:
    """`not_delivered` covers what the table leaves out, so nothing that is in order may be left out of it."""
    for (verdict_, _), headline in stage.HEADLINES.items():
        assert (headline in ("delivered", "in_order")) <= (verdict_ == "delivered")
    reached = {stage_ for verdict_, stage_ in stage.HEADLINES if verdict_ == "delivered_with_remarks"}
    assert reached == {"trial", "carried_out", "tested", "accepted", "approved", "signed"}


def test_every_reason_has_an_effect_and_the_docs_say_which() -> None:
    source = Path(verdict.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r'Reason\("(\w+)"', source)) == set(verdict.EFFECTS)
    order = {"interrupted": 0, "not_delivered": 1, "delivered_with_remarks": 2}
    effects = [order[effect] for effect in verdict.EFFECTS.values()]
    assert effects == sorted(effects)
    rows = re.findall(
        r"^\| (`[\w`, ]+`) \| (interrupted|not_delivered|delivered_with_remarks) \|",
        (ROOT / "docs/reference/record.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    documented = {code: effect for cell, effect in rows for code in re.findall(r"\w+", cell)}
    assert documented == dict(verdict.EFFECTS)


def test_journals_from_before_this_knowledge_accuse_nobody() -> None:
    """Without `for_all` and `planned` nothing is known of who should have met a task."""
    journal = complete()
    journal.add("play_start", play="q", name="More", hosts="all", targets=["a", "b"]).task("once", host="a")
    assert not {"hosts_left", "hosts_ended", "hosts_stopped"} & set(codes(derive(read(journal.finish(ok=5).lines))))
