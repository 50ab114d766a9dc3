"""Reports of other scanners: read without trust, and set beside our controls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from journals import Journal
from oplever.errors import OpleverError
from oplever.journal.importers import lynis, openscap
from oplever.kinds.derive import derive
from oplever.kinds.documents import build
from oplever.page.blocks import Paragraph
from oplever.page.translator import Translator
from oplever.record import entries
from oplever.record.model import Record, SecondOpinion
from oplever.render.registry import render

RULE = "xccdf_org.ssgproject.content_rule_"
XCCDF = """<?xml version="1.0"?>
<arf xmlns="http://scap.nist.gov/schema/asset-reporting-format/1.1"><report><content>
<TestResult xmlns="http://checklists.nist.gov/xccdf/1.2" id="xccdf_x_testresult_y" end-time="2026-11-24T10:00:00+00:00"
 test-system="cpe:/a:redhat:openscap:1.3.7"><profile idref="xccdf_org.ssgproject.content_profile_cis"/>
<target>a</target>
{results}
</TestResult></content></report></arf>
"""
LYNIS = """lynis_version=3.0.8
hostname=a
report_datetime_end=2026-11-24 10:00:00
tests_executed=AUTH-9204|AUTH-9283|AUTH-9286|BOOT-5122|
warning[]=AUTH-9283|Found accounts without password|-|-|
suggestion[]=BOOT-5122|Set a password on GRUB boot loader|-|-|
suggestion[]=AUTH-9283|Look at them|-|-|
details[]=KRNL-6000|sysctl|desc:Restrict core dumps;field:fs.suid_dumpable;prefval:0;value:2;|
details[]=CONT-8104|docker|desc:no field;|
details[]=damaged
"""


def xccdf(place: Path, **results: str) -> Path:
    path = place / "arf.xml"
    elements = "".join(
        f'<rule-result idref="{RULE}{rule}"><result>{result}</result></rule-result>\n'
        for rule, result in results.items()
    )
    path.write_text(XCCDF.format(results=elements), encoding="utf-8")
    return path


def test_openscap_keeps_what_is_a_judgement(tmp_path: Path) -> None:
    every = {"a1": "pass", "a2": "fail", "a3": "notapplicable", "a4": "unknown", "a5": "notselected", "a6": "fixed"}
    scan = openscap.read(xccdf(tmp_path, **every))
    assert (scan.tool, scan.version, scan.profile, scan.host) == ("openscap", "1.3.7", "cis", "a")
    assert {opinion.rule: opinion.status for opinion in scan.opinions} == {
        "a1": "pass", "a2": "fail", "a3": "not_applicable", "a4": "error", "a6": "pass",
    }  # fmt: skip


def test_lynis_comments_count_as_failing_and_the_rest_as_passed() -> None:
    scan = lynis.parse(LYNIS)
    assert (scan.version, scan.host, scan.at) == ("3.0.8", "a", "2026-11-24T10:00:00")
    assert {opinion.rule: (opinion.status, opinion.raw) for opinion in scan.opinions} == {
        "AUTH-9283": ("fail", "warning"),
        "BOOT-5122": ("fail", "suggestion"),
        "KRNL-6000:fs.suid_dumpable": ("fail", "details"),
        "AUTH-9204": ("pass", "executed"),
        "AUTH-9286": ("pass", "executed"),
    }


HEAD, BODY = XCCDF.format(results="").replace("<target>a", "<target>&a;").split("\n", 1)
ENTITY = '<!DOCTYPE arf [<!ENTITY a "b">]>'
FOREIGN = {
    "entity": HEAD + " " * (65532 - len(HEAD)) + ENTITY + BODY,  # the document type lies across two reads
    "cut": XCCDF.format(results="")[:300],
    "other": "<x/>",
    "empty": "",
    "no xml": "no xml",
    "encoding": XCCDF.format(results="").replace('"1.0"', '"1.0" encoding="utf-99"'),
    "encoding of Asia": XCCDF.format(results="").replace('"1.0"', '"1.0" encoding="gbk"'),
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_result_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text(content, encoding="utf-8")
    for read in (openscap.read, lynis.read):
        with pytest.raises(OpleverError) as caught:
            read(path)
        assert caught.value.slug == "scan-broken"


@pytest.mark.parametrize("before", [b"\n\n", b"\xef\xbb\xbf\r\n"])
def test_blank_lines_and_a_byte_order_mark_before_the_declaration_are_nothing_of_it(
    before: bytes, tmp_path: Path
) -> None:
    path = xccdf(tmp_path, a1="pass")
    path.write_bytes(before + path.read_bytes())
    assert [opinion.rule for opinion in openscap.read(path).opinions] == ["a1"]


def scanned(*reports: tuple[str, dict[str, Any]]) -> Record:
    """Ours: SSH-001 fails, ACC-012 passes (Lynis asks the same), ACC-009 does not apply."""
    journal = Journal()
    for name, status, rule in (
        ("SSH-001", "fail", "s1"),
        ("ACC-012", "pass", "s2"),
        ("ACC-009", "not_applicable", "s3"),
    ):
        journal.check(status, id=name, severity="high", area=name[:3], refs={"ssg": [rule]})
    added = [
        entries.make("scan", "me", "2026-11-24T10:00:00.000000Z",
                     {"tool": tool, "host": "a", "file": "f", "digest": "0" * 64,
                      "rules": [{"rule": rule, "status": status} for rule, status in rules.items()]})
        for tool, rules in reports
    ]  # fmt: skip
    return derive(journal.finish(ok=3).events(), "0" * 64, added)


def opinions(record: Record) -> dict[str, SecondOpinion]:
    return {opinion.rule: opinion for opinion in record.baseline.opinions}


def test_a_second_opinion_is_joined_by_reference() -> None:
    joined = opinions(scanned(("openscap", {"s1": "pass", "s2": "pass", "s3": "fail", "s4": "fail"})))
    assert {rule: (opinion.controls, opinion.ours, opinion.agrees) for rule, opinion in joined.items()} == {
        "s1": (("SSH-001",), "fail", False),
        "s2": (("ACC-012",), "pass", True),
        "s3": (("ACC-009",), "not_applicable", None),
        "s4": ((), None, None),
    }
    lynis_says = opinions(scanned(("lynis", {"AUTH-9283": "fail", "SSH-7408": "fail"})))
    assert (lynis_says["AUTH-9283"].controls, lynis_says["AUTH-9283"].agrees) == (("ACC-012",), False)
    assert lynis_says["SSH-7408"].controls == ()


def test_a_rule_about_a_part_does_not_differ_where_another_part_is_what_fails() -> None:
    """Ours fails for the mode of a home; that its owner is right is no other opinion."""
    journal = Journal()
    journal.check("fail", id="ACC-027", severity="high", area="ACC", refs={"ssg": ["mode", "owner"]})
    statuses = {"mode": "fail", "owner": "pass"}
    for rules, agree in ((statuses, {"mode": True, "owner": None}), ({"owner": "pass"}, {"owner": False})):
        rows = [{"rule": rule, "status": status} for rule, status in rules.items()]
        facts = {"tool": "openscap", "host": "a", "file": "f", "digest": "0" * 64, "rules": rows}
        added = [entries.make("scan", "me", "2026-11-24T10:00:00.000000Z", facts)]
        joined = opinions(derive(journal.finish(ok=1).events(), "0" * 64, added))
        assert {rule: opinion.agrees for rule, opinion in joined.items()} == agree


def test_the_last_report_of_a_scanner_counts_and_ours_stay_ours() -> None:
    record = scanned(("openscap", {"s1": "pass"}), ("openscap", {"s1": "fail"}))
    assert [opinion.agrees for opinion in record.baseline.opinions] == [True]
    assert record.baseline.controls == scanned().baseline.controls
    assert record.verdict == scanned().verdict


def test_the_documents_show_where_they_differ() -> None:
    raw = render(scanned(("openscap", {"s1": "pass", "s2": "pass"})), "md", "en").decode()
    assert "Second opinion of OpenSCAP: 1 of 2 comparable results agree" in raw
    assert "Second opinions that differ" in raw


def test_an_entry_of_a_scan_is_never_typed() -> None:
    assert "scan" not in entries.KINDS


@pytest.mark.parametrize("encoding", ["gbk", "unheard"])
def test_a_report_in_an_encoding_that_cannot_be_read_is_broken(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "arf.xml"
    path.write_text(XCCDF.format(results="").replace('"1.0"?', f'"1.0" encoding="{encoding}"?'), encoding="utf-8")
    with pytest.raises(OpleverError) as caught:
        openscap.read(path)
    assert caught.value.slug == "scan-broken"


def test_opinions_that_can_be_compared_with_nothing_are_not_green_and_are_shown() -> None:
    added = entries.Entry(
        "2026-11-24T10:00:00.000000Z",
        "S. Yilmaz",
        entries.ScanEntry("lynis", "a", "x.dat", "0" * 64, (entries.ScannedRule("AUTH-9204", "fail"),)),
    )
    for journal in (Journal().task("one"), Journal().check("pass", severity="low", id="SSH-001", area="SSH")):
        record = derive(journal.finish(ok=1).events(), "", [added])
        section = next(s for s in build(record, Translator("en")).sections if s.key == "baseline")
        [paragraph] = [b for b in section.blocks if isinstance(b, Paragraph) and b.text.startswith("Second opinion")]
        assert (paragraph.text.partition(": ")[2][:6], paragraph.tone) == ("0 of 0", "info")
