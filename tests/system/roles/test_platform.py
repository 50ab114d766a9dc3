"""Every role works without gathered facts, and on a release that it does not support it says so in one sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
ENTRIES = yaml.safe_load((ROOT / "playbooks/vars/roles.yml").read_text(encoding="utf-8"))["oplever_roles"]
# Entry point -> variables that its argument specification requires.
POINTS: dict[tuple[str, str], dict[str, Any]] = {
    (entry["role"], point): {"dns_client_servers": ["192.0.2.1"]} if "tasks" in entry else {}
    for entry in ENTRIES
    for point in (entry.get("tasks", "main"), entry.get("tests", "verify"))
    if point  # the baseline itself can be looked at on any system
}
OLD = {"distribution": "Debian", "distribution_release": "bullseye", "distribution_version": "11"}
UBUNTU = {"distribution": "Ubuntu", "distribution_release": "noble", "distribution_version": "24.04"}


def play(tmp_path: Path, facts: dict[str, str]) -> dict[str, str]:
    """Run every entry point in check mode on this host, with `facts` in place of its own. Gives the message of each."""
    tasks: list[dict[str, Any]] = [{"name": "Pretend", "ansible.builtin.set_fact": {**facts, "cacheable": True}}]
    for (role, point), variables in POINTS.items():
        include = {"name": f"oplever.lab.{role}", "tasks_from": point}
        tasks.append({
            "name": f"{role} {point}",
            "block": [{"name": "Run", "ansible.builtin.include_role": include, "vars": variables}],
            "rescue": [{"name": "Keep", "ansible.builtin.lineinfile": {
                "path": str(tmp_path / "messages"), "create": True, "mode": "0600",
                "line": json.dumps([f"{role} {point}"])[:-1] + ", {{ ansible_failed_result.msg | to_json }}]",
            }, "check_mode": False}],
        })  # fmt: skip
    playbook = tmp_path / "play.yml"
    head = {"name": "Elsewhere", "hosts": "web1", "connection": "local", "gather_facts": False, "tasks": tasks}
    playbook.write_text(json.dumps([head]), encoding="utf-8")
    env = {**os.environ, "OPLEVER_JOURNAL": "0", "ANSIBLE_NOCOLOR": "1", "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        [str(BIN / "ansible-playbook"), "--check", "-i", "web1,", str(playbook)],
        cwd=ROOT, env=env, text=True, capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    lines = (tmp_path / "messages").read_text(encoding="utf-8").splitlines()
    return dict(json.loads(line) for line in lines)


@pytest.mark.parametrize(
    ("facts", "what"), [(OLD, "Debian 11 (bullseye)"), (UBUNTU, "Ubuntu 24.04 (noble)")], ids=["old", "ubuntu"]
)
def test_every_role_refuses_what_it_does_not_support(tmp_path: Path, facts: dict[str, str], what: str) -> None:
    expected = {f"{role} {point}": f"Role {role} supports Debian 12 and 13; web1 has {what}." for role, point in POINTS}
    assert play(tmp_path, facts) == expected
