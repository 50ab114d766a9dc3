"""Logs of other machines: what is put aside and when, what is told of room and of machines, and what a machine takes
for confirmed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from programs import program

ROOT = Path(__file__).resolve().parents[3]
FILES = ROOT / "roles/logging/files"
DAY = 86400
SETTINGS: dict[str, Any] = {
    "keep_days": 30,
    "keep_bytes": 100 << 20,
    "free_percent": 0,
    "max_hours": 26,
    "machines": [{"name": "srv2", "always_on": True}, {"name": "ws1", "always_on": False}],
}
HEADER = """\
File path: /var/log/oplever-logging/srv2.journal
Sequential number ID: ca85ada5654e4661ac351671f8626508
Head sequential number: 17 (11)
Tail sequential number: 18 (12)
Head realtime timestamp: Thu 2026-11-26 13:33:20 UTC ({:x})
Tail realtime timestamp: Thu 2026-11-26 13:33:20 UTC (6612dfc9f8800)
"""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The program of the server, with its logs in a directory of the test. `ran` has what it called; the first line of
    every file has the age `age` in days."""
    module = program(FILES / "oplever_logging.py")
    module.LOGS, module.ran, module.age = tmp_path, [], 0

    def run(*command: str) -> str:
        module.ran.append(" ".join(command[:2]))
        moment = int((time.time() - module.age * DAY) * 1e6)
        return HEADER.format(moment) if "--header" in command else ""

    monkeypatch.setattr(module, "run", run)
    return module


def log(directory: Path, name: str, *, size: int = 4096, age: float = 0) -> Path:
    """A file with `size` bytes to which something was added `age` days ago."""
    path = directory / name
    path.write_bytes(b"x" * size)
    os.utime(path, (time.time() - age * DAY,) * 2)
    return path


def test_a_file_is_put_aside_when_its_first_line_is_a_week_old(server: Any, tmp_path: Path) -> None:
    log(tmp_path, "srv2.journal")
    server.age = 6
    assert server.prune(SETTINGS) == []
    server.age = 8
    assert server.prune(SETTINGS) == ["srv2: a new file"]
    [aside] = tmp_path.iterdir()
    assert aside.name.startswith("srv2@ca85ada5654e4661ac351671f8626508-0000000000000011-")
    assert len(aside.stem.rpartition("-")[2]) == 16, "as journalctl names them, so that it can remove them"
    assert server.ran[-2:] == ["systemctl stop", "journalctl -q"]


def test_a_file_is_put_aside_when_room_is_short(server: Any, tmp_path: Path) -> None:
    log(tmp_path, "srv2.journal", size=3 << 20)
    log(tmp_path, "ws1.journal")
    small = {**SETTINGS, "keep_bytes": 2 << 20}
    assert server.prune(SETTINGS) == []
    assert server.prune(small) == ["srv2: a new file"]
    assert server.current("ws1").is_file()


def test_what_is_no_journal_is_told(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log(tmp_path, "srv2.journal")
    monkeypatch.setattr(server, "run", lambda *_: "File path: /x\n")
    with pytest.raises(server.RefusedError, match="no head that journalctl can read"):
        server.prune(SETTINGS)


def test_only_machines_that_are_always_on_must_send(server: Any, tmp_path: Path) -> None:
    assert server.problems_with_machines(SETTINGS) == ["srv2: never sent anything"]
    log(tmp_path, "srv2@a-b-c.journal", age=2)
    [problem] = server.problems_with_machines(SETTINGS)
    assert problem.startswith("srv2: sent nothing since ")
    log(tmp_path, "srv2.journal", age=1)
    assert server.problems_with_machines(SETTINGS) == []
    assert server.machines() == ["srv2"]


def test_room_that_is_short_is_told(server: Any, tmp_path: Path) -> None:
    assert server.problems_with_space(SETTINGS) == []
    assert "per cent is free" in server.problems_with_space({**SETTINGS, "free_percent": 101})[0]
    log(tmp_path, "srv2.journal", size=2 << 20)
    server.LARGEST = 0
    assert "more than agreed" in server.problems_with_space({**SETTINGS, "keep_bytes": 1 << 20})[0]


def test_a_machine_that_is_not_there_is_told_with_those_that_are(server: Any, tmp_path: Path) -> None:
    log(tmp_path, "srv2.journal")
    with pytest.raises(server.RefusedError, match="srv3 sent nothing yet; it knows: srv2"):
        server.show("srv3", [])


def test_what_the_server_confirmed_is_read_from_the_state(tmp_path: Path) -> None:
    module = program(FILES / "oplever_logging_test.py")
    module.STATE = tmp_path / "state"
    assert module.confirmed() == 0
    module.STATE.write_text(
        "# This is private data. Do not parse.\nLAST_CURSOR=s=39;i=1;b=01;m=3e8;t=6612dfc9f8800;x=c7\n"
    )
    assert module.confirmed() == 0x6612DFC9F8800
