"""SARIF: the state after the work, in a form that code scanning takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from journals import Journal
from oplever.export.registry import export
from oplever.export.shape import Shape
from oplever.record.model import Record
from unit.export.records import CWD, mixed

RECORD = mixed()


def run(record: Record = RECORD, **shape: bool) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(export(record, "sarif", Shape(**shape)))["runs"][0]
    return content


def results(record: Record = RECORD, **shape: bool) -> dict[str, list[dict[str, Any]]]:
    by_rule: dict[str, list[dict[str, Any]]] = {}
    for result in run(record, **shape)["results"]:
        by_rule.setdefault(result["ruleId"], []).append(result)
    return by_rule


def test_it_holds_what_is_not_in_order_after_the_work() -> None:
    assert set(results()) == {"x.bad", "x.unread", "ACC-002", "SSH-001", "SSH-002", "KRN-002"}
    assert {rule["id"] for rule in run()["tool"]["driver"]["rules"]} == set(results())


def test_what_was_repaired_comes_along_when_asked_and_says_that_it_is_gone() -> None:
    (repaired,) = results(before=True)["ACC-001"]
    assert (repaired["kind"], repaired["level"], repaired["baselineState"]) == ("fail", "warning", "absent")
    assert repaired["message"]["text"].endswith("found fail")
    assert set(results(before=True)) - set(results()) == {"ACC-001"}


@pytest.mark.parametrize(
    ("control", "kind", "level", "state"),
    [
        ("ACC-001", "pass", "none", "new"),
        ("ACC-002", "fail", "warning", "new"),
        ("SSH-001", "fail", "error", "updated"),
        ("SSH-003", "pass", "none", "unchanged"),
        ("KRN-001", "notApplicable", "none", "unchanged"),
        ("KRN-002", "open", "none", "unchanged"),
        ("x.bad", "fail", "error", "new"),
    ],
)
def test_everything_is_compared_with_the_start(control: str, kind: str, level: str, state: str) -> None:
    (result,) = results(everything=True)[control]
    assert (result["kind"], result["level"], result["baselineState"]) == (kind, level, state)


def test_every_result_is_compared_or_none_is() -> None:
    assert all("baselineState" in result for result in run(before=True, everything=True)["results"])
    unmeasured = Journal().check("fail", severity="high", id="SSH-001").finish(ok=1).record()
    assert [result for result in run(unmeasured)["results"] if "baselineState" in result] == []


def test_what_passes_now_is_not_taken_for_the_problem_that_it_was() -> None:
    absent, now = results(before=True, everything=True)["ACC-001"]
    assert (absent["kind"], now["kind"]) == ("fail", "pass")
    assert absent["partialFingerprints"]["oplever/v1"] == "a/after/ACC/ACC-001"
    assert now["partialFingerprints"]["oplever/v1"] == "a/after/ACC/ACC-001/pass"
    assert absent["guid"] != now["guid"]


def test_every_result_has_a_print_of_its_own_for_code_scanning() -> None:
    every = run(before=True, everything=True)["results"]
    prints = {result["partialFingerprints"]["primaryLocationLineHash"] for result in every}
    assert len(prints) == len(every)
    assert all(value.endswith(":1") for value in prints)


def test_it_tells_an_exception_that_counts_from_one_that_does_not() -> None:
    first = {rule: of_rule[0] for rule, of_rule in results().items()}
    granted, refused = first["SSH-002"]["suppressions"][0], first["ACC-002"]["suppressions"][0]
    assert (granted["kind"], granted["status"], granted["justification"]) == ("external", "accepted", "old device")
    assert (refused["status"], refused["properties"]["problem"]) == ("rejected", "expired on 2025-01-01")
    assert "suppressions" not in first["SSH-001"]


def test_a_failure_during_the_work_that_was_tested_again_is_not_the_state_after_it() -> None:
    repaired = Journal().check("fail", "during").check("pass").finish(ok=1).record()
    assert results(repaired, everything=True)["x.y"][0]["kind"] == "pass"
    assert results(repaired) == {}
    never = Journal().check("fail", "during").finish(ok=1).record()
    assert results(never)["x.y"][0]["kind"] == "fail"


def test_a_control_that_nobody_measured_after_the_work_is_no_result_and_is_told() -> None:
    journal = Journal().check("fail", "before", severity="high", id="SSH-001").check("pass").finish(ok=2)
    for shape in ({}, {"everything": True}, {"before": True}):
        assert "SSH-001" not in results(journal.record(), **shape)
    (notification,) = run(journal.record())["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"].startswith("1 controls were measured before the work and not after it")
    assert "toolExecutionNotifications" not in run()["invocations"][0]


def located(path: str | None, playbook: str = "site.yml", cwd: str | None = CWD) -> tuple[str, int]:
    """Where the result of a failing check is, whose task stands at `path`."""
    journal = Journal(cwd=cwd)
    journal.lines[1] = journal.lines[1].replace(b'"site.yml"', json.dumps(playbook).encode())
    journal.add("task_start", task="t", play="p", name="Test it", action="oplever.lab.checks", path=path)
    data = {"stage": "after", "suite": "x", "checks": [{"id": "x.y", "status": "fail"}]}
    journal.add("result", task="t", host="a", status="ok", duration=0.5, data=data)
    (result,) = results(journal.finish(ok=1).record())["x.y"]
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
    assert result["locations"][0]["logicalLocations"][0]["name"] == "a"
    return physical["artifactLocation"]["uri"], physical["region"]["startLine"]


@pytest.mark.parametrize(
    ("path", "file", "line"),
    [
        (f"{CWD}/roles/web/tasks/verify.yml:12", "roles/web/tasks/verify.yml", 12),
        (f"{CWD}/roles/web server/tasks/a.yml:3", "roles/web%20server/tasks/a.yml", 3),
        (f"{CWD}/site.yml", "site.yml", 1),
        (f"{CWD}-other/site.yml:4", "site.yml", 1),  # outside: the playbook
        ("/root/.ansible/collections/x/tasks/main.yml:4", "site.yml", 1),
        ("../elsewhere/main.yml:4", "site.yml", 1),
        (None, "site.yml", 1),
    ],
)
def test_a_result_lies_in_the_task_that_tested_below_where_ansible_ran(path: str | None, file: str, line: int) -> None:
    assert located(path) == (file, line)


@pytest.mark.parametrize(
    ("playbook", "file"),
    [
        ("playbooks/site.yml", "playbooks/site.yml"),
        ("/srv/elsewhere/site.yml", "site.yml"),
        ("../site.yml", "site.yml"),
        ("", "record.json"),
    ],
)
def test_without_such_a_task_it_lies_in_the_playbook(playbook: str, file: str) -> None:
    assert located(None, playbook) == (file, 1)


def test_an_imported_run_does_not_say_where_it_ran() -> None:
    assert located("/srv/site/roles/web/tasks/verify.yml:12", cwd=None) == ("site.yml", 1)
