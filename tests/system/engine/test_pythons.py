"""The engine under the Pythons that a target may have: those of Debian 11 to 14, and others where the host has them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from system.pythons import OF_DEBIAN, OF_NO_DEBIAN, on_this_host, program

ROOT = Path(__file__).resolve().parents[3]
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
        snapshot = collect.snapshot(recorded.Recorded(str(place), away), collect.Places())
        assert snapshot["state"]["account"] and snapshot["packages"], (snapshot["problems"], snapshot["unseen"])
print(json.dumps([sys.version_info[:2], found]))
"""


@pytest.mark.parametrize("version", [*OF_DEBIAN, *filter(on_this_host, OF_NO_DEBIAN)])
def test_the_engine_runs_on(version: str, tmp_path: Path) -> None:
    files = sorted((ROOT / "roles/harden/files/baseline").glob("*.yml"))
    checks = [check for path in files for check in yaml.safe_load(path.read_text(encoding="utf-8"))]
    profile = yaml.safe_load((ROOT / "roles/harden/files/profiles/debian-hoog.yml").read_text(encoding="utf-8"))
    checks_file = tmp_path / "checks.json"
    checks_file.write_text(json.dumps([checks, profile["parameters"]]), encoding="utf-8")
    paths = f"{ROOT / 'collections'}:{ROOT / 'tests/unit/engine'}"
    done = subprocess.run(
        [program(version), "-W", "error::SyntaxWarning", "-c", SMOKE, str(tmp_path), str(checks_file)],
        env={"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ran, statuses = json.loads(done.stdout)
    assert ".".join(map(str, ran)) == version
    assert statuses == []
