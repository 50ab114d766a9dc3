"""What each kind of entry puts into the record: all that was filled in, and what it says when left out."""

from __future__ import annotations

from typing import Any

import pytest
from journals import Journal, complete
from oplever.errors import OpleverError
from oplever.kinds.derive import derive
from oplever.kinds.installation.kind import KIND
from oplever.record import entries, model
from oplever.record.entries import EVERY
from oplever.record.entries.base import Envelope, require_known
from oplever.record.model import Record, Text
from oplever.record.own_work import check_role

AT, BY = "2026-11-24T09:00:00.000000Z", "S. Yilmaz"


def with_entries(*content: dict[str, Any], journal: Journal | None = None) -> Record:
    rows = [entries.make(row.pop("added"), BY, AT, row) for row in map(dict, content)]
    return derive((journal or complete()).finish(ok=5).events(), "", rows)


def test_an_acceptance() -> None:
    full = {
        "added": "acceptance", "user": "J. Bakker", "verdict": "accepted", "as_wanted": ["wiki", "mail"],
        "not_as_wanted": ["colour"], "remarks": "soon", "instructed": True,
    }  # fmt: skip
    rows = (("wiki", True), ("mail", True), ("colour", False))
    items = tuple(model.AcceptanceItem(item, as_wanted) for item, as_wanted in rows)
    assert with_entries(full).acceptance == model.Acceptance("J. Bakker", AT, "accepted", items, "soon", True, BY)
    plain = with_entries(full, {"added": "acceptance", "user": "A. Vos", "verdict": "rejected"}).acceptance
    assert plain == model.Acceptance("A. Vos", AT, "rejected", (), "", False, BY)


def test_an_assignment_adds_to_what_was_known() -> None:
    texts = ("id", "title", "principal", "location", "requested_by", "reason")
    full: dict[str, Any] = {name: f"the {name}" for name in texts} | {"procedures": ["P-12"]}
    record = with_entries({"added": "assignment", **full, "work_process": "1.3"}, {"added": "assignment", "id": "W-2"})
    assert record.assignment == model.Assignment(**{**full, "procedures": ("P-12",), "id": "W-2"})
    assert (record.work_process, record.scope.work_processes) == ("1.3", ("1.3",))
    assert with_entries({"added": "assignment", "id": "W-2"}).scope.work_processes == ()


def test_an_assignment_names_who_carried_it_out_where_the_run_did_not() -> None:
    """A run as root, without an assignment, was carried out by nobody: no entry could say by whom."""
    content = {"added": "assignment", "executor": "K. Visser"}
    nameless = with_entries(content, journal=Journal(account="root", controller="ctl").task("one"))
    assert nameless.people == (model.Person("K. Visser", "executor", "", "root", "ctl"),)
    assert "people_missing" not in {item.code for item in nameless.completeness.missing}
    with pytest.raises(OpleverError, match="did the work"):
        check_role(nameless, "K. Visser", "supervisor")
    again = entries.make("assignment", BY, AT, {"executor": "M. de Wit"}).entry
    with pytest.raises(OpleverError, match=r"K\. Visser carried it out"):
        again.check(nameless, Envelope(AT, BY))
    named = with_entries(content, journal=Journal(person="S. Yilmaz").task("one"))
    assert [person.name for person in named.people] == ["S. Yilmaz"]


def test_a_component() -> None:
    full = {
        "added": "component", "host": "a", "name": "disk", "change": "installed", "kind": "disk", "version": "970 Pro",
        "origin": "stock",
    }  # fmt: skip
    record = with_entries(full, {"added": "component", "host": "a", "name": "cable"})
    assert record.components[-2:] == (
        model.Component("a", "disk", "disk", "installed", "", "970 Pro", "stock", BY),
        model.Component("a", "part", "cable", "used", "", "", "", BY),
    )


def test_a_step_is_numbered_after_the_others() -> None:
    steps = with_entries(
        {"added": "step", "host": "a", "name": "place the disk", "status": "failed", "message": "too big"},
        {"added": "step", "host": "a", "name": "place another"},
    ).steps
    number = len(complete().finish().record().steps)
    assert steps[number:] == (
        model.Step(number + 1, "place the disk", "", "", "", "", AT,
                   (model.HostResult("a", "failed", AT, 0.0, "too big"),), by=BY),
        model.Step(number + 2, "place another", "", "", "", "", AT,
                   (model.HostResult("a", "changed", AT, 0.0),), by=BY),
    )  # fmt: skip


