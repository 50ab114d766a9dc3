"""The importers alone: hostile and damaged input, and the rules they share with the callback."""

from __future__ import annotations

import ast
import json
import os
import re
import sqlite3
import sys
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from oplever._shared.redact import secret_values
from oplever.errors import OpleverError
from oplever.journal.events import Stop
from oplever.journal.importers import ara, awx, imported_run, runner
from oplever.journal.importers.imported_run import Line, Source
from oplever.journal.importers.write import existing_record, journal_lines, write
from oplever.journal.reader import read
from oplever.kinds.derive import derive
from oplever.record.model import Recap, Record
from stored import store_record, visit

ROOT = Path(__file__).resolve().parents[3]
LINKS = {
    "reports/oplever/_shared": "plugins/plugin_utils/shared",
    "reports/oplever/checks/rules": "plugins/module_utils/engine/rules",
}


@pytest.mark.slow
@pytest.mark.parametrize("link", LINKS)
def test_what_is_shared_is_one_directory_and_brings_no_ansible_with_it(link: str) -> None:
    assert (ROOT / link).is_symlink()
    assert (ROOT / link).resolve() == ROOT / LINKS[link]
    paths = sorted((ROOT / link).glob("*.py"))
    assert len(paths) >= 4
    for path in paths:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        modules = [node.module or "" for node in imports if not node.level]
        modules += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        outside = [module for module in modules if module.partition(".")[0] not in sys.stdlib_module_names]
        assert outside == [], path.name
        assert max((node.level for node in imports), default=0) <= 1, path.name


def event(kind: str, counter: int, **data: Any) -> dict[str, Any]:
    created = f"2026-11-23T10:00:{counter:02d}.000000Z"
    return {"event": kind, "counter": counter, "created": created, "job": 1, "event_data": data}


def test_results_of_hosts_named_and_texts_from_machines_do_no_harm(tmp_path: Path) -> None:
    where = {"task": "T \x1b[31m", "task_uuid": "t", "play_uuid": "p", "task_action": "debug"}
    events = [
        event("playbook_on_start", 1, playbook="../../etc/passwd.yml"),
        event("playbook_on_play_start", 2, name="P", pattern="all", **where),
        event("playbook_on_task_start", 3, **where),
        event("runner_on_start", 4, host="../x", **where),
        event("runner_on_failed", 5, host="../x", res={"msg": "secret: hunter2hunter2 \x1b]0;t\x07"}, **where),
    ]
    export = tmp_path / "export.json"
    export.write_text(json.dumps({"results": events}), encoding="utf-8")
    directory = write(awx.sources(export)[0], tmp_path / "records")
    assert directory.parent == tmp_path / "records"
    assert directory.name.startswith("20261123T100001Z-passwd-")
    with (directory / "journal.jsonl").open("rb") as lines:
        by_kind = {type(line).__name__: line for line in read(lines)}
    assert by_kind["Result"].message == "secret: ***"
    assert by_kind["TaskStart"].name == "T"
    assert by_kind["RunEnd"].reason == "the data of awx end before the recap"
    assert by_kind["RunEnd"].stopped == Stop("data_end")


def test_a_byte_order_mark_before_json_is_nothing_of_it(tmp_path: Path) -> None:
    export = tmp_path / "export.json"
    content = json.dumps({"results": [event("playbook_on_start", 1, playbook="site.yml")]})
    export.write_text(content, encoding="utf-8-sig")
    (source,) = awx.sources(export)
    assert source.playbook == "site.yml"


def test_a_journal_that_cannot_be_finished_leaves_nothing(tmp_path: Path) -> None:
    def failing() -> Any:
        yield Line("2026-11-23T10:00:00.000000Z", "playbook_start", {"playbook": "x"})
        raise imported_run.broken("file", "damaged")

    made = Source("x", None, "0" * 64, "x.yml", {"t": "2026-11-23T10:00:00.000000Z"}, failing())
    with pytest.raises(OpleverError, match="damaged"):
        write(made, tmp_path / "records")
    assert os.listdir(tmp_path / "records") == []


