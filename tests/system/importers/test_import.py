"""`oplever import` of what the real tools wrote, against the record that our own callback wrote of the same run."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import ansible_runner
import jsonschema
import pytest
from click.testing import CliRunner, Result
from oplever import store
from oplever.cli.main import main
from oplever.journal.importers.registry import FORMATS
from oplever.journal.importers.write import write
from oplever.text import to_json

from .conftest import BIN, ROOT, SECRET, environment, recaps, steps, stopped_run

SCHEMA = json.loads((ROOT / "docs" / "reference" / "journal.schema.json").read_text(encoding="utf-8"))
VALID = jsonschema.Draft202012Validator(SCHEMA)  # made once: that is what takes long


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    monkeypatch.setenv("OPLEVER_PERSON", "S. Yilmaz")
    monkeypatch.setenv("OPLEVER_DOCUMENTS", "0")  # of a record that something joins; an import draws them itself
    return tmp_path / "records"


@pytest.fixture
def without_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents are drawn as where the extra is not installed: paper costs more than all else of an import."""
    monkeypatch.setitem(sys.modules, "typst", None)


def oplever(*words: object) -> Result:
    return CliRunner().invoke(main, list(map(str, words)))


def imported(records: Path, *words: object) -> dict[str, Any]:
    done = oplever("import", *words)
    assert done.exit_code == 1, done.output  # the run that was recorded did not go well
    (directory,) = [path for path in records.iterdir() if path.is_dir()]
    lines = (directory / "journal.jsonl").read_bytes().splitlines()
    for line in lines:
        VALID.validate(json.loads(line))
    assert SECRET.encode() not in b"".join(path.read_bytes() for path in directory.iterdir())
    assert {"report.nl.html", "report.en.pdf", "manifest.json"} <= {path.name for path in directory.iterdir()}
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / "journal.jsonl").stat().st_mode & 0o777 == 0o600
    record: dict[str, Any] = json.loads((directory / "record.json").read_text(encoding="utf-8"))
    return record


def callbacks(place: Path) -> dict[str, Any]:
    (directory,) = [path for path in (place / "ours").iterdir() if not path.is_symlink()]
    record: dict[str, Any] = json.loads(to_json(store.load(directory)))
    return record


def same(other: dict[str, Any], ours: dict[str, Any]) -> None:
    assert steps(other) == steps(ours)
    assert recaps(other) == recaps(ours)
    assert other["verdict"] == ours["verdict"]
    statuses = {status for step in steps(ours) for result in step[4] for status in [result[1]]}
    assert statuses == {"ok", "changed", "failed", "skipped", "unreachable", "ignored", "rescued"}


def test_what_ansible_runner_recorded_is_the_record_of_the_callback(by_runner: Path, records: Path) -> None:
    record = imported(records, "ansible-runner", by_runner)
    same(record, callbacks(by_runner))
    assert f"db_password={SECRET}" not in record["document"]["command"]
    assert "db_password=***" in record["document"]["command"]


def awx_pages(artifacts: Path, size: int = 25) -> list[dict[str, Any]]:
    """Events of ansible-runner as AWX stores and pages them. AWX itself needs a cluster and cannot run here."""
    files = sorted((artifacts / "job_events").glob("[0-9]*.json"), key=lambda path: int(path.name.split("-")[0]))
    events = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    rows = [
        {
            "id": 1000 + event["counter"],
            "type": "job_event",
            "url": f"/api/v2/job_events/{1000 + event['counter']}/",
            "related": {"job": "/api/v2/jobs/7/"},
            "summary_fields": {"job": {"id": 7, "name": "play", "status": "failed"}},
            "job": 7,
            "host_name": event["event_data"].get("host", ""),
            "changed": bool(event["event_data"].get("res", {}).get("changed")),
            **{key: event.get(key) for key in ("created", "event", "counter", "event_data", "uuid", "parent_uuid")},
            "stdout": event["stdout"],
        }
        for event in events
    ]
    return [
        {"count": len(rows), "next": None, "previous": None, "results": rows[start : start + size]}
        for start in range(0, len(rows), size)
    ]


