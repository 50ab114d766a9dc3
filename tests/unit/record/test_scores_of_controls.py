"""How the score of a baseline is made, and what of an earlier delivery counts."""

from __future__ import annotations

from typing import Any

import pytest
from journals import Journal
from msgspec import structs
from oplever.record import score
from oplever.record.calls import Call
from oplever.record.model import Baseline, Control, Score, Text


def control(name: str, after: Any, *, host: str = "a", before: Any = None, severity: Any = "high") -> Control:
    return Control(name, host, Text("", ""), severity, name.partition("-")[0], before, after, "", "")


def scored(*controls: Control, **references: Any) -> Baseline:
    """The baseline with its scores; `references` are what is known of the last delivery of a machine."""
    calls = [Call("t", host, {"reference": reference}, "") for host, reference in references.items()]
    return score.scored(Baseline(controls=controls), calls)


def delivery(controls: dict[str, Any], *later: Any, **keys: Any) -> dict[str, Any]:
    return {"record": "r1", "at": "2026-01-01T00:00:00Z", "controls": controls, "later": list(later), **keys}


def test_a_score_counts_each_status_and_weighs_by_severity() -> None:
    actual = scored(
        control("A-1", "pass"), control("A-2", "fail", severity="medium"), control("A-3", "error", severity="low"),
        control("A-4", "not_applicable"), control("A-5", "waived", severity="low"), control("A-6", None),
    )  # fmt: skip
    assert actual.hosts[0].after == Score(
        score=62.5, passed=1, failed=1, errors=1, not_applicable=1, waived=1, measured=3, total=5
    )
    assert actual.hosts[0].before is None


@pytest.mark.parametrize(("severity", "of_all"), [("high", 90.9), ("medium", 80.0), ("low", 50.0)])
def test_the_weights(severity: str, of_all: float) -> None:
    after = scored(control("A-1", "pass", severity=severity), control("A-2", "fail", severity="low")).hosts[0].after
    assert after is not None
    assert after.score == of_all


def test_where_nothing_applies_there_is_no_score() -> None:
    assert scored(control("A-1", "not_applicable")).hosts[0].after == Score(None, 0, 0, 0, 1, 0, 0, 1)
    unseen = structs.replace(control("A-1", "not_applicable"), reason="not measured: in a container")
    assert scored(unseen).hosts[0].after == Score(None, 0, 0, 0, 1, 0, 0, 1, 1)
    assert scored(control("A-1", None)).hosts[0].after is None


def test_areas_are_in_order_of_name_and_then_of_weight_over_all_machines() -> None:
    actual = scored(
        control("SSH-1", "pass", severity="low"), control("NET-1", "pass", severity="low"),
        control("NET-2", "fail"), control("NET-3", "pass", severity="medium"), control("NET-2", "pass", host="b"),
    )  # fmt: skip
    assert [(item.area, item.severity) for item in actual.tallies] == [
        ("NET", "high"),
        ("NET", "medium"),
        ("NET", "low"),
        ("SSH", "low"),
    ]
    high = actual.tallies[0].after
    assert high is not None
    assert (high.score, high.total) == (50.0, 2)
    assert [item.host for item in actual.hosts] == ["a", "b"]


def test_the_score_at_the_last_delivery_is_of_the_controls_that_are_measured_now() -> None:
    then = {"A-1": "pass", "A-2": "fail", "GONE": "fail", "A-3": "unknown word"}
    controls = [control(name, "pass") for name in ("A-1", "A-2", "A-3")]
    actual = scored(*controls, control("A-1", "pass", host="b"), a=delivery(then))
    assert actual.hosts[0].delivered == Score(50.0, 1, 1, 0, 0, 0, 2, 2)
    assert actual.hosts[1].delivered is None
    assert actual.tallies[0].delivered == actual.hosts[0].delivered


@pytest.mark.parametrize(
    ("was", "now", "is_worse"),
    [
        ("pass", "fail", True), ("pass", "error", True), ("waived", "fail", True), ("not_applicable", "fail", True),
        ("fail", "fail", False), ("error", "fail", False), ("fail", "error", False), ("pass", "pass", False),
        ("pass", "waived", False), ("pass", None, False),
    ],
)  # fmt: skip
def test_worse_is_what_was_not_bad_at_the_delivery_and_is_now(was: str, now: Any, is_worse: bool) -> None:
    actual = scored(control("A-1", now, before="fail"), a=delivery({"A-1": was})).worse
    assert [(item.was, item.now, item.delivered) for item in actual] == ([(was, now, "r1")] if is_worse else [])


def test_what_is_worse_is_told_of_every_machine_and_control() -> None:
    bad = [control("A-1", "fail"), control("NEW", "fail"), control("A-2", "fail", severity="low")]
    delivered = {"A-1": "pass", "A-2": "pass"}
    actual = scored(
        control("A-1", "fail", host="b"),
        *bad,
        control("A-1", "fail", host="c"),
        a=delivery(delivered),
        c=delivery(delivered),
    ).worse
    assert [(item.host, item.control, item.severity) for item in actual] == [
        ("a", "A-1", "high"),
        ("a", "A-2", "low"),
        ("c", "A-1", "high"),
    ]


def run(number: int, *failing: str, **keys: Any) -> dict[str, Any]:
    return {"record": f"r{number}", "at": f"2026-0{number}-01", "failing": list(failing), **keys}


@pytest.mark.parametrize(
    ("later", "since"),
    [
        ((), ("", "")),
        ((run(2, "A-1"),), ("2026-02-01", "r2")),
        ((run(2, "A-1"), run(3, "A-1")), ("2026-02-01", "r2")),
        ((run(2, "A-1"), run(3), run(4, "A-1")), ("2026-04-01", "r4")),
        ((run(2, "A-1"), run(3, "A-2")), ("", "")),
        ((run(2, "A-1"), "odd", {**run(3), "failing": "A-1"}, run(4, "A-1")), ("2026-02-01", "r2")),
        (({"failing": ["A-1"]},), ("", "")),
    ],
)
def test_since_when_it_fails_without_a_break(later: tuple[Any, ...], since: tuple[str, str]) -> None:
    (worse,) = scored(control("A-1", "fail"), a=delivery({"A-1": "pass"}, *later)).worse
    assert (worse.since, worse.record) == since


@pytest.mark.parametrize(
    "reference",
    [
        None,
        "r1",
        {},
        {"record": "r1"},
        delivery({"A-1": "pass"}, record=""),
        {**delivery({}), "controls": ["A-1"]},
        delivery({"A-1": 3}),
        delivery({"A-1": ["pass"]}),
    ],
)
def test_a_delivery_of_another_shape_is_none(reference: Any) -> None:
    actual = scored(control("A-1", "fail"), a=reference)
    assert (actual.worse, actual.hosts[0].delivered) == ((), None)


@pytest.mark.parametrize("later", [None, [], 5, {"record": "r2"}])
def test_a_delivery_may_have_no_later_runs_and_no_moment(later: Any) -> None:
    (worse,) = scored(control("A-1", "fail"), a=delivery({"A-1": "pass"}, later=later, at=None)).worse
    assert worse.since == ""


def test_the_last_thing_that_is_known_of_a_delivery_counts() -> None:
    journal = Journal()
    check = {"id": "A-1", "status": "fail", "severity": "high"}
    for status in ("fail", "pass"):
        journal.task(f"audit {status}", data={"checks": [check], "reference": delivery({"A-1": status})})
    assert [item.was for item in journal.finish().record().baseline.worse] == ["pass"]
