"""SARIF 2.1.0 (OASIS), as code scanners and their viewers read it: one result for each expectation and host.

The log holds the state after the work: what is not in order now, and with `everything` the rest as well. Viewers are
free to ignore `kind` and `baselineState`, so what passed or was repaired would count as a problem with some.

An exception is a `suppression`: accepted when it counts, rejected when it does not. `baselineState` compares with the
start of the work where that was measured, then of every result, as the standard asks; with `before` the log also holds
what was repaired since, as `absent`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from oplever import __version__
from oplever.export import findings
from oplever.export.findings import Finding
from oplever.export.shape import Shape
from oplever.record.model import BAD, CheckStatus, ExceptionGrant, Record

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BASE = "%SRCROOT%"
_NO_PLAYBOOK = "record.json"
"""What a finding lies in when no machine found it: work by hand has no playbook."""
_SEVERITY = {"high": "8.0", "medium": "5.0", "low": "2.0"}
"""The middle of what GitHub calls high, medium and low."""
_LEVEL = {"high": "error", "medium": "warning", "low": "note"}
_KIND = {"pass": "pass", "fail": "fail", "waived": "fail", "not_applicable": "notApplicable", "error": "open"}


class _Result(Struct, frozen=True):
    """One result of the log: a finding as it is now, or (`is_absent`) as it was before it was repaired."""

    finding: Finding
    status: CheckStatus
    found: str
    is_absent: bool = False


def draw(record: Record, shape: Shape) -> bytes:
    every = (*findings.tests(record, shape.language), *findings.controls(record, shape.language))
    results = list(_results(every, shape))
    rules: dict[str, dict[str, Any]] = {}
    for entry in results:
        rules.setdefault(entry.finding.id, _rule(entry.finding))
    places = {name: number for number, name in enumerate(rules)}
    compared = any(finding.before is not None for finding in every)
    unmeasured = sum(finding.stage == "before" for finding in every)
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
        "invocations": [_invocation(record, unmeasured)],
        "originalUriBaseIds": {_BASE: {"description": {"text": "The directory that Ansible ran in."}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(record, entry, places[entry.finding.id], compared=compared) for entry in results],
        "properties": {
            "kind": record.kind,
            "verdict": record.verdict,
            "stage": record.stage,
            "profile": record.baseline.profile,
        },
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return (json.dumps(log, ensure_ascii=False, indent=1) + "\n").encode()


def _results(every: Iterable[Finding], shape: Shape) -> Iterator[_Result]:
    for finding in every:
        if shape.before and finding.was_repaired and finding.before is not None:
            yield _Result(finding, finding.before, finding.found_before, is_absent=True)
        is_now = finding.stage != "before" and not finding.is_retested
        if is_now and (finding.is_problem or shape.everything):
            yield _Result(finding, finding.status, finding.found)


def _invocation(record: Record, unmeasured: int) -> dict[str, Any]:
    document = record.document
    invocation: dict[str, Any] = {"executionSuccessful": record.verdict != "interrupted"}
    times = {"startTimeUtc": document.started, "endTimeUtc": document.ended}
    invocation.update({key: moment for key, moment in times.items() if moment})
    if unmeasured:
        text = f"{unmeasured} controls were measured before the work and not after it; there is no result of them."
        invocation["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": text}}]
    return invocation


def _rule(finding: Finding) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": finding.id,
        "shortDescription": {"text": finding.title},
        "fullDescription": {"text": f"{finding.title}: expected {finding.expected or '-'}"},
        "help": {"text": finding.remedy or finding.title},
        "defaultConfiguration": {"level": _level(finding)},
        "properties": {"tags": _tags(finding)},
    }
    if finding.control:
        rule["properties"]["security-severity"] = _SEVERITY[finding.severity]
    if finding.refs:
        rule["properties"]["references"] = {name: list(ids) for name, ids in finding.refs.items()}
    return rule


def _tags(finding: Finding) -> list[str]:
    """Each once, as the standard asks: a suite can be called `test`."""
    return [tag for tag in dict.fromkeys(("security" if finding.control else "test", finding.suite)) if tag]


def _level(finding: Finding) -> str:
    return _LEVEL[finding.severity] if finding.control else "error"


def _result(record: Record, entry: _Result, rule: int, *, compared: bool) -> dict[str, Any]:
    finding, kind = entry.finding, _KIND[entry.status]
    # What is in order is a result of its own: it must not be taken for the problem that it was.
    apart = [] if entry.is_absent or finding.is_problem else [kind]
    name = (finding.host, finding.stage, finding.suite, finding.id, *apart)
    result: dict[str, Any] = {
        "ruleId": finding.id,
        "ruleIndex": rule,
        "kind": kind,
        "level": _level(finding) if kind == "fail" else "none",
        "message": {"text": f"{finding.host}: {finding.title}: {_expectation(finding)}; found {entry.found or '-'}"},
        "locations": [_location(record, finding)],
        "partialFingerprints": {"oplever/v1": "/".join(name), "primaryLocationLineHash": f"{_digest(name)}:1"},
        "guid": str(findings.numbered(record, "result", *name)),
    }
    if compared:
        result["baselineState"] = "absent" if entry.is_absent else _state(finding)
    if suppressions := [_suppression(grant) for grant in (finding.grant, finding.refused) if grant]:
        result["suppressions"] = suppressions
    elif finding.status == "waived":
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": finding.reason}]
    properties = {"stage": finding.stage, "reason": finding.reason, "evidence": finding.evidence}
    result["properties"] = {key: value for key, value in properties.items() if value}
    return result


def _expectation(finding: Finding) -> str:
    return f"expected {finding.expected or '-'}"


def _digest(name: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(name).encode()).hexdigest()[:16]


def _location(record: Record, finding: Finding) -> dict[str, Any]:
    """The task that checked, by a path below the directory that Ansible ran in; else the playbook, whose place below
    it may not be known."""
    file, line = findings.place(finding.path)
    if not _is_below(file):
        playbook = next(filter(None, record.document.playbooks), _NO_PLAYBOOK)
        file, line = playbook if _is_below(playbook) else PurePosixPath(playbook).name, 1
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(file), "uriBaseId": _BASE},
            "region": {"startLine": line},
        },
        "logicalLocations": [{"name": finding.host, "fullyQualifiedName": finding.host, "kind": "resource"}],
    }


def _is_below(file: str) -> bool:
    path = PurePosixPath(file)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _state(finding: Finding) -> str:
    """Against the start of the work: a problem that was one then is `unchanged`, or `updated` with another value; what
    was not measured then, or was otherwise, is `new`."""
    then = finding.before in BAD or finding.before == "waived"
    if finding.before is None or finding.is_problem != then:
        return "new"
    same = (finding.status, finding.found) == (finding.before, finding.found_before)
    return "unchanged" if same else "updated"


def _suppression(grant: ExceptionGrant) -> dict[str, Any]:
    properties = {
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
        "properties": {"id": grant.id, **{key: value for key, value in properties.items() if value}},
    }
