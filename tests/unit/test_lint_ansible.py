"""`tools/lint-ansible` finds what ansible-lint finds, without a program for each check of syntax."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOKS = {
    "whole.yml": "tasks:\n    - name: Say hello\n      ansible.builtin.debug:\n        msg: Hello\n",
    "module.yml": "tasks:\n    - name: Say hello\n      ansible.builtin.no_such_module:\n        msg: Hello\n",
    "role.yml": "roles:\n    - role: no_such_role\n",
    "keyword.yml": "no_such_keyword: 1\n",
}
PROGRAMS = (ROOT / "tools/lint-ansible", "ansible-lint")
BROKEN = {"module.yml", "role.yml", "keyword.yml"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("project")
    (path / ".ansible-lint").write_text("---\nprofile: production\n", encoding="ascii")
    (path / "playbooks").mkdir()
    for name, text in PLAYBOOKS.items():
        content = f"---\n- name: Greet\n  hosts: localhost\n  {text}"
        (path / "playbooks" / name).write_text(content, encoding="ascii")
    return path


@pytest.mark.truth
def test_the_same_is_found_as_ansible_lint_finds_alone(project: Path) -> None:
    forked, alone = (lint(project, program) for program in PROGRAMS)
    assert forked.stdout == alone.stdout
    assert forked.returncode == alone.returncode == 2
    found = [line.split(":") for line in forked.stdout.splitlines()]
    assert {Path(name).name for name, _, _, rule, *_ in found if "syntax-check" in rule} == BROKEN


@pytest.mark.slow
def test_no_program_is_started_for_a_check_of_syntax(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "ansible-playbook"
    other.write_text("#!/bin/sh\nexit 9\n", encoding="ascii")
    other.chmod(0o755)
    done = [lint(project, program, "playbooks/whole.yml", first=tmp_path).returncode for program in PROGRAMS]
    assert done == [0, 2]


def lint(
    project: Path, program: Path | str, *names: str, first: Path | None = None
) -> subprocess.CompletedProcess[str]:
    places = [*([str(first)] if first else []), str(Path(sys.executable).parent), os.environ["PATH"]]
    return subprocess.run(
        [program, "--offline", "-q", "--nocolor", "--parseable", *names],
        cwd=project, env={**os.environ, "PATH": ":".join(places)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
