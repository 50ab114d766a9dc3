"""SARIF 2.1.0 (OASIS), as code scanners and their viewers read it: one result for each expectation and host.

An exception is a `suppression`: accepted when it counts, rejected when it does not. `baselineState` compares with the
start of the work: a problem that is there now and was not is `new`, one that stayed is `unchanged` (or `updated` when
the value differs), one that was repaired is `absent` and tells what was found then.
"""

from __future__ import annotations

import json
from typing import Any

from oplever import __version__
from oplever.export import findings
from oplever.export.findings import Finding
from oplever.export.shape import Shape
from oplever.record.model import BAD, ExceptionGrant, Record

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVEL = {"high": "error", "medium": "warning", "low": "note"}
_KIND = {"pass": "pass", "fail": "fail", "waived": "fail", "not_applicable": "notApplicable", "error": "open"}


def draw(record: Record, shape: Shape) -> bytes:
    every = (*findings.tests(record, shape.language), *findings.controls(record, shape.language))
    rules: dict[str, dict[str, Any]] = {}
    for finding in every:
        rules.setdefault(finding.id, _rule(finding))
    places = {name: number for number, name in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "oplever",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": list(rules.values()),
            }
        },
        "automationDetails": {"id": record.id, "guid": str(findings.numbered(record, "sarif"))},
        "invocations": [_invocation(record)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(record, finding, places[finding.id]) for finding in every],
        "properties": {"verdict": record.verdict, "profile": record.baseline.profile},
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return (json.dumps(log, ensure_ascii=False, indent=1) + "\n").encode()


def _invocation(record: Record) -> dict[str, Any]:
    document = record.document
    said: dict[str, Any] = {"executionSuccessful": record.verdict != "interrupted"}
    times = {"startTimeUtc": document.started, "endTimeUtc": document.ended}
    return {**said, **{key: moment for key, moment in times.items() if moment}}


def _rule(finding: Finding) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": finding.id,
        "shortDescription": {"text": finding.title},
        "defaultConfiguration": {"level": _level(finding)},
        "properties": {"tags": [tag for tag in ("security" if finding.control else "test", finding.suite) if tag]},
    }
    if finding.refs:
        rule["properties"]["references"] = {name: list(ids) for name, ids in finding.refs.items()}
    if finding.remedy:
        rule["help"] = {"text": finding.remedy}
    return rule


def _level(finding: Finding) -> str:
    return _LEVEL[finding.severity] if finding.control else "error"


def _result(record: Record, finding: Finding, rule: int) -> dict[str, Any]:
    repaired = finding.before in BAD and finding.status in ("pass", "not_applicable")
    status = finding.before if repaired and finding.before else finding.status
    found = finding.found_before if repaired else finding.found
    kind = _KIND[status]
    result: dict[str, Any] = {
        "ruleId": finding.id,
        "ruleIndex": rule,
        "kind": kind,
        "level": _level(finding) if kind == "fail" else "none",
        "message": {"text": f"{finding.title}: expected {finding.expected or '-'}; found {found or '-'}"},
        "locations": [
            {"logicalLocations": [{"name": finding.host, "fullyQualifiedName": finding.host, "kind": "resource"}]}
        ],
        "partialFingerprints": {"oplever/v1": "/".join((finding.host, finding.stage, finding.suite, finding.id))},
        "guid": str(findings.numbered(record, "result", finding.host, finding.stage, finding.suite, finding.id)),
    }
    if state := _state(finding, repaired):
        result["baselineState"] = state
    if suppressions := [_suppression(grant) for grant in (finding.grant, finding.refused) if grant]:
        result["suppressions"] = suppressions
    elif finding.status == "waived":
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": finding.reason}]
    kept = {"stage": finding.stage, "reason": finding.reason, "evidence": finding.evidence}
    result["properties"] = {key: value for key, value in kept.items() if value}
    return result


def _state(finding: Finding, repaired: bool) -> str:
    if finding.before is None:
        return ""
    if repaired:
        return "absent"
    bad = {*BAD, "waived"}
    if finding.status in bad and finding.before not in bad:
        return "new"
    same = (finding.status, finding.found) == (finding.before, finding.found_before)
    return "unchanged" if same else "updated"


def _suppression(grant: ExceptionGrant) -> dict[str, Any]:
    said = {
        "owner": grant.owner,
        "approver": grant.approver,
        "expires": grant.expires,
        "compensating": grant.compensating,
        "problem": grant.problem,
    }
    return {
        "kind": "external",
        "status": "accepted" if grant.valid else "rejected",
        "justification": grant.reason,
        "properties": {"id": grant.id, **{key: value for key, value in said.items() if value}},
    }
