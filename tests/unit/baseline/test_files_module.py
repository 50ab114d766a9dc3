"""The module oplever.lab.files, run as Ansible runs it: what it writes, leaves alone, and says it would do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
MODULE = ROOT / "plugins/modules/files.py"


def run(tmp_path: Path, *files: dict[str, Any], check: bool = False, only: list[str] | None = None) -> dict[str, Any]:
    arguments = {"files": list(files), "_ansible_check_mode": check, "_ansible_tmpdir": str(tmp_path)}
    arguments["only"] = only or []
    done = subprocess.run(
        [sys.executable, str(MODULE)],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT / "collections")},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_file_is_made_once_and_then_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.conf.d/a.conf"
    wanted = {"path": str(path), "content": "a = 1\n", "mode": "0640", "directory_mode": "0755"}
    assert run(tmp_path, wanted, check=True)["changed_files"] == [str(path)]
    assert not path.parent.exists()
    found = run(tmp_path, wanted)
    assert (found["changed_files"], path.read_text(encoding="utf-8")) == ([str(path)], "a = 1\n")
    assert path.stat().st_mode & 0o777 == 0o640
    assert "+" not in found["diff"][0]["before"]
    assert "a = 1" in found["diff"][0]["after"]
    assert run(tmp_path, wanted)["changed"] is False
    assert os.listdir(path.parent) == ["a.conf"]


def test_lines_are_replaced_added_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "login.defs"
    path.write_text("# PASS 1\nPASS 2\nX 1\nX 2\n", encoding="utf-8")
    lines = [{"regexp": r"^PASS\s", "line": "PASS 3"}, {"regexp": "^NEW", "line": "NEW 1"}, {"regexp": "^X"}]
    run(tmp_path, {"path": str(path), "lines": lines})
    assert path.read_text(encoding="utf-8") == "# PASS 1\nPASS 3\nNEW 1\n"
    assert run(tmp_path, {"path": str(path), "lines": lines})["changed"] is False


def test_rights_alone_change_only_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"\xff\xfe")
    path.chmod(0o666)
    found = run(tmp_path, {"path": str(path), "mode": "0600"}, {"path": str(tmp_path / "no"), "mode": "0600"})
    assert found["changed_files"] == [str(path)]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == b"\xff\xfe"


def test_what_does_not_hold_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "rules"
    path.write_text("good\n", encoding="utf-8")
    wanted = {"path": str(path), "content": "bad\n", "validate": "grep -q good %s"}
    found = run(tmp_path, {"path": str(tmp_path / "first"), "content": "1\n"}, wanted)
    assert found["failed"]
    assert "not valid" in found["msg"]
    assert found["changed_files"] == [str(tmp_path / "first")]
    assert path.read_text(encoding="utf-8") == "good\n"
    assert sorted(os.listdir(tmp_path)) == ["first", "rules"]


def test_no_place_no_file(tmp_path: Path) -> None:
    path = tmp_path / "no/such"
    assert (
        run(tmp_path, {"path": str(path), "content": "x"}, {"path": str(path), "lines": [], "optional": True})[
            "changed"
        ]
        is False
    )
    assert not path.parent.exists()


def test_mistakes_in_the_list_are_named(tmp_path: Path) -> None:
    assert "found: contents" in run(tmp_path, {"path": "/x", "contents": "y"})["msg"]
    assert "is not a regular file" in run(tmp_path, {"path": str(tmp_path), "content": "y"})["msg"]


def serial_of(path: Path) -> int:
    return int(path.read_text(encoding="utf-8").splitlines()[0].split()[1])


def test_a_serial_stays_while_the_text_does_and_grows_with_it(tmp_path: Path) -> None:
    path = tmp_path / "zone"
    zone = {"path": str(path), "content": "SOA SERIAL 3600\nwww A 192.0.2.1\n", "serial": "SERIAL"}
    assert run(tmp_path, zone, check=True)["changed"] is True
    run(tmp_path, zone)
    first = serial_of(path)
    assert abs(first - time.time()) < 60
    assert run(tmp_path, zone)["changed"] is False
    path.write_text(f"SOA {first + 5000} 3600\nwww A 192.0.2.9\n", encoding="utf-8")  # by a clock that was ahead
    assert run(tmp_path, zone)["changed"] is True
    assert path.read_text(encoding="utf-8") == f"SOA {first + 5001} 3600\nwww A 192.0.2.1\n"


def test_other_files_of_a_pattern_are_removed_at_last(tmp_path: Path) -> None:
    for name in ("kept.zone", "listed.zone", "old.zone", "other.conf"):
        (tmp_path / name).write_text("x\n", encoding="utf-8")
    (tmp_path / "directory.zone").mkdir()
    files = [{"path": str(tmp_path / "kept.zone"), "content": "x\n"}, {"path": str(tmp_path / "listed.zone")}]
    pattern = [str(tmp_path / "*.zone")]
    assert run(tmp_path, *files, check=True, only=pattern)["changed_files"] == [str(tmp_path / "old.zone")]
    assert (tmp_path / "old.zone").exists()
    result = run(tmp_path, *files, only=pattern)
    assert (result["diff"][0]["before"].splitlines()[1], result["diff"][0]["after"]) == ("x", "")
    assert sorted(path.name for path in tmp_path.glob("*.*")) == [
        "directory.zone", "kept.zone", "listed.zone", "other.conf"
    ]  # fmt: skip
    assert run(tmp_path, *files, only=pattern)["changed"] is False
