"""The score of a baseline: by host, by area and severity, before and after, and against the last delivery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import structs

from oplever._shared.values import rows
from oplever.record.calls import Call
from oplever.record.checks import STATUSES
from oplever.record.model import BAD, Baseline, CheckStatus, Control, HostScore, Regression, Score, Tally

WEIGHTS: dict[str, int] = {"high": 10, "medium": 4, "low": 1}
# How the reason of a control begins that may have a meaning here, and that nobody could look at.
NOT_MEASURED = "not measured: "


@dataclass(frozen=True)
class Delivery:
    """How the baseline of one host stood at its last delivery, and the runs since then, oldest first."""

    record: str
    controls: dict[str, CheckStatus]
    later: list[dict[str, Any]]


def scored(baseline: Baseline, calls: Iterable[Call]) -> Baseline:
    """The baseline with its scores and what got worse, as its controls now stand; `calls` tell of the deliveries."""
    delivered = {call.host: delivery for call in calls if (delivery := _delivery(call.data.get("reference")))}
    hosts = _group(baseline.controls, lambda control: control.host)
    areas = _group(baseline.controls, lambda control: (control.area, control.severity))
    return structs.replace(
        baseline,
        hosts=tuple(HostScore(host, *_scores(controls, delivered)) for host, controls in hosts.items()),
        tallies=tuple(
            Tally(area, severity, *_scores(areas[area, severity], delivered))
            for area, severity in sorted(areas, key=lambda key: (key[0], -WEIGHTS[key[1]]))
        ),
        worse=tuple(_worse(baseline.controls, delivered)),
    )


def _group(controls: Iterable[Control], key: Callable[[Control], Any]) -> dict[Any, list[Control]]:
    groups: dict[Any, list[Control]] = {}
    for control in controls:
        groups.setdefault(key(control), []).append(control)
    return groups


def _scores(
    controls: list[Control], delivered: Mapping[str, Delivery]
) -> tuple[Score | None, Score | None, Score | None]:
    """Before, after, and at the last delivery."""
    then = ((c.severity, delivered[c.host].controls.get(c.id)) for c in controls if c.host in delivered)
    return (
        _score((c.severity, _status_for_score(c.before, c.reason)) for c in controls),
        _score((c.severity, _status_for_score(c.after, c.reason)) for c in controls),
        _score(then),
    )


def _delivery(value: object) -> Delivery | None:
    """The last delivery as in the journal, when it has the right shape."""
    if not isinstance(value, dict) or not isinstance(value.get("controls"), dict) or not value.get("record"):
        return None
    statuses = {str(name): status for name, status in value["controls"].items() if str(status) in STATUSES}
    later = [run for run in rows(value.get("later")) if isinstance(run.get("failing"), list)]
    return Delivery(str(value["record"]), statuses, later)


def _worse(controls: Iterable[Control], delivered: Mapping[str, Delivery]) -> Iterator[Regression]:
    for control in controls:
        delivery = delivered.get(control.host)
        was = delivery.controls.get(control.id) if delivery else None
        if delivery is None or control.after is None or control.after not in BAD or was is None or was in BAD:
            continue
        first: dict[str, Any] = {}
        for run in reversed(delivery.later):
            if control.id not in run["failing"]:
                break
            first = run
        yield Regression(
            control=control.id,
            host=control.host,
            severity=control.severity,
            was=was,
            now=control.after,
            delivered=delivery.record,
            since=str(first.get("at") or ""),
            record=str(first.get("record") or ""),
        )


def _status_for_score(status: CheckStatus | None, reason: str) -> CheckStatus | Literal["not_measured"] | None:
    """A control that is not applicable because nobody could look is counted apart."""
    return "not_measured" if status == "not_applicable" and reason.startswith(NOT_MEASURED) else status


def _score(results: Iterable[tuple[str, str | None]]) -> Score | None:
    measured = Counter(result for result in results if result[1] is not None)
    if not measured:
        return None
    count: Counter[str | None] = Counter()
    applicable = passed = 0
    for (severity, status), number in measured.items():
        count[status] += number
        applicable += 0 if status in ("not_applicable", "not_measured") else number * WEIGHTS[severity]
        passed += number * WEIGHTS[severity] if status == "pass" else 0
    silent = count["not_applicable"] + count["not_measured"]
    return Score(
        score=round(100 * passed / applicable, 1) if applicable else None,
        passed=count["pass"],
        failed=count["fail"],
        errors=count["error"],
        not_applicable=silent,
        waived=count["waived"],
        measured=count.total() - silent - count["error"],
        total=count.total(),
        not_measured=count["not_measured"],
    )
