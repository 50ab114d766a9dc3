"""The built collection works away from this repository, with a playbook and an inventory of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

CONFIG = """[defaults]
collections_path = collections
callbacks_enabled = oplever.lab.journal
"""

PLAYBOOK = """
- name: Away from home
  hosts: localhost
  connection: local
  gather_facts: false
  vars: {ansible_python_interpreter: "{{ ansible_playbook_python }}"}
  module_defaults:
    group/oplever.lab.evidence: {stage: before}
  tasks:
    - name: Snapshot before
      oplever.lab.snapshot:
    - name: A file by shell
      ansible.builtin.copy: {content: made, dest: "{{ playbook_dir }}/made", mode: "0600"}
    - name: Checks
      oplever.lab.checks:
        suite: away
        stage: after
        checks:
          - id: away.file
            title: {nl: het bestand is er, en: the file is there}
            source: file
            select: "{{ playbook_dir }}/made"
            expect: {exists: true, mode: "0600"}
    - name: Snapshot after
      oplever.lab.snapshot: {stage: after}
"""


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "OPLEVER_"))}
    env["PATH"] = f"{BIN}:{env['PATH']}"
    done = subprocess.run(command, cwd=cwd, env=env, text=True, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the installed collection, a configuration and a playbook; nothing of the repository."""
    directory = tmp_path_factory.mktemp("elsewhere")
    run("ansible-galaxy", "collection", "build", "--output-path", str(directory), cwd=ROOT)
    (archive,) = directory.glob("oplever-lab-*.tar.gz")
    (directory / "ansible.cfg").write_text(CONFIG, encoding="utf-8")
    (directory / "play.yml").write_text(PLAYBOOK, encoding="utf-8")
    run(
        "ansible-galaxy",
        "collection",
        "install",
        "--offline",
        "--no-deps",
        "-p",
        "collections",
        str(archive),
        cwd=directory,
    )
    return directory


def test_a_playbook_elsewhere_leaves_a_record_with_documents(elsewhere: Path) -> None:
    run("ansible-playbook", "-i", "localhost,", "play.yml", cwd=elsewhere)
    directory = elsewhere / "records" / "latest"
    record = json.loads((directory / "record.json").read_text(encoding="utf-8"))
    assert [(test["id"], test["status"]) for test in record["tests"]] == [("away.file", "pass")]
    assert (directory / "report.nl.pdf").read_bytes().startswith(b"%PDF")


def test_defaults_of_the_group_reach_its_modules(elsewhere: Path) -> None:
    """The first snapshot of the play takes its stage from there."""
    journal = (elsewhere / "records" / "latest" / "journal.jsonl").read_text(encoding="utf-8")
    snapshots = [line["data"]["stage"] for line in map(json.loads, journal.splitlines()) if line["kind"] == "result"
                 and "stage" in line.get("data", {}) and "checks" not in line["data"]]  # fmt: skip
    assert snapshots == ["before", "after"]


@pytest.fixture
def installed(elsewhere: Path) -> Path:
    return elsewhere / "collections/ansible_collections/oplever/lab"


def test_the_archive_holds_the_collection_and_nothing_else(installed: Path) -> None:
    names = {path.name for path in installed.iterdir()}
    assert names == {
        "CHANGELOG.md", "FILES.json", "LICENSE", "MANIFEST.json", "README.md", "SECURITY.md",
        "changelogs", "docs", "meta", "playbooks", "plugins", "roles",
    }  # fmt: skip
    assert [path.name for path in (installed / "changelogs").iterdir() if path.is_dir()] == []
    assert (installed / "changelogs/changelog.yaml").is_file()


def test_the_lab_stays_behind(installed: Path) -> None:
    assert not (installed / "roles/lab").exists()
    assert {path.name for path in (installed / "playbooks").glob("*.yml")}.isdisjoint(
        {"lab_up.yml", "lab_down.yml", "local.yml"}
    )
    roles = {path.name for path in ROOT.glob("roles/*")} - {"lab"}
    assert {path.name for path in (installed / "roles").iterdir()} == roles


def test_pages_that_plugins_point_at_are_there(installed: Path) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (installed / "plugins").rglob("*.py"))
    pages = set(re.findall(r"docs/[\w./-]+\.(?:md|json)", text))
    assert pages
    assert {page for page in pages if not (installed / page).is_file()} == set()
