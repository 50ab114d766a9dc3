"""The way back of a change on the machine itself: what is kept, what counts as changed, and what comes back."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.oplever.lab.plugins.action.rollback import ActionModule
from ansible_collections.oplever.lab.plugins.module_utils.rollback import Rollback, RollbackError
from ansible_collections.oplever.lab.plugins.plugin_utils import login


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """systemd as it answers where it runs, without a timer that ends: what it was asked is in this file."""
    programs, log = tmp_path / "bin", tmp_path / "calls"
    programs.mkdir()
    for name, code in {"systemd-run": 0, "systemctl": 3, "logger": 0}.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\necho {name} "$@" >> {log}\nexit {code}\n', encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return log


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A file, a file that is not there yet, and a directory."""
    settings, new, home = tmp_path / "settings", tmp_path / "new", tmp_path / "home"
    settings.write_text("before\n", encoding="utf-8")
    settings.chmod(0o640)
    home.mkdir(mode=0o700)
    return settings, new, home


def armed(tmp_path: Path, files: tuple[Path, ...], restore: str = "") -> Rollback:
    rollback = Rollback("sshd", str(tmp_path / "rollback"))
    rollback.arm([str(path) for path in files], {"words": "echo kept"}, restore, 900)
    return rollback


def timer_fires(rollback: Rollback) -> None:
    subprocess.run(["/bin/sh", os.path.join(rollback.place, "restore")], check=True)


def test_what_nobody_confirmed_comes_back(tmp_path: Path, calls: Path, files: tuple[Path, Path, Path]) -> None:
    settings, new, home = files
    rollback = armed(tmp_path, files, f"cat words > {tmp_path}/used")
    settings.write_text("after\n", encoding="utf-8")
    settings.chmod(0o666)
    new.write_text("new\n", encoding="utf-8")
    home.chmod(0o777)
    timer_fires(rollback)
    assert settings.read_text(encoding="utf-8") == "before\n"
    assert settings.stat().st_mode & 0o777 == 0o640
    assert not new.exists()
    assert home.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "used").read_text(encoding="utf-8") == "kept\n"
    assert not rollback.confirm(), "who confirms after the timer is told so"


@pytest.mark.parametrize("change", ["text", "mode", "gone", "new"])
def test_each_change_of_a_file_counts(tmp_path: Path, calls: Path, files: tuple[Path, Path, Path], change: str) -> None:
    settings, new, _ = files
    rollback = armed(tmp_path, files)
    assert not rollback.differs()
    if change == "text":
        settings.write_text("after\n", encoding="utf-8")
    elif change == "mode":
        settings.chmod(0o600)
    elif change == "gone":
        settings.unlink()
    else:
        new.touch()
    assert rollback.differs()


def test_a_second_call_keeps_the_state_that_was_confirmed_last(
    tmp_path: Path, calls: Path, files: tuple[Path, Path, Path]
) -> None:
    armed(tmp_path, files)
    files[0].write_text("never confirmed\n", encoding="utf-8")
    rollback = armed(tmp_path, files)
    timer_fires(rollback)
    assert files[0].read_text(encoding="utf-8") == "before\n"


def test_what_cannot_be_applied_is_put_back_at_once(
    tmp_path: Path, calls: Path, files: tuple[Path, Path, Path]
) -> None:
    rollback = armed(tmp_path, files)
    files[0].write_text("after\n", encoding="utf-8")
    with pytest.raises(RollbackError, match=r"`echo no such option >&2; false` failed: no such option\. The former"):
        rollback.apply("echo no such option >&2; false", 45)
    assert files[0].read_text(encoding="utf-8") == "before\n"
    assert not rollback.armed


def test_the_timer_is_set_before_the_change_is_applied(
    tmp_path: Path, calls: Path, files: tuple[Path, Path, Path]
) -> None:
    rollback = armed(tmp_path, files)
    rollback.apply(f"echo applied >> {calls}", 45)
    lines = calls.read_text(encoding="utf-8").splitlines()
    timers = [line for line in lines if line.startswith("systemd-run")]
    assert "--on-active=900s" in timers[0]
    assert "--on-active=45s" in timers[1]
    assert lines.index(timers[1]) < lines.index("applied")


def test_confirmed_is_given_up(tmp_path: Path, calls: Path, files: tuple[Path, Path, Path]) -> None:
    rollback = armed(tmp_path, files)
    assert rollback.confirm()
    assert not os.path.exists(rollback.place)
    assert "systemctl stop oplever-rollback-sshd.timer" in calls.read_text(encoding="utf-8")


