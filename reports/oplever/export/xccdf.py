"""XCCDF 1.2 (NIST): a Benchmark with a Rule for each control, and a TestResult for each host, before and after.

A waived control is `informational`, which XCCDF leaves out of the score, and a message says what was measured and who
approved the exception. Not an `override`: the published Schematron rules, which `oscap` applies, then want one at
every result of that host.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from oplever import __version__
from oplever.export import findings
from oplever.export.findings import URN, Finding, token
from oplever.export.shape import Shape
from oplever.export.xml import document
from oplever.record.model import Record, Score

NAMESPACE = "http://checklists.nist.gov/xccdf/1.2"
_RESULT = {"pass": "pass", "fail": "fail", "error": "error", "not_applicable": "notapplicable"}
_PREFIX = "xccdf_oplever"


def draw(record: Record, shape: Shape) -> bytes:
    hosts = findings.baseline(record, "xccdf", shape.language)
    name = record.baseline.profile or "baseline"
    root = ET.Element("Benchmark", xmlns=NAMESPACE, id=f"{_PREFIX}_benchmark_{token(name)}", resolved="1")
    root.set("xml:lang", shape.language)
    ET.SubElement(root, "status", date=record.document.started[:10]).text = "accepted"
    ET.SubElement(root, "title").text = f"Oplever {name}"
    ET.SubElement(root, "description").text = "Controls of Oplever, with what was expected and found on each host."
    ET.SubElement(root, "version").text = record.baseline.version or "0"
    rules: dict[str, Finding] = {}
    for results in hosts.values():
        for finding in results:
            rules.setdefault(finding.id, finding)
    areas: dict[str, list[Finding]] = {}
    for finding in rules.values():
        areas.setdefault(finding.suite, []).append(finding)
    for area, members in areas.items():
        root.append(_group(area or "other", members))
    scores = {host.host: host for host in record.baseline.hosts}
    for host, results in hosts.items():
        score = scores.get(host)
        if earlier := [finding for finding in results if finding.before is not None or finding.stage == "before"]:
            root.append(_result(record, host, "before", earlier, score.before if score else None))
        if any(finding.stage == "after" for finding in results):
            root.append(_result(record, host, "after", results, score.after if score else None))
    return document(root)


def _group(area: str, members: list[Finding]) -> ET.Element:
    group = ET.Element("Group", id=f"{_PREFIX}_group_{token(area)}")
    ET.SubElement(group, "title").text = area
    for finding in members:
        rule = ET.SubElement(group, "Rule", id=_rule(finding), severity=finding.severity)
        ET.SubElement(rule, "title").text = finding.title
        for source, ids in finding.refs.items():
            for reference in ids:
                ET.SubElement(rule, "reference", href=f"{URN}:reference:{token(source)}").text = reference
        if finding.remedy:
            ET.SubElement(rule, "fixtext").text = finding.remedy
        ET.SubElement(rule, "check", system=f"{URN}:check")
    return group


def _rule(finding: Finding) -> str:
    return f"{_PREFIX}_rule_{token(finding.id)}"


def _result(record: Record, host: str, stage: str, results: list[Finding], score: Score | None) -> ET.Element:
    document = record.document
    period = {"start-time": document.started, "end-time": document.ended or document.created}
    result = ET.Element(
        "TestResult",
        {
            "id": f"{_PREFIX}_testresult_{token(host)}-{stage}",
            **period,
            "test-system": f"cpe:/a:oplever:oplever:{__version__}",
            "version": record.baseline.version or "0",
        },
    )
    ET.SubElement(result, "title").text = f"{record.baseline.profile or 'baseline'} on {host}, {stage} the work"
    ET.SubElement(result, "target").text = host
    system = next((system for system in record.systems if system.name == host), None)
    for address in [system.address] if system and system.address else []:
        ET.SubElement(result, "target-address").text = address
    for finding in results:
        result.append(_rule_result(record, finding, stage))
    _scores(result, score)
    return result


def _scores(result: ET.Element, score: Score | None) -> None:
    """XCCDF's own flat model over what was judged, and our weighted score where anything applied."""
    judged = [
        element.text for element in result.iterfind("rule-result/result") if element.text in ("pass", "fail", "error")
    ]
    flat = ET.SubElement(result, "score", system="urn:xccdf:scoring:flat-unweighted", maximum=str(len(judged)))
    flat.text = str(judged.count("pass"))
    if score and score.score is not None:
        ET.SubElement(result, "score", system=f"{URN}:score", maximum="100").text = f"{score.score:.1f}"


def _rule_result(record: Record, finding: Finding, stage: str) -> ET.Element:
    early = stage == "before" and finding.before is not None
    status = finding.before if early and finding.before else finding.status
    is_unmeasured = stage == "after" and finding.stage == "before"
    result = ET.Element("rule-result", idref=_rule(finding), severity=finding.severity, time=record.document.started)
    if not early:
        result.set("time", finding.at or record.document.created)
    ET.SubElement(result, "result").text = "notchecked" if is_unmeasured else _RESULT.get(status, "informational")
    if is_unmeasured:
        ET.SubElement(result, "message", severity="info").text = finding.skipped
        ET.SubElement(result, "check", system=f"{URN}:check")
        return result
    value = finding.found_before if early else finding.found
    messages = [f"expected {finding.expected}; found {value}", finding.reason if status != "waived" else ""]
    if status == "waived":
        messages.append(f"waived, measured as fail: {finding.waiver}")
    for line in filter(None, messages):
        ET.SubElement(result, "message", severity="info").text = line
    ET.SubElement(result, "check", system=f"{URN}:check")
    return result