def test_a_test_by_hand() -> None:
    full = {
        "added": "test", "host": "a", "title": "start page", "status": "fail", "expected": "the wiki", "found": "502",
        "stage": "during",
    }  # fmt: skip
    tests = with_entries(full, {"added": "test", "host": "a", "title": "sound", "status": "pass"}).tests
    assert tests[-2:] == (
        model.Test("hand.1", "a", "during", "fail", "the wiki", "502", Text("start page", "start page"), at=AT, by=BY),
        model.Test("hand.2", "a", "after", "pass", "", "", Text("sound", "sound"), at=AT, by=BY),
    )


def test_results_of_another_tool() -> None:
    cases = [
        {"id": "t1", "title": "one", "status": "fail", "message": "no answer", "duration": 1.5},
        {"id": "t2", "title": "two", "status": "not_applicable", "message": "no mail here"},
    ]
    full = {"added": "results", "host": "a", "stage": "during", "file": "x.xml", "digest": "5f", "tests": cases}
    shared: dict[str, Any] = {"suite": "x.xml", "source": "junit", "evidence": "sha256:5f", "at": AT, "by": BY}
    assert with_entries(full).tests[-2:] == (
        model.Test("t1", "a", "during", "fail", "", "no answer", Text("one", "one"), duration=1.5, **shared),
        model.Test("t2", "a", "during", "not_applicable", "", "", Text("two", "two"), reason="no mail here", **shared),
    )


def test_a_fault_that_was_reported() -> None:
    full = {"added": "fault", "host": "a", "symptom": "502", "cause": "full disk", "fix": "log rotated"}
    assert with_entries(full, {"added": "fault", "symptom": "slow"}).faults == (
        model.Fault("M1", "a", "reported", BY, "502", AT, "solved", "full disk", "log rotated"),
        model.Fault("M2", "", "reported", BY, "slow", AT, "open"),
    )


def test_what_is_known_of_a_fault_grows() -> None:
    def fault(*content: dict[str, str]) -> tuple[str, str, str]:
        journal = complete().task("breaks", "failed").task("works", "ignored")
        first, second = with_entries(
            *({"added": "fault", "id": "F-001", **row} for row in content), journal=journal
        ).faults
        assert (second.status, second.cause, second.fix) == ("ignored", "", "")
        return first.status, first.cause, first.fix

    assert fault({"cause": "full disk"}) == ("open", "full disk", "")
    assert fault({"cause": "full disk"}, {"fix": "log rotated"}) == ("solved", "full disk", "log rotated")
    assert fault({"fix": "log rotated"}, {"cause": "full disk"}) == ("solved", "full disk", "log rotated")


def test_a_fault_that_was_ignored_is_not_solved_by_a_fix() -> None:
    journal = complete().task("breaks", "ignored")
    (fault,) = with_entries({"added": "fault", "id": "F-001", "fix": "log rotated"}, journal=journal).faults
    assert (fault.status, fault.fix) == ("ignored", "log rotated")


def test_an_escalation() -> None:
    full = {
        "added": "escalation", "to": "supplier", "message": "see", "why": "not_in_time", "type": "hierarchical",
        "fault": "M1", "answer": "soon",
    }  # fmt: skip
    fault = {"added": "fault", "symptom": "slow"}
    record = with_entries(fault, full, {"added": "escalation", "to": "supplier", "message": "help"})
    assert record.escalations == (
        model.Escalation("E1", "supplier", AT, "not_in_time", "hierarchical", "M1", "see", "soon", True, BY),
        model.Escalation("E2", "supplier", AT, "not_able", "functional", "", "help", "", False, BY),
    )
    assert record.faults[0].status == "open"


