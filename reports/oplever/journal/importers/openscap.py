"""OpenSCAP results: the TestResult of XCCDF 1.2, alone or inside an ARF (20 MB and more).

Read as a stream: only the rules of the TestResult are kept, everything else is let go as soon as it is read. A
document type is refused, so there are no entities to expand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from xml.parsers import expat

from oplever.files import open_file, unreadable
from oplever.journal.importers.scans import Opinion, OpinionStatus, Scan, broken
from oplever.journal.importers.xml_text import UNKNOWN_ENCODING, begun, reason
from oplever.messages import M_

_XCCDF = "{http://checklists.nist.gov/xccdf/1.2}"
_PREFIX = "xccdf_org.ssgproject.content_rule_"
_STATUS: dict[str, OpinionStatus] = {
    "pass": "pass",
    "fixed": "pass",
    "fail": "fail",
    "error": "error",
    "unknown": "error",
    "notapplicable": "not_applicable",
}
"""Other results (notchecked, notselected, informational) are no opinion."""
_GRAVITY: tuple[OpinionStatus, ...] = ("fail", "error", "pass", "not_applicable")


def read(path: Path) -> Scan:
    """The last TestResult of a file. Raises OpleverError (`scan-broken`, `file-unreadable`)."""
    scan = None
    try:
        for result in _results(path):
            scan = _scan(result)
    except (ET.ParseError, expat.ExpatError, LookupError, ValueError) as problem:  # the last two: of its encoding
        raise broken(path, M_("not XML, or cut short ({problem})", problem=problem)) from None
    except UNKNOWN_ENCODING as problem:
        raise broken(path, M_("no XML that can be read here ({why})", why=reason(problem))) from None
    except OSError as problem:
        raise unreadable(path, problem) from None
    if scan is None:
        raise broken(path, M_("has no XCCDF 1.2 TestResult"))
    return scan


def _results(path: Path) -> Iterator[ET.Element]:
    """Each TestResult, without what it is told about the system; nothing else is ever held."""
    pull: ET.XMLPullParser[Any] = ET.XMLPullParser(("start", "end"))
    inside, before = False, b""
    with open_file(path) as file:
        while chunk := file.read(1 << 16):
            if b"<!DOCTYPE" in before + chunk:
                raise broken(path, M_("has a document type, which results of a scanner have not"))
            pull.feed(chunk if before else begun(chunk).content)
            before = chunk[-9:]
            events: Iterator[tuple[str, ET.Element]] = pull.read_events()  # type: ignore[assignment]
            for event, element in events:
                if element.tag == f"{_XCCDF}TestResult":
                    inside = event == "start"
                    if event == "end":
                        yield element
                if event == "end" and not inside:
                    element.clear()
    pull.close()


def _scan(result: ET.Element) -> Scan:
    profile = result.find(f"{_XCCDF}profile")
    return Scan(
        tool="openscap",
        version=result.get("test-system", "").rpartition(":")[2],
        profile=(profile.get("idref", "") if profile is not None else "").rpartition("_profile_")[2],
        host=(result.findtext(f"{_XCCDF}target") or "").strip(),
        at=result.get("end-time", ""),
        opinions=_worst(_opinions(result)),
    )


def _worst(opinions: Iterable[Opinion]) -> tuple[Opinion, ...]:
    """One opinion for each rule: a rule that is asked of several things (`instance`) holds when it holds for all."""
    worst: dict[str, Opinion] = {}
    for opinion in opinions:
        current = worst.setdefault(opinion.rule, opinion)
        if _GRAVITY.index(opinion.status) < _GRAVITY.index(current.status):
            worst[opinion.rule] = opinion
    return tuple(worst.values())


def _opinions(result: ET.Element) -> Iterator[Opinion]:
    for rule in result.iterfind(f"{_XCCDF}rule-result"):
        raw = (rule.findtext(f"{_XCCDF}result") or "").strip()
        if status := _STATUS.get(raw):
            yield Opinion(rule.get("idref", "").removeprefix(_PREFIX), status, raw)
