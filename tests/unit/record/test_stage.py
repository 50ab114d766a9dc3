"""How far a record came, step by step, and what a reader is told of it."""

from __future__ import annotations

from typing import Any

import pytest
from journals import Journal, complete
from oplever.kinds.derive import derive
from oplever.kinds.installation import stage
from oplever.record.entries import make
from oplever.record.model import Acceptance, Accountability, Reason, Record, Signature

DECIDED = Accountability(decision="approved", decided_by="M. de Wit", decided_at="2026-11-24T12:00:00Z")


def came(*codes: str, has_passed: bool = True, **people: Any) -> str:
    """The stage of work that the user accepted and the supervisor approved, with these reasons against it."""
    statements: dict[str, Any] = {
        "acceptance": Acceptance(verdict="accepted"),
        "accountability": DECIDED,
        "signatures": (),
    }
    return stage.stage([Reason(code) for code in codes], has_passed=has_passed, **{**statements, **people})


def signature(name: str = "M. de Wit", role: str = "supervisor", at: str = "2026-11-24T12:00:01Z") -> Signature:
    return Signature(name=name, role=role, at=at, meaning=role, key="SHA256:k")


@pytest.mark.parametrize(
    "code",
    [
        "interrupted", "stopped", "tool_failed", "hosts_unreachable", "hosts_failed", "hosts_stopped", "hosts_left",
        "hosts_not_reached", "plays_not_begun", "hand_steps_failed",
    ],
)  # fmt: skip
def test_work_that_is_not_done_stays_started_whatever_people_say(code: str) -> None:
    assert came(code) == "started"


@pytest.mark.parametrize("code", ["no_hosts", "nothing_done"])
def test_work_without_a_machine_or_a_task_is_nothing_done(code: str) -> None:
    assert came(code) == "nothing_done"


def test_a_trial_is_a_trial_even_when_it_was_stopped_or_did_nothing() -> None:
    assert came("check_mode", "interrupted", "nothing_done") == "trial"
    assert came("nothing_done", "interrupted") == "nothing_done"


@pytest.mark.parametrize("code", ["tests_failed", "faults_open"])
def test_what_failed_technically_cannot_be_accepted_away(code: str) -> None:
    assert came(code) == "tested"
    assert came(code, has_passed=False) == "carried_out"


@pytest.mark.parametrize("code", ["controls_failed", "rest_points_open", "journal_lines_lost", "no_tests"])
def test_remarks_keep_nobody_from_approving(code: str) -> None:
    assert came(code) == "approved"


def test_each_step_takes_the_one_before_it() -> None:
    assert came(acceptance=Acceptance()) == "tested"
    assert came(acceptance=Acceptance(), has_passed=False) == "carried_out"
    assert came("acceptance_rejected", acceptance=Acceptance(verdict="rejected")) == "tested"
    assert came(accountability=Accountability()) == "accepted"
    assert came("decision_rejected", accountability=Accountability(decision="rejected")) == "accepted"
    assert came(acceptance=Acceptance(verdict="accepted_with_rest_points")) == "approved"


def test_signed_takes_the_key_of_the_one_who_decided_after_the_decision() -> None:
    assert came(signatures=[signature()]) == "signed"
    assert came(signatures=[signature(at=DECIDED.decided_at)]) == "signed"
    assert came(signatures=[signature(at="2026-11-24T11:59:59Z")]) == "approved"
    assert came(signatures=[signature(role="executor")]) == "approved"
    assert came(signatures=[signature(name="T. Bos")]) == "approved"
    assert came(signatures=[signature(name="T. Bos"), signature()]) == "signed"


ACCEPTED = ("acceptance", {"user": "J. Bakker", "verdict": "accepted"})
APPROVED = ("decision", {"decision": "approved"})
SIGNED = ("signature", {"role": "supervisor", "revision": 3, "statement": "s", "signature": "t", "key": "SHA256:k"})


def derived(journal: Journal, *statements: tuple[str, dict[str, Any]]) -> Record:
    entries = [
        make(kind, "M. de Wit", f"2026-11-24T12:{minute:02d}:00.000000Z", data)
        for minute, (kind, data) in enumerate(statements)
    ]
    return derive(journal.events(), "digest", entries)


def steps(record: Record) -> list[str]:
    return [step for step, is_reached in stage.reached(record).items() if is_reached]


