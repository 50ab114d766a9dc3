"""`oplever run` as a person uses it: real playbooks on this machine, on a terminal and without one."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pexpect
import pytest
from waiting import PATIENCE, wait_for

ROOT = Path(__file__).resolve().parents[3]
OPLEVER = str(Path(sys.executable).with_name("oplever"))
SECRET = "Zq7hunter2Kx9"  # noqa: S105 - the canary of these tests

WORK = r"""
- name: Classroom
  hosts: all
  gather_facts: false
  tasks:
    - name: Look
      ansible.builtin.debug: {msg: seen}
      tags: [look]
    - name: Change
      ansible.builtin.command: "true"
    - name: Configuration is the user's own
      ansible.builtin.assert: {that: "lookup('config', 'HOST_KEY_CHECKING')"}
"""
FAILING = (
    WORK
    + r"""
    - name: Hostile
      ansible.builtin.fail:
        msg: "red \e[31m title \e]0;owned\a and \u202e back"
"""
)
SLEEPING = r"""
- name: Classroom
  hosts: all
  gather_facts: false
  tasks:
    - name: Long work
      ansible.builtin.command: "sleep {{ nap }}"
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "tmp").mkdir()
    return tmp_path


def environment(place: Path, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "OPLEVER_RECORDS": str(place / "records"),
        "TMPDIR": str(place / "tmp"),
        "TERM": "xterm",
        "COLUMNS": "100",
        "LINES": "30",
        "OPLEVER_DOCUMENTS": "0",  # a test that wants them says so
        **more,
    }


def arguments(place: Path, text: str, *more: str, hosts: str = "w1,") -> list[str]:
    playbook = place / "classroom.yml"
    playbook.write_text(text, encoding="utf-8")
    return ["run", "-i", hosts, "-c", "local", str(playbook), *more]


