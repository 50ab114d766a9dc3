"""Runs that work on one machine at once see each other, whichever began first and whichever ended first."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils import runs
from ansible_collections.oplever.lab.plugins.module_utils.runs import Runs
from ansible_collections.oplever.lab.plugins.plugin_utils import concurrent_runs


def at(place: Path, now: float) -> Any:
    return Runs(str(place / "oplever"), clock=lambda: now)


def named(rows: list[dict[str, Any]]) -> list[tuple[str, bool]]:
    return [(row["run"], row["inside"]) for row in rows]


def test_each_of_two_runs_sees_the_other(tmp_path: Path) -> None:
    assert at(tmp_path, 10).begin({"run": "a"}) == []
    assert named(at(tmp_path, 20).begin({"run": "b"})) == [("a", False)]
    assert named(at(tmp_path, 30).end("a")) == [("b", True)]
    assert named(at(tmp_path, 40).end("b")) == [("a", True)]
    assert at(tmp_path, 50).begin({"run": "c"}) == []


def test_a_run_within_another_is_seen_by_both(tmp_path: Path) -> None:
    at(tmp_path, 10).begin({"run": "a"})
    assert named(at(tmp_path, 20).begin({"run": "b"})) == [("a", False)]
    assert named(at(tmp_path, 30).end("b")) == [("a", False)]
    assert named(at(tmp_path, 40).end("a")) == [("b", True)]


def test_the_time_is_that_at_which_the_list_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run may write while this one waits, and began before it then."""
    now = [10.0]

    def flock(descriptor: int, operation: int) -> None:
        now[0] = 20.0
        fcntl.flock(descriptor, operation)

    monkeypatch.setattr(runs, "fcntl", SimpleNamespace(flock=flock, LOCK_EX=fcntl.LOCK_EX, LOCK_NB=fcntl.LOCK_NB))
    Runs(str(tmp_path / "oplever"), clock=lambda: now[0]).begin({"run": "a"})
    assert [row["begun"] for row in json.loads((tmp_path / "oplever/runs").read_bytes())] == [20.0]


def test_a_clock_that_was_set_back_makes_no_run_unknown(tmp_path: Path) -> None:
    at(tmp_path, 100).begin({"run": "a"})
    assert named(at(tmp_path, 90).begin({"run": "b"})) == [("a", True)]
    assert named(at(tmp_path, 95).end("b")) == [("a", True)]


def test_a_look_sees_who_is_there_and_leaves_nothing(tmp_path: Path) -> None:
    assert at(tmp_path, 5).look("c") == at(tmp_path, 5).end("c") == []
    assert not (tmp_path / "oplever").exists()
    at(tmp_path, 10).begin({"run": "a"})
    content = (tmp_path / "oplever/runs").read_bytes()
    assert named(at(tmp_path, 20).look("c")) == named(at(tmp_path, 20).end("c")) == [("a", False)]
    assert (tmp_path / "oplever/runs").read_bytes() == content
    at(tmp_path, 30).end("a")
    assert at(tmp_path, 40).end("c") == []


def test_a_run_that_was_cut_off_is_forgotten_in_the_end(tmp_path: Path) -> None:
    at(tmp_path, 10).begin({"run": "a"})
    assert named(at(tmp_path, 10 + runs.KEPT - 1).look("b")) == [("a", False)]
    assert at(tmp_path, 10 + runs.KEPT).look("b") == []
    at(tmp_path, 11 + runs.KEPT).begin({"run": "b"})
    assert [row["run"] for row in json.loads((tmp_path / "oplever/runs").read_bytes())] == ["b"]


def test_the_list_stays_short_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    for number in range(runs.MOST + 5):
        at(tmp_path, number + 1).begin({"run": f"r{number}"})
    assert len(json.loads((tmp_path / "oplever/runs").read_bytes())) == runs.MOST
    assert (tmp_path / "oplever/runs").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "oplever").stat().st_mode & 0o022 == 0


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[1, {}]", b'[{"run": "a", "begun": "x"}]', b"\xff"])
def test_a_damaged_list_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "oplever").mkdir()
    (tmp_path / "oplever/runs").write_bytes(content)
    assert at(tmp_path, 20).begin({"run": "b"}) == []
    assert [row["run"] for row in json.loads((tmp_path / "oplever/runs").read_bytes())] == ["b"]


def test_a_list_that_others_could_have_put_there_is_not_touched(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("[]")
    (tmp_path / "oplever").mkdir()
    (tmp_path / "oplever/runs").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        at(tmp_path, 20).begin({"run": "b"})
    (tmp_path / "oplever").chmod(0o777)
    with pytest.raises(PermissionError):
        at(tmp_path, 20).look("b")
    assert target.read_text() == "[]"


def row_of_run(**row: Any) -> dict[str, Any]:
    ours = {**concurrent_runs.this_run(), "pid": os.getpid(), "since": concurrent_runs._since(os.getpid())}
    return {**ours, "run": "a", "begun": 0.0, "ended": None, "inside": False, **row}


@pytest.mark.parametrize(
    ("row", "certain"),
    [
        ({}, [True]),
        ({"controller": "elsewhere"}, [False]),
        ({"controller": "elsewhere", "inside": True}, [True]),
        ({"pid": 2**22 + 1}, []),
        ({"since": "1"}, []),
        ({"since": "1", "inside": True}, [True]),
        ({"pid": None}, []),
    ],
)
def test_a_run_of_this_controller_counts_while_its_process_lives(row: dict[str, Any], certain: list[bool]) -> None:
    others = concurrent_runs.other_runs([row_of_run(**row)])
    assert [other["certain"] for other in others] == certain
    for other in others:
        assert (other["run"], other["begun"]) == ("a", "1970-01-01T00:00:00Z")
    assert concurrent_runs.other_runs(None) == concurrent_runs.other_runs([1]) == []


def test_the_warnings_name_machine_run_and_controller() -> None:
    assert concurrent_runs.warnings("web1", concurrent_runs.other_runs([row_of_run(controller="elsewhere")])) == [
        "another run began on web1 and has not said that it ended: a of elsewhere, since 1970-01-01T00:00:00Z"
    ]
    assert concurrent_runs.warnings(
        "web1", concurrent_runs.other_runs([row_of_run(controller="elsewhere", inside=True)])
    ) == ["another run is at work on web1 at the same time: a of elsewhere, since 1970-01-01T00:00:00Z"]


@pytest.mark.parametrize(
    "text",
    [
        '[{"run": "x", "begun": 1, "ended": "x"}]',
        '[{"run": "x", "begun": null}]',
        "[" * 100_000,
        '[{"run": 1, "begun": true, "ended": []}]',
        "{}",
        "\xff",
    ],
)
def test_a_list_that_somebody_spoiled_stops_no_look(tmp_path: Path, text: str) -> None:
    (tmp_path / "oplever").mkdir(mode=0o755)
    (tmp_path / "oplever/runs").write_text(text, encoding="latin-1")
    assert at(tmp_path, 10).begin({"run": "a"}) == []


def test_a_list_that_another_process_does_not_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "PATIENCE", 0.0)
    at(tmp_path, 10).begin({"run": "a"})
    with (tmp_path / "oplever/runs").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="held the list of runs"):
            at(tmp_path, 20).begin({"run": "b"})


@pytest.mark.parametrize("begun", [1e300, float("nan"), float("inf"), -1e18, "x", None])
def test_a_machine_that_tells_no_moment(begun: object) -> None:
    row = {"run": "x", "controller": "elsewhere", "begun": begun}
    assert concurrent_runs.other_runs([row])[0]["begun"] == ""
