"""The engine under every Python that a target may have and that is found here; what is not here is named as skipped."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
PYENV = Path.home() / ".pyenv/versions"
# Reads every file of the engine as this Python does, and holds the recorded machines and the whole baseline against it.
SMOKE = """
import json, sys
from pathlib import Path
import ansible_collections.oplever.lab.plugins.module_utils as package
for path in sorted(Path(list(package.__path__)[0]).rglob("*.py")):
    compile(path.read_text(encoding="utf-8"), str(path), "exec")
from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate, language
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import collect
import recorded
checks, parameters = json.load(open(sys.argv[2]))
checks = language.resolve(checks, parameters)
assert not language.problems(checks)
found = []
for release in recorded.RELEASES:
    for away in (False, True):
        place = Path(sys.argv[1]) / (release + str(away))
        found += [r for r in recorded.results(release, place, away) if r["status"] != "pass"]
        for result in evaluate.evaluate(recorded.Recorded(str(place), away), checks):
            found += [result] if "not foreseen" in result["reason"] else []
        snapshot = collect.snapshot(recorded.Recorded(str(place), away))
        assert snapshot["accounts"] and snapshot["packages"], snapshot["problems"]
print(json.dumps([sys.version_info[:2], found]))
"""


def interpreters() -> dict[str, str]:
    """Version -> program."""
    found = {}
    for version in VERSIONS:
        kept = sorted(
            PYENV.glob(f"{version}.*/bin/python"), key=lambda path: [int(n) for n in path.parts[-3].split(".")]
        )
        program = str(kept[-1]) if kept else shutil.which(f"python{version}")
        if program:
            found[version] = program
    return found


FOUND = interpreters()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_engine_runs_on(version: str, tmp_path: Path) -> None:
    if version not in FOUND:
        pytest.skip(f"there is no Python {version} on this system")
    files = sorted((ROOT / "roles/harden/files/baseline").glob("*.yml"))
    checks = [check for path in files for check in yaml.safe_load(path.read_text(encoding="utf-8"))]
    profile = yaml.safe_load((ROOT / "roles/harden/files/profiles/debian-hoog.yml").read_text(encoding="utf-8"))
    asked = tmp_path / "checks.json"
    asked.write_text(json.dumps([checks, profile["parameters"]]), encoding="utf-8")
    paths = f"{ROOT / 'collections'}:{ROOT / 'tests/unit/engine'}"
    done = subprocess.run(
        [FOUND[version], "-W", "error::SyntaxWarning", "-c", SMOKE, str(tmp_path), str(asked)],
        env={"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ran, found = json.loads(done.stdout)
    assert ".".join(map(str, ran)) == version
    assert found == []
