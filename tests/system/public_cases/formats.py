"""Public cases of formats: what is read from files of other tools, and what others read from ours. Each is a function
that looks at one record of a real run; `says` is what comes of it."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from click.testing import CliRunner, Result
from msgspec import Struct
from oplever import store
from oplever.cli.main import main
from oplever.record.model import Record, Test

ESC = "\x1b[31mred\x1b[0m"
FORMULA = "=cmd|' /C calc'!A0"
XCCDF = """<?xml version="1.0" encoding="UTF-8"?>
<TestResult xmlns="http://checklists.nist.gov/xccdf/1.2" id="t" end-time="2026-11-24T10:05:00">
  <benchmark href="b.xml"/><target>{host}</target>
  <rule-result idref="xccdf_org.ssgproject.content_rule_one"><result>{result}</result></rule-result>
  <rule-result idref="xccdf_org.ssgproject.content_rule_two"><result>pass</result></rule-result>
  {more}
</TestResult>
"""


class FormatCase(Struct, frozen=True):
    id: str
    references: tuple[str, ...]
    trap: str
    says: str
    check: Callable[[Desk], None]


class Desk:
    """A record of a real run, and the commands that work on it."""

    def __init__(self, place: Path, records: Path, host: str) -> None:
        self.place, self.records, self.host = place, records, host

    def run(self, *words: str, code: int | None = 0) -> Result:
        environment = {"OPLEVER_RECORDS": str(self.records), "OPLEVER_PERSON": "S. Yilmaz", "OPLEVER_DOCUMENTS": "0"}
        result = CliRunner().invoke(main, list(words), env=environment)
        assert code is None or result.exit_code == code, result.output
        return result

    def record(self) -> Record:
        return store.load((self.records / "latest").resolve())

    def read(self, kind: str, content: str, *options: str, code: int | None = None) -> Result:
        path = self.place / f"input.{kind}"
        path.write_bytes(content.encode("utf-8", "surrogatepass"))
        return self.run("import", kind, str(path), "--host", self.host, *options, code=code)

    def imported(self, tool: str, path: Path) -> Record:
        """The record that is made of a run of another tool."""
        output = self.run("import", tool, str(path), code=None).output
        return store.load(Path(output.rpartition("record: ")[2].strip()))

    def junit(self, *cases: str) -> dict[str, Test]:
        """Tests of the record by their name, after these were imported."""
        self.read("junit", f"<testsuite name='public'>{''.join(cases)}</testsuite>")
        return {test.title.en: test for test in self.record().tests}

    def export(self, kind: str, *options: str) -> str:
        return self.run("export", kind, *options).stdout


CASES: list[FormatCase] = []


def public(*references: str, trap: str, says: str) -> Callable[[Callable[[Desk], None]], Callable[[Desk], None]]:
    def register(check: Callable[[Desk], None]) -> Callable[[Desk], None]:
        CASES.append(FormatCase(check.__name__.replace("_", "-"), references, trap, says, check))
        return check

    return register


@public(
    "bats-core/bats-core#846", "jest-community/jest-junit#197", "jstemmer/go-junit-report#138", "haf/expecto#324",
    trap="colours of a program make a JUnit file that no reader takes",
    says="takes no control characters, and gives JUnit that an XML reader takes whatever is in its texts",
)  # fmt: skip
def control_characters_in_junit(desk: Desk) -> None:
    words = ("add", "test", "--host", desk.host, "--status", "fail")
    assert "control character" in desk.run(*words, "--title", f"answers {ESC}", code=2).output
    desk.run(*words, "--title", "answers \ufffe\uffff", "--found", "red \ufffe")  # in no XML, and no control characters
    text = desk.export("junit")
    root = ET.fromstring(text)  # noqa: S314 - ours
    assert not {"\x1b", "\ufffe", "\uffff"} & set(text)
    assert any("answers" in (case.get("name") or "") for case in root.iter("testcase"))


@public(
    "jenkinsci/junit-plugin#580", "pact-foundation/pact-reference#421",
    trap="one illegal character in a report makes the reader lose all of it",
    says="is not changed, and one error says what cannot be read",
)  # fmt: skip
def illegal_characters_in_a_report(desk: Desk) -> None:
    before = desk.record().document.revision
    result = desk.read("junit", "<testsuite><testcase name='a'><system-out>\x1b[0m</system-out></testcase></testsuite>")
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert desk.record().document.revision == before


@public(
    "ansible/ansible#75583", "ansible/ansible#33282",
    trap="a test that was skipped counts as passed",
    says="has a skipped test as not applicable or error, never as passed",
)  # fmt: skip
def skipped_test_of_junit(desk: Desk) -> None:
    tests = desk.junit(
        "<testcase name='skipped one'><skipped/></testcase>", "<testcase name='not run' status='notrun'/>"
    )
    assert {tests[name].status for name in ("skipped one", "not run")} <= {"not_applicable", "error"}


@public(
    "pytest-dev/pytest-testinfra#109",
    trap="an error in a test is told as something else than a failure",
    says="has an error of a test as an error, and is not delivered",
)  # fmt: skip
def error_of_junit(desk: Desk) -> None:
    tests = desk.junit("<testcase name='cannot be asked'><error message='no answer'>x</error></testcase>")
    assert tests["cannot be asked"].status == "error"
    assert desk.record().verdict == "not_delivered"


@public(
    "hhurz/tableExport.jquery.plugin#230", "jogetworkflow/jw-community#20",
    trap="a cell that begins with = is carried out by the spreadsheet that opens it",
    says="gives CSV in which no cell begins like a formula, whatever stands before it",
)  # fmt: skip
def formulas_in_csv(desk: Desk) -> None:
    for number, start in enumerate(("", "\t", " ", "\u00a0", "+", "-", "@", "\r")):
        title = ("--title", f"{start}{FORMULA} {number}")
        desk.run("add", "test", *title, "--host", desk.host, "--status", "pass", "--found", f"{start}{FORMULA}")
    for subject in ("steps", "tests", "controls", "hours"):
        for options in ((), ("--excel", "--language", "nl")):
            text = desk.export("csv", "--subject", subject, *options).lstrip("\ufeff")
            rows = list(csv.reader(io.StringIO(text), delimiter=";" if options else ","))
            cells = [cell for row in rows for cell in row]
            assert [cell for cell in cells if cell.strip()[:1] in tuple("=+@") and not cell.startswith("'")] == []


@public(
    "LanternOps/breeze#6283",
    trap="a heading of a table is a formula as well",
    says="gives CSV whose headings are its own words",
)  # fmt: skip
def headings_of_csv(desk: Desk) -> None:
    for subject in ("steps", "tests", "controls", "hours"):
        heading = next(csv.reader(io.StringIO(desk.export("csv", "--subject", subject))))
        assert all(name.replace("_", "").isalnum() for name in heading), heading


@public(
    "github/codeql-action#684", "ossf/scorecard-action#1149", "github/codeql-action#2456", "Checkmarx/2ms#128",
    trap="code scanning refuses a whole file for one address with a space in it, or for an empty one",
    says="gives SARIF in which each place is an address of a file, written as addresses are",
)  # fmt: skip
def addresses_in_sarif(desk: Desk) -> None:
    desk.junit("<testcase name='fails' file='tests/with space #1 é.py' line='3'><failure message='no'/></testcase>")
    sarif = json.loads(desk.export("sarif", "--all"))
    results = [result for run in sarif["runs"] for result in run["results"]]
    assert results
    for result in results:
        (location,) = result["locations"]
        address = location["physicalLocation"]["artifactLocation"]["uri"]
        parts = urlsplit(address)
        assert address.isascii()
        assert " " not in address
        assert (parts.scheme, parts.fragment) == ("", "")
        assert unquote(parts.path).strip()


@public(
    "codacy/codacy-analysis-cli-action#135",
    trap="a file with more runs than are allowed is refused",
    says="gives SARIF with one run",
)  # fmt: skip
def runs_in_sarif(desk: Desk) -> None:
    assert len(json.loads(desk.export("sarif", "--all"))["runs"]) == 1


def _opinions(desk: Desk, result: str, more: str = "") -> dict[str, str]:
    desk.read("openscap", XCCDF.format(host=desk.host, result=result, more=more))
    opinions = desk.record().baseline.opinions
    assert opinions
    return {opinion.rule: opinion.status for opinion in opinions}


@public(
    "OpenSCAP/openscap#1834", "OpenSCAP/openscap#35", "OpenSCAP/openscap#1716",
    trap="a rule that the scanner did not check is easily counted as in order",
    says="has no opinion on it",
)  # fmt: skip
def rule_that_was_not_checked(desk: Desk) -> None:
    assert _opinions(desk, "notchecked") == {"two": "pass"}


@public(
    "OpenSCAP/openscap#525", "OpenSCAP/openscap#272",
    trap="a rule without a score is counted as passed or failed",
    says="has no opinion on it",
)  # fmt: skip
def rule_without_a_score(desk: Desk) -> None:
    assert _opinions(desk, "informational") == {"two": "pass"}


@public(
    "ComplianceAsCode/content#5037",
    trap="a rule that stands in a report more than once, once failed, looks passed",
    says="has it as failed",
)  # fmt: skip
def rule_that_is_told_twice(desk: Desk) -> None:
    again = "<rule-result idref='xccdf_org.ssgproject.content_rule_one'><result>pass</result></rule-result>"
    assert _opinions(desk, "fail", again) == {"one": "fail", "two": "pass"}
    assert len(desk.record().baseline.opinions) == 2


@public(
    "ansible/awx#2057", "ansible-community/ara#480",
    trap="what was recorded cannot be taken out whole, or not put together again",
    says="gives all of itself as JSON, the same as record.json",
)  # fmt: skip
def whole_record_as_json(desk: Desk) -> None:
    exported = msgspec.json.decode(desk.export("json").encode(), type=Record)
    assert exported.steps == desk.record().steps


@public(
    "junit-team/junit-framework#1381", "apache/maven-surefire#2707", "jenkinsci/junit-plugin#43", "kotest/kotest#2756",
    trap="a duration with a mark for thousands, a comma or a unit stops the reader, or is a thousand times as long",
    says="has the duration, and none where it cannot be told",
)  # fmt: skip
def durations_of_a_locale(desk: Desk) -> None:
    durations = {"1,024.12": 1024.12, "1.024,12": 1024.12, "0,011": 0.011, "80.803us": 0.0}
    tests = desk.junit(*(f"<testcase name='of {time}' time='{time}'/>" for time in durations))
    assert {time: tests[f"of {time}"].duration for time in durations} == durations


@public(
    "github/codeql-action#3378", "golang/go#77071", "bridgecrewio/checkov#1521", "semgrep/semgrep#9633",
    "ossf/scorecard#3865", "anchore/scan-action#59",
    trap="code scanning refuses a whole file for a tag or a rule that stands in it twice, or a result without its rule",
    says="gives SARIF with each tag and each rule once, and with the rule of each result",
)  # fmt: skip
def twice_in_sarif(desk: Desk) -> None:
    case = "<testcase name='fails'><failure message='no'/></testcase>"
    for name in ("test", "security"):
        (desk.place / name).write_text(f"<testsuite name='{name}'>{case}{case}</testsuite>", encoding="utf-8")
        desk.run("import", "junit", str(desk.place / name), "--host", desk.host, code=None)
    (run,) = json.loads(desk.export("sarif", "--all"))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules) >= 2
    for rule in rules:
        assert len(set(rule["properties"]["tags"])) == len(rule["properties"]["tags"]), rule
    assert [result for result in run["results"] if rules[result["ruleIndex"]]["id"] != result["ruleId"]] == []


@public(
    "adaltas/node-csv#503", "woocommerce/woocommerce#53020", "hhurz/tableExport.jquery.plugin#296",
    trap="what keeps formulas out of a spreadsheet makes text of a negative number",
    says="gives CSV with negative numbers as numbers, and with no formula",
)  # fmt: skip
def negative_numbers_in_csv(desk: Desk) -> None:
    values = ("-1", "-0.02", "-1,5", "-1+1", "-2+3+cmd|' /C calc'!A0", "-")
    for value in values:
        desk.run("add", "test", f"--title=of {value}", "--host", desk.host, "--status=pass", f"--found={value}")
    rows = {row["title"]: row["found"] for row in csv.DictReader(io.StringIO(desk.export("csv", "--subject", "tests")))}
    assert [rows[f"of {value}"] for value in values] == [*values[:3], *(f"'{value}" for value in values[3:])]


@public(
    "CISOfy/lynis#1574", "CISOfy/lynis#1626", "CISOfy/lynis#336", "CISOfy/lynis#622",
    trap="a test of Lynis with more comments is there more than once, with marks and lines that are no fields",
    says="has one opinion for each test, with all of its comments",
)  # fmt: skip
def comments_of_lynis(desk: Desk) -> None:
    lines = (
        "lynis_version=3.1.4", f"hostname={desk.host}", "report_datetime_end=2026-11-24 10:00:00",
        "suggestion[]=NETW-3200|Determine if protocol 'dccp' is really needed|-|-|",
        "suggestion[]=NETW-3200|Determine if protocol 'sctp' is really needed|-|-|",
        "suggestion[]=SSH-7408|Consider hardening SSH configuration|PermitRootLogin (set YES to (FORCED|NO))|-|",
        "Result: expose_php option is turned on, which can be = useful",
        "suggestion[]=KRNL-6000|One or more sysctl values differ||Change sysctl value|",
        "warning[]=KRNL-5830|Reboot of system is most likely needed||text:reboot|",
        "warning[]=KRNL-5830|Reboot of system is most likely needed||text:reboot|",
    )  # fmt: skip
    desk.read("lynis", "\n".join(lines), code=0)
    opinions = desk.record().baseline.opinions
    assert {opinion.rule: opinion.title.en for opinion in opinions} == {
        "NETW-3200": "Determine if protocol 'dccp' is really needed; Determine if protocol 'sctp' is really needed",
        "SSH-7408": "Consider hardening SSH configuration",
        "KRNL-6000": "One or more sysctl values differ",
        "KRNL-5830": "Reboot of system is most likely needed",
    }
    assert len(opinions) == 4


_STEPS = ("playbook_on_start", "playbook_on_play_start", "playbook_on_task_start", "runner_on_ok", "playbook_on_stats")
_DATA = {
    "playbook": "site.yml", "play_uuid": "p", "name": "Site", "pattern": "all", "task_uuid": "t", "task": "ping",
    "host": "web1", "res": {}, "processed": {"web1": 1}, "ok": {"web1": 1},
}  # fmt: skip


def _events(*counters: int) -> list[dict[str, Any]]:
    """Events of a job with one step, as AWX and ansible-runner have them."""
    job = {"job": 7, "event_data": _DATA, "summary_fields": {"job": {"status": "successful"}}}
    return [
        {"event": _STEPS[counter - 1], "counter": counter, "created": f"2026-11-24T10:00:0{counter}Z", **job}
        for counter in counters
    ]


@public(
    "ansible/awx#16046", "ansible/awx#11765",
    trap="events come in pages, and the same one can stand on two of them: what is saved looks whole and is not",
    says="is not made of pages that are not all of them, and counts no event twice",
)  # fmt: skip
def pages_of_awx(desk: Desk) -> None:
    path = desk.place / "job.json"
    for counters in ((1, 2, 3), (1, 2, 3, 3, 4)):
        path.write_text(json.dumps([{"count": 5, "results": _events(*counters)}]), encoding="utf-8")
        assert f"{len(set(counters))} of 5 events" in desk.run("import", "awx", str(path), code=2).output
    path.write_text(json.dumps([{"count": 5, "results": _events(1, 2, 3, 3, 4, 5)}]), encoding="utf-8")
    (step,) = desk.imported("awx", path).steps
    assert [(result.host, result.status) for result in step.results] == [("web1", "ok")]


@public(
    "ansible/ansible-runner#640", "ansible/awx#14339", "ansible/awx#12194",
    trap="a job is called successful though the last of its events, and the recap, are not there",
    says="is interrupted, whatever the other tool calls the job",
)  # fmt: skip
def events_that_end_early(desk: Desk) -> None:
    run = desk.place / "artifacts/one"
    (run / "job_events").mkdir(parents=True)
    for event in _events(1, 2, 3, 4):
        name = f"{event['counter']}-00000000-0000-0000-0000-00000000000{event['counter']}.json"
        (run / "job_events" / name).write_text(json.dumps(event), encoding="utf-8")
    for name, content in (("status", "successful"), ("rc", "0")):
        (run / name).write_text(content, encoding="utf-8")
    assert desk.imported("ansible-runner", run).verdict == "interrupted"