def test_an_imported_journal_names_its_source() -> None:
    made = Source("ara", "1.8.0", "0" * 64, "x.yml", {"t": "2026-11-23T10:00:00.000000Z"}, [], lost=3)
    start, end = (msgspec.json.decode(line) for line in journal_lines(made, "r1"))
    assert start["imported"] == {
        "tool": "ara",
        "version": "1.8.0",
        "digest": "0" * 64,
        "run": None,
        "by": start["imported"]["by"],
    }
    assert start["versions"]["imported from ara"] == "1.8.0"
    assert (end["lines"], end["lost"]) == (1, 3)
    assert start["work_process"] is None  # the data of another tool do not say


def a_run(run: str = "uuid-1", digest: str = "0" * 64, tool: str = "ara", playbook: str = "site.yml") -> Source:
    return Source(tool, None, digest, playbook, {"t": "2026-11-23T10:00:00.000000Z"}, [], run=run)


def test_a_run_is_known_by_what_ansible_called_it_and_not_by_its_file(tmp_path: Path) -> None:
    assert existing_record(a_run(), tmp_path / "none") is None
    (tmp_path / "20261123T100000Z-site-000000").mkdir()  # no journal in it
    store_record(tmp_path, "20261123T100000Z-site-0000aa", visit())
    first = write(a_run(), tmp_path)
    assert existing_record(a_run(digest="1" * 64), tmp_path) == first  # the database has grown
    assert existing_record(a_run(run="uuid-2"), tmp_path) is None  # another one of the same playbook in that second
    assert existing_record(a_run(tool="awx"), tmp_path) is None
    assert existing_record(a_run(playbook="web.yml"), tmp_path) is None


def test_a_run_that_came_to_no_play_is_known_by_its_file(tmp_path: Path) -> None:
    first = write(a_run(run=""), tmp_path)
    assert existing_record(a_run(run=""), tmp_path) == first
    assert existing_record(a_run(run="", digest="1" * 64), tmp_path) is None


def test_no_value_of_an_extra_variable_comes_in_with_a_run_of_ansible_runner(tmp_path: Path) -> None:
    events = tmp_path / "job_events"
    events.mkdir()
    start = {
        "uuid": "0", "counter": 1, "event": "playbook_on_start", "created": "2026-11-23T10:00:00.000000+00:00",
        "event_data": {"playbook": "site.yml", "playbook_uuid": "p"},
    }  # fmt: skip
    (events / f"1-{'0' * 8}-{'0' * 4}-{'0' * 4}-{'0' * 4}-{'0' * 12}.json").write_text(json.dumps(start))
    playbook = 'ansible-playbook -i hosts -e colour=turquoise -e \'{"shape": "octagon"}\' site.yml'
    command = {"command": ["ssh-agent", "sh", "-c", f"ssh-add /key && {playbook}"], "env": {"X": "octagon"}}
    (tmp_path / "command").write_text(json.dumps(command))
    (run,) = runner.sources(tmp_path)
    kept = " ".join(run.start["command"])
    assert "colour" in kept
    assert "shape" in kept
    assert "&& ansible-playbook" in kept
    assert not {"turquoise", "octagon"} & set(re.findall(r"\w+", kept))


def test_extra_variables_that_ara_kept_are_known_as_words_and_as_a_mapping() -> None:
    for value in ({"root_pw": "Kaas1234", "colour": "blue"}, ["root_pw=Kaas1234", "colour=blue", "@file.yml", 3]):
        assert secret_values(ara.extra_variables_of(value)) == {"Kaas1234"}
    assert ara.extra_variables_of(None) == {}


