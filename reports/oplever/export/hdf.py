"""HDF results (MITRE Heimdall Data Format, the `exec-json` of InSpec 1.0): one profile for each host.

Heimdall gives one status to a control of a profile, so hosts cannot share a profile without hiding each other. Its
rules: impact 0 or a waiver is *Not Applicable*, any `error` is *Profile Error*, any `failed` is *Failed*, and a skipped
control with an impact is *Not Reviewed*: one that was not measured after the work.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from oplever import __version__
from oplever.export import findings
from oplever.export.findings import Finding, place, token
from oplever.export.shape import Shape
from oplever.record.model import Record, System

_IMPACT = {"high": 0.7, "medium": 0.5, "low": 0.3}
_STATUS = {"pass": "passed", "fail": "failed", "waived": "failed", "error": "error", "not_applicable": "skipped"}


def draw(record: Record, shape: Shape) -> bytes:
    systems = {system.name: system for system in record.systems}
    profiles = [
        _profile(record, host, systems.get(host), results)
        for host, results in findings.baseline(record, "hdf", shape.language).items()
    ]
    document = {
        "platform": {"name": "oplever", "release": __version__, "target_id": record.id},
        "version": __version__,
        "statistics": {"duration": record.document.duration},
        "profiles": profiles,
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _profile(record: Record, host: str, system: System | None, results: list[Finding]) -> dict[str, Any]:
    name = record.baseline.profile or "baseline"
    controls = [_control(record, finding) for finding in results]
    content = json.dumps([name, record.baseline.version, controls], ensure_ascii=False)
    areas: dict[str, list[str]] = {}
    for finding in results:
        areas.setdefault(finding.suite, []).append(finding.id)
    return {
        "name": token(f"{name}-{host}"),
        "title": f"{name} on {host}",
        "version": record.baseline.version,
        "summary": system.os if system else "",
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
        "status": "loaded",
        "supports": [],
        "attributes": [],
        "groups": [{"id": area, "title": area, "controls": ids} for area, ids in areas.items()],
        "controls": controls,
    }


def _control(record: Record, finding: Finding) -> dict[str, Any]:
    applies = finding.status != "not_applicable"
    tags: dict[str, Any] = {"host": finding.host, "area": finding.suite, "severity": finding.severity}
    tags.update({name: list(ids) for name, ids in finding.refs.items()})
    file, line = place(finding.path)
    if finding.before:
        tags["before"] = finding.before
    descriptions = [
        {"label": label, "data": data} for label, data in (("check", finding.expected), ("fix", finding.remedy))
    ]
    return {
        "id": finding.id,
        "title": finding.title,
        "desc": finding.title,
        "descriptions": [description for description in descriptions if description["data"]],
        "impact": _IMPACT[finding.severity] if applies else 0.0,
        "refs": [],
        "tags": tags,
        "code": "",
        "source_location": {"ref": file or record.baseline.profile, "line": line if file else 0},
        "waiver_data": _waiver(finding),
        "results": [_result(record, finding)],
    }


def _result(record: Record, finding: Finding) -> dict[str, Any]:
    result: dict[str, Any] = {
        "status": "skipped" if finding.skipped else _STATUS[finding.status],
        "code_desc": f"{finding.host}: {finding.expected}",
        "start_time": finding.at or record.document.started,
        "run_time": finding.duration,
    }
    if finding.skipped:
        return {**result, "skip_message": finding.skipped}
    if finding.status == "pass":
        return result
    return {**result, "message": "\n".join(part for part in (finding.message, finding.evidence) if part)}


def _waiver(finding: Finding) -> dict[str, Any]:
    """As InSpec writes it; `run` true because the control was measured all the same."""
    if finding.status != "waived":
        return {}
    return {
        "justification": finding.waiver,
        "expiration_date": finding.grant.expires if finding.grant else "",
        "run": True,
        "skipped_due_to_waiver": True,
        "message": "",
    }
