"""Code Quality report for GitLab (`artifacts:reports:codequality`): problems beside the lines of a merge request."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from oplever.export.problems import Problem, problems
from oplever.export.shape import Shape
from oplever.record.model import Record

_SEVERITIES = {"high": "critical", "medium": "major", "low": "minor"}


def draw(record: Record, shape: Shape) -> bytes:
    return (json.dumps([_issue(problem, shape) for problem in problems(record, shape)], indent=1) + "\n").encode()


def _issue(problem: Problem, shape: Shape) -> dict[str, Any]:
    finding = problem.finding
    name = "\0".join((finding.host, finding.suite, finding.id, finding.stage))
    return {
        "description": problem.text(shape.language),
        "check_name": finding.id,
        "fingerprint": hashlib.sha256(name.encode()).hexdigest()[:32],
        "severity": _SEVERITIES[finding.severity] if finding.control else "critical",
        "location": {"path": problem.file or "oplever", "lines": {"begin": problem.line}},
    }