def test_the_five_steps_are_shown_each_by_itself() -> None:
    assert steps(derived(complete().finish(ok=5))) == ["carried_out", "tested"]
    assert steps(derived(complete().finish(ok=5), APPROVED)) == ["carried_out", "tested", "approved"]
    assert steps(derived(complete().finish(ok=5), ACCEPTED)) == ["carried_out", "tested", "accepted"]
    assert steps(derived(complete().finish(ok=5), APPROVED, SIGNED)) == ["carried_out", "tested", "approved", "signed"]
    # A key under a rejection, or put there before the decision, approves nothing.
    rejected = ("decision", {"decision": "rejected", "remarks": "no"})
    assert steps(derived(complete().finish(ok=5), rejected, SIGNED)) == ["carried_out", "tested"]
    assert steps(derived(complete().finish(ok=5), SIGNED, APPROVED)) == ["carried_out", "tested", "approved"]


def test_tested_takes_a_test_that_was_carried_out_and_none_that_fails() -> None:
    assert steps(derived(complete().check("fail").finish(ok=6))) == ["carried_out"]
    assert steps(derived(complete().check("error").finish(ok=6))) == ["carried_out"]
    assert steps(derived(Journal().task("install", "changed").check("not_applicable").finish(ok=2))) == ["carried_out"]
    assert steps(derived(Journal().task("install", "changed").finish(ok=1))) == ["carried_out"]


def test_what_was_not_carried_out() -> None:
    assert steps(derived(Journal(check_mode=True).task("install", "changed").finish(ok=1))) == []
    assert steps(derived(Journal().task("install", "failed").finish(failed=1))) == []
    assert steps(derived(Journal().finish())) == []


@pytest.mark.parametrize(
    ("journal", "headline"),
    [
        (complete(), "interrupted"),
        (Journal(check_mode=True).task("install", "changed"), "interrupted"),
        (Journal(), "interrupted"),
        (Journal().finish(), "nothing_done"),
        (Journal(check_mode=True).task("install", "changed").check("pass").finish(ok=2), "trial"),
        (Journal(check_mode=True).task("install", "failed").finish(failed=1), "trial_failed"),
        (complete().task("breaks", "failed").finish(ok=5, failed=1), "not_delivered"),
        (complete().check("fail").finish(ok=6), "not_delivered"),
        (Journal().task("install", "changed").check("fail").finish(ok=2), "not_delivered"),
        (Journal().task("install", "changed").finish(ok=1), "untested"),
        (Journal().task("install", "changed").check("pass").finish(ok=2), "in_order_with_remarks"),
        (complete().finish(ok=5), "in_order"),
    ],
)
def test_the_headline_of_what_machines_showed(journal: Journal, headline: str) -> None:
    assert stage.standing(derived(journal)).headline == headline


@pytest.mark.parametrize(
    ("statements", "headline", "waits_for"),
    [
        ((), "in_order_with_remarks", "both"),
        ((ACCEPTED,), "in_order_with_remarks", "supervisor"),
        ((APPROVED,), "in_order_with_remarks", "user"),
        ((ACCEPTED, APPROVED), "delivered_with_remarks", "nobody"),
        ((ACCEPTED, APPROVED, SIGNED), "delivered_with_remarks", "nobody"),
    ],
)
def test_work_with_remarks_waits_for_the_same_people(
    statements: tuple[tuple[str, dict[str, Any]], ...], headline: str, waits_for: str
) -> None:
    journal = Journal().task("install", "changed").check("pass").finish(ok=2)
    standing = stage.standing(derived(journal, *statements))
    assert (standing.headline, standing.waits_for, standing.rejected_by) == (headline, waits_for, "")


def test_untested_work_waits_for_people_too_and_failed_work_for_nobody() -> None:
    untested = Journal().task("install", "changed").finish(ok=1)
    assert stage.standing(derived(untested)) == ("untested", "both", "")
    assert stage.standing(derived(untested, APPROVED)) == ("untested", "user", "")
    assert stage.standing(derived(untested, ACCEPTED)) == ("untested", "supervisor", "")
    assert stage.standing(derived(complete().check("fail").finish(ok=6), ACCEPTED)) == ("not_delivered", "nobody", "")


def test_a_rejection_is_told_before_what_machines_showed_but_not_of_a_trial_or_work_that_is_not_done() -> None:
    rejected = ("acceptance", {"user": "J. Bakker", "verdict": "rejected"})
    by_both = (rejected, ("decision", {"decision": "rejected", "remarks": "no"}))
    assert stage.standing(derived(complete().check("fail").finish(ok=6), *by_both)) == (
        "rejected",
        "nobody",
        "supervisor",
    )
    assert stage.standing(derived(complete().finish(ok=6), rejected)) == ("rejected", "nobody", "user")
    trial = Journal(check_mode=True).task("install", "changed").check("pass").finish(ok=2)
    assert stage.standing(derived(trial, rejected)).headline == "trial_failed"
    assert (
        stage.standing(derived(complete().task("x", "failed").finish(failed=1), rejected)).headline == "not_delivered"
    )
    assert stage.standing(derived(Journal().finish(), rejected)).headline == "nothing_done"
