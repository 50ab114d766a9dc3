"""Records whose documents and exports are kept: every difference is read by a person before it goes in.

`make golden` makes the files of `expected/` again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from difflib import unified_diff
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from golden import outputs
from golden.cases import CASES
from golden.fingerprints import fingerprints
from oplever.record.entries import Content
from oplever.record.model import Record

MOST_LINES = 60
FILES = [(of, name) for of in CASES for name in outputs.names(of)]


def difference(name: str, expected: str, made: str) -> str:
    lines = list(unified_diff(expected.splitlines(), made.splitlines(), f"expected/{name}", "made now", lineterm=""))
    more = [f"... {len(lines) - MOST_LINES} more lines"] if len(lines) > MOST_LINES else []
    advice = "Meant? Then: make golden, and read git diff tests/golden"
    return "\n".join([*lines[:MOST_LINES], *more, advice])


def golden_file(of: str, name: str) -> Any:
    """A golden file as a case; the text of a PDF takes longest."""
    return pytest.param(of, name, id=f"{of}-{name}", marks=[pytest.mark.slow] if name.endswith(".pdf.txt") else [])


@pytest.mark.parametrize(("of", "name"), [golden_file(of, name) for of, name in FILES])
def test_what_is_made_of_a_record_is_what_was_read(of: str, name: str) -> None:
    path = outputs.EXPECTED / of / name
    expected = path.read_bytes().decode() if path.is_file() else ""
    made = outputs.text(of, name) or ""
    if made != expected:
        pytest.fail(difference(f"{of}/{name}", expected, made), pytrace=False)


def test_every_golden_file_is_compared() -> None:
    compared = {outputs.EXPECTED / of / name for of, name in FILES}
    assert [str(path) for path in outputs.golden_files() if path not in compared] == []


def test_every_kind_of_entry_is_in_the_delivered_record() -> None:
    # `opened` is the first line of a record without a journal and `run` is of one of several; this one has a journal.
    kinds = {str(kind.__struct_config__.tag) for kind in get_args(Content)} - {"opened", "run"}
    assert {entry["entry"]["added"] for entry in outputs.case("delivered").entries} == kinds


def test_the_verdicts_are_all_there() -> None:
    verdicts = {of: outputs.record(of).verdict for of in CASES}
    assert verdicts["delivered"] == "delivered"
    assert set(verdicts.values()) == {"delivered", "delivered_with_remarks", "not_delivered", "interrupted"}


@pytest.mark.parametrize("of", CASES)
def test_record_json_is_read_back_as_the_same_record(of: str) -> None:
    record = outputs.record(of)
    assert msgspec.json.decode(outputs.makers(record)["record.json"](), type=Record) == record


@pytest.mark.slow
def test_two_processes_give_the_same_bytes() -> None:
    """Sets and hashes have another order in each process; no byte of a file may depend on it, nor on the time zone."""
    names = ("delivered", "remarks", "hostile", "many")
    other = process("2", "Asia/Tokyo", names)
    first, second = fingerprints(names), json.loads(other.communicate()[0])
    assert {name.split("/")[0] for name in first} == set(names)
    assert {name: value for name, value in first.items() if second.get(name) != value} == {}


def process(seed: str, zone: str, names: tuple[str, ...]) -> subprocess.Popen[bytes]:
    path = Path(outputs.__file__).parents[1]
    environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(path)}
    command = [sys.executable, "-m", "golden.fingerprints", *names]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
