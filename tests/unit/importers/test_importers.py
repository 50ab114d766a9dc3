"""The importers alone: hostile and damaged input, and the rules they share with the callback."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
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