def test_an_answer_closes_what_waits_for_the_same_person_about_the_same_fault() -> None:
    def closed(**answer: str) -> list[bool]:
        escalation = {"added": "escalation", "to": "supplier", "message": "see"}
        faults = [{"added": "fault", "symptom": symptom} for symptom in ("slow", "loud")]
        rows = [
            *faults,
            {**escalation, "fault": "M1"},
            {**escalation, "fault": "M1"},
            {**escalation, "answer": "soon", **answer},
        ]
        return [row.closed for row in with_entries(*rows).escalations]

    assert closed(fault="M1") == [True, False]
    assert closed(fault="M2") == [False, False, True]
    assert closed(fault="M1", to="builder") == [False, False, True]
    assert closed() == [False, False, True]


def test_an_escalation_does_not_open_what_was_solved() -> None:
    solved = {"added": "fault", "symptom": "slow", "fix": "done"}
    record = with_entries(solved, {"added": "escalation", "to": "supplier", "message": "see", "fault": "M1"})
    assert record.faults[0].status == "solved"


def test_rest_points() -> None:
    full = {"added": "rest-point", "item": "label", "owner": "A. Vos", "due": "2026-12-01"}
    done = {"added": "rest-point", "done": "R1"}
    assert with_entries(full, {"added": "rest-point", "item": "tidy up"}, done).rest_points == model.RestPoints((
        model.RestPoint("R1", "label", "A. Vos", "2026-12-01", "done", BY, AT),
        model.RestPoint("R2", "tidy up", "", "", "open", BY, AT),
    ))  # fmt: skip


def test_consequences_and_proposals() -> None:
    consequence = {
        "added": "consequence", "solution": "nginx", "maintenance": "updates", "information_system": "one host more",
    }  # fmt: skip
    proposal = {"added": "proposal", "observation": "slow", "proposal": "cache", "process": "test", "gain": "an hour"}
    record = with_entries(consequence, proposal, {"added": "proposal", "observation": "o", "proposal": "p"})
    assert record.consequences == (model.Consequence("nginx", "updates", "one host more", BY, AT),)
    assert record.proposals.items == (
        model.Proposal("V1", "slow", "cache", "test", "an hour", by=BY, at=AT),
        model.Proposal("V2", "o", "p", "installation", "", by=BY, at=AT),
    )


def test_hours_are_added_up_by_what_they_went_to() -> None:
    def line(hours: float, kind: str, **more: Any) -> dict[str, Any]:
        return {"added": "hours", "hours": hours, "activity": f"the {kind}", "kind": kind, **more}

    thirds = line(1.33333, "hands_on", day="2026-11-20"), line(1.33333, "travel"), line(0.33333, "waiting")
    hours = with_entries({"added": "hours", "hours": 2, "activity": "cabling"}, *thirds).hours
    assert hours.lines[1:] == (
        model.HoursLine(BY, "2026-11-24", "hands_on", "cabling", 2.0),
        model.HoursLine(BY, "2026-11-20", "hands_on", "the hands_on", 1.33333),
        model.HoursLine(BY, "2026-11-24", "travel", "the travel", 1.33333),
        model.HoursLine(BY, "2026-11-24", "waiting", "the waiting", 0.33333),
    )
    assert (hours.hands_on, hours.other) == (3.3333, 1.6667)


def test_a_report_and_a_decision() -> None:
    report = {"added": "report", "to": "M. de Wit", "form": "oral", "minutes": "all well"}
    decision = {"added": "decision", "decision": "approved", "remarks": "good"}
    params = with_entries(report, decision).accountability
    assert params == model.Accountability("oral", AT, "M. de Wit", "all well", "approved", BY, AT, "good")
    again = with_entries(report, decision, {"added": "report", "to": "T. Bos"}).accountability
    assert again == model.Accountability("written", AT, "T. Bos", "")
    rejected = with_entries(report, {"added": "decision", "decision": "rejected"}, report).accountability
    assert (rejected.decision, rejected.decided_by, rejected.minutes) == ("rejected", BY, "all well")


def test_a_handover_adds_to_what_was_known() -> None:
    full = {"instructions": ["backup"], "warranty": "two years", "support": "desk", "maintenance": "monthly"}
    record = with_entries({"added": "handover", **full}, {"added": "handover", "support": "phone"})
    assert record.handover == model.Handover(("backup",), "two years", "phone", "monthly")


