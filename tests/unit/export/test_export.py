"""What each export says about the same record."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree as ET

import pytest
from command import attempt
from golden import outputs
from journals import Journal, complete
from msgspec import structs
from oplever import store
from oplever.errors import OpleverError
from oplever.export import columns
from oplever.export.columns import HEADINGS
from oplever.export.csv import SUBJECTS
from oplever.export.registry import FORMATS, export
from oplever.export.shape import Shape
from oplever.kinds.derive import derive
from oplever.page.translator import Translator
from oplever.page.vocabulary import CHECK, TASK, word
from oplever.record import entries
from oplever.record.model import Language, Record
from unit.export.records import HOSTILE, mixed

RECORD = mixed()
X = "{http://checklists.nist.gov/xccdf/1.2}"


def loaded(fmt: str) -> Any:
    return json.loads(export(RECORD, fmt))


def rows(subject: str, record: Record = RECORD, excel: bool = False) -> list[dict[str, str]]:
    text = export(record, "csv", Shape(subject=subject, excel=excel)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if excel else ","))


@pytest.mark.parametrize("fmt", list(FORMATS))
def test_the_same_record_gives_the_same_bytes(fmt: str) -> None:
    assert export(RECORD, fmt) == export(mixed(), fmt)


def test_junit_counts_and_says_why_something_was_skipped() -> None:
    root = ET.fromstring(export(RECORD, "junit"))  # noqa: S314 - our own
    assert (root.get("tests"), root.get("failures"), root.get("errors"), root.get("skipped")) == ("12", "3", "2", "3")
    assert sum(int(suite.get("tests", 0)) for suite in root) == 12
    skipped = {
        case.get("name", "").split(":")[0]: case[-1].get("message", "")
        for case in root.iter("testcase")
        if case.find("skipped") is not None
    }
    assert skipped["x.away"] == "not applicable: no such service"
    assert skipped["SSH-002"] == ("waived: old device, approved by B. Approver, until 2027-07-31, instead: own network")


def test_hdf_has_a_profile_for_each_host() -> None:
    profile = loaded("hdf")["profiles"][0]
    controls = {control["id"]: control for control in profile["controls"]}
    assert controls["KRN-001"]["impact"] == 0
    assert controls["SSH-002"]["waiver_data"]["expiration_date"] == "2027-07-31"
    assert controls["SSH-001"]["results"][0]["status"] == "failed"
    assert controls["SSH-001"]["tags"]["ssg"] == ["sshd_ssh-001"]


def test_oscal_judges_only_what_was_measured() -> None:
    before, after = loaded("oscal")["assessment-results"]["results"]
    judged = {finding["target"]["target-id"]: finding["target"]["status"]["state"] for finding in after["findings"]}
    assert judged["ACC-001"] == "satisfied"
    assert judged["SSH-002"] == "not-satisfied"
    assert not {"KRN-001", "KRN-002"} & set(judged)
    assert [risk["status"] for risk in after["risks"]] == ["deviation-approved"]
    assert "risks" not in before
    assert len(after["observations"]) == len(before["observations"]) == 7


def test_xccdf_leaves_an_exception_out_of_the_score() -> None:
    root = ET.fromstring(export(RECORD, "xccdf"))  # noqa: S314 - our own
    before, after = root.findall(f"{X}TestResult")
    results = {result.get("idref", "")[-7:]: result.findtext(f"{X}result") for result in after.iter(f"{X}rule-result")}
    assert results == {
        "ACC-001": "pass", "ACC-002": "fail", "SSH-001": "fail", "SSH-002": "informational", "SSH-003": "pass",
        "KRN-001": "notapplicable", "KRN-002": "error",
    }  # fmt: skip
    assert (after.findtext(f"{X}score"), after.find(f"{X}score").get("maximum")) == ("2", "5")  # type: ignore[union-attr]
    assert before.get("id", "").endswith("a-before")


def unmeasured() -> Record:
    """On host a: a control that failed before the work and was not measured after it, and one that was."""
    journal = Journal().check("fail", "before", severity="high", id="SSH-001", area="SSH")
    journal.check("fail", "before", severity="high", id="SSH-002", area="SSH")
    return journal.check("pass", severity="high", id="SSH-002", area="SSH").finish(ok=3).record()


def test_junit_does_not_hold_what_was_so_before_the_work() -> None:
    root = ET.fromstring(export(unmeasured(), "junit"))  # noqa: S314 - our own
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("2", "0", "1")
    (skipped,) = root.iter("skipped")
    assert skipped.get("message") == "not measured after the work; before it fail: expected 1; found 2"


def test_junit_does_not_fail_what_was_tested_again_and_passed() -> None:
    journal = Journal().check("fail", "during").check("pass").finish(ok=2)
    root = ET.fromstring(export(journal.record(), "junit"))  # noqa: S314 - our own
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("2", "0", "1")
    (skipped,) = root.iter("skipped")
    assert skipped.get("message") == "a later result counts; this one was fail: expected 1; found 2"
    journal = Journal().check("pass", "during").check("fail").finish(ok=2)
    root = ET.fromstring(export(journal.record(), "junit"))  # noqa: S314 - our own
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("2", "1", "0")


def test_junit_says_that_a_test_did_not_run() -> None:
    journal = Journal().check("not_applicable", reason='not run (status="notrun")').finish(ok=1)
    (skipped,) = ET.fromstring(export(journal.record(), "junit")).iter("skipped")  # noqa: S314 - our own
    assert skipped.get("message") == 'not run (status="notrun")'


def test_hdf_does_not_judge_a_control_that_was_not_measured_after_the_work() -> None:
    (profile,) = json.loads(export(unmeasured(), "hdf"))["profiles"]
    unmeasured_after, measured = profile["controls"]
    assert (unmeasured_after["results"][0]["status"], unmeasured_after["impact"]) == ("skipped", 0.7)
    assert unmeasured_after["results"][0]["skip_message"].startswith("not measured after the work")
    assert measured["results"][0]["status"] == "passed"


def test_hdf_names_the_task_that_measured() -> None:
    control = json.loads(export(mixed(), "hdf"))["profiles"][0]["controls"][0]
    assert control["source_location"]["ref"].startswith("site.yml")


def test_oscal_puts_a_control_in_the_results_of_when_it_was_measured() -> None:
    before, after = json.loads(export(unmeasured(), "oscal"))["assessment-results"]["results"]
    assert [len(before["observations"]), len(after["observations"])] == [2, 1]
    assert [finding["target"]["target-id"] for finding in after["findings"]] == ["SSH-002"]
    only = Journal().check("fail", "before", severity="high").finish(ok=1).record()
    (result,) = json.loads(export(only, "oscal"))["assessment-results"]["results"]
    assert result["title"].endswith("before the work")


def test_xccdf_says_of_a_control_that_it_was_not_checked_after_the_work() -> None:
    root = ET.fromstring(export(unmeasured(), "xccdf"))  # noqa: S314 - our own
    results = {
        result.get("id", "").rpartition("-")[2]: [
            rule.findtext(f"{X}result") for rule in result.iter(f"{X}rule-result")
        ]
        for result in root.findall(f"{X}TestResult")
    }
    assert results == {"before": ["fail", "fail"], "after": ["notchecked", "pass"]}


@pytest.mark.parametrize("subject", list(SUBJECTS))
def test_csv_has_a_heading_and_a_row_for_each_thing(subject: str) -> None:
    content = export(RECORD, "csv", Shape(subject=subject))
    table = rows(subject)
    assert content.endswith(b"\r\n")
    sizes = {
        "tests": RECORD.tests, "controls": RECORD.baseline.controls, "components": RECORD.components,
        "settings": RECORD.settings, "hours": RECORD.hours.lines,
        "steps": [result for step in RECORD.steps for result in step.results],
    }  # fmt: skip
    assert len(table) == len(sizes[subject])


def test_csv_shows_a_formula_and_never_runs_it() -> None:
    bad = next(row for row in rows("tests") if row["id"] == "x.bad")
    assert bad["found"].startswith("'=cmd|")
    assert next(row for row in rows("hours") if row["kind"] == "hands_on")["activity"] == "'+31 6 call"


def test_csv_for_dutch_excel() -> None:
    content = export(RECORD, "csv", Shape(subject="hours", excel=True))
    assert content.startswith(b"\xef\xbb\xbfperson;day;")
    assert next(row for row in rows("hours", excel=True) if row["kind"] == "hands_on")["hours"] == "1,5"


def for_people(subject: str, language: Language = "nl") -> list[dict[str, str]]:
    text = export(RECORD, "csv", Shape(language, subject, for_people=True)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("subject", list(SUBJECTS))
def test_csv_for_people_has_a_heading_for_every_column(subject: str) -> None:
    names = next(iter(SUBJECTS[subject](RECORD)))
    assert set(names) <= set(HEADINGS)
    dutch, english = (
        [columns.heading(Translator(language), name) for name in names] for language in get_args(Language)
    )
    assert len(set(dutch)) == len(set(english)) == len(list(names))
    text = export(RECORD, "csv", Shape("nl", subject, for_people=True)).decode()
    assert next(csv.reader(io.StringIO(text, newline=""))) == dutch


def test_csv_for_people_is_in_their_words_and_on_their_clock() -> None:
    t = Translator("nl")
    test, *_ = for_people("tests")
    assert (test["Fase"], test["Resultaat"], test["Titel"]) == ("tijdens het werk", t(CHECK["pass"][1]), "n")
    assert test["Tijd (Europe/Amsterdam)"] == "2026-11-23 11:00:05"
    control = next(row for row in for_people("controls") if row["Nr."] == "SSH-002")
    assert (control["Voor"], control["Na"]) == (t(CHECK["fail"][1]), t(CHECK["waived"][1]))
    assert (control["Ernst"], control["Gebied"]) == ("hoog", "SSH-server (SSH)")
    machine, person = for_people("hours")
    assert (machine["Persoon"], machine["Soort"], person["Soort"]) == ("machine", "machine", word(t, "hands_on"))
    assert for_people("steps", "en")[0]["Result"] == TASK["ok"][1]


def test_csv_tells_of_a_step_that_it_was_only_tried() -> None:
    text = export(outputs.record("trial"), "csv", Shape("en", "steps", for_people=True)).decode()
    assert {row["Only tried"] for row in csv.DictReader(io.StringIO(text))} == {"yes"}
    assert {row["Only tried"] for row in for_people("steps", "en")} == {"no"}


def test_csv_for_people_has_words_for_kinds_and_for_yes_and_no() -> None:
    record = outputs.record("delivered")
    part, setting = record.components[0], record.settings[0]
    record = structs.replace(
        record,
        components=(structs.replace(part, asked=True), structs.replace(part, asked=False)),
        settings=(structs.replace(setting, kind="outside"), structs.replace(setting, kind="sysctl")),
    )

    def column(subject: str, name: str) -> list[str]:
        text = export(record, "csv", Shape("nl", subject, for_people=True)).decode()
        return [row[name] for row in csv.DictReader(io.StringIO(text, newline=""))]

    assert column("components", "Gevraagd") == ["ja", "nee"]
    assert column("settings", "Soort") == ["bestand buiten pakketten", "kernelinstellingen"]


def test_csv_without_a_language_is_for_programs() -> None:
    test = rows("tests")[0]
    assert (test["stage"], test["status"], test["at"]) == ("during", "pass", "2026-11-23T10:00:05.000000Z")


def test_the_language_on_the_command_line_is_what_makes_csv_for_people(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_bytes(b"".join(Journal().check("pass").finish(ok=1).lines))
    for options, heading in (((), "id,host,"), (("--language", "nl"), "Nr.,Machine,"), (("--language", "en"), "No.,M")):
        done = attempt("export", "csv", *options, str(tmp_path))
        assert done.stdout.startswith(heading)


def test_a_message_that_was_hidden_says_why() -> None:
    record = Journal().task("secret", censored=True).finish(ok=1).record()
    for shape, text in ((Shape("nl", "steps", for_people=True), "verborgen: "), (Shape(subject="steps"), ",hidden,")):
        assert text in export(record, "csv", shape).decode()


def test_json_is_the_record_file(tmp_path: Path) -> None:
    assert export(RECORD, "json") == store.write_record(RECORD, tmp_path).read_bytes()
    lines = [json.loads(line) for line in export(RECORD, "jsonl").splitlines()]
    assert lines[0]["type"] == "record"
    assert sum(line["type"] == "controls" for line in lines) == 7
    assert any(line.get("found") == HOSTILE for line in lines)


@pytest.mark.parametrize("fmt", ["hdf", "oscal", "xccdf"])
def test_a_record_without_a_baseline_says_so(fmt: str) -> None:
    with pytest.raises(OpleverError) as caught:
        export(_without_baseline(), fmt)
    assert caught.value.slug == "export-empty"


def _without_baseline() -> Record:
    journal = Journal().check("pass")
    journal.finish(ok=1)
    return journal.record()


def test_the_command_writes_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    journal = Journal().check("fail", severity="high", area="SSH", id="SSH-001")
    journal.finish(ok=1)
    (tmp_path / "journal.jsonl").write_bytes(b"".join(journal.lines))
    target = tmp_path / "out.json"
    done = attempt("export", "sarif", str(tmp_path), "-o", str(target))
    assert done.exit_code == 0, done.output
    assert target.stat().st_mode & 0o777 == 0o600
    shown = attempt("export", "sarif", str(tmp_path))
    assert shown.stdout_bytes == target.read_bytes()


def test_lines_tell_every_section_and_keep_their_own_type() -> None:
    """An escalation has a type of its own, which must not stand in the place of the type of the line."""
    added = [
        entries.make(kind, "S. Yilmaz", "2026-11-23T12:00:00.000000Z", data)
        for kind, data in (
            ("escalation", {"to": "M. de Wit", "message": "x", "type": "hierarchical"}),
            ("rest-point", {"item": "cable"}),
            ("consequence", {"solution": "s", "maintenance": "m", "information_system": "i"}),
        )
    ]
    made = derive(complete().finish(ok=5).events(), "", added)
    lines = [json.loads(line) for line in export(made, "jsonl").splitlines()]
    by_type = {line["type"]: line for line in lines}
    assert by_type["escalations"]["kind"] == "hierarchical"
    assert by_type["rest_points"]["item"] == "cable"
    assert by_type["consequences"]["solution"] == "s"
    assert {line["record"] for line in lines} == {made.id}
    assert {"hours", "tests", "steps", "systems", "components", "plan"} <= by_type.keys()


def test_every_export_with_a_verdict_says_kind_and_stage_too() -> None:
    """A verdict is technical; without the stage nobody knows whether the work was accepted."""
    made = complete().check("pass").finish(ok=5).record()
    head = json.loads(export(made, "jsonl").splitlines()[0])
    sarif = json.loads(export(made, "sarif"))["runs"][0]["properties"]
    content = json.loads(export(made, "json"))
    oscal = json.loads(export(RECORD, "oscal"))["assessment-results"]["metadata"]["props"]
    named = {prop["name"]: prop["value"] for prop in oscal}
    for fields, record in ((head, made), (sarif, made), (content, made), (named, RECORD)):
        assert [fields[key] for key in ("kind", "verdict", "stage")] == [record.kind, record.verdict, record.stage]
    info = next(line for line in export(made, "prometheus").decode().splitlines() if "record_info{" in line)
    assert all(f'{key}="{getattr(made, key)}"' in info for key in ("kind", "verdict", "stage"))
    without_verdict = {"junit", "hdf", "xccdf", "csv", "glpi", "netbox", "github", "gitlab"}
    in_words = {"badge", "summary"}  # those of the first page, which knows the stage
    assert set(FORMATS) - without_verdict - in_words == {"json", "jsonl", "sarif", "oscal", "prometheus"}
    assert all(b"delivered" not in export(RECORD, fmt) for fmt in without_verdict - {"csv"})
