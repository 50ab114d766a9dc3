"""Exports read by the schemas and readers of others: what they accept and how they count it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from golden import outputs
from junitparser import Error, Failure, JUnitXml, Skipped
from oplever.export.registry import export
from oplever.export.shape import Shape
from unit.export.records import mixed

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
READERS = HERE.parents[2] / ".cache/export-readers"
RECORD = mixed()


@pytest.fixture(scope="session")
def readers() -> Path:
    """The packages of package-lock.json, installed once below .cache/."""
    lock = (HERE / "package-lock.json").read_bytes()
    installed = READERS / "package-lock.json"
    if not installed.is_file() or installed.read_bytes() != lock or not (READERS / "node_modules").is_dir():
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


def exported_file(place: Path, fmt: str) -> str:
    path = place / f"export.{fmt}"
    path.write_bytes(export(RECORD, fmt))
    return str(path)


SARIF = "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"


def schema_of(fmt: str, readers: Path) -> str:
    return str(readers / SARIF if fmt == "sarif" else HERE / "schemas" / "oscal_assessment-results_schema.json")


@pytest.mark.parametrize("fmt", ["sarif", "oscal"])
def test_the_schema_of_the_standard_accepts_it(fmt: str, readers: Path, tmp_path: Path) -> None:
    assert node(readers, "schema", schema_of(fmt, readers), exported_file(tmp_path, fmt)) == []


@pytest.mark.parametrize("fmt", ["sarif", "oscal"])
def test_the_schema_would_have_said_no(fmt: str, readers: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    text = export(RECORD, fmt).decode().replace('"results": [', '"results": [{}, ', 1)
    broken.write_text(text, encoding="utf-8")
    assert node(readers, "schema", schema_of(fmt, readers), str(broken))


GLPI = jsonschema.Draft7Validator(json.loads((HERE / "schemas" / "glpi_inventory.schema.json").read_bytes()))


@pytest.mark.parametrize("name", ["delivered", "failed", "hostile", "many", "joined", "incident_closed"])
def test_the_schema_of_glpi_accepts_every_machine(name: str) -> None:
    record = outputs.record(name)
    with zipfile.ZipFile(io.BytesIO(export(record, "glpi"))) as bundle:
        inventories = [json.loads(bundle.read(file)) for file in bundle.namelist()]
    assert len(inventories) == len(record.systems)
    for inventory in inventories:
        assert list(GLPI.iter_errors(inventory)) == []
        assert not GLPI.is_valid({**inventory, "partial": "yes"})


def multitool(readers: Path, log: Path) -> list[str]:
    """Rules of the standard and of GitHub's code scanning that the log breaks, by Microsoft's own validator."""
    program = readers / "node_modules" / "@microsoft" / "sarif-multitool-linux" / "Sarif.Multitool"
    program.chmod(0o755)  # the package does so in a script after it is installed, which we do not run
    out = log.with_suffix(".found")
    run = subprocess.run(
        [program, "validate", log, "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning", "-o", out],
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert out.is_file(), run.stdout + run.stderr
    (validation,) = json.loads(out.read_text(encoding="utf-8-sig"))["runs"]
    return sorted(
        {result["ruleId"] for result in validation["results"]} - {"SARIF2005"}
    )  # an address that we do not have


@pytest.mark.parametrize("shape", [Shape(), Shape(before=True, everything=True)])
def test_code_scanning_takes_the_log(readers: Path, tmp_path: Path, shape: Shape) -> None:
    log = tmp_path / "export.sarif"
    log.write_bytes(export(RECORD, "sarif", shape))
    assert multitool(readers, log) == []


@pytest.mark.parametrize(
    ("part", "rule"), [("locations", "GH1015"), ("uri", "GH1017"), ("fullDescription", "GH2012"), ("help", "GH2012")]
)
def test_code_scanning_would_have_said_no(readers: Path, tmp_path: Path, part: str, rule: str) -> None:
    log = tmp_path / "export.sarif"
    without = json.loads(
        export(RECORD, "sarif"),
        object_hook=lambda node: {key: value for key, value in node.items() if key != part},
    )
    log.write_text(json.dumps(without), encoding="utf-8")
    assert rule in multitool(readers, log)


def test_heimdall_sees_each_status(readers: Path, tmp_path: Path) -> None:
    assert node(readers, "hdf", exported_file(tmp_path, "hdf")) == {
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
    suites = JUnitXml.fromfile(exported_file(tmp_path, "junit"))
    cases = [case for suite in suites for case in suite]
    kinds = [type(result) for case in cases for result in case.result]
    assert (len(cases), kinds.count(Failure), kinds.count(Error), kinds.count(Skipped)) == (12, 3, 2, 3)
    before = (suites.tests, suites.failures, suites.errors, suites.skipped)
    suites.update_statistics()  # counts again from the cases
    assert before == (suites.tests, suites.failures, suites.errors, suites.skipped)


def test_openscap_finds_the_xccdf_valid(tmp_path: Path) -> None:
    """By schema and Schematron rules."""
    run = subprocess.run(
        ["oscap", "xccdf", "validate", exported_file(tmp_path, "xccdf")], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    assert "Error" not in run.stdout
