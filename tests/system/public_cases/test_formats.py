"""Public cases of the formats that we read and write, on a record of a real run (docs/reference/public-cases.md)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from system.public_cases.formats import CASES, Desk, FormatCase
from system.recorder.runs import LOCAL, Place

HOST = "a"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records of a run in a place whose name is no address."""
    place = Place(tmp_path_factory.mktemp("formats") / "with space #1 é")
    place.inventory({HOST: LOCAL})
    tasks = [
        {"name": "=cmd|' /C calc'!A0", "ansible.builtin.command": "true"},
        {"name": "\tformula =1+1", "ansible.builtin.fail": {"msg": "=1+1 \x1b[31m"}, "ignore_errors": True},
    ]
    place.write("play #1.yml", [{"name": "@SUM(1)", "hosts": "all", "gather_facts": False, "tasks": tasks}])
    assert place.play("play #1.yml").returncode == 0
    return place.records


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_of_a_format(case: FormatCase, recorded: Path, tmp_path: Path) -> None:
    records = tmp_path / "records"
    shutil.copytree(recorded, records, symlinks=True)
    case.check(Desk(tmp_path, records, HOST))