def runner_artifacts(place: Path, *command: str) -> Path:
    """Those of a run that came to its end; without `command` there is no file of that name."""
    events = [
        event("playbook_on_start", 1, playbook="site.yml"),
        event("playbook_on_play_start", 2, name="P", pattern="all", play_uuid="p"),
        event("playbook_on_task_start", 3, task="T", task_uuid="t", play_uuid="p", task_action="copy"),
        event("runner_on_ok", 4, task="T", task_uuid="t", play_uuid="p", task_action="copy", host="a", res={}),
        event("playbook_on_stats", 5, ok={"a": 1}, processed={"a": 1}),
    ]
    (place / "job_events").mkdir(parents=True)
    for number, one in enumerate(events, 1):
        name = f"{number}-{'0' * 8}-{'0' * 4}-{'0' * 4}-{'0' * 4}-{'0' * 12}.json"
        (place / "job_events" / name).write_text(json.dumps(one), encoding="utf-8")
    if command:
        (place / "command").write_text(json.dumps({"command": command}), encoding="utf-8")
    return place


def derived(source: Source) -> Record:
    return derive(read(journal_lines(source, "r1")))


@pytest.mark.parametrize(
    ("command", "is_trial"),
    [
        (("ansible-playbook", "-i", "hosts", "--check", "site.yml"), True),
        (("/usr/bin/ansible-playbook", "-bCD", "site.yml"), True),
        (("ansible-playbook", "--che", "site.yml"), True),
        (("podman", "run", "image", "ansible-playbook", "site.yml", "-C"), True),
        (("ssh-agent", "sh", "-c", "ssh-add /key && ansible-playbook --check site.yml; rm -C"), True),
        (("ansible-playbook", "-e", "-C=x", "-eC=1", "-u", "C", "site.yml"), None),
        (("ansible-playbook", "-eC=1", "-u", "C", "site.yml"), False),
        (("sh", "-c", "ansible-playbook site.yml && git log -C"), False),
        (("sh", "-c", "ansible-playbook site.yml; git log -C"), False),
        (("ansible-playbook", "--limit"), None),
        (("python", "x.py"), None),
        ((), None),
    ],
)
def test_a_trial_run_of_ansible_runner_is_one(tmp_path: Path, command: tuple[str, ...], is_trial: bool | None) -> None:
    (source,) = runner.sources(runner_artifacts(tmp_path, *command))
    record = derived(source)
    codes = {reason.code for reason in record.document.reasons}
    assert record.document.check_mode is (is_trial is True)
    assert [step.check_mode for step in record.steps] == [is_trial is True]
    assert {"check_mode": True, "check_mode_unknown": None}.get(
        next(iter(codes & {"check_mode", "check_mode_unknown"}), ""), False
    ) is is_trial
    assert (record.stage == "trial") is (is_trial is True)


def test_what_a_run_of_ansible_runner_was_limited_to_is_kept(tmp_path: Path) -> None:
    command = (
        "ansible-playbook", "-i", "lab", "--inventory=more", "-l", "web:!db", "-t", "a,b", "--tags", "c",
        "--skip-tags=d", "--start-at-task", "Install x", "-e", "db_password=turquoise77", "--vault-id", "x@prompt",
        "site.yml",
    )  # fmt: skip
    (source,) = runner.sources(runner_artifacts(tmp_path, *command))
    record = derived(source)
    scope = record.scope
    assert (scope.limit, scope.tags, scope.skip_tags) == ("web:!db", ("a", "b", "c"), ("d",))
    assert record.document.inventories == ("lab", "more")
    assert "started_at" in {reason.code for reason in record.document.reasons}
    assert "turquoise77" not in msgspec.json.encode(source.start).decode()


@pytest.mark.parametrize(("banner", "code"), [("\nDRY RUN ****", "check_mode"), ("\nPLAYBOOK", "check_mode_unknown")])
def test_of_a_job_of_awx_a_trial_is_known_where_ansible_printed_it(tmp_path: Path, banner: str, code: str) -> None:
    place = runner_artifacts(tmp_path)
    events = [json.loads(path.read_text("utf-8")) for path in sorted((place / "job_events").iterdir())]
    events[0]["stdout"] = banner
    for name in ("page.json", "copy.json"):  # an event that was exported twice is one event
        (tmp_path / name).write_text(json.dumps({"results": events}), encoding="utf-8")
    (source,) = awx.sources(tmp_path)
    record = derived(source)
    assert code in {reason.code for reason in record.document.reasons}
    assert [len(step.results) for step in record.steps] == [1]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "gisteren", None, 7])
