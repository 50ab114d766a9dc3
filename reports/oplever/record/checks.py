"""Results of the check engine: tests of the work, and controls of the baseline before and after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, get_args

from msgspec import structs

from oplever.record.fold import Call
from oplever.record.model import Baseline, CheckStatus, Control, HostScore, Score, Severity, Test, Text

WEIGHTS: dict[str, int] = {"high": 10, "medium": 4, "low": 1}
STATUSES = frozenset(get_args(CheckStatus))


@dataclass(frozen=True)
class Outcome:
    """One check of one call, as read: never trusted to have the right shape."""

    t: str
    host: str
    stage: str
    suite: str
    id: str
    status: CheckStatus
    severity: str
    check: dict[str, Any]

    def text(self, key: str) -> str:
        value = self.check.get(key, "")
        return value if isinstance(value, str) else str(value)


def both(value: object, default: str = "") -> Text:
    """`{nl, en}` or one string for both."""
    if isinstance(value, dict):
        nl, en = str(value.get("nl") or ""), str(value.get("en") or "")
        return Text(nl or en or default, en or nl or default)
    text = str(value) if value else default
    return Text(text, text)


def outcomes(calls: Iterable[Call]) -> Iterator[Outcome]:
    for call in calls:
        stage, suite = str(call.data.get("stage") or "after"), str(call.data.get("suite") or "")
        for check in call.data["checks"]:
            if isinstance(check, dict) and check.get("id") and check.get("status") in STATUSES:
                severity = check.get("severity") if check.get("severity") in WEIGHTS else ""
                yield Outcome(call.t, call.host, stage, suite, str(check["id"]), check["status"], str(severity), check)


def tests(found: Iterable[Outcome]) -> tuple[Test, ...]:
    """Checks without severity; the last result of a stage counts and says how often it was tried."""
    last: dict[tuple[str, str, str], Test] = {}
    for outcome in found:
        if outcome.severity:
            continue
        stage = "during" if outcome.stage in ("before", "during") else "after"
        key = (outcome.id, outcome.host, stage)
        earlier = last.get(key)
        last[key] = Test(
            id=outcome.id,
            host=outcome.host,
            stage="during" if stage == "during" else "after",
            status=outcome.status,
            expected=outcome.text("expected"),
            found=outcome.text("found"),
            title=both(outcome.check.get("title"), outcome.id),
            suite=outcome.suite,
            source=outcome.text("source"),
            reason=outcome.text("reason"),
            evidence=outcome.text("evidence"),
            at=outcome.t,
            duration=_number(outcome.check.get("duration")),
            attempt=earlier.attempt + 1 if earlier else 1,
        )
    return tuple(last.values())


def baseline(calls: Iterable[Call], found: Iterable[Outcome]) -> Baseline:
    controls: dict[tuple[str, str], Control] = {}
    for outcome in found:
        if outcome.severity:
            key = (outcome.id, outcome.host)
            controls[key] = _control(outcome, controls.get(key))
    profiles = [call.data for call in calls if call.data.get("profile")]
    return Baseline(
        profile=str(profiles[-1]["profile"]) if profiles else "",
        version=str(profiles[-1].get("profile_version") or "") if profiles else "",
        controls=tuple(controls.values()),
    )


def scored(known: Baseline) -> Baseline:
    """The baseline with the score of each host, as its controls now stand."""
    per_host: dict[str, list[Control]] = {}
    for control in known.controls:
        per_host.setdefault(control.host, []).append(control)
    scores = (
        HostScore(host, _score((c.severity, c.before) for c in own), _score((c.severity, c.after) for c in own))
        for host, own in per_host.items()
    )
    return structs.replace(known, hosts=tuple(scores))


def _control(outcome: Outcome, known: Control | None) -> Control:
    severity: Severity = "high" if outcome.severity == "high" else "medium" if outcome.severity == "medium" else "low"
    before = outcome.stage == "before"
    if known is not None and before:
        return structs.replace(known, before=outcome.status, found_before=outcome.text("found"))
    refs = outcome.check.get("refs")
    return Control(
        id=outcome.id,
        host=outcome.host,
        title=both(outcome.check.get("title"), outcome.id),
        severity=severity,
        area=outcome.text("area"),
        before=outcome.status if before else known.before if known else None,
        after=None if before else outcome.status,
        expected=outcome.text("expected"),
        found="" if before else outcome.text("found"),
        found_before=outcome.text("found") if before else known.found_before if known else "",
        reason=outcome.text("reason"),
        evidence=outcome.text("evidence"),
        remedy=both(outcome.check.get("remedy")),
        refs={str(name): tuple(map(str, ids)) for name, ids in refs.items() if isinstance(ids, list)}
        if isinstance(refs, dict)
        else {},
        exception=outcome.text("exception"),
    )


def _score(results: Iterable[tuple[str, CheckStatus | None]]) -> Score | None:
    measured = [(severity, status) for severity, status in results if status is not None]
    if not measured:
        return None
    count = {status: sum(s == status for _, s in measured) for status in STATUSES}
    applicable = sum(WEIGHTS[severity] for severity, status in measured if status != "not_applicable")
    passed = sum(WEIGHTS[severity] for severity, status in measured if status == "pass")
    return Score(
        score=round(100 * passed / applicable, 1) if applicable else None,
        passed=count["pass"],
        failed=count["fail"],
        errors=count["error"],
        not_applicable=count["not_applicable"],
        waived=count["waived"],
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
