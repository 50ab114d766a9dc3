"""Results of the check engine: tests of the work, and controls of the baseline before and after it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, get_args

from msgspec import structs

from oplever._shared.values import mapping
from oplever.record.calls import Call
from oplever.record.identity import TestKey
from oplever.record.model import Baseline, CheckStatus, Control, ExceptionGrant, Severity, Test, Text

STATUSES = frozenset(get_args(CheckStatus))
UNREADABLE = "how this check ended cannot be read in the journal"
_SEVERITIES = get_args(Severity)
ENDPOINT = re.compile(r"(?:tcp|udp) (?:\*|[0-9a-fA-F.:]+(?:%\w+)?) \d{1,5}|resolver")
_LONGEST = 1e9
"""Seconds; a machine that tells of more says nothing of how long it took."""
GRANTED = ("id", "control", "reason", "owner", "approver", "expires", "compensating", "problem")


class Outcome(NamedTuple):
    """One check of one call, as read: never trusted to have the right shape."""

    t: str
    host: str
    stage: str
    suite: str
    id: str
    status: CheckStatus
    severity: str
    check: dict[str, Any]
    path: str = ""

    def text(self, key: str) -> str:
        value = self.check.get(key, "")
        return value if type(value) is str else str(value)  # a record can have a million; most are text


def bilingual(value: object, default: str = "") -> Text:
    """`{nl, en}`, of which one may be empty, or one string for both, of which the language is unknown."""
    if isinstance(value, dict):
        nl, en = str(value.get("nl") or ""), str(value.get("en") or "")
        return Text(nl, en) if nl or en else Text(default, default)
    text = str(value) if value else default
    return Text(text, text)


def outcomes(calls: Iterable[Call]) -> Iterator[Outcome]:
    for call in calls:
        stage, suite = str(call.data.get("stage") or "after"), str(call.data.get("suite") or "")
        for number, check in enumerate(call.data["checks"], 1):
            status, fields = status_of(check), mapping(check)
            if status is None:
                status, fields = "error", {**fields, "reason": UNREADABLE}
            severity = fields.get("severity") if fields.get("severity") in _SEVERITIES else ""
            name = str(fields.get("id") or f"check {number}")
            yield Outcome(call.t, call.host, stage, suite, name, status, str(severity), fields, call.path)


def status_of(check: object) -> CheckStatus | None:
    """How a check ended; None when that cannot be read: it has no id, or a status that this version does not know. Such
    a check was asked for, and counts as an error: left out, it would be as good as one that passed."""
    fields = mapping(check)
    status = fields.get("status")
    is_known = isinstance(status, str) and status in STATUSES
    return status if fields.get("id") and is_known else None


def tests(check_results: Iterable[Outcome]) -> tuple[Test, ...]:
    """Checks without severity; the last result of a stage counts, with the number of attempts."""
    last: dict[tuple[TestKey, str], Test] = {}
    for outcome in check_results:
        if outcome.severity:
            continue
        stage = "during" if outcome.stage in ("before", "during") else "after"
        key = (TestKey.of(outcome), stage)
        earlier = last.get(key)
        last[key] = Test(
            id=outcome.id,
            host=outcome.host,
            stage="during" if stage == "during" else "after",
            status=outcome.status,
            expected=outcome.text("expected"),
            found=outcome.text("found"),
            title=bilingual(outcome.check.get("title"), outcome.id),
            suite=outcome.suite,
            source=outcome.text("source"),
            reason=outcome.text("reason"),
            evidence=outcome.text("evidence"),
            at=outcome.t,
            duration=_number(outcome.check.get("duration")),
            attempt=earlier.attempt + 1 if earlier else 1,
            path=outcome.path,
            subject=outcome.text("subject"),
            endpoint=_endpoint(outcome.text("endpoint")),
            builds_on=_names(outcome.check.get("builds_on")),
            differs=_names(outcome.check["differs"]) if "differs" in outcome.check else None,
        )
    return tuple(last.values())


def baseline(calls: Iterable[Call], check_results: Iterable[Outcome]) -> Baseline:
    controls: dict[tuple[str, str], Control] = {}
    described: dict[str, _Described] = {}
    for outcome in check_results:
        if outcome.severity:
            key = (outcome.id, outcome.host)
            controls[key] = _control(outcome, controls.get(key), described)
    profiles = [call.data for call in calls if call.data.get("profile")]
    return Baseline(
        profile=str(profiles[-1]["profile"]) if profiles else "",
        version=str(profiles[-1].get("profile_version") or "") if profiles else "",
        controls=tuple(controls.values()),
        exceptions=_exceptions(profiles),
    )


def _exceptions(calls: Iterable[Mapping[str, Any]]) -> tuple[ExceptionGrant, ...]:
    """Each exception once, with all the hosts that it was held against; the last run of a host counts. Nothing keeps a
    file from giving two exceptions one id: each is about a control of its own."""
    grants: dict[tuple[str, str], ExceptionGrant] = {}
    for data in calls:
        rows = data.get("exceptions")
        for row in rows if isinstance(rows, list) else []:
            if not isinstance(row, dict) or not row.get("control"):
                continue
            text = {key: str(row.get(key) or "") for key in GRANTED}
            hosts = tuple(map(str, row["hosts"])) if isinstance(row.get("hosts"), list) else ()
            key = (text["id"], text["control"])
            earlier = grants.get(key)
            grants[key] = ExceptionGrant(
                **text,
                hosts=tuple(dict.fromkeys((*earlier.hosts, *hosts))) if earlier else hosts,
                valid=row.get("valid") is True,
                values=tuple(map(str, row["values"])) if isinstance(row.get("values"), list) else (),
            )
    return tuple(grants.values())


class _Described(NamedTuple):
    """What a control is, as it was read and as it is kept. It is the same on every machine, and kept once."""

    source: tuple[object, object, object]
    title: Text
    remedy: Text
    refs: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, name: str, source: tuple[object, object, object]) -> _Described:
        title, remedy, refs = source
        lists = refs.items() if isinstance(refs, dict) else ()
        kept = {str(key): tuple(map(str, ids)) for key, ids in lists if isinstance(ids, list)}
        return cls(source, bilingual(title, name), bilingual(remedy), kept)


def _describe(outcome: Outcome, descriptions: dict[str, _Described]) -> _Described:
    check = outcome.check
    source = check.get("title"), check.get("remedy"), check.get("refs")
    described = descriptions.get(outcome.id)
    if described is None or described.source != source:
        described = descriptions[outcome.id] = _Described.of(outcome.id, source)
    return described


def _control(outcome: Outcome, earlier: Control | None, descriptions: dict[str, _Described]) -> Control:
    severity: Severity = "high" if outcome.severity == "high" else "medium" if outcome.severity == "medium" else "low"
    before = outcome.stage == "before"
    if earlier is not None and before:
        return structs.replace(earlier, before=outcome.status, found_before=outcome.text("found"))
    described = _describe(outcome, descriptions)
    return Control(
        id=outcome.id,
        host=outcome.host,
        title=described.title,
        severity=severity,
        area=outcome.text("area"),
        before=outcome.status if before else earlier.before if earlier else None,
        after=None if before else outcome.status,
        expected=outcome.text("expected"),
        found="" if before else outcome.text("found"),
        found_before=outcome.text("found") if before else earlier.found_before if earlier else "",
        reason=outcome.text("reason"),
        evidence=outcome.text("evidence"),
        remedy=described.remedy,
        refs=described.refs,
        exception=outcome.text("exception"),
        path=outcome.path,
    )


def _endpoint(text: str) -> str:
    """As the engine writes it; empty for anything else."""
    return text if ENDPOINT.fullmatch(text) else ""


def _names(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) and abs(value) < _LONGEST else 0.0
