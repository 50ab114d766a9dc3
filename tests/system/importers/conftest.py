"""One run of a play with every kind of ending, recorded by our callback and by another tool at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ansible_runner
import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BIN = Path(sys.executable).parent
TOOLS = ROOT / ".cache" / "importers"
SECRET = "Zq7hunter2Kx9"  # noqa: S105 - the canary of these tests

ROLE = """
- name: In a role
  ansible.builtin.debug: {msg: "token=Zq7hunter2Kx9"}
  changed_when: true
  notify: Handle
"""
HANDLERS = """
- name: Handle
  ansible.builtin.debug: {msg: handled}
"""
PLAY = """
- name: First play
  hosts: all
  gather_facts: false
  roles: [thing]
  tasks:
    - name: Loop
      ansible.builtin.debug: {msg: "{{ item }}"}
      changed_when: item == 'a'
      failed_when: item == 'b'
      loop: [a, b, c]
      ignore_errors: true
    - name: Hidden
      ansible.builtin.debug: {msg: Zq7hunter2Kx9}
      no_log: true
    - name: Hidden failure
      ansible.builtin.fail: {msg: Zq7hunter2Kx9}
      no_log: true
      ignore_errors: true
    - name: Retry
      ansible.builtin.command: "false"
      register: tried
      retries: 2
      delay: 0
      until: tried.rc == 0
      ignore_errors: true
    - name: Skip
      ansible.builtin.debug: {msg: x}
      when: inventory_hostname == 'a'
    - name: Block
      block:
        - name: Fail in block
          ansible.builtin.fail: {msg: "login failed: password=Zq7hunter2Kx9 \\e[31m"}
      rescue:
        - name: Rescue
          ansible.builtin.debug: {msg: rescued}
    - name: Elsewhere
      ansible.builtin.debug: {msg: there}
      delegate_to: other
    - name: Include
      ansible.builtin.include_tasks: more.yml
- name: Second play
  hosts: all
  gather_facts: false
  tasks:
    - name: Unreachable and ignored
      ansible.builtin.ping:
      vars: &nowhere {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1}
      ignore_unreachable: true
    - name: Fail on b
      ansible.builtin.fail: {msg: bad}
      when: inventory_hostname == 'b'
    - name: Unreachable
      ansible.builtin.ping:
      vars: *nowhere
      when: inventory_hostname == 'a'
    - name: To the end
      ansible.builtin.debug: {msg: over}
- name: Third play
  hosts: c
  gather_facts: false
  strategy: free
  serial: 1
  tasks:
    - name: Free
      ansible.builtin.debug: {msg: over}
"""


def write_play(place: Path) -> Path:
    for name, text in (
        ("roles/thing/tasks/main.yml", ROLE),
        ("roles/thing/handlers/main.yml", HANDLERS),
        ("more.yml", "- name: More\n  ansible.builtin.debug: {msg: more}\n"),
        ("play.yml", PLAY),
    ):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return place / "play.yml"


def environment(place: Path, **more: str) -> dict[str, str]:
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
        "ANSIBLE_CALLBACKS_ENABLED": "oplever.lab.journal",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "OPLEVER_RECORDS": str(place / "ours"),
        "OPLEVER_DOCUMENTS": "0",
        **more,
    }


@pytest.fixture(scope="session")
def tools() -> Path:
    """`bin/` of the environment that holds the other tools; made once."""
    requirements = (HERE / "requirements.txt").read_text(encoding="utf-8")
    stamp = TOOLS / "stamp"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != requirements:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", str(TOOLS)], check=True)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(TOOLS / "bin/python")]
        subprocess.run([*pip, "install", "--no-compile", "-q", "-r", str(HERE / "requirements.txt")], check=True)
        stamp.write_text(requirements, encoding="utf-8")
    return TOOLS / "bin"


@pytest.fixture(scope="session")
def by_runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`artifacts/one` of ansible-runner and `ours/` of the callback, of the same run."""
    place = tmp_path_factory.mktemp("runner")
    done = ansible_runner.run(
        private_data_dir=str(place),
        ident="one",
        playbook=str(write_play(place)),
        inventory="a\nb\nc\n",
        cmdline=f"-c local -e db_password={SECRET}",
        envvars=environment(place, PATH=f"{BIN}:{os.environ['PATH']}"),
        quiet=True,
    )
    assert done.rc in (2, 4), done.rc
    return place


SLOW = """
- name: Slow
  hosts: all
  gather_facts: false
  tasks:
    - name: First
      ansible.builtin.debug: {msg: hi}
    - name: Wait
      ansible.builtin.command: sleep 60
"""


def stopped_run(place: Path, how: str) -> Path:
    """Artifacts of a run that ansible-runner stopped as soon as its slow task went on: by `timeout` or `canceled`."""
    (place / "slow.yml").write_text(SLOW, encoding="utf-8")
    events = place / "artifacts" / "one" / "job_events"

    def is_waiting() -> bool:
        return events.is_dir() and any('"Wait"' in path.read_text("utf-8") for path in events.glob("[0-9]*.json"))

    stop = {"cancel_callback": is_waiting} if how == "canceled" else {"settings": {"job_timeout": 8}}
    done = ansible_runner.run(
        private_data_dir=str(place),
        ident="one",
        playbook=str(place / "slow.yml"),
        inventory="a\nb\n",
        cmdline="-c local",
        envvars=environment(place, OPLEVER_JOURNAL="0", PATH=f"{BIN}:{os.environ['PATH']}"),
        quiet=True,
        **stop,
    )
    assert (done.status, done.rc) == (how, 254)
    return place / "artifacts" / "one"


@pytest.fixture(scope="session")
def by_ara(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Path:
    """`ara/ansible.sqlite` of ARA and `ours/` of the callback, of the same run."""
    place = tmp_path_factory.mktemp("ara")
    command = [str(tools / "python"), "-m", "ara.setup.callback_plugins"]
    plugins = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    more = {
        "ANSIBLE_CALLBACK_PLUGINS": plugins,
        "ARA_BASE_DIR": str(place / "ara"),
        "ARA_SETTINGS": str(place / "ara" / "settings.yaml"),
    }
    done = subprocess.run(
        [str(tools / "ansible-playbook"), "-i", "a,b,c", "-c", "local", str(write_play(place))],
        cwd=place,
        env={**os.environ, **environment(place, **more)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (2, 4), done.stdout + done.stderr
    return place


def steps(record: Mapping[str, Any]) -> list[Any]:
    """What must be the same whoever recorded the run."""
    return [
        (
            step["play"],
            step["name"],
            step["action"],
            step["role"],
            sorted(
                (
                    result["host"],
                    result["status"],
                    result["attempts"],
                    result["delegated_to"],
                    result["censored"],
                    result["items_total"],
                    [(item["item"], item["status"]) for item in result["items"]],
                )
                for result in step["results"]
            ),
        )
        for step in record["steps"]
    ]


def recaps(record: Mapping[str, Any]) -> dict[str, Any]:
    return {system["name"]: system["recap"] for system in record["systems"]}
