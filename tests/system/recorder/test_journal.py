"""Real runs of ansible-playbook against local connections: what the journal holds is what Ansible says."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]
ANSIBLE = Path(sys.executable).with_name("ansible-playbook")
INVENTORY = {
    "all": {
        "hosts": {
            "one": {"ansible_connection": "local"},
            "two": {"ansible_connection": "local"},
            "gone": {"ansible_host": "127.0.0.9", "ansible_port": 9, "ansible_ssh_retries": 0},
        },
        "vars": {"ansible_python_interpreter": sys.executable},
    }
}
CANARY = "7f3a91"
SECRET = f"canary-{CANARY}"
NOT_RECORDED = os.EX_IOERR
"""How a play ends that went well, and whose record could not be written completely."""


def environment(records: Path, **more: str) -> dict[str, str]:
    ours = {"ANSIBLE_CALLBACKS_ENABLED": "oplever.lab.journal", "OPLEVER_RECORDS": str(records)}
    return {**os.environ, **ours, "OPLEVER_DOCUMENTS": "0", **more}


def play(tmp_path: Path, text: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    playbook = tmp_path / "Elsewhere & more.yml"
    playbook.write_text(text, encoding="utf-8")
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps(INVENTORY), encoding="utf-8")
    argv = [str(ANSIBLE), "-i", str(inventory), str(playbook), *arguments]
    env = environment(tmp_path / "records", **options.pop("env", {}))
    return subprocess.run(argv, cwd=ROOT, env=env, text=True, capture_output=True, check=False, timeout=120, **options)


def journal(tmp_path: Path) -> list[dict[str, Any]]:
    text = (tmp_path / "records" / "latest" / "journal.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def recap(stdout: str) -> dict[str, dict[str, int]]:
    lines = [line for line in stdout.rsplit("PLAY RECAP", 1)[1].splitlines() if " : ok=" in line]
    rows = (line.split(":", 1) for line in lines)
    return {host.strip(): {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", counts)} for host, counts in rows}


FOREIGN = f"""
- hosts: all
  gather_facts: false
  serial: 2
  tasks:
    - name: reach
      ansible.builtin.ping:
    - block:
        - name: fails
          ansible.builtin.command: /bin/false
      rescue:
        - name: recovers
          ansible.builtin.debug: {{msg: recovered}}
      always:
        - ansible.builtin.debug: {{msg: always}}
    - name: a loop
      ansible.builtin.command: "echo {{{{ item }}}}"
      loop: [a, b, c]
      notify: tell
    - name: may fail
      ansible.builtin.command: sh -c "echo broken >&2; exit 3"
      ignore_errors: true
    - name: skipped
      ansible.builtin.debug: {{msg: no}}
      when: false
    - name: tries again
      ansible.builtin.command: /bin/false
      register: tried
      until: tried.attempts | default(0) > 1
      retries: 2
      delay: 0
      ignore_errors: true
    - name: hidden
      ansible.builtin.command: echo {SECRET}
      no_log: true
    - name: hidden and failing
      ansible.builtin.fail: {{msg: "password {SECRET} rejected"}}
      no_log: true
      ignore_errors: true
    - name: hidden items
      ansible.builtin.command: echo {SECRET} {{{{ item }}}}
      loop: [x]
      no_log: true
    - name: delegated once
      ansible.builtin.command: hostname
      delegate_to: one
      run_once: true
    - name: hostile
      ansible.builtin.fail: {{msg: "\\e[31mred\\u202e {{{{ 'A' * 5000 }}}} https://user:{SECRET}@example.test"}}
      ignore_errors: true
  handlers:
    - name: tell
      ansible.builtin.debug: {{msg: told}}
