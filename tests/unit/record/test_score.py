"""Scores, exceptions and what got worse, as they follow from the journal alone."""

from __future__ import annotations

from typing import Any

from journals import Journal
from oplever.record.model import Record

GRANT = {
    "id": "U-1", "control": "SSH-001", "hosts": ["a"], "reason": "r", "owner": "o", "approver": "",
    "expires": "2027-01-01", "compensating": "", "valid": False, "problem": "nobody approved it",
}  # fmt: skip
LATER = [
    {"record": "r2", "at": "2026-02-01T00:00:00Z", "failing": ["NET-001"]},
    {"record": "r3", "at": "2026-03-01T00:00:00Z", "failing": ["NET-001", "SSH-001"]},
]
DELIVERED = {
    "record": "r1",
    "at": "2026-01-01T00:00:00Z",
    "controls": {"SSH-001": "pass", "NET-001": "pass", "NET-002": "fail", "GONE-1": "pass"},
    "later": LATER,
}


def control(name: str, status: str, severity: str = "high") -> dict[str, Any]:
    area = name.partition("-")[0]
    return {
        "id": name,
        "title": "t",
        "status": status,
        "severity": severity,
        "area": area,
        "expected": "1",
        "found": "2",
    }


def record(*controls: dict[str, Any], before: tuple[dict[str, Any], ...] = (), **more: Any) -> Record:
    journal = Journal()
    if before:
        journal.task("audit before", data={"stage": "before", "profile": "p", "checks": list(before)})
    journal.task(
        "audit", data={"stage": "after", "profile": "p", "profile_version": "2", "checks": list(controls), **more}
    )
    return journal.finish().record()


def test_scores_by_host_and_by_area_and_severity_before_and_after() -> None:
    after = (control("SSH-001", "pass"), control("SSH-002", "fail"), control("NET-001", "not_applicable", "low"))
    baseline = record(*after, before=(control("SSH-001", "fail"),)).baseline
    (host,) = baseline.hosts
    assert host.before is not None
    assert host.after is not None
    assert (host.before.score, host.after.score, host.delivered) == (0.0, 50.0, None)
    assert [(t.area, t.severity, t.after and t.after.score) for t in baseline.tallies] == [
        ("NET", "low", None),
        ("SSH", "high", 50.0),
    ]


def test_what_got_worse_since_the_delivery_and_since_when() -> None:
    now = (
        control("SSH-001", "fail"),
        control("NET-001", "error"),
        control("NET-002", "fail"),
        control("NEW-1", "fail"),
    )
    baseline = record(*now, reference=DELIVERED).baseline
    assert [(w.control, w.was, w.now, w.since, w.record) for w in baseline.worse] == [
        ("SSH-001", "pass", "fail", "2026-03-01T00:00:00Z", "r3"),
        ("NET-001", "pass", "error", "2026-02-01T00:00:00Z", "r2"),
    ]
    assert {w.delivered for w in baseline.worse} == {"r1"}
    assert baseline.hosts[0].delivered is not None
    assert baseline.hosts[0].delivered.score == 66.7


def test_a_fault_that_was_mended_in_between_is_new() -> None:
    mended = [*LATER, {"record": "r4", "at": "2026-04-01T00:00:00Z", "failing": []}]
    (worse,) = record(control("NET-001", "fail"), reference={**DELIVERED, "later": mended}).baseline.worse
    assert (worse.since, worse.record) == ("", "")


def test_without_a_delivery_nothing_is_worse() -> None:
    for reference in (
        {},
        {"record": "r1"},
        {"record": "", "controls": {}},
        "x",
        {"record": "r", "controls": {"SSH-001": 3}},
    ):
        assert record(control("SSH-001", "fail"), reference=reference).baseline.worse == ()


def test_exceptions_reach_the_record_with_what_is_wrong_with_them() -> None:
    journal = Journal()
    for host in ("a", "b"):
        grant = {**GRANT, "hosts": [host]}
        journal.task(
            f"audit {host}",
            host=host,
            data={"profile": "p", "checks": [control("SSH-001", "fail")], "exceptions": [grant]},
        )
    (exception,) = journal.finish().record().baseline.exceptions
    assert (exception.id, exception.hosts, exception.valid, exception.problem) == (
        "U-1",
        ("a", "b"),
        False,
        "nobody approved it",
    )


def test_exceptions_of_the_wrong_shape_are_left_out() -> None:
    for rows in ("x", [1], [{"id": "U-1"}]):
        assert record(control("SSH-001", "fail"), exceptions=rows).baseline.exceptions == ()
