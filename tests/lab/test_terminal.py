"""What a person does at a terminal while machines are worked on over SSH: Ctrl-C, and typing passwords."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pexpect
import pytest
from first_page import first_page
from oplever.record.model import Record
from system.recorder.canaries import Canaries, leaked, secrets_in
from waiting import PATIENCE, wait_for

from lab.conftest import BIN, ROOT, Lab

HOSTS = ("srv1", "web1")


@pytest.fixture(scope="module")
def machines(lab: Lab) -> Lab:
    """Booted and as they come, without the roles."""
    Lab(lab.records, {**lab.env, "OPLEVER_JOURNAL": "0"}).ansible("playbooks/lab_up.yml")
    return lab


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "tmp").mkdir()
    yield tmp_path
    for pid in working("sleep 4712") + working("sleep 4714") + working(": work-"):  # only after a test that failed
        os.kill(pid, signal.SIGKILL)


def terminal(lab: Lab, place: Path, program: str, *words: str, **env: str) -> pexpect.spawn[str]:
    """A program of this environment on a terminal; its record, and its temporary files, are in the place."""
    settings = {"OPLEVER_RECORDS": str(place / "records"), "TMPDIR": str(place / "tmp"), "TERM": "xterm",
           "ANSIBLE_LOCAL_TEMP": str(place / "tmp")}  # fmt: skip
    # A Ctrl-C that the terminal echoes can fall between the bytes of a character.
    return pexpect.spawn(
        str(BIN / program), list(words), cwd=str(ROOT), env={**lab.env, **settings, **env}, timeout=PATIENCE,
        dimensions=(40, 140), encoding="utf-8", codec_errors="replace",
    )  # fmt: skip


def playbook(place: Path, tasks: list[dict[str, Any]], **keys: Any) -> str:
    path = place / "work.json"
    play = {"name": "Work", "hosts": ",".join(HOSTS), "gather_facts": False, "tasks": tasks, **keys}
    path.write_text(json.dumps([play]), encoding="utf-8")
    return str(path)


def record(place: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((place / "records/latest/record.json").read_text(encoding="utf-8"))
    return content


def working(words: str) -> list[int]:
    """Processes with these words in their command line, on this host and so on every machine of the lab."""
    processes = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if words in line and int(path.parent.name) != os.getpid():
            processes.append(int(path.parent.name))
    return processes


SLEEP = "echo begun >> /tmp/begun; sleep {nap}; touch /tmp/ended"
STUBBORN = "trap '' INT TERM HUP; while :; do sleep {nap}; done"
OVER_SSH = [
    pytest.param(SLEEP, True, {}, id="another user"),
    pytest.param(SLEEP, False, {}, id="the user who logs in"),
    pytest.param(STUBBORN, True, {}, id="one that ignores signals"),
    pytest.param(SLEEP, True, {"ANSIBLE_PIPELINING": "0"}, id="without pipelining"),
]


@pytest.mark.parametrize(("work", "become", "env"), OVER_SSH)
def test_ctrl_c_ends_what_runs_on_the_machines(
    machines: Lab, place: Path, work: str, become: bool, env: dict[str, str]
) -> None:
    for host in HOSTS:
        machines.shell(host, "rm -f /tmp/begun /tmp/ended")
    tasks = [{"name": "Short", "ansible.builtin.command": "true"},
             {"name": "Long", "ansible.builtin.shell": work.format(nap=4712)},
             {"name": "Never", "ansible.builtin.command": "true"}]  # fmt: skip
    shown = terminal(machines, place, "oplever", "run", playbook(place, tasks, vars={"ansible_become": become}), **env)
    wait_for(lambda: len(working("sleep 4712")) >= 2 * len(HOSTS))  # a shell and what it started on each
    shown.sendintr()
    shown.expect(pexpect.EOF)
    shown.close()
    assert shown.exitstatus == 1, shown.before
    assert "stopped in: Long" in str(shown.before)
    assert "may go on" not in str(shown.before)
    assert working("4712") == []
    for host in HOSTS:
        assert "cannot access" in machines.shell(host, "ls /tmp/ended || true")
        times = machines.shell(host, "cat /tmp/begun || true").split().count("begun")
        assert times == (1 if "begun" in work else 0), "it was started once more"
    interrupted = record(place)
    assert interrupted["verdict"] == "interrupted"
    (fault,) = [fault for fault in interrupted["faults"] if fault["kind"] == "interrupted"]
    assert sorted(fault["symptom"].split(", ")) == [f"Long ({host})" for host in HOSTS]
    assert [step["name"] for step in interrupted["steps"]] == ["Short", "Long"]
    assert (place / "records/latest/report.nl.html").exists()


WORKING = "echo {name} >> /tmp/{name}; until test -e /tmp/enough; do sleep 0.1; : work-{name}; done"
"""Goes on until it is enough, however long a busy host takes for the rest."""


@pytest.mark.parametrize("become", [True, False])
def test_another_run_over_the_same_connection_is_left_alone(machines: Lab, place: Path, become: bool) -> None:
    """Without a change of user nothing tells one run's commands on the machine from another's: then none is ended."""
    machines.shell("web1", "rm -f /tmp/enough /tmp/other")
    other = place / "other.json"
    task = {"name": "Other", "ansible.builtin.shell": WORKING.format(name="other")}
    play = {"hosts": "web1", "gather_facts": False, "vars": {"ansible_become": become}, "tasks": [task]}
    other.write_text(json.dumps([play]), encoding="utf-8")
    env = {**machines.env, "OPLEVER_JOURNAL": "0"}
    silent = subprocess.DEVNULL
    running = subprocess.Popen([str(BIN / "ansible-playbook"), str(other)], cwd=ROOT, env=env, stdout=silent)
    wait_for(lambda: working("work-other"))
    work = playbook(
        place,
        [{"name": "Long", "ansible.builtin.shell": WORKING.format(name="long")}],
        hosts="web1",
        vars={"ansible_become": become},
    )
    shown = terminal(machines, place, "oplever", "run", work)
    wait_for(lambda: working("work-long"))
    shown.sendintr()
    shown.expect(pexpect.EOF)
    shown.close()
    assert (working("work-long") == []) == become
    assert ("may go on" in str(shown.before)) != become
    assert working("work-other")
    machines.shell("web1", "touch /tmp/enough")
    assert running.wait(PATIENCE) == 0
    # Ansible starts a command once more whose connection was lost: it may have been ended all the same.
    assert machines.shell("web1", "cat /tmp/other; rm /tmp/other").split().count("other") == 1
    wait_for(lambda: not working("work-long"))


CANARY = Canaries()
SSH_PASSWORD, BECOME_PASSWORD, ANSWER = CANARY("typed_ssh"), CANARY("typed_become"), CANARY("typed_answer")


def account(lab: Lab, become: str = BECOME_PASSWORD) -> None:
    """On web1 an account that logs in with one password and becomes root with another, or with the same."""
    lines = (
        "id tech || useradd --create-home --shell /bin/bash --groups sudo tech",
        f"echo 'tech:{SSH_PASSWORD}' | chpasswd",
        f"echo 'root:{become or SSH_PASSWORD}' | chpasswd",
        "echo 'Defaults:tech rootpw' > /etc/sudoers.d/tech",
        f"echo '{SSH_PASSWORD} {become}' > /root/passwords",  # which a careless task prints
    )
    lab.shell("web1", " && ".join(lines))


WITH_PASSWORDS = ("-k", "-K", "-b", "-e", "ansible_user=tech", "-e", "ansible_ssh_private_key_file=/dev/null")
TYPED = [
    {"name": "Who", "ansible.builtin.command": "printenv SUDO_USER USER", "register": "who"},
    {"name": "Root", "ansible.builtin.assert": {"that": "who.stdout_lines == ['tech', 'root']"}},
    {"name": "Careless", "ansible.builtin.shell": "cat /root/passwords >&2; exit 1", "ignore_errors": True},
]


def answer_prompts(shown: pexpect.spawn[str], *answers: tuple[str, str]) -> str:
    """Everything that stood on the terminal."""
    screen = ""
    for prompt, answer in answers:
        shown.expect(prompt)
        screen += str(shown.before) + str(shown.after)
        shown.waitnoecho()
        shown.sendline(answer)
    shown.expect(pexpect.EOF)
    shown.close()
    return screen + str(shown.before)


def nothing_leaked(place: Path, lab: Lab, screen: str) -> None:
    assert secrets_in(screen.encode()) == set(), screen
    assert leaked(place) == {}
    lab.shell("web1", "! grep -rl typed_ /tmp /var/tmp /home")


@pytest.mark.parametrize("become_answer", [BECOME_PASSWORD, ""], ids=["its own", "as the SSH password"])
def test_passwords_typed_to_oplever_run_are_in_no_byte(machines: Lab, place: Path, become_answer: str) -> None:
    account(machines, become_answer)
    work = playbook(place, TYPED, hosts="web1")
    screen = answer_prompts(
        terminal(machines, place, "oplever", "run", work, *WITH_PASSWORDS),
        ("SSH password: ", SSH_PASSWORD),
        ("BECOME password: ", become_answer),
    )
    made = record(place)
    assert [step["results"][0]["status"] for step in made["steps"]] == ["changed", "ok", "ignored"], screen
    assert "***" in made["steps"][2]["results"][0]["message"]
    nothing_leaked(place, machines, screen)


def test_passwords_and_a_private_answer_typed_to_ansible_itself_are_in_no_byte(machines: Lab, place: Path) -> None:
    account(machines)
    told_answer = {"name": "Tell", "ansible.builtin.fail": {"msg": "it was {{ code }}"}, "ignore_errors": True}
    prompt = {"name": "code", "prompt": "Door code", "private": True}
    work = playbook(place, [*TYPED, told_answer], hosts="web1", vars_prompt=[prompt])
    screen = answer_prompts(
        # Ansible's own screen shows what tasks print; what the record keeps of it is ours.
        terminal(machines, place, "ansible-playbook", work, *WITH_PASSWORDS, ANSIBLE_STDOUT_CALLBACK="silent",
                 ANSIBLE_CALLBACK_PLUGINS=str(ROOT / "tests/system/recorder/callback")),
        ("SSH password: ", SSH_PASSWORD),
        (r"BECOME password\[defaults to SSH password\]: ", BECOME_PASSWORD),
        ("Door code: ", ANSWER),
    )  # fmt: skip
    made = record(place)
    assert [step["results"][0]["status"] for step in made["steps"]] == ["changed", "ok", "ignored", "ignored"], screen
    assert all("***" in step["results"][0]["message"] for step in made["steps"][2:])
    nothing_leaked(place, machines, screen)


def test_ctrl_c_ends_what_runs_with_a_typed_password(machines: Lab, place: Path) -> None:
    account(machines)
    work = playbook(place, [{"name": "Long", "ansible.builtin.shell": SLEEP.format(nap=4714)}], hosts="web1")
    shown = terminal(machines, place, "oplever", "run", work, *WITH_PASSWORDS)
    for prompt, password in (("SSH password: ", SSH_PASSWORD), ("BECOME password: ", BECOME_PASSWORD)):
        shown.expect(prompt)
        shown.waitnoecho()
        shown.sendline(password)
    wait_for(lambda: working("sleep 4714"))
    shown.sendintr()
    shown.expect(pexpect.EOF)
    shown.close()
    assert "may go on" not in str(shown.before)
    assert working("4714") == []
    assert record(place)["verdict"] == "interrupted"
    nothing_leaked(place, machines, str(shown.before))


def test_two_runs_on_one_machine_name_each_other(machines: Lab, place: Path) -> None:
    """From two places with records of their own: neither knows of the other but by the machine."""
    tasks: list[dict[str, Any]] = [
        {"name": "Before", "oplever.lab.snapshot": {"stage": "before"}},
        {"name": "Work", "ansible.builtin.command": "sleep 20", "changed_when": False},
        {"name": "After", "oplever.lab.snapshot": {"stage": "after"}},
    ]
    path = playbook(place, tasks, hosts="web1", become=True)
    runs = []
    for name in ("one", "two"):
        env = {**machines.env, "OPLEVER_RECORDS": str(place / name)}
        runs.append(subprocess.Popen([str(BIN / "ansible-playbook"), path], cwd=ROOT, env=env, text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT))  # fmt: skip
    outputs = [" ".join(run.communicate(timeout=300)[0].split()) for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    records = [json.loads((place / name / "latest/record.json").read_text(encoding="utf-8")) for name in ("one", "two")]
    for own, other, output in zip(records, records[::-1], outputs, strict=True):
        reasons = {reason["code"]: reason["params"] for reason in own["document"]["reasons"]}
        assert (reasons["runs_beside"]["run"], reasons["runs_beside"]["hosts"]) == (other["id"], ["web1"])
        assert own["verdict"] == "delivered_with_remarks"
        assert f"another run is at work on web1 at the same time: {other['id']} of" in output
    # A look, and a run after them, find nobody.
    alone = subprocess.run([str(BIN / "ansible-playbook"), path, "--check"], cwd=ROOT, env=machines.env, text=True,
                           capture_output=True, timeout=300, check=False)  # fmt: skip
    assert alone.returncode == 0, alone.stdout + alone.stderr
    assert "another run" not in alone.stdout + alone.stderr


def test_the_first_page_of_a_machine_that_was_switched_off(machines: Lab, place: Path) -> None:
    """In the middle of the work, as by its button: not shut down."""
    tasks: list[dict[str, Any]] = [
        {"name": "Write", "ansible.builtin.copy": {"content": "1", "dest": "/root/power"}},
        {"name": "Wait", "ansible.builtin.command": "sleep 4715", "when": "inventory_hostname == 'web1'"},
        {"name": "Finish", "ansible.builtin.command": "true", "changed_when": False},
    ]
    env = {**machines.env, "OPLEVER_RECORDS": str(place / "records")}
    with subprocess.Popen([str(BIN / "ansible-playbook"), playbook(place, tasks, become=True)], cwd=ROOT, env=env,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:  # fmt: skip
        wait_for(lambda: working("sleep 4715"))
        machines.shell("web1", "nohup sh -c 'sleep 1; systemctl poweroff --force --force' >/dev/null 2>&1 &")
        output, _ = run.communicate(timeout=300)
    assert run.returncode == 4, output
    page = first_page(msgspec.convert(record(place), Record))
    machines.quiet.ansible("playbooks/lab_up.yml")
    *lines, fault = page.pop("attention")
    assert lines == [
        "Work: Not reachable: web1.",
        "Work: Nothing was tested.",
        "Work: Changes on srv1, web1 are unknown: no snapshot before and after.",
    ]
    assert re.match(r"Open fault: web1: .* \(machine not reachable: Wait ", fault), fault
    assert page == {"title": "Not delivered", "machines": {"srv1": "not tested", "web1": "not reachable"}}