"""


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    tmp_path = tmp_path_factory.mktemp("foreign")
    return tmp_path, play(tmp_path, FOREIGN, "-e", f"db_password={SECRET}", "-e", "colour=blue")


Foreign = tuple[Path, subprocess.CompletedProcess[str]]


def test_counts_equal_the_recap(foreign: Foreign) -> None:
    tmp_path, done = foreign
    lines = journal(tmp_path)
    stats = next(line for line in reversed(lines) if line["kind"] == "stats")
    assert stats["recap"] == recap(done.stdout)
    assert stats["recap"]["gone"]["unreachable"] == 1
    assert stats["recap"]["one"]["rescued"] == 1
    ended = [line for line in lines if line["kind"] == "result" and line["host"] == "two"]
    counts = {status: sum(line["status"] == status for line in ended) for status in ("ok", "changed", "skipped")}
    assert counts["ok"] + counts["changed"] + stats["recap"]["two"]["ignored"] == stats["recap"]["two"]["ok"]
    assert counts["skipped"] == stats["recap"]["two"]["skipped"]


def test_lines_are_numbered_and_the_last_one_counts_them(foreign: Foreign) -> None:
    lines = journal(foreign[0])
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    assert lines[0]["kind"] == "run_start"
    assert (lines[-1]["kind"], lines[-1]["reason"], lines[-1]["lost"]) == ("run_end", "finished", 0)
    assert lines[-1]["lines"] == len(lines) - 1


def test_every_line_is_as_the_schema_says(foreign: Foreign) -> None:
    schema = json.loads((ROOT / "docs/reference/journal.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for line in journal(foreign[0]):
        assert [error.message for error in validator.iter_errors(line)] == []
    spoiled = {**journal(foreign[0])[-1], "lost": -1}
    assert not validator.is_valid(spoiled)


def test_items_attempts_and_notifications_are_told_apart(foreign: Foreign) -> None:
    lines = journal(foreign[0])
    task = {line["task"]: line["name"] for line in lines if line["kind"] == "task_start"}
    loop = [line for line in lines if line["kind"] == "result" and task[line["task"]] == "a loop"]
    assert [item["item"] for item in loop[0]["items"]] == ["a", "b", "c"]
    assert sum(line["kind"] == "retry" for line in lines) >= 2
    assert {line["host"] for line in lines if line["kind"] == "notify"} == {"one", "two"}
    broken = next(line for line in lines if line["kind"] == "result" and task[line["task"]] == "may fail")
    assert (broken["status"], broken["message"]) == ("ignored", "broken")


def test_no_secret_reaches_the_record(foreign: Foreign) -> None:
    tmp_path, _ = foreign
    written = b"".join(path.read_bytes() for path in (tmp_path / "records").rglob("*") if path.is_file())
    assert SECRET.encode() not in written
    assert b"db_password=***" in written
    assert b'"censored":true' in written


def test_hostile_text_is_cut_and_cleaned(foreign: Foreign) -> None:
    message = next(line["message"] for line in journal(foreign[0]) if line.get("message", "").startswith("red"))
    assert message.endswith("more characters]")
    assert not re.search("[\x00-\x1f\u202e]", message)


def test_names_and_modes_are_safe(foreign: Foreign) -> None:
    directory = (foreign[0] / "records" / "latest").resolve()
    assert re.fullmatch(r"\d{8}T\d{6}Z-elsewhere-more-[0-9a-f]{6}", directory.name)
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / "journal.jsonl").stat().st_mode & 0o777 == 0o600


def test_listing_and_switching_off_leave_no_record(tmp_path: Path) -> None:
    text = "- {hosts: one, gather_facts: false, tasks: [{ansible.builtin.debug: {msg: hello}}]}"
    assert play(tmp_path, text, "--list-tasks").returncode == 0
    assert play(tmp_path, text, env={"OPLEVER_JOURNAL": "0"}).returncode == 0
    assert not (tmp_path / "records").exists()
    assert play(tmp_path, text).returncode == 0
    assert (tmp_path / "records" / "latest").is_symlink()


def test_a_directory_that_cannot_be_written_is_one_warning(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("a file in the way", encoding="utf-8")
    done = play(tmp_path, "- {hosts: one, gather_facts: false, tasks: [{ansible.builtin.debug: {msg: hello}}]}")
    assert done.returncode == NOT_RECORDED
    assert (done.stdout + done.stderr).count("no record of this run") == 1


def test_a_full_disk_loses_lines_and_says_so(tmp_path: Path) -> None:
    text = "- {hosts: one, gather_facts: false, tasks: [{ansible.builtin.debug: {}, loop: '{{ range(40) | list }}'}]}"

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))

    done = play(tmp_path, text, preexec_fn=small_files, env={"ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp")})
    assert done.returncode == NOT_RECORDED, done.stderr
    assert "could not write everything" in done.stdout + done.stderr
    lines = journal(tmp_path)
    assert [line["seq"] for line in lines] == list(range(len(lines)))


def end_workers(records: Path) -> None:
    """Each worker has a session of its own and outlives its controller: they are known by their environment."""
    ours = f"OPLEVER_RECORDS={records}".encode()
    while left := [path for path in Path("/proc").glob("[0-9]*/environ") if ours in environment_of(path)]:
        for path in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(path.parent.name), signal.SIGKILL)
        time.sleep(0.05)


def environment_of(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().split(b"\0")
    except OSError:
        return []


def test_a_killed_run_stays_readable(tmp_path: Path) -> None:
    playbook = tmp_path / "slow.yml"
    playbook.write_text(
        "- {hosts: localhost, gather_facts: false, tasks: [{name: slow, ansible.builtin.pause: {seconds: 60}}]}",
        encoding="utf-8",
    )
    argv = [str(ANSIBLE), "-i", "localhost,", str(playbook)]
    silent = subprocess.DEVNULL
    env = environment(tmp_path / "records")
    process = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=silent, stderr=silent, start_new_session=True)
    path = tmp_path / "records" / "latest" / "journal.jsonl"
    wait_for(lambda: path.exists() and '"host_start"' in path.read_text(encoding="utf-8"))
    process.kill()
    process.wait()
    end_workers(tmp_path / "records")
    kinds = [line["kind"] for line in journal(tmp_path)]
    assert kinds[-1] == "host_start"
    assert "run_end" not in kinds
