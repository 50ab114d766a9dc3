"""OSCAL assessment results (NIST, JSON, 1.1): a result after the work, and one before it when that was measured.

Each control on each host is an observation and a finding; an exception that counts is a risk with the status
`deviation-approved`. What could not be read or does not apply gives an observation alone: OSCAL's findings know only
satisfied and not satisfied, and neither would be true.
"""

from __future__ import annotations

import json
from typing import Any

from oplever import __version__
from oplever.export import findings
from oplever.export.findings import URN, Finding, numbered, token
from oplever.export.shape import Shape
from oplever.record.model import CheckStatus, Record

_VERSION = "1.1.3"


def draw(record: Record, shape: Shape) -> bytes:
    results = [
        finding for of_host in findings.baseline(record, "oscal", shape.language).values() for finding in of_host
    ]
    stages = [
        ("before", [finding for finding in results if finding.before is not None or finding.stage == "before"]),
        ("after", [finding for finding in results if finding.stage == "after"]),
    ]
    document = {
        "assessment-results": {
            "uuid": str(numbered(record, "oscal")),
            "metadata": {
                "title": record.assignment.title or f"Security baseline of {record.id}",
                "last-modified": record.document.created,
                "version": str(record.document.revision),
                "oscal-version": _VERSION,
                "props": [
                    _prop("kind", record.kind),
                    _prop("verdict", record.verdict),
                    _prop("stage", record.stage),
                    _prop("tool-version", __version__),
                ],
            },
            "import-ap": {"href": "#" + str(numbered(record, "plan"))},
            "results": [_stage(record, stage, of_host) for stage, of_host in stages if of_host],
            "back-matter": {"resources": [_plan(record)]},
        }
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _plan(record: Record) -> dict[str, Any]:
    """What was assessed: the profile takes the place of a plan."""
    title = " ".join(part for part in (record.baseline.profile, record.baseline.version) if part) or "baseline"
    return {"uuid": str(numbered(record, "plan")), "title": title, "description": f"Profile {title} of Oplever."}


def _stage(record: Record, stage: str, results: list[Finding]) -> dict[str, Any]:
    hosts = list(dict.fromkeys(finding.host for finding in results))
    judgements = [(finding, _status(finding, stage)) for finding in results]
    result: dict[str, Any] = {
        "uuid": str(numbered(record, "result", stage)),
        "title": f"{record.baseline.profile or 'baseline'}, {stage} the work",
        "description": f"Controls on {len(hosts)} host(s), measured {stage} the work.",
        "start": record.document.started,
        "end": record.document.ended or record.document.created,
        "local-definitions": {"inventory-items": [_host(record, host) for host in hosts]},
        "reviewed-controls": {
            "control-selections": [
                {"include-controls": [{"control-id": name} for name in dict.fromkeys(token(f.id) for f in results)]}
            ]
        },
        "observations": [_observation(record, stage, finding, status) for finding, status in judgements],
    }
    if stage == "after" and (waived := [finding for finding in results if finding.status == "waived"]):
        result["risks"] = [_risk(record, finding) for finding in waived]
    if judged := [
        _finding(record, stage, f, status) for f, status in judgements if status in ("pass", "fail", "waived")
    ]:
        result["findings"] = judged
    return result


def _status(finding: Finding, stage: str) -> CheckStatus:
    return finding.before if stage == "before" and finding.before else finding.status


def _host(record: Record, host: str) -> dict[str, Any]:
    return {"uuid": str(numbered(record, "host", host)), "description": host, "props": [_prop("host-name", host)]}


def _observation(record: Record, stage: str, finding: Finding, status: CheckStatus) -> dict[str, Any]:
    value = finding.found_before if stage == "before" and finding.before else finding.found
    texts = [f"expected {finding.expected or '-'}; found {value or '-'}", finding.reason, finding.evidence]
    return {
        "uuid": str(numbered(record, "observation", stage, finding.host, finding.id)),
        "title": finding.title,
        "description": "\n".join(part for part in texts if part),
        "props": [_prop("status", status), _prop("severity", finding.severity)],
        "methods": ["TEST"],
        "types": ["finding" if status in ("fail", "waived") else "control-objective"],
        "subjects": [{"subject-uuid": str(numbered(record, "host", finding.host)), "type": "inventory-item"}],
        "collected": record.document.started if stage == "before" else finding.at or record.document.created,
    }


def _finding(record: Record, stage: str, finding: Finding, status: CheckStatus) -> dict[str, Any]:
    observation = str(numbered(record, "observation", stage, finding.host, finding.id))
    met = status == "pass"
    judged: dict[str, Any] = {
        "uuid": str(numbered(record, "finding", stage, finding.host, finding.id)),
        "title": f"{finding.id} on {finding.host}",
        "description": finding.title,
        "target": {
            "type": "objective-id",
            "target-id": token(finding.id),
            "status": {"state": "satisfied" if met else "not-satisfied", "reason": "pass" if met else "fail"},
        },
        "related-observations": [{"observation-uuid": observation}],
    }
    if status == "waived":
        judged["related-risks"] = [{"risk-uuid": _risk_id(record, finding)}]
    return judged


def _risk_id(record: Record, finding: Finding) -> str:
    return str(numbered(record, "risk", finding.host, finding.id))


def _risk(record: Record, finding: Finding) -> dict[str, Any]:
    grant = finding.grant
    risk: dict[str, Any] = {
        "uuid": _risk_id(record, finding),
        "title": f"{finding.id} on {finding.host}: {finding.title}",
        "description": f"expected {finding.expected or '-'}; found {finding.found or '-'}",
        "statement": finding.waiver or "waived",
        "status": "deviation-approved",
    }
    if grant:
        properties = (("risk-owner", grant.owner), ("approver", grant.approver))
        risk["props"] = [_prop(name, value) for name, value in properties if value]
        risk["deadline"] = f"{grant.expires}T00:00:00Z"
    return risk


def _prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": f"{URN}:oscal", "value": value or "-"}
