"""Three runs of one assignment on booted machines: one that fails, one on the machine that was mended, and one of
everything. Together they are one delivery."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.conftest import Lab

pytestmark = pytest.mark.truth

PLAYBOOK = "tests/lab/job.yml"
BY = "S. Yilmaz"


@pytest.fixture(scope="module")
def job(lab: Lab) -> dict[str, Any]:
    """The record of all three; something else holds the port of the page on web1 at first."""
    lab.quiet.ansible("playbooks/lab_up.yml")
    lab.shell("web1", "systemd-run --unit=holder python3 -m http.server 8088")
    assert lab.ansible(PLAYBOOK, check=False).returncode != 0
    lab.shell("web1", "systemctl stop holder")
    lab.ansible(PLAYBOOK, "--limit", "web1")
    lab.ansible(PLAYBOOK)
    done = lab.oplever("join", "--by", BY)
    assert done.returncode == 0, done.stdout + done.stderr
    record: dict[str, Any] = json.loads((lab.records / done.stdout.split()[-1] / "record.json").read_text())
    return record


def test_the_last_state_counts_and_every_run_is_told(job: dict[str, Any]) -> None:
    runs = job["runs"]
    assert [run["verdict"] for run in runs] == ["not_delivered", "delivered", "delivered"]
    assert [run.get("limit", "") for run in runs] == ["", "web1", ""]
    assert (job["verdict"], job["stage"]) == (runs[-1]["verdict"], "tested")
    assert not {reason["code"] for reason in job["document"]["reasons"]} & {"hosts_failed", "faults_open"}


def test_the_fault_was_found_in_the_first_run_and_solved_in_the_second(job: dict[str, Any]) -> None:
    [fault] = [fault for fault in job["faults"] if fault["kind"] == "task_failed"]
    assert (fault["host"], fault["run"], fault["solved_in"], fault["status"]) == ("web1", 1, 2, "solved")


def test_what_changed_is_from_before_the_first_run_to_after_the_last(job: dict[str, Any]) -> None:
    units = {row["host"] for row in job["settings"] if "page.service" in row["name"]}
    assert units == {"srv1", "web1", "ws1"}
    assert all(row["change"] == "added" for row in job["settings"] if row["name"].endswith("page.service"))


def test_tests_have_the_result_of_the_last_run_and_those_before_it(job: dict[str, Any]) -> None:
    tests = {test["host"]: test for test in job["tests"] if test["id"] == "page.answers"}
    assert {host: (test["status"], test["run"]) for host, test in tests.items()} == dict.fromkeys(
        ("srv1", "web1", "ws1"), ("pass", 3)
    )
    assert [row["run"] for row in tests["web1"]["earlier"]] == [2]
    assert [row["run"] for row in tests["srv1"]["earlier"]] == [1]


def test_it_verifies_and_its_runs_are_cited(lab: Lab, job: dict[str, Any]) -> None:
    assert lab.oplever("verify", job["id"]).returncode == 0
    journal = lab.records / job["runs"][0]["record"] / "journal.jsonl"
    content = journal.read_bytes()
    journal.write_bytes(content.replace(b"page", b"pane", 1))
    verified = lab.oplever("verify", job["id"])
    journal.write_bytes(content)
    assert verified.returncode == 1
    assert job["runs"][0]["record"] in verified.stderr
