"""Two runs at the same time on the same host, with the same command lines: stopping one leaves the other alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from oplever.run import processes, remote
from waiting import PATIENCE, wait_for

from system.run.connection import connection

ROOT = Path(__file__).resolve().parents[3]
OPLEVER = str(Path(sys.executable).with_name("oplever"))
WORK = """
import pathlib, time
pathlib.Path("{begun}").touch()
while not pathlib.Path("{enough}").exists():
    time.sleep(0.05)
pathlib.Path("{ended}").touch()
"""
"""Goes on until it is enough, and says at its end that it was not ended before."""
LONG_BEFORE = 3.0
"""Seconds: more than a busy host needs to tell how old its commands are. What it tells later proves less."""


class Commands:
    """Commands with the same words over one connection; `begun` and `ended` are files, since the words are the same."""

    def __init__(self, place: Path, ssh: Path, server: processes.Process) -> None:
        self.place, self.enough, self.server = place, place / "enough", server
        self.words = [str(ssh), "-o", f"ControlPath={place}/control", "w1", f"{sys.executable} && sleep 0"]
        self.clients: dict[str, subprocess.Popen[str]] = {}

    def start(self, name: str) -> processes.Process:
        """The client of a new command, once that runs."""
        client = subprocess.Popen(self.words, stdin=subprocess.PIPE, text=True)
        assert client.stdin is not None
        files = {"begun": self.place / f"{name}.begun", "ended": self.place / f"{name}.ended", "enough": self.enough}
        client.stdin.write(WORK.format(**files))
        client.stdin.close()
        self.clients[name] = client
        wait_for(files["begun"].exists)
        return processes.alive()[client.pid]

    def kill_client(self, name: str) -> None:
        self.clients[name].kill()
        self.clients[name].wait()

    def stop(self, command: remote.Command) -> bool:
        """End a command as a stopped run does; whether it says that nothing is left."""
        ending = remote.Ending(command, None)
        for process in command.local:
            os.kill(process.pid, signal.SIGKILL)
            os.waitpid(process.pid, 0)
        ending.wait()
        return ending.succeeded

    def survivors(self) -> list[str]:
        """The commands that end by themselves when it is enough."""
        self.enough.touch()
        wait_for(lambda: not processes.descendants([self.server]))
        for client in self.clients.values():
            client.kill()
            client.wait()
        return [name for name in self.clients if (self.place / f"{name}.ended").exists()]


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    with connection(tmp_path) as (ssh, server):
        yield Commands(tmp_path, ssh, server)


def test_a_command_alone_on_its_connection_is_ended(commands: Commands) -> None:
    (command,) = remote.commands([commands.start("ours")])
    assert command.alone_at is not None
    assert commands.stop(command)
    assert commands.survivors() == []


def test_what_another_run_starts_after_the_look_at_the_connection_is_left_alone(commands: Commands) -> None:
    (command,) = remote.commands([commands.start("ours")])
    commands.start("other")
    assert not commands.stop(command)  # something with these words goes on
    assert commands.survivors() == ["other"]


def test_nothing_is_ended_while_another_run_uses_the_connection(commands: Commands) -> None:
    commands.start("other")
    (command,) = remote.commands([commands.start("ours")])
    assert command.alone_at is None
    assert not commands.stop(command)
    assert sorted(commands.survivors()) == ["other", "ours"]


def test_what_an_ended_run_left_behind_is_left_alone(commands: Commands) -> None:
    commands.start("left")
    commands.kill_client("left")
    time.sleep(LONG_BEFORE)
    (command,) = remote.commands([commands.start("ours")])
    assert not commands.stop(command)
    assert commands.survivors() == ["left"]


PLAY = """
- name: Work
  hosts: w1
  gather_facts: false
  vars: {ansible_connection: ssh, ansible_pipelining: true, ansible_python_interpreter: "%(python)s"}
  tasks:
    - name: Long work
      ansible.builtin.shell:
        chdir: "%(place)s"
        # In the arguments, which go to standard input: the words of both commands are the same.
        cmd: "touch begun.%(name)s; until test -e enough.%(name)s; do sleep 0.1; done"
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_two_runs_with_the_same_command_line(tmp_path: Path, number: int) -> None:
    """As two people, or a person and a timer, would start them; one is stopped, and the other does all its work."""
    with connection(tmp_path) as (ssh, _):
        playbook = tmp_path / "work.yml"
        name = "{{ lookup('ansible.builtin.env', 'OPLEVER_TEST') }}"
        text = PLAY % {"python": sys.executable, "place": tmp_path, "name": name}
        playbook.write_text(text, encoding="utf-8")
        start = _starter(tmp_path, ssh, playbook)
        stopped, other = start("one"), start("two")
        for run in ("one", "two"):
            wait_for((tmp_path / f"begun.{run}").exists)
        stopped.send_signal(number)
        shown, _ = stopped.communicate(timeout=PATIENCE)
        assert stopped.returncode == 1, shown
        assert "may go on" in shown  # nothing tells one from the other, so nothing was ended there
        assert other.poll() is None
        for run in ("one", "two"):
            (tmp_path / f"enough.{run}").touch()
        shown, _ = other.communicate(timeout=PATIENCE)
        assert other.returncode == 0, shown
        assert "verdict: with remarks" in shown


def _starter(place: Path, ssh: Path, playbook: Path) -> Callable[[str], subprocess.Popen[str]]:
    def start(name: str) -> subprocess.Popen[str]:
        env = {
            **os.environ, "ANSIBLE_SSH_EXECUTABLE": str(ssh), "OPLEVER_RECORDS": str(place / "records"),
            "ANSIBLE_REMOTE_TEMP": str(place), "OPLEVER_DOCUMENTS": "0", "OPLEVER_TEST": name, "TMPDIR": str(place),
        }  # fmt: skip
        return subprocess.Popen(
            [OPLEVER, "run", "-i", "w1,", str(playbook)], cwd=ROOT, env=env, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    return start


def test_a_process_is_known_by_the_mark_of_its_run(tmp_path: Path) -> None:
    mark = uuid.uuid4().hex
    env = {**os.environ, processes.MARK: mark}
    process = subprocess.Popen(["sleep", "60"], env=env)
    try:
        wait_for(lambda: processes.marked(process.pid, mark))
        assert processes.marked(process.pid, mark[:-1]) is None
        assert processes.marked(os.getpid(), mark) is None
    finally:
        process.kill()
        process.wait()
    assert processes.marked(process.pid, mark) is None