def run(place: Path, text: str, *more: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [OPLEVER, *arguments(place, text, *more)],
        cwd=ROOT,
        env=environment(place, **env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def terminal(place: Path, text: str, *more: str, **env: str) -> pexpect.spawn[str]:
    return pexpect.spawn(
        OPLEVER,
        arguments(place, text, *more),
        cwd=str(ROOT),
        env=environment(place, **env),
        encoding="utf-8",
        codec_errors="replace",  # an echoed Ctrl-C can fall between the bytes of a character
        timeout=PATIENCE,
        dimensions=(30, 100),
    )


def record(place: Path) -> dict[str, Any]:
    record_json: dict[str, Any] = json.loads((place / "records" / "latest" / "record.json").read_text(encoding="utf-8"))
    return record_json


def journal(place: Path) -> list[dict[str, Any]]:
    text = (place / "records" / "latest" / "journal.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def unique_nap() -> str:
    """Seconds that no other test sleeps, also not one of the same name beside this: they are looked for by them."""
    return f"{random.randint(4000, 9000)}.{uuid.uuid4().int % 10**9:09}"  # noqa: S311 - no secret


def sleeping(nap: str) -> bool:
    return subprocess.run(["pgrep", "-f", f"^sleep {nap}$"], capture_output=True, check=False).returncode == 0


def test_a_run_that_goes_well_is_told_in_lines_and_recorded(place: Path) -> None:
    words = ("-i", "w2,", "--tags", "look,all", "--limit", "w1", "--diff", "-vv", "-e", f"db_password={SECRET}")
    done = run(place, WORK, *words, OPLEVER_DOCUMENTS="1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "play 1: Classroom" in done.stdout
    assert "    w1: changed" in done.stdout
    assert "verdict: with remarks" in done.stdout
    assert str(place / "records") in done.stdout
    assert "\x1b" not in done.stdout
    start = journal(place)[0]
    assert (start["limit"], sorted(start["tags"]), start["diff_mode"]) == ("w1", ["all", "look"], True)
    assert [system["name"] for system in record(place)["systems"]] == ["w1"]
    assert {"report.nl.html", "report.en.pdf"} <= {path.name for path in (place / "records" / "latest").iterdir()}
    assert SECRET not in done.stdout + json.dumps(journal(place))
    assert list((place / "tmp").glob("oplever-run-*")) == []


def test_a_failure_ends_with_1_and_what_a_machine_says_cannot_steer_the_terminal(place: Path) -> None:
    done = run(place, FAILING)
    assert done.returncode == 1
    assert "w1: failed: red title" in done.stdout
    shown = terminal(place, FAILING)
    shown.expect(pexpect.EOF)
    shown.close()
    assert shown.exitstatus == 1
    text = str(shown.before)
    assert "red" in text
    assert "owned\a" not in text
    assert "\x1b]0;" not in text
    assert "\u202e" not in text
    assert "verdict: not delivered" in text


def test_the_environment_and_what_no_log_hides_are_nowhere_on_disk_while_it_runs(place: Path) -> None:
    half = len(SECRET) // 2
    look = (
        WORK
        + rf"""
    - name: Hidden
      ansible.builtin.debug: {{msg: "{{{{ lookup('env', 'CANARY') }}}}"}}
      no_log: true
    - name: Hidden failure
      ansible.builtin.fail: {{msg: "wrong: {{{{ lookup('env', 'CANARY') }}}}"}}
      no_log: true
      ignore_errors: true
    - name: Search
      ansible.builtin.shell: grep -rlF "$(printf %s {SECRET[:half]} {SECRET[half:]})" {place}
      register: found
      failed_when: found.rc != 1
"""
    )
    done = run(place, look, CANARY=SECRET)
    assert done.returncode == 0, done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_ctrl_c_ends_the_workers_and_leaves_a_record_with_documents(place: Path) -> None:
    nap = unique_nap()
    shown = terminal(place, SLEEPING, "-e", f"nap={nap}", OPLEVER_DOCUMENTS="1")
    shown.expect("Long work")
    wait_for(lambda: sleeping(nap))
    shown.sendintr()
    shown.expect(pexpect.EOF)
    shown.close()
    assert shown.exitstatus == 1
    assert not sleeping(nap)
    assert "stopped in: Long work" in str(shown.before)
    assert record(place)["verdict"] == "interrupted"
    assert {"report.nl.html", "report.en.pdf"} <= {path.name for path in (place / "records" / "latest").iterdir()}
    assert list((place / "tmp").glob("oplever-run-*")) == []


def test_a_worker_that_ignores_signals_is_ended_all_the_same(place: Path) -> None:
    nap = unique_nap()
    stubborn = SLEEPING.replace(
        'ansible.builtin.command: "sleep {{ nap }}"',
        "ansible.builtin.shell: \"trap '' INT TERM HUP; while :; do sleep {{ nap }}; done\"",
    )
    running = subprocess.Popen(
        [OPLEVER, *arguments(place, stubborn, "-e", f"nap={nap}", hosts="w1,")],
        cwd=ROOT,
        env=environment(place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: sleeping(nap))
    running.send_signal(signal.SIGTERM)
    output, _ = running.communicate(timeout=PATIENCE)
    assert running.returncode == 1
    assert not sleeping(nap)
    assert "verdict: interrupted" in output


def test_a_vault_password_is_asked_on_the_terminal_and_refused_without_one(place: Path) -> None:
    (place / "password").write_text(SECRET + "\n", encoding="utf-8")
    (place / "vars.yml").write_text("word: fine\n", encoding="utf-8")
    vault = [str(Path(sys.executable).with_name("ansible-vault")), "encrypt", "--vault-password-file"]
    subprocess.run(
        [*vault, str(place / "password"), str(place / "vars.yml")], check=True, capture_output=True, cwd=ROOT
    )
    more = ("--ask-vault-pass", "-e", f"@{place / 'vars.yml'}")
    look = WORK + "    - ansible.builtin.assert: {that: word == 'fine'}\n"
    shown = terminal(place, look, *more)
    shown.expect("Vault password: ")
    shown.sendline(SECRET)
    shown.expect(pexpect.EOF)
    shown.close()
    assert shown.exitstatus == 0, shown.before
    assert SECRET not in str(shown.before)
    refused = run(place, look, *more)
    assert refused.returncode == 2
    assert "--vault-password-file" in refused.stderr
    assert "[run-prompt]" in refused.stderr


def test_what_plays_nothing_makes_no_record(place: Path) -> None:
    listed = run(place, WORK, "--list-tasks")
    assert listed.returncode == 0
    assert "Change" in listed.stdout
    broken = run(place, "- hosts: all\n  tasks: [{nonsense.module: {}, other.module: {}}]\n")
    assert broken.returncode == 2
    assert "conflicting action" in broken.stderr
    assert "\x1b" not in broken.stderr
    assert not (place / "records").exists()


def test_without_the_callback_it_says_so(place: Path) -> None:
    done = run(place, WORK, OPLEVER_JOURNAL="0")
    assert done.returncode == 0
    assert "callbacks_enabled" in done.stderr


def test_time_left_comes_from_earlier_runs(place: Path) -> None:
    nap = SLEEPING + "    - ansible.builtin.debug: {msg: over}\n"
    assert run(place, nap, "-e", "nap=2").returncode == 0
    shown = terminal(place, nap, "-e", "nap=2")
    shown.expect("about [12] s left")
    shown.expect(pexpect.EOF)
