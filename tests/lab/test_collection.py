"""The built collection works away from this repository, with a playbook and an inventory of its own."""

from __future__ import annotations

import json
import os
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
  tasks:
    - name: Snapshot before
      oplever.lab.snapshot: {stage: before}
    - name: A file by shell
      ansible.builtin.copy: {content: made, dest: "{{ playbook_dir }}/made", mode: "0600"}
    - name: Checks
      oplever.lab.checks:
        suite: away
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
    run("ansible-galaxy", "collection", "install", "--offline", "-p", "collections", str(archive), cwd=directory)
    return directory


def test_a_playbook_elsewhere_leaves_a_record_with_documents(elsewhere: Path) -> None:
    run("ansible-playbook", "-i", "localhost,", "play.yml", cwd=elsewhere)
    directory = elsewhere / "records" / "latest"
    record = json.loads((directory / "record.json").read_text(encoding="utf-8"))
    assert [(test["id"], test["status"]) for test in record["tests"]] == [("away.file", "pass")]
    assert (directory / "report.nl.pdf").read_bytes().startswith(b"%PDF")


def test_the_archive_holds_the_collection_and_nothing_private(elsewhere: Path) -> None:
    installed = elsewhere / "collections/ansible_collections/oplever/lab"
    names = {path.name for path in installed.iterdir()}
    assert {"plugins", "roles", "playbooks", "meta"} <= names
    assert names.isdisjoint({"records", ".lab", ".venv", ".molecule", ".git", "tests", "collections"})
