"""The tests of several roles in one exchange give what their own tasks give; what is more than checks is left."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
CHECKS = {
    "checks": "{{ __answer_checks }}",
    "suite": "answer",
    "stage": "{{ oplever_stage | default('after') }}",
    "fail": "{{ oplever_checks_fail | default(true) }}",
}
PLAIN = {"name": "Test it", "oplever.lab.checks": CHECKS}
ROLES: dict[str, list[dict[str, Any]]] = {
    "right": [PLAIN],
    "wrong": [PLAIN],
    "conditional": [{**PLAIN, "when": "answer_file is defined"}],
    "elsewhere": [{**PLAIN, "delegate_to": "localhost"}],
    "more": [{"name": "Look", "ansible.builtin.command": "true"}, PLAIN],
    "unsupported": [{"name": "Ask", "oplever.lab.preflight": {}}, PLAIN],
}
PATHS = {"right": "/etc/passwd", "wrong": "/nowhere/at/all"}


def check(role: str) -> dict[str, Any]:
    path = PATHS.get(role, "/etc/passwd")
    return {
        "id": f"{role}.file",
        "title": "a file",
        "source": "file",
        "select": {"path": path},
        "expect": {"exists": True},
    }


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for role, tasks in ROLES.items():
        files: dict[str, Any] = {
            "tasks/verify.yml": tasks,
            "defaults/main.yml": {"answer_host": "none"},
            # Only with the role's own templates and variables and those of the machine is it known what to check.
            "vars/main.yml": {
                "__answer_checks": "{{ lookup('ansible.builtin.template', 'checks.yml.j2') | from_yaml }}"
            },
            "templates/checks.yml.j2": [{**check(role), "title": "{{ role_name }} of {{ inventory_hostname }}"}],
            "meta/main.yml": {"galaxy_info": {"platforms": [{"name": "Debian", "versions": ["none"]}]}},
        }
        for name, content in files.items():
            file = tmp_path / "roles" / role / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return tmp_path


def run(place: Path, tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run the tasks on one machine; the lines of the journal."""
    (place / "play.yml").write_text(
        json.dumps([{"name": "Test", "hosts": "web1", "connection": "local", "gather_facts": False, "tasks": tasks}]),
        encoding="utf-8",
    )
    env = {**os.environ, "OPLEVER_RECORDS": str(place / "records"), "OPLEVER_DOCUMENTS": "0"}
    subprocess.run(
        [str(BIN / "ansible-playbook"), "-i", "web1,", str(place / "play.yml")],
        cwd=ROOT, env=env, text=True, capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    text = (place / "records/latest/journal.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def together(roles: list[str]) -> dict[str, Any]:
    return {
        "name": "Test the roles",
        "oplever.lab.checks": {"role": "{{ item }}", "together": "{{ roles }}", "stage": "after"},
        "vars": {"roles": [{"name": role} for role in roles]},
        "loop": "{{ roles }}",
        "register": "answers",
    }


def written(place: Path, expression: str) -> dict[str, Any]:
    """A task that writes a value that the play knows."""
    content = f"{{{{ {expression} | to_json }}}}"
    return {"name": "Write", "ansible.builtin.copy": {"content": content, "dest": str(place / "written.json")}}


def suites(lines: list[dict[str, Any]]) -> dict[str, tuple[dict[str, str], str, str]]:
    """Id of each check -> its title, status and what was found, without regard to the kind of line."""
    results = [
        line["data"] for line in lines if line["kind"] in ("item", "result") and "checks" in line.get("data", {})
    ]
    return {
        row["id"]: (row["title"], row["status"], row["found"]) for data in results for row in data["checks"]
    }  # fmt: skip


def test_the_answers_are_those_of_the_roles_themselves(place: Path) -> None:
    roles = ["right", "wrong"]
    include = {"name": "{{ item }}", "tasks_from": "verify"}
    own = {
        "name": "One by one",
        "ansible.builtin.include_role": include,
        "loop": roles,
        "vars": {"oplever_checks_fail": False},
    }
    expected = suites(run(place, [own]))
    assert {name: status for name, (_, status, _) in expected.items()} == {"right.file": "pass", "wrong.file": "fail"}
    assert expected["right.file"][0] == {"nl": "right of web1", "en": "right of web1"}
    lines = run(place, [together(roles), written(place, "ansible_facts['oplever_checks_answer_after']")])
    assert suites(lines) == expected
    assert json.loads((place / "written.json").read_text(encoding="utf-8")) == ["wrong.file"]
    assert {line["data"]["role"] for line in lines if line["kind"] == "item"} == set(roles)
    assert {line["data"]["path"] for line in lines if line["kind"] == "item"} == {
        f"{place}/roles/{role}/tasks/verify.yml:1" for role in roles
    }


def test_what_is_more_than_checks_is_left(place: Path) -> None:
    roles = ["right", "conditional", "elsewhere", "more"]
    left = written(place, "answers.results | selectattr('left', 'defined') | map(attribute='item.name')")
    assert set(suites(run(place, [together(roles), left]))) == {"right.file"}
    assert json.loads((place / "written.json").read_text(encoding="utf-8")) == ["conditional", "elsewhere", "more"]


def test_a_role_that_refuses_fails_and_the_others_are_tested(place: Path) -> None:
    lines = run(place, [together(["unsupported", "right"])])
    assert set(suites(lines)) == {"right.file"}
    (result,) = [line for line in lines if line["kind"] == "result"]
    assert result["status"] == "failed"
    (refused,) = [line for line in lines if line["kind"] == "item" and line["status"] == "failed"]
    assert "Role unsupported supports Debian none; web1 has" in json.dumps(refused)


@pytest.mark.parametrize(
    ("hosts", "expected"), [([], ""), (["web9"], ""), (["web9", "web1"], "web1 may not serve itself. It has Debian.")]
)
def test_preflight_refuses_what_options_say_together(place: Path, hosts: list[str], expected: str) -> None:
    """The sentence needs a fact that the same task gathers."""
    role = place / "roles/together"
    (role / "tasks").mkdir(parents=True)
    (role / "vars").mkdir()
    (role / "meta").mkdir()
    mistakes = (
        "{{ [inventory_hostname ~ ' may not serve itself.', 'It has ' ~ ansible_facts['distribution'] ~ '.']"
        " if inventory_hostname in hosts else [] }}"
    )
    task = {"name": "Ask", "oplever.lab.preflight": {"facts": ["default_ipv4"], "mistakes": ["__mistakes"]}}
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    platforms = [{"name": "Debian", "versions": [release]}]
    for name, content in {
        "tasks/main.yml": [task], "vars/main.yml": {"__mistakes": mistakes},
        "meta/main.yml": {"galaxy_info": {"platforms": platforms}},
    }.items():  # fmt: skip
        (role / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    include = {"name": "together"}
    lines = run(place, [{"name": "Run", "ansible.builtin.include_role": include, "vars": {"hosts": hosts}}])
    result = next(line for line in lines if line["kind"] == "result" and line.get("status") and line["task"] in {
        start["task"] for start in lines if start["kind"] == "task_start" and start["name"] == "Ask"})  # fmt: skip
    assert (result["status"], result.get("message", "")) == (("failed", expected) if expected else ("ok", ""))
