"""Exports read by the schemas and readers of others: what they accept and how they count it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from oplever.export.registry import export
from unit.export.records import mixed

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
READERS = HERE.parents[2] / ".cache/export-readers"
RECORD = mixed()


@pytest.fixture(scope="session")
def readers() -> Path:
    """The packages of package-lock.json, installed once below .cache/."""
    wanted = (HERE / "package-lock.json").read_bytes()
    installed = READERS / "package-lock.json"
    if not installed.is_file() or installed.read_bytes() != wanted or not (READERS / "node_modules").is_dir():
        READERS.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, READERS / name)
        subprocess.run([BIN / "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=READERS, check=True)
    return READERS


def node(readers: Path, *arguments: str) -> Any:
    run = subprocess.run(
        [BIN / "node", str(HERE / "read.js"), *arguments],
        env={**os.environ, "READERS": str(readers)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout)


def written(place: Path, fmt: str) -> str:
    path = place / f"export.{fmt}"
    path.write_bytes(export(RECORD, fmt))
    return str(path)


SARIF = "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"


def schema_of(fmt: str, readers: Path) -> str:
    return str(readers / SARIF if fmt == "sarif" else HERE / "schemas" / "oscal_assessment-results_schema.json")


@pytest.mark.parametrize("fmt", ["sarif", "oscal"])
def test_the_schema_of_the_standard_accepts_it(fmt: str, readers: Path, tmp_path: Path) -> None:
    assert node(readers, "schema", schema_of(fmt, readers), written(tmp_path, fmt)) == []


@pytest.mark.parametrize("fmt", ["sarif", "oscal"])
def test_the_schema_would_have_said_no(fmt: str, readers: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    text = export(RECORD, fmt).decode().replace('"results": [', '"results": [{}, ', 1)
    broken.write_text(text, encoding="utf-8")
    assert node(readers, "schema", schema_of(fmt, readers), str(broken))


def test_heimdall_sees_each_status(readers: Path, tmp_path: Path) -> None:
    assert node(readers, "hdf", written(tmp_path, "hdf")) == {
        "baseline-a": {
            "ACC-001": "Passed",
            "ACC-002": "Failed",
            "SSH-001": "Failed",
            "SSH-002": "Not Applicable",  # waived
            "SSH-003": "Passed",
            "KRN-001": "Not Applicable",
            "KRN-002": "Profile Error",
        }
    }


def test_junitparser_counts_the_same(tmp_path: Path) -> None:
    suites = JUnitXml.fromfile(written(tmp_path, "junit"))
    cases = [case for suite in suites for case in suite]
    kinds = [type(result) for case in cases for result in case.result]
    assert (len(cases), kinds.count(Failure), kinds.count(Error), kinds.count(Skipped)) == (12, 3, 2, 3)
    before = (suites.tests, suites.failures, suites.errors, suites.skipped)
    suites.update_statistics()  # counts again from the cases
    assert before == (suites.tests, suites.failures, suites.errors, suites.skipped)


def test_openscap_finds_the_xccdf_valid(tmp_path: Path) -> None:
    """By schema and Schematron rules."""
    run = subprocess.run(
        ["oscap", "xccdf", "validate", written(tmp_path, "xccdf")], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    assert "Error" not in run.stdout