def test_an_export_of_awx_is_the_record_of_the_callback(by_runner: Path, records: Path, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for number, page in enumerate(reversed(awx_pages(by_runner / "artifacts" / "one"))):
        (pages / f"{number}.json").write_text(json.dumps(page), encoding="utf-8")
    same(imported(records, "awx", pages), callbacks(by_runner))


def test_one_file_with_all_pages_will_do_and_jobs_are_not_mixed(by_runner: Path, records: Path, tmp_path: Path) -> None:
    pages = awx_pages(by_runner / "artifacts" / "one")
    export = tmp_path / "export.json"
    pages[0]["results"][0]["job"] = 8
    export.write_text(json.dumps(pages), encoding="utf-8")
    assert "events of 2 jobs" in oplever("import", "awx", export).stderr
    pages[0]["results"][0]["job"] = 7
    export.write_text(json.dumps(pages), encoding="utf-8")
    same(imported(records, "awx", export), callbacks(by_runner))


def test_what_ara_recorded_is_the_record_of_the_callback(by_ara: Path, records: Path) -> None:
    database = by_ara / "ara" / "ansible.sqlite"
    before = database.read_bytes()
    record = imported(records, "ara", database)
    same(record, callbacks(by_ara))
    assert database.read_bytes() == before
    assert record["document"]["tool_versions"]["ansible"] == "2.19.14"


def test_a_run_that_was_killed_is_interrupted_and_its_holes_are_counted(
    by_runner: Path, records: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "artifacts"
    shutil.copytree(by_runner / "artifacts" / "one", copy)
    events = sorted((copy / "job_events").glob("[0-9]*.json"), key=lambda path: int(path.name.split("-")[0]))
    for path in [events[30], *events[60:]]:
        path.unlink()
    (copy / "job_events" / "3b0d9ac4-0000-4000-8000-000000000000-partial.json").write_text("{", encoding="utf-8")
    record = imported(records, "ansible-runner", copy)
    assert record["verdict"] == "interrupted"
    lost = [
        reason["params"]["count"] for reason in record["document"]["reasons"] if reason["code"] == "journal_lines_lost"
    ]
    assert lost == [2]


def derived(records: Path, form: str, path: Path) -> dict[str, Any]:
    """The record of a run without its documents, which cost most of the time of a test."""
    (source,) = FORMATS[form].read(path)
    directory = write(source, records)
    for line in (directory / "journal.jsonl").read_bytes().splitlines():
        VALID.validate(json.loads(line))
    record: dict[str, Any] = json.loads(to_json(store.load(directory)))
    return record


def why(record: dict[str, Any]) -> dict[str, Any]:
    return {reason["code"]: reason["params"] for reason in record["document"]["reasons"]}


@pytest.mark.parametrize("how", ["timeout", "canceled"])
def test_a_run_that_ansible_runner_stopped_says_by_what(how: str, records: Path, tmp_path: Path) -> None:
    record = derived(records, "ansible-runner", stopped_run(tmp_path, how))
    assert record["verdict"] == "interrupted"
    assert f"({how}, exit code 254)" in why(record)["stopped"]["reason"]
    assert "tool_failed" not in why(record)


GOOD = "- {name: Good, hosts: all, gather_facts: false, tasks: [{ansible.builtin.debug: {msg: hi}}]}\n"


@pytest.fixture(scope="session")
def good_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artifacts of a run in which nothing failed."""
    place = tmp_path_factory.mktemp("good")
    (place / "good.yml").write_text(GOOD, encoding="utf-8")
    done = ansible_runner.run(
        private_data_dir=str(place),
        ident="one",
        playbook=str(place / "good.yml"),
        inventory="a\n",
        cmdline="-c local",
        envvars=environment(place, OPLEVER_JOURNAL="0", PATH=f"{BIN}:{os.environ['PATH']}"),
        quiet=True,
    )
    assert (done.status, done.rc) == ("successful", 0)
    return place / "artifacts" / "one"


def test_a_run_that_went_well_does_not_have_to_answer_for_its_end(good_run: Path, records: Path) -> None:
    record = derived(records, "ansible-runner", good_run)
    assert "tool_failed" not in why(record)
    assert record["verdict"] == "delivered_with_remarks"  # nothing was tested
    (directory,) = [path for path in records.iterdir() if path.is_dir()]
    end = json.loads((directory / "journal.jsonl").read_bytes().splitlines()[-1])
    assert (end["outcome"], end["exit_code"]) == ("successful", 0)


@pytest.mark.parametrize(
    ("files", "outcome"),
    [
        (("timeout", "254"), "timeout, exit code 254"),  # all was done and the process did not come to an end
        (("canceled", "254"), "canceled, exit code 254"),
        (("error", "None"), "error"),
        (("successful", "1"), "successful, exit code 1"),
        (("failed", "0"), "failed, exit code 0"),
    ],
)
def test_a_run_of_which_the_tool_does_not_speak_well_is_not_delivered(
    good_run: Path, records: Path, tmp_path: Path, files: tuple[str, str], outcome: str
) -> None:
    copy = tmp_path / "artifacts"
    shutil.copytree(good_run, copy)
    for name, word in zip(("status", "rc"), files, strict=True):
        (copy / name).write_text(word, encoding="utf-8")
    record = derived(records, "ansible-runner", copy)
    assert record["verdict"] == "not_delivered"
    assert why(record)["tool_failed"] == {"tool": "ansible-runner", "outcome": outcome}


def test_failed_hosts_are_reason_enough(by_runner: Path, records: Path) -> None:
    record = derived(records, "ansible-runner", by_runner)
    assert {"hosts_failed", "hosts_unreachable"} <= set(why(record))
    assert "tool_failed" not in why(record)


def test_the_status_of_a_job_of_awx_counts(good_run: Path, records: Path, tmp_path: Path) -> None:
    pages = awx_pages(good_run)
    for row in (row for page in pages for row in page["results"]):
        row["summary_fields"]["job"]["status"] = "canceled"
    export = tmp_path / "export.json"
    export.write_text(json.dumps(pages), encoding="utf-8")
    assert why(derived(records, "awx", export))["tool_failed"] == {"tool": "awx", "outcome": "canceled"}


@pytest.mark.parametrize("status", ["expired", "running"])
def test_a_playbook_that_ara_does_not_call_completed_is_no_delivery(
    by_ara: Path, records: Path, tmp_path: Path, status: str
) -> None:
    copy = tmp_path / "ansible.sqlite"
    shutil.copy(by_ara / "ara" / "ansible.sqlite", copy)
    with sqlite3.connect(copy) as database:
        database.execute("UPDATE playbooks SET status = ?", (status,))
    assert f"({status})" in why(derived(records, "ara", copy))["stopped"]["reason"]


def test_a_playbook_that_ara_never_saw_end_is_interrupted(by_ara: Path, records: Path, tmp_path: Path) -> None:
    copy = tmp_path / "ansible.sqlite"
    shutil.copy(by_ara / "ara" / "ansible.sqlite", copy)
    with sqlite3.connect(copy) as database:
        database.execute("UPDATE playbooks SET status = 'running', ended = NULL")
    assert imported(records, "ara", copy)["verdict"] == "interrupted"


def test_the_same_run_is_imported_once_whatever_the_tool(
    by_runner: Path, by_ara: Path, records: Path, tmp_path: Path, without_pdf: None
) -> None:
    export = tmp_path / "export.json"
    export.write_text(json.dumps(awx_pages(by_runner / "artifacts" / "one")), encoding="utf-8")
    for form, path in (("ansible-runner", by_runner), ("awx", export), ("ara", by_ara / "ara" / "ansible.sqlite")):
        before = names(records)
        assert oplever("import", form, path).exit_code == 1
        (made,) = names(records) - before
        twice = oplever("import", form, path)
        assert twice.exit_code == 2
        assert (twice.stdout, len(twice.stderr.splitlines())) == ("", 3)
        assert f"record {made}" in twice.stderr
        assert "[import-known]" in twice.stderr
        assert names(records) == before | {made}
        assert oplever("import", form, "--again", path).exit_code == 1
        assert len(names(records)) == len(before) + 2


def test_of_a_database_that_has_grown_only_the_new_run_is_imported(
    by_ara: Path, records: Path, tmp_path: Path, without_pdf: None
) -> None:
    database = tmp_path / "ansible.sqlite"
    shutil.copy(by_ara / "ara" / "ansible.sqlite", database)
    assert oplever("import", "ara", database).exit_code == 1
    (old,) = names(records)
    with sqlite3.connect(database) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(playbooks)")]
        values = [{"id": "99", "started": "'2026-11-23 11:00:00'"}.get(column, column) for column in columns]
        connection.execute(f"INSERT INTO playbooks SELECT {', '.join(values)} FROM playbooks WHERE id = 1")  # noqa: S608
    done = oplever("import", "ara", database)
    assert f"imported before, record {old}" in done.stdout
    assert len(names(records)) == 2
    assert "each of the 2 runs" in oplever("import", "ara", database).stderr


def names(records: Path) -> set[str]:
    return {path.name for path in records.iterdir() if path.is_dir()} if records.exists() else set()


def refused(records: Path, *words: object) -> str:
    done = oplever("import", *words)
    assert done.exit_code == 2, done.output
    assert not records.exists() or list(records.iterdir()) == []
    return done.stderr


def test_damage_is_one_message_with_file_and_line_and_leaves_nothing(
    by_runner: Path, by_ara: Path, records: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "artifacts"
    shutil.copytree(by_runner / "artifacts" / "one", copy)
    event = max((copy / "job_events").glob("[0-9]*.json"))
    event.write_text('{\n "event": "runner_on_ok",\n "crea', encoding="utf-8")
    assert f"{event}, line 3" in refused(records, "ansible-runner", copy)
    event.write_text(json.dumps({"event": "runner_on_ok", "created": "2026-11-23T10:00:00Z", "event_data": {}}))
    assert "RUNNER_OMIT_EVENTS" in refused(records, "ansible-runner", copy)
    database = tmp_path / "ansible.sqlite"
    shutil.copy(by_ara / "ara" / "ansible.sqlite", database)
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE results SET content = ? WHERE id = 9", (b"nonsense",))
    assert f"{database}, result 9" in refused(records, "ara", database)
    database.write_bytes((by_ara / "ara" / "ansible.sqlite").read_bytes()[:20_000])
    assert "[import-" in refused(records, "ara", database)
    for form in ("ansible-runner", "awx", "ara"):
        (tmp_path / "garbage").write_bytes(b"\x00\xff" * 500)
        assert "[import-" in refused(records, form, tmp_path / "garbage")
        assert "[file-unreadable]" in refused(records, form, tmp_path / "nix")


TESTS = """
def test_python_is_there(host):
    assert host.exists("python3")

def test_wrong_on_purpose(host):
    assert host.file("/etc/passwd").mode == 0o600, "token=Zq7hunter2Kx9"

def test_left_out(host):
    import pytest
    pytest.skip("not here")
"""


@pytest.fixture
def delivered(by_runner: Path, records: Path) -> Path:
    """A record that tests can join; its machines are a, b and c."""
    shutil.copytree(by_runner / "ours", records, symlinks=True)
    return next(path for path in records.iterdir() if not path.is_symlink())


def joined(directory: Path) -> list[dict[str, Any]]:
    tests: list[dict[str, Any]] = json.loads((directory / "record.json").read_text(encoding="utf-8"))["tests"]
    return tests


def test_results_of_testinfra_join_the_record_of_the_machine_they_name(
    tools: Path, delivered: Path, tmp_path: Path
) -> None:
    (tmp_path / "test_machine.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "hosts").write_text("a ansible_connection=local\nb ansible_connection=local\n", encoding="utf-8")
    out = tmp_path / "out.xml"
    done = subprocess.run(
        [
            str(tools / "pytest"),
            "-q",
            "--hosts=ansible://a,ansible://b",
            "--ansible-inventory=hosts",
            f"--junitxml={out}",
        ],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 failed, 2 passed, 2 skipped" in done.stdout, done.stdout
    added = oplever("import", "junit", out, "--stage", "during")
    assert "added: 2 failed, 2 not applicable, 2 passed" in added.output, added.output + added.stderr
    tests = joined(delivered)
    assert Counter((test["host"], test["status"]) for test in tests) == dict.fromkeys(
        [(host, status) for host in "ab" for status in ("pass", "fail", "not_applicable")], 1
    )
    assert {test["stage"] for test in tests} == {"during"}
    assert {test["reason"] for test in tests if test["status"] == "not_applicable"} == {"not here"}
    assert all(test["by"] == "S. Yilmaz" and test["suite"] == "out.xml" for test in tests)
    assert SECRET not in (delivered / "record.json").read_text(encoding="utf-8")
    assert SECRET not in (delivered / "entries.jsonl").read_text(encoding="utf-8")
    assert "tests_failed" in (delivered / "record.json").read_text(encoding="utf-8")


def test_results_of_pytest_need_the_name_of_a_machine_in_the_record(delivered: Path, tmp_path: Path) -> None:
    (tmp_path / "test_plain.py").write_text("def test_fine(): pass\n", encoding="utf-8")
    out = tmp_path / "out.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={out}", "test_plain.py"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    for words in ((), ("--host", "nix")):
        done = oplever("import", "junit", out, *words)
        assert done.exit_code == 2
        assert "--host: a, b, c" in done.stderr
    assert not (delivered / "entries.jsonl").exists()
    assert "added: 1 pass" in oplever("import", "junit", out, "--host", "c").output
    assert [(test["host"], test["stage"], test["status"]) for test in joined(delivered)] == [("c", "after", "pass")]