def test_a_machine_that_cannot_start_a_timer_is_not_changed(
    tmp_path: Path, calls: Path, files: tuple[Path, Path, Path]
) -> None:
    (tmp_path / "bin/systemd-run").write_text("#!/bin/sh\necho no bus >&2\nexit 1\n", encoding="utf-8")
    with pytest.raises(RollbackError, match="could not start the timer: no bus"):
        armed(tmp_path, files)


ANSWER = "beheer\nbeheer sudo\n/home/beheer\n192.0.2.9 53312 192.0.2.11 2222\n\n"


def test_the_machine_tells_as_whom_and_by_which_port_ansible_came_in() -> None:
    facts = login.parse("Welcome to this machine\n" + ANSWER, remote=True)
    assert facts == {"account": "beheer", "groups": ["beheer", "sudo"], "home": "/home/beheer", "client": "192.0.2.9",
                     "address": "192.0.2.11", "port": 2222, "remote": True}  # fmt: skip


def test_on_this_host_it_is_the_person_behind_sudo_and_no_port() -> None:
    facts = login.parse("root\nroot\n/root\n192.0.2.9 53312 192.0.2.11 2222\nsyilmaz\n", remote=False)
    assert (facts["account"], facts["port"], facts["client"]) == ("syilmaz", 0, "")


def test_no_answer_is_not_taken_for_one() -> None:
    with pytest.raises(ValueError, match="who is logged in"):
        login.parse("", remote=True)


class Connection:
    """Of a connection plugin what `renew` uses."""

    transport = "ssh"

    def __init__(self) -> None:
        self.options: dict[str, object] = {"ssh_args": "-o ControlMaster=auto -o ControlPersist=60s"}

    def get_option(self, name: str) -> object:
        return self.options[name]

    def set_option(self, name: str, value: object) -> None:
        self.options[name] = value


def test_a_new_connection_shares_nothing_with_the_one_that_is_kept_open() -> None:
    connection = Connection()
    login.renew(connection, 8)
    assert str(connection.options["ssh_args"]).startswith(
        "-o ControlMaster=no -o ControlPath=none -o ControlMaster=auto"
    )
    assert (connection.options["timeout"], connection.options["reconnection_retries"]) == (8, 0)


class Kept(Connection):
    """As Mitogen's, of which every new connection is the one that exists."""

    _load_name = "mitogen_ssh"
    _shell = SimpleNamespace(tmpdir=None)


def test_a_connection_that_cannot_begin_anew_confirms_nothing() -> None:
    task = SimpleNamespace(args={"name": "sshd", "state": "armed"}, check_mode=False, async_val=0, environment=None)
    action = ActionModule(task, Kept(), SimpleNamespace(check_mode=False), None, None, None)
    answer = action.run(task_vars={})
    assert answer["failed"]
    assert "the connection plugin mitogen_ssh makes none" in answer["msg"]
    assert login.cannot_renew(Connection()) == ""
    assert login.cannot_renew(SimpleNamespace(transport="local", _load_name="local")) == ""


@pytest.mark.parametrize(("timeout", "seconds", "armed"), [(10, 45, 900), (20, 45, 900), (120, 270, 5400)])
def test_a_machine_that_ansible_waits_longer_for_gets_more_time(
    monkeypatch: pytest.MonkeyPatch, timeout: int, seconds: int, armed: int
) -> None:
    """Else a slow machine would go back to the former state each time before the new connection is there."""
    connection = Connection()
    connection.options["timeout"] = timeout
    connection._shell = SimpleNamespace(tmpdir=None)
    connection._load_name = "ssh"
    task = SimpleNamespace(args={"name": "sshd", "state": "armed"}, check_mode=False, async_val=0, environment=None)
    action = ActionModule(task, connection, SimpleNamespace(check_mode=False), None, None, None)
    calls: list[dict[str, object]] = []
    monkeypatch.setattr(
        action, "_execute_module", lambda **call: calls.append(call["module_args"]) or {"step": "armed"}
    )
    action.run(task_vars={})
    assert calls == [{"name": "sshd", "state": "armed", "seconds": seconds, "armed_seconds": armed}]


def test_of_a_command_that_fails_no_output_is_kept(tmp_path: Path, calls: Path) -> None:
    """An empty list of rules would open everything when it comes back."""
    rollback = Rollback("firewall", str(tmp_path / "rollback"))
    rollback.arm([], {"ruleset": "echo half; exit 1", "table": "echo whole"}, "", 900)
    assert sorted(set(os.listdir(rollback.place)) & {"ruleset", "table"}) == ["table"]
