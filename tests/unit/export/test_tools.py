"""Exports for GLPI, NetBox, Prometheus and CI servers: exact bytes, hostile text without effect, nothing untrue."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from command import attempt
from golden import outputs
from golden.cases import EVIL
from msgspec import structs
from oplever import clock
from oplever.export.bundle import pack
from oplever.export.registry import export
from oplever.export.shape import Shape
from oplever.record.model import ExceptionGrant
from stored import store_record, visit

RECORDS = ("delivered", "failed", "hostile", "drifted", "trial", "remarks", "rejected", "incident_closed")
TOOLS = ("glpi", "netbox", "prometheus", "badge", "summary", "github", "gitlab")


def inventories(name: str) -> dict[str, dict[str, Any]]:
    with zipfile.ZipFile(io.BytesIO(export(outputs.record(name), "glpi"))) as archive:
        return {entry: json.loads(archive.read(entry)) for entry in archive.namelist()}


@pytest.mark.parametrize("fmt", TOOLS)
@pytest.mark.parametrize("name", RECORDS)
def test_the_same_record_gives_the_same_bytes(name: str, fmt: str) -> None:
    record = outputs.record(name)
    assert export(record, fmt) == export(record, fmt)


def test_an_inventory_is_partial_and_says_only_what_was_measured() -> None:
    [first, *_] = inventories("delivered").values()
    assert set(first) == {"deviceid", "action", "itemtype", "partial", "content"}  # GLPI refuses any other key
    assert (first["partial"], first["itemtype"]) == (True, "Computer")
    content = first["content"]
    assert content["hardware"]["name"] == "web1"
    assert content["networks"][0]["description"] == "lo"
    assert "softwares" not in content  # a list that is not whole takes software away in GLPI
    [bare, *_] = inventories("trial").values()
    assert set(bare["content"]) == {"versionclient", "hardware"}


def test_names_of_machines_lead_to_no_other_place() -> None:
    for name in inventories("hostile"):
        assert re.fullmatch(r"\d{4}-[A-Za-z0-9._-]{1,100}\.json", name)


@pytest.mark.parametrize("name", RECORDS)
def test_cells_for_netbox_are_no_formulas(name: str) -> None:
    rows = list(csv.DictReader(io.StringIO(export(outputs.record(name), "netbox").decode())))
    assert len(rows) == len(outputs.record(name).systems)
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row.values())


def test_a_machine_is_in_use_when_it_is_in_order() -> None:
    def status(name: str) -> set[str]:
        return {row["status"] for row in csv.DictReader(io.StringIO(export(outputs.record(name), "netbox").decode()))}

    assert (status("delivered"), status("failed"), status("trial")) == ({"active"}, {"staged"}, {"staged"})


SAMPLE = re.compile(r'[a-z_]+\{([a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)+\} [-+.0-9e]+')


@pytest.mark.parametrize("name", RECORDS)
def test_every_line_is_one_that_prometheus_reads(name: str) -> None:
    lines = export(outputs.record(name), "prometheus").decode().splitlines()
    assert lines
    assert [line for line in lines if not (line.startswith("# ") or SAMPLE.fullmatch(line))] == []
    assert len({line.rpartition(" ")[0] for line in lines if line[0] != "#"}) == sum(line[0] != "#" for line in lines)


def test_a_machine_with_a_line_end_in_its_name_stays_on_one_line() -> None:
    record = outputs.record("delivered")
    tests = tuple(structs.replace(test, host='a\n"b\\') for test in record.tests)
    text = export(structs.replace(record, tests=tests), "prometheus").decode()
    assert 'machine="a\\n\\"b\\\\"' in text
    assert all(line[0] == "#" or SAMPLE.fullmatch(line) for line in text.splitlines())


def test_the_same_labels_stand_on_one_line() -> None:
    """Of a file with a line twice Prometheus reads nothing (prometheus-community/windows_exporter#272)."""
    record = outputs.record("delivered")
    grants = tuple(
        ExceptionGrant("EX-1", "SSH-002", (host,), "old clients", "ICT", "P. Visser", expires)
        for host, expires in (("web1", "2027-02-01"), ("db1", "2027-01-01"))
    )
    baseline = structs.replace(record.baseline, exceptions=grants)
    lines = export(structs.replace(record, baseline=baseline), "prometheus").decode().splitlines()
    (line,) = (line for line in lines if line.startswith("oplever_exception_end_time_seconds"))
    assert line.endswith(f"{clock.moment('2027-01-01').timestamp():.15g}")


def test_what_was_not_measured_has_no_line() -> None:
    text = export(outputs.record("trial"), "prometheus").decode()
    assert "oplever_tests" not in text
    assert "oplever_score" not in text
    assert 'status="fail"} 1' in export(outputs.record("failed"), "prometheus").decode()


@pytest.mark.parametrize("name", RECORDS)
def test_promtool_takes_it(name: str) -> None:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("promtool is not installed: tools/setup dev (Debian: prometheus)")
    content = export(outputs.record(name), "prometheus")
    done = subprocess.run([tool, "check", "metrics"], input=content, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("name", RECORDS)
def test_a_badge_is_a_picture_with_words(name: str, language: Any) -> None:
    root = ET.fromstring(export(outputs.record(name), "badge", Shape(language)))  # noqa: S314 - made here
    texts = [part.text or "" for part in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {part.tag.partition("}")[2] for part in root.iter()} <= {"svg", "title", "rect", "g", "text"}
    assert texts[1].lstrip("✓!✗– ") in root.attrib["aria-label"]


def test_a_badge_is_green_for_nothing_but_what_is_in_order() -> None:
    green = b"#176a3a"
    assert green in export(outputs.record("delivered"), "badge")
    for name in ("failed", "rejected", "trial", "interrupted", "empty"):
        assert green not in export(outputs.record(name), "badge")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_summary_is_text_whatever_machines_say(language: Any) -> None:
    text = export(outputs.record("hostile"), "summary", Shape(language)).decode()
    assert "<script" not in text.replace("<br>", "")
    assert not re.search(r"[*`_\[\]@~$#]", re.sub(r"&#\d+;|^#+ ", "", text, flags=re.M).replace("<br>", ""))
    assert EVIL[:4] not in text
    assert not re.search(r"https?:|www\.", text)


def test_a_cell_of_a_summary_does_not_begin_with_an_empty_line() -> None:
    assert "| <br>" not in export(outputs.record("failed"), "summary").decode()


def test_a_row_of_a_summary_has_a_cell_for_each_column() -> None:
    for name in RECORDS:
        rows = [line for line in export(outputs.record(name), "summary").decode().splitlines() if line.startswith("|")]
        counts = [row.count("|") for row in rows]
        assert len(set(counts)) <= 2  # the machines, and what a trial would change


def test_annotations_are_one_command_a_line() -> None:
    text = export(outputs.record("hostile"), "github").decode()
    lines = text.splitlines()
    assert lines
    for line in lines:
        assert re.fullmatch(r"::(error|warning) (file=[^:,]*,line=\d+,)?title=[^:,]*::.+", line), line
    assert len(lines) == len(json.loads(export(outputs.record("hostile"), "gitlab")))
    assert export(outputs.record("delivered"), "github").count(b"::error") == 0


def test_what_a_person_allowed_is_no_problem() -> None:
    waived = {test.id for test in outputs.record("remarks").tests if test.status == "waived"}
    assert waived
    assert not waived & {issue["check_name"] for issue in json.loads(export(outputs.record("remarks"), "gitlab"))}


def test_issues_keep_their_fingerprint_and_have_one_each() -> None:
    issues = json.loads(export(outputs.record("drifted"), "gitlab"))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) > 100
    assert {issue["severity"] for issue in issues} <= {"critical", "major", "minor"}
    assert all(not issue["location"]["path"].startswith("/") for issue in issues)


def test_a_zip_depends_on_its_files_alone() -> None:
    files = {"b": b"2", "a": b"1"}
    assert pack(files) == pack(dict(reversed(files.items())))
    with zipfile.ZipFile(io.BytesIO(pack(files))) as archive:
        assert [(entry.filename, entry.date_time[0], entry.external_attr >> 16) for entry in archive.infolist()] == [
            ("a", 1980, 0o100600),
            ("b", 1980, 0o100600),
        ]


def test_evidence_holds_every_file_with_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    name = "20261101T100000Z-site-aaaaaa"
    directory = store_record(tmp_path, name, visit().finish())
    (directory / "signed" / "1").mkdir(parents=True)
    (directory / "signed" / "1" / "statement.json").write_bytes(b"{}")
    (directory / ".lock").write_bytes(b"")
    (directory / "out").symlink_to("/etc/passwd")
    written = [tmp_path / "one.zip", tmp_path / "two.zip"]
    for path in written:
        done = attempt("export", "evidence", name, "-o", str(path))
        assert done.exit_code == 0, done.output
    assert written[0].read_bytes() == written[1].read_bytes()
    with zipfile.ZipFile(written[0]) as archive:
        inside = {entry.split("/", 1)[1]: archive.read(entry) for entry in archive.namelist()}
    manifest = json.loads(inside.pop("evidence.json"))
    sums = dict(reversed(line.split("  ")) for line in inside.pop("SHA256SUMS").decode().splitlines())  # type: ignore[misc]
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in inside.items()}
    assert sums == digests == {file["name"]: file["sha256"] for file in manifest["files"]}
    assert {"journal.jsonl", "signed/1/statement.json"} <= inside.keys()
    assert not {".lock", "out"} & inside.keys()
