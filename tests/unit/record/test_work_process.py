"""A record claims a work process only when somebody named it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from command import attempt
from journals import Journal
from oplever import store
from oplever.kinds.derive import derive
from oplever.record import entries
from oplever.record.model import Record
from oplever.render.registry import render

ROOT = Path(__file__).resolve().parents[3]
ANSIBLE = Path(sys.executable).parent / "ansible-playbook"
PLAY = "- {hosts: all, gather_facts: false, tasks: [{ansible.builtin.debug: {msg: hello}}]}\n"


def recorded(place: Path, **environment: str) -> object:
    """`work_process` in the journal of a real run of a playbook with an inventory of its own."""
    (place / "play.yml").write_text(PLAY, encoding="utf-8")
    (place / "hosts.yml").write_text("all: {hosts: {a: {ansible_connection: local}}}\n", encoding="utf-8")
    settings = {
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_CALLBACKS_ENABLED": "oplever.lab.journal",
        "OPLEVER_RECORDS": str(place / "records"),
        "OPLEVER_DOCUMENTS": "0",
    }
    subprocess.run(
        [str(ANSIBLE), "-i", "hosts.yml", "play.yml"],
        cwd=place,
        env={**os.environ, **settings, **environment},
        capture_output=True,
        check=True,
    )
    with (place / "records" / "latest" / "journal.jsonl").open("rb") as journal:
        return json.loads(journal.readline())["work_process"]


@pytest.mark.slow
def test_a_playbook_that_nobody_assigned_claims_none(tmp_path: Path) -> None:
    assert recorded(tmp_path) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("assignment", "setting", "claimed"),
    [("title: x", "2.1", "2.1"), ("work_process: 1.3", "2.1", "1.3"), ("work_process: true", "", None)],
)
def test_the_assignment_says_it_before_the_settings(
    tmp_path: Path, assignment: str, setting: str, claimed: str | None
) -> None:
    (tmp_path / "assignment.yml").write_text(assignment + "\n", encoding="utf-8")
    assert recorded(tmp_path, **({"OPLEVER_WORK_PROCESS": setting} if setting else {})) == claimed


@pytest.mark.parametrize("name", ["lab", "example"])
def test_the_work_of_this_project_is_assigned(name: str) -> None:
    text = (ROOT / "inventories" / name / "group_vars/all/assignment.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["oplever_assignment"]["work_process"] == "1.3"


def added(work_process: str) -> Record:
    entry = entries.make("assignment", "me", "2026-11-24T10:00:00.000000Z", {"work_process": work_process})
    return derive(Journal().task("x").finish(ok=1).events(), "0" * 64, (entry,))


def test_without_one_the_record_says_so_and_names_no_obligations_of_1_3() -> None:
    record = Journal().task("x").finish(ok=1).record()
    assert (record.work_process, record.scope.work_processes) == ("", ())
    missing = {lacking.code: lacking for lacking in record.completeness.missing}
    assert missing["work_process_missing"].command == "oplever add assignment"
    assert {lacking.obligations for lacking in missing.values()} == {()}
    assert "not recorded" in render(record, "md", "en").decode().split("Work processes")[1].split("\n")[0]


def test_it_can_be_supplied_later_and_then_brings_its_obligations() -> None:
    record = added("1.3")
    assert (record.work_process, record.scope.work_processes) == ("1.3", ("1.3",))
    missing = {lacking.code: lacking.obligations for lacking in record.completeness.missing}
    assert "work_process_missing" not in missing
    assert missing["acceptance_missing"] == ("1.3-11",)


def test_work_of_another_process_has_no_obligations_of_1_3() -> None:
    assert {lacking.obligations for lacking in added("2.1").completeness.missing} == {()}


@pytest.mark.slow
def test_an_import_takes_the_work_process_that_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    event = {"counter": 1, "created": "2026-11-23T10:00:00Z", "job": 1, "event_data": {"playbook": "site.yml"}}
    export = tmp_path / "export.json"
    export.write_text(json.dumps({"results": [{"event": "playbook_on_start", **event}]}), encoding="utf-8")
    for options, claimed in (((), ""), (("--again", "--work-process", "2.1"), "2.1")):
        done = attempt("import", "awx", *options, str(export))
        assert done.exit_code == 1, done.output
        directory = Path(done.stdout.splitlines()[-1].removeprefix("record: "))
        assert store.load(directory).work_process == claimed
    refused = attempt("import", "awx", "--work-process", "9.9", str(export))
    assert refused.exit_code == 2
