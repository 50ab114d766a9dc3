"""The parts of `oplever run` alone: prompts, progress, time left, the live view, processes."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from journals import Journal
from oplever.errors import OpleverError
from oplever.run import estimate, processes, prompts, remote
from oplever.run.progress import Follower, Progress
from oplever.run.views import Plain, duration, frame, recap
from rich.console import Console
from waiting import PATIENCE


def labels(*words: str) -> list[str]:
    return [prompt.label for prompt in prompts.required(words)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["site.yml", "-k"], ["SSH password"]),
        (["-bK"], ["BECOME password"]),
        (["-bkK"], ["SSH password", "BECOME password"]),
        (["-vvJ"], ["Vault password"]),
        (["--ask-become-pass"], ["BECOME password"]),
        (["--ask-b"], ["BECOME password"]),
        (["--ask-vault-pass"], ["Vault password"]),
        (["--vault-id", "dev@prompt"], ["Vault password (dev)"]),
        (["--vault-id=dev@prompt"], ["Vault password (dev)"]),
        (["--vault-id", "dev@file"], []),
        (["-eK=1"], []),
        (["-iK", "-uk"], []),
        (["-i", "hosts", "site.yml", "--limit=-k"], []),
    ],
)
def test_what_ansible_will_ask_is_known_from_its_options(words: list[str], expected: list[str]) -> None:
    assert labels(*words) == expected


def test_answers_are_asked_once_each() -> None:
    answers = prompts.answers(["-kK", "--ask-pass"], terminal=True, ask=lambda label: label.lower())
    assert list(answers.values()) == ["ssh password", "become password"]


def test_vars_prompt_is_refused_unless_the_variable_is_given(tmp_path: Path) -> None:
    (tmp_path / "inner.yml").write_text(
        "- hosts: all\n  vars_prompt: [{name: release}]\n  vars: {a: !vault x}\n", encoding="utf-8"
    )
    outer = tmp_path / "outer.yml"
    outer.write_text("- import_playbook: inner.yml\n", encoding="utf-8")
    with pytest.raises(OpleverError, match="release") as refused:
        prompts.answers([str(outer)], terminal=True)
    assert refused.value.slug == "run-prompt"
    (tmp_path / "given.yml").write_text("release: 2\n", encoding="utf-8")
    assert prompts.answers([str(outer), "-e", "release=2"], terminal=False) == {}
    assert prompts.answers([str(outer), "-e", f"@{tmp_path / 'given.yml'}"], terminal=False) == {}


def journal_of_play(*targets: str, name: str = "Class") -> Journal:
    events = Journal()
    del events.lines[1:]  # this playbook and play instead of its own
    events.add("playbook_start", playbook="site.yml")
    return events.add("play_start", play="p", name=name, hosts="all", targets=list(targets), groups={})


def journal() -> Journal:
    events = journal_of_play("a", "b")
    events.task("look").task("change", "changed").task("break", "failed", message="disk \x1b[31mfull")
    events.add("retry", task="break", host="b", attempt=2, message="")
    return events


def follow(path: Path) -> Progress:
    progress = Progress()
    with closing(Follower(path)) as follower:
        for event in follower.events():
            progress.apply(event)
    return progress


def store_journal(tmp_path: Path, events: Journal, name: str = "20261123T100000Z-site-a1b2c3") -> Path:
    path = tmp_path / name / "journal.jsonl"
    path.parent.mkdir()
    path.write_bytes(b"".join(events.lines))
    return path


def test_progress_is_read_while_lines_are_still_being_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    content = b"".join(journal().lines)
    path.write_bytes(content[:-20])
    progress = Progress()
    with closing(Follower(path)) as follower:
        for event in follower.events():
            progress.apply(event)
        assert progress.hosts["a"].tallies == {"ok": 1, "changed": 1, "failed": 1}
        assert progress.hosts["b"].note == ""
        with path.open("ab") as file:
            file.write(content[-20:])
        for event in follower.events():
            progress.apply(event)
    assert progress.hosts["b"].note == "attempt 2"


def screen_text(progress: Progress, height: int = 24, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    console.print(frame(progress, 65.0, "", width, height))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_the_live_view_shows_where_the_run_is_and_no_control_character(tmp_path: Path) -> None:
    view = screen_text(follow(store_journal(tmp_path, journal())))
    for part in ("site.yml", "1:05 left", "play 1  Class", "task    break", "a  break: disk ?[31mfull"):
        assert part in view
    assert "\x1b" not in view


def test_the_live_view_fits_the_screen_and_keeps_the_hosts_in_trouble(tmp_path: Path) -> None:
    events = journal_of_play(*(f"h{n}" for n in range(300)))
    for number in range(300):
        events.task("t", "failed" if number == 250 else "ok", host=f"h{number}", message="[bold]x[/bold]" * 40)
    view = screen_text(follow(store_journal(tmp_path, events)), height=20, width=60)
    assert len(view.splitlines()) <= 20
    assert max(map(len, view.splitlines())) <= 60
    assert any(line.split()[:2] == ["h250", "failed"] for line in view.splitlines())
    assert "more:" in view
    assert "[bold]" in view


def test_plain_lines_and_recap_name_what_matters(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=80)
    progress = Progress()
    view = Plain(console, progress)
    events = journal().add("host_start", task="break", host="b")
    events.add("run_end", lines=len(events.lines), lost=0, reason="stopped")
    with closing(Follower(store_journal(tmp_path, events))) as follower:
        for event in follower.events():
            progress.apply(event)
            view.event(event)
    for line in recap(progress):
        console.print(line)
    output = console.file.getvalue()  # type: ignore[attr-defined]
    for part in ("play 1: Class (a, b)", "    a: failed: disk ?[31mfull", "attempt 2 failed", "stopped in: break"):
        assert part in output
    assert "    a: ok" not in output


def test_time_left_is_that_of_earlier_finished_runs_on_the_same_hosts(tmp_path: Path) -> None:
    def run_of_two_tasks(*targets: str) -> Journal:
        return journal_of_play(*targets).task("one").task("two")

    store_journal(tmp_path, run_of_two_tasks("a", "b").finish(), "20261120T100000Z-site-000001")
    store_journal(tmp_path, run_of_two_tasks("a").finish(), "20261121T100000Z-site-000002")
    store_journal(tmp_path, run_of_two_tasks("a", "b"), "20261122T100000Z-site-000003")
    stopped = run_of_two_tasks("a", "b").add("run_end", lines=9, lost=0, reason="stopped before the recap")
    store_journal(tmp_path, stopped, "20261122T110000Z-site-000004")
    current = tmp_path / "20261123T100000Z-site-000009"
    runs = estimate.similar(tmp_path, current, "other/site.yml", frozenset({"a", "b"}))
    assert len(runs) == 1
    assert runs[0].total == 10.0
    assert estimate.seconds_left(runs, "site.yml:two", 0.0) == 4.0
    assert estimate.seconds_left(runs, "site.yml:two", 9.0) == 0.0
    assert estimate.seconds_left(runs, "site.yml:three", 0.0) is None


@pytest.mark.parametrize(("seconds", "text"), [(9.4, "9 s"), (185.0, "3:05"), (3723.0, "1:02:03")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.slow
def test_a_process_in_a_session_of_its_own_is_found_below_its_parent() -> None:
    # `sleep` is two below and left the process group, as Ansible's workers do.
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess; c = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
            "print(c.pid, flush=True); c.wait()",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        root = processes.alive()[parent.pid]
        children = processes.descendants([root])
        assert [process.pid for process in children] == [child]
        # A later process that got the number of one of ours: what it starts is none of our business.
        assert processes.descendants([processes.Process(root.pid, root.started - 1, root.parent)]) == set()
        wrong = [processes.Process(child, 1, parent.pid)]  # the same number, another process
        processes.send(wrong, signal.SIGKILL)
        with pytest.raises(subprocess.TimeoutExpired):
            parent.wait(0.5)
        processes.send(children, signal.SIGKILL)
        assert parent.wait(PATIENCE) == 0
        assert child not in processes.alive()
    finally:
        parent.kill()
        parent.communicate()
        parent.wait()


CLIENT = processes.Process(10, round(100.0 / processes.TICK_SECONDS), 1)


@pytest.mark.parametrize(
    ("ages", "count"),
    [
        ([5.0], 1),  # between the start of our ssh and the look at the connection
        ([1.5], 0),  # after the look: another run can have started it
        ([9.5], 0),  # before our ssh
        ([5.0, 1.5], 1),
        ([5.0, 5.5], 0),  # one of the two is not ours, and nothing says which
        ([], 0),
    ],
)
def test_a_remote_command_is_ours_by_its_age_alone(ages: list[float], count: int) -> None:
    clients = frozenset({CLIENT})
    command = remote.Command(("ssh", "w1", "python3"), clients, clients, alone_at=107.0)
    shown = [remote.Remote(number, 1, age) for number, age in enumerate(ages)]
    assert len(remote.proven(command, shown, received=109.0)) == count
    shared = remote.Command(command.words, clients, clients, alone_at=None)
    assert remote.proven(shared, shown, received=109.0) == ()