def test_a_moment_that_is_none_is_said(moment: Any) -> None:
    with pytest.raises(OpleverError, match="no time can be read"):
        imported_run.moment(moment, "event 1")


def insert(database: sqlite3.Connection, table: str, *values: Any) -> None:
    database.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608 - constants


def ara_database(place: Path, **playbook: Any) -> Path:
    """Of an early ARA 1.x, whose tables have fewer columns than those of today."""
    blob = zlib.compress(json.dumps(playbook.pop("arguments", {})).encode())
    path = place / "ansible.sqlite"
    values = {"id": 1, "started": "2026-11-23 10:00:00", "ended": "2026-11-23 10:00:09", "status": "completed",
              "path": "site.yml", "arguments": blob, **playbook}  # fmt: skip
    database = sqlite3.connect(path)
    database.execute(f"CREATE TABLE playbooks ({', '.join(values)})")
    insert(database, "playbooks", *values.values())
    database.executescript("""
      CREATE TABLE plays (id, playbook_id, started, uuid, name);
      CREATE TABLE tasks (id, playbook_id, play_id, file_id, started, uuid, name, action, lineno, handler, tags);
      CREATE TABLE hosts (id, playbook_id, name, ok, changed, unreachable, failed, skipped);
      CREATE TABLE results (id, playbook_id, play_id, task_id, host_id, started, ended, duration, status, changed,
                            ignore_errors, content);
      CREATE TABLE files (id, path);
      CREATE TABLE results_delegated_to (result_id, host_id);
      INSERT INTO plays VALUES (1, 1, '2026-11-23 10:00:01', 'p', 'P');
      INSERT INTO files VALUES (1, 'site.yml');
      INSERT INTO hosts VALUES (1, 1, 'a', 1, 0, 0, 0, 0);
    """)
    begun, ended = "2026-11-23 10:00:02", "2026-11-23 10:00:03"
    insert(database, "tasks", 1, 1, 1, 1, begun, "t", "T", "copy", 3, 0, zlib.compress(b"[]"))
    insert(database, "results", 1, 1, 1, 1, 1, begun, ended, 5, "ok", 0, 0, zlib.compress(b"{}"))
    database.commit()
    database.close()
    return path


def test_an_early_database_of_ara_has_fewer_columns(tmp_path: Path) -> None:
    (source,) = ara.sources(ara_database(tmp_path))
    record = derived(source)
    assert record.systems[0].recap == Recap(ok=1)
    assert record.document.tool_versions == {"imported from ara": "version not recorded"}
    assert "check_mode_unknown" in {reason.code for reason in record.document.reasons}


def test_the_arguments_that_ara_kept_say_what_a_run_was_limited_to(tmp_path: Path) -> None:
    arguments = {"check": False, "start_at_task": "Install x", "subset": "web", "tags": ["a"]}
    (source,) = ara.sources(ara_database(tmp_path, arguments=arguments, controller=7, user=b"x"))
    record = derived(source)
    assert {"started_at", "check_mode_unknown"} & {reason.code for reason in record.document.reasons} == {"started_at"}
    assert (record.scope.limit, record.scope.tags, record.people[0].account) == ("web", ("a",), "")


@pytest.mark.parametrize("column", ["failed", "unreachable"])
def test_a_count_of_ara_that_is_no_number_is_not_nought(tmp_path: Path, column: str) -> None:
    path = ara_database(tmp_path)
    database = sqlite3.connect(path)
    database.execute(f"UPDATE hosts SET {column} = 'many'")  # noqa: S608 - a constant
    database.commit()
    database.close()
    with pytest.raises(OpleverError, match=f"{column}: 'many'"):
        derived(ara.sources(path)[0])