def test_a_signature() -> None:
    full = {"added": "signature", "role": "verifier", "revision": 2, "statement": "st", "signature": "si", "key": "k"}
    assert with_entries(full).signatures == (model.Signature(BY, "verifier", AT, "verifier", "st", 2, "k"),)


CONTROL = {"severity": "high", "id": "SSH-001"}
EXCEPTION = {
    "added": "exception", "control": "SSH-001", "reason": "old device", "owner": "ICT", "approver": "M. de Wit",
    "expires": "2026-11-23",
}  # fmt: skip


def test_an_exception_on_its_last_day() -> None:
    full = {**EXCEPTION, "hosts": ["a"], "compensating": "own network"}
    baseline = with_entries(full, journal=complete().check("fail", **CONTROL)).baseline
    assert baseline.exceptions == (
        model.ExceptionGrant("X1", "SSH-001", ("a",), "old device", "ICT", "M. de Wit", "2026-11-23", "own network",
                             True, "", BY, (baseline.controls[0].found,)),
    )  # fmt: skip
    control = baseline.controls[0]
    assert (control.after, control.exception, control.reason) == ("waived", "X1", "old device")


def test_an_exception_that_had_expired_by_the_day_of_the_run() -> None:
    baseline = with_entries(
        {**EXCEPTION, "expires": "2026-11-22"}, journal=complete().check("fail", **CONTROL)
    ).baseline
    (grant,) = baseline.exceptions
    assert (grant.valid, grant.problem, baseline.controls[0].after) == (False, "expired on 2026-11-22", "fail")


def test_a_name_that_an_exception_in_a_file_has_is_taken() -> None:
    journal = Journal()
    rows = [{"id": "X1", "control": "SSH-001", "valid": True}, {"id": "X3", "control": "SSH-001"}]
    journal.task("audit", data={"checks": [], "profile": "p", "exceptions": rows})
    baseline = with_entries(EXCEPTION, EXCEPTION, journal=journal).baseline
    assert [grant.id for grant in baseline.exceptions] == ["X1", "X3", "X2", "X4"]


def test_each_entry_is_a_revision_that_history_tells_of() -> None:
    document = with_entries({"added": "none", "what": "rest_points"}).document
    assert document.revision == 2
    assert document.history == (
        model.History(1, "2026-11-23T10:00:19.000000Z", "machine", "run"),
        model.History(2, AT, BY, "none"),
    )


def test_what_there_is_stands_in_the_advice() -> None:
    def advice(*machines: str) -> tuple[str, str]:
        with pytest.raises(OpleverError) as caught:
            require_known("machine", "x", machines)
        return caught.value.message, caught.value.advice

    assert advice() == ("the record has no machine x", "the record has no machine at all")
    assert advice("a", "b", "a")[1] == "the record has: a, b"
    names = [f"h{number}" for number in range(21)]
    assert advice(*names[:20])[1] == f"the record has: {', '.join(names[:20])}"
    assert advice(*names)[1] == f"the record has: {', '.join(names[:20])}, ..."


@pytest.mark.parametrize(
    ("role", "verb"),
    [("supervisor", "decides about"), ("verifier", "verifies"), ("principal", "signs for"), ("user", "accepts")],
)
def test_nobody_judges_his_own_work_in_any_role(role: str, verb: str) -> None:
    record = with_entries({"added": "step", "host": "a", "name": "x"})
    with pytest.raises(OpleverError) as caught:
        check_role(record, BY, role)
    assert (caught.value.slug, caught.value.message) == (
        "decision-by-executor", f"{BY} did the work; nobody {verb} his own work",
    )  # fmt: skip
    assert caught.value.advice.startswith("let somebody do it who did not do the work: --by")
    with pytest.raises(OpleverError) as caught:
        check_role(record, "s.yilmaz", role)
    assert caught.value.message.startswith("s.yilmaz (in this record: S. Yilmaz) did the work;")
    check_role(record, BY, "executor")
    check_role(record, "M. de Wit", role)


