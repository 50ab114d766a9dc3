"""JUnit XML, as CI servers read it: a suite for each suite of tests and each area of controls on each host.

What says nothing about the machine as it is now is `skipped`, with the reason: not applicable, not run, a control that
was not measured after the work, a failure that was tested again. So is a waived control. A control that failed before
the work says so in a property.
"""

from __future__ import annotations

from itertools import groupby
from xml.etree import ElementTree as ET

from oplever.export import findings
from oplever.export.findings import Finding
from oplever.export.shape import Shape
from oplever.export.xml import document
from oplever.record.model import Record


def draw(record: Record, shape: Shape) -> bytes:
    every = (*findings.tests(record, shape.language), *findings.controls(record, shape.language))
    root = ET.Element("testsuites", {"name": record.id, **_counts(every)})
    ordered = sorted(every, key=_suite)  # stable: within a suite the order of the record
    for (control, name, stage, host), group in groupby(ordered, key=_suite):
        cases = list(group)
        title = f"baseline {name}" if control else f"{name or 'tests'} ({stage})"
        moment = min((case.at for case in cases if case.at), default=record.document.started)
        head = {"name": title, "hostname": host, "timestamp": moment.split(".")[0].rstrip("Z")}
        suite = ET.SubElement(root, "testsuite", {**head, **_counts(cases)})
        for finding in cases:
            suite.append(_case(finding, title))
    return document(root)


def _suite(finding: Finding) -> tuple[bool, str, str, str]:
    return finding.control, finding.suite, finding.stage, finding.host


def _counts(cases: tuple[Finding, ...] | list[Finding]) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": str(sum(_outcome_element(case) == "failure" for case in cases)),
        "errors": str(sum(_outcome_element(case) == "error" for case in cases)),
        "skipped": str(sum(_outcome_element(case) == "skipped" for case in cases)),
        "time": f"{sum(case.duration for case in cases):.3f}",
    }


def _outcome_element(finding: Finding) -> str:
    """The element that says how a case ended; empty when it passed."""
    if finding.skipped or finding.status == "waived":
        return "skipped"
    return {"fail": "failure", "error": "error"}.get(finding.status, "")


def _case(finding: Finding, suite: str) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=f"{finding.host}.{suite}",
        name=f"{finding.id}: {finding.title}",
        time=f"{finding.duration:.3f}",
    )
    if properties := _properties(finding):
        holder = ET.SubElement(case, "properties")
        for name, value in properties:
            ET.SubElement(holder, "property", name=name, value=value)
    if (tag := _outcome_element(finding)) == "skipped":
        ET.SubElement(case, tag, message=finding.skipped or f"waived: {finding.waiver}")
    elif tag:
        kind = finding.severity if finding.control else finding.stage
        problem = ET.SubElement(case, tag, message=finding.message, type=kind)
        problem.text = "\n".join(part for part in (finding.message, finding.evidence, finding.remedy) if part)
    return case


def _properties(finding: Finding) -> list[tuple[str, str]]:
    if not finding.control:
        return []
    properties: list[tuple[str, str]] = [("severity", finding.severity), ("before", finding.before or "")]
    properties += [(name, " ".join(ids)) for name, ids in finding.refs.items()]
    return [(name, value) for name, value in properties if value]