def test_the_assigned_supervisor_is_who_may_decide() -> None:
    people = [
        {"name": BY, "role": "executor"},
        *({"name": name, "role": "supervisor"} for name in ("M. Wit", "T. Bos")),
    ]
    record = Journal(assignment={"people": people}).finish().record()
    with pytest.raises(OpleverError) as caught:
        check_role(record, BY, "supervisor")
    assert caught.value.advice.startswith("let M. Wit, T. Bos do it: --by")
    with pytest.raises(OpleverError) as caught:
        check_role(record, BY, "user")
    assert caught.value.advice.startswith("let somebody do it")


def test_an_approved_record_takes_what_is_said_about_it_and_no_more_work() -> None:
    taken = {kind.tag() for kind in EVERY if kind.declaration.after_approval}
    assert taken == {"correction", "decision", "signature", "pseudonymised"}
    work = entries.make("step", BY, AT, {"host": "a", "name": "x"}).entry
    signature = {"role": "verifier", "revision": 2, "statement": "st", "signature": "si", "key": "k"}
    for status, takes in (("concept", True), ("submitted", True), ("approved", False), ("rejected", True)):
        assert KIND.takes(status, work) is takes
        assert KIND.takes(status, entries.make("signature", BY, AT, signature).entry)


def test_a_decision_about_own_work_is_refused_and_one_about_another_is_taken() -> None:
    record = with_entries({"added": "step", "host": "a", "name": "x"})
    decision = entries.make("decision", BY, AT, {"decision": "approved"})
    with pytest.raises(OpleverError) as caught:
        decision.entry.check(record, decision)
    assert caught.value.slug == "decision-by-executor"
    decision.entry.check(with_entries(), decision)


def test_what_was_filled_in_wrongly_is_named_without_paths_of_the_file() -> None:
    with pytest.raises(OpleverError) as caught:
        entries.make("results", BY, AT, {"host": "a", "stage": "x", "file": "f", "digest": "d", "tests": []})
    assert caught.value.message == "stage: x is none of the choices"
    with pytest.raises(OpleverError) as caught:
        entries.make("signature", BY, "", {"role": "user", "statement": "s", "signature": "t", "key": "k"})
    assert caught.value.message == "revision: this is missing"
    with pytest.raises(OpleverError) as caught:
        entries.make("hours", BY, AT, {"hours": 1, "activity": "x", "colour": "red"})
    assert caught.value.message == "colour: the entry has no such field"


def test_a_withdrawal_is_listed_with_what_it_withdraws() -> None:
    hours = {"added": "hours", "hours": 1, "activity": "x"}
    (listed,) = with_entries(hours, {"added": "correction", "field": "entry.2", "reason": "twice"}).document.corrections
    assert (listed.field, listed.reason, listed.by) == ("entry.2", "twice", BY)


@pytest.mark.parametrize(
    ("typed", "value"), [("yes", True), ("true", True), ("JA", True), ("no", False), ("nee", False)]
)
def test_yes_and_no_of_an_entry_are_corrected_in_both_languages(typed: str, value: bool) -> None:
    acceptance = {"added": "acceptance", "user": "J. Bakker", "verdict": "accepted", "instructed": not value}
    correction = {"added": "correction", "field": "entry.2.instructed", "reason": "misread", "value": typed}
    assert with_entries(acceptance, correction).acceptance.instructed is value


def test_an_exception_that_is_over_is_refused_by_the_name_of_its_field() -> None:
    record = with_entries(journal=complete().check("fail", **CONTROL))
    content = {name: value for name, value in EXCEPTION.items() if name != "added"}
    over = entries.make("exception", BY, AT, {**content, "expires": "2026-11-20"})
    with pytest.raises(OpleverError) as caught:
        over.entry.check(record, over)
    assert caught.value.message == "expires: 2026-11-20 lies in the past"


def test_a_correction_of_an_entry_that_does_not_fit_names_the_field_and_the_help() -> None:
    acceptance = entries.make("acceptance", BY, AT, {"user": "J. Bakker", "verdict": "accepted"})
    correction = entries.make("correction", BY, AT, {"field": "entry.2.verdict", "reason": "r", "value": "perhaps"})
    record = with_entries({"added": "acceptance", "user": "J. Bakker", "verdict": "accepted"})
    with pytest.raises(OpleverError) as caught:
        entries.check(record, [acceptance], correction)
    assert "verdict" in caught.value.message
    assert "$" not in caught.value.message
    assert caught.value.advice
