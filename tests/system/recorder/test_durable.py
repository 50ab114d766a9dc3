"""What becomes of the journal: the controller is killed, the disk is full, the directory goes, two run at once."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from oplever import store
from oplever.record.model import Record
from waiting import wait_for

from system.recorder.runs import BIN, LOCAL, ROOT, Place, invalid, lines, recap, recaps

HERE = Path(__file__).parent
HOSTS = [f"h{number}" for number in range(6)]
UNSHARE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-ec")
"""A shell that may mount: as root of a user namespace of its own, so that nothing outside sees it."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.inventory(dict.fromkeys(HOSTS, LOCAL))
    return place


def steps(count: int, **middle: object) -> list[dict[str, object]]:
    """A play of short commands, without a module, which costs more than all else; `middle` is a task that runs once,
    half-way."""
    tasks: list[dict[str, object]] = [
        {"name": f"step {n}", "ansible.builtin.raw": "sleep 0.1", "changed_when": n % 2 == 0} for n in range(count)
    ]
    if middle:
        once = {"name": "middle", "run_once": True, "delegate_to": "localhost", "connection": "local", **middle}
        tasks.insert(count // 2, once)
    return [{"name": "work", "hosts": "all", "gather_facts": False, "tasks": tasks}]


@pytest.mark.parametrize("results", [1, 8, 40, 131])
def test_a_killed_controller_loses_nothing_that_was_done(place: Place, results: int) -> None:
    place.write("work.yml", steps(60))
    oracle = place.path / "oracle.jsonl"
    place.environment = {
        "ANSIBLE_CALLBACKS_ENABLED": "oracle,oplever.lab.journal",
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
        "ORACLE": str(oracle),
    }
    process = place.start(
        str(BIN / "ansible-playbook"), "-i", "hosts.json", "work.yml",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    wait_for(lambda: oracle.exists() and oracle.read_bytes().count(b"\n") >= results)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    complete = [
        line for line in (place.record / "journal.jsonl").read_bytes().splitlines(keepends=True) if line[-1:] == b"\n"
    ]
    journal = [json.loads(line) for line in complete]
    assert [line["seq"] for line in journal] == list(range(len(journal)))
    ended = [(line["task"], line["host"]) for line in journal if line["kind"] == "result"]
    # The counterpart notes a result just before the journal does: the last one may be its alone.
    assert len(oracle.read_text(encoding="utf-8").splitlines()) - len(ended) in (0, 1)

    report = place.run(str(BIN / "oplever"), "report")
    assert report.returncode == 1, report.stderr
    assert "interrupted" in report.stdout
    record = place.derived()
    assert record.verdict == "interrupted"
    assert sum(len(step.results) for step in record.steps) == len(ended)
    begun = [(line["task"], line["host"]) for line in journal if line["kind"] == "host_start"]
    name = {line["task"]: line["name"] for line in journal if line["kind"] == "task_start"}
    under_way = {f"{name[task]} ({host})" for task, host in begun if (task, host) not in ended}
    (fault,) = [fault for fault in record.faults if fault.kind == "interrupted"]
    assert set(filter(None, fault.symptom.split(", "))) == under_way


def test_a_torn_line_is_left_out(place: Place) -> None:
    place.write("work.yml", steps(1))
    place.play("work.yml")
    path = place.record / "journal.jsonl"
    content = path.read_bytes()
    results = content.count(b'"kind":"result"')
    path.write_bytes(content[: content.rindex(b'"kind":"result"') + 40])
    record = place.derived()
    assert record.verdict == "interrupted"
    assert sum(len(step.results) for step in record.steps) == results - 1


def test_a_full_disk_is_one_warning_and_the_record_counts_what_is_missing(place: Place) -> None:
    place.write("work.yml", steps(8))
    place.records.mkdir()
    command = (
        "mount -t tmpfs -o size=36k none records; code=0; ansible-playbook -i hosts.json work.yml || code=$?; "
        "cp -r records/2* kept; exit $code"
    )
    done = place.run(*UNSHARE, command, env={"OPLEVER_DOCUMENTS": "1"})
    assert done.returncode == 74, done.stderr
    assert warnings(done) == ["could not write everything"]
    assert "The journal is complete" not in " ".join((done.stdout + done.stderr).split())
    assert all(row["ok"] == 8 for row in recap(done.stdout).values())
    record = store.load(place.path / "kept")
    assert invalid(place.path / "kept") == []
    lost = lines(place.path / "kept")[-1]["lost"]
    assert lost > 0
    assert not record.completeness.journal_complete
    assert ("journal_lines_lost", lost) in [
        (reason.code, reason.params.get("count")) for reason in record.document.reasons
    ]


RELEASED = """
import os, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.oplever.lab.plugins.plugin_utils.writer import Reserve
reserve = Reserve(os.open("records", os.O_RDONLY))
if os.fork() == 0:
    os.read(int(sys.argv[2]), 1)  # a worker that is still there, with all that it inherited
    os._exit(0)
free = lambda: os.statvfs("records").f_bfree
before = free()
reserve.release()
print(free() - before)
"""


def test_the_reserve_is_free_at_once_though_a_worker_still_lives(place: Place) -> None:
    place.records.mkdir()
    place.write("released.py", RELEASED)
    command = f"mount -t tmpfs -o size=36k none records; {sys.executable} released.py {ROOT / 'collections'} 0"
    worker = subprocess.Popen(
        [*UNSHARE, command], cwd=place.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    assert int(worker.stdout.readline()) > 0
    worker.communicate()


def test_a_directory_that_is_removed_comes_back(place: Place) -> None:
    place.write("work.yml", steps(4, **{"ansible.builtin.file": {"path": str(place.records), "state": "absent"}}))
    done = place.play("work.yml")
    assert done.returncode == 0, done.stderr
    assert warnings(done) == ["put its journal back"]
    assert invalid(place.record) == []
    assert recaps(place.derived()) == recap(done.stdout)
    assert mode(place.records) == mode(place.record) == 0o700
    assert mode(place.record / "journal.jsonl") == 0o600


def test_a_directory_that_turns_read_only_is_one_warning(place: Place) -> None:
    turn = "mount --bind records records && mount -o remount,bind,ro records"
    place.write("work.yml", steps(4, **{"ansible.builtin.shell": {"cmd": turn, "chdir": str(place.path)}}))
    done = place.run(*UNSHARE, "exec ansible-playbook -i hosts.json work.yml", env={"OPLEVER_DOCUMENTS": "1"})
    assert done.returncode == 74, done.stdout + done.stderr
    assert warnings(done) == ["could not make the documents"]
    told = " ".join((done.stdout + done.stderr).split())
    assert "Read-only file system" in told
    assert "The journal is complete" in told
    assert recaps(place.derived()) == recap(done.stdout)


def test_a_place_that_cannot_be_written_is_one_warning(place: Place) -> None:
    place.write("work.yml", steps(1))
    elsewhere = place.path / "elsewhere"
    elsewhere.mkdir()
    place.records.symlink_to(elsewhere)
    done = place.play("work.yml")
    assert done.returncode == 74
    assert warnings(done) == ["keeps no record of this run"]
    assert list(elsewhere.iterdir()) == []


def test_links_planted_for_the_latest_record_are_not_followed(place: Place) -> None:
    place.write("work.yml", steps(1))
    target = place.write("target", "untouched")
    place.records.mkdir()
    (place.records / "latest").symlink_to(target)
    old = os.umask(0)
    try:
        assert place.play("work.yml", env={"OPLEVER_DOCUMENTS": "1"}).returncode == 0
    finally:
        os.umask(old)
    assert target.read_text(encoding="utf-8") == "untouched"
    assert place.record.parent == place.records.resolve()
    assert {mode(path) for path in place.record.rglob("*")} == {0o600}
    assert mode(place.record) == 0o700


def test_two_runs_at_the_same_moment_keep_a_record_each(place: Place) -> None:
    place.write("work.yml", steps(3))
    argv = (str(BIN / "ansible-playbook"), "-i", "hosts.json", "work.yml")
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    runs = [place.start(*argv, **silent) for _ in range(2)]
    assert [process.wait(60) for process in runs] == [0, 0]
    records = [path for path in place.records.iterdir() if not path.is_symlink()]
    assert len(records) == 2
    assert [invalid(path) for path in records] == [[], []]
    assert [results(store.load(path)) for path in records] == [3 * len(HOSTS)] * 2
    assert place.record in [path.resolve() for path in records]


def test_ten_thousand_hosts(tmp_path: Path) -> None:
    place = Place(tmp_path)
    names = [f"n{number:05}" for number in range(10_000)]
    place.inventory(dict.fromkeys(names, LOCAL), web=names[:5000], db=names[5000:])
    first = {"name": "one speaks", "ansible.builtin.debug": {"msg": "here"}, "run_once": True}
    end = {"ansible.builtin.meta": "end_play"}
    place.write("all.yml", [{"hosts": "all", "gather_facts": False, "tasks": [first, end]}])
    done = place.play("all.yml")
    assert done.returncode == 0, done.stderr[-2000:]
    assert invalid(place.record) == []
    record = place.derived()
    assert len(record.systems) == 10_000
    assert record.systems[-1].groups == ("db",)
    assert results(record) == 1


def results(record: Record) -> int:
    return sum(len(step.results) for step in record.steps)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def warnings(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What the recorder warned of, in the order it did (a long line is folded, so the text is joined first)."""
    text = " ".join((done.stdout + done.stderr).split())
    sentences = (
        "could not write everything", "could not make the documents", "keeps no record of this run",
        "put its journal back",
    )  # fmt: skip
    return re.findall(rf"\[WARNING\]: .*?Oplever ({'|'.join(sentences)})", text)


def test_a_run_that_failed_keeps_the_exit_code_of_ansible(place: Place) -> None:
    place.write(
        "work.yml", [{"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.fail": {"msg": "no"}}]}]
    )
    place.records.symlink_to(place.path)
    assert place.play("work.yml").returncode == 2


def test_of_several_playbooks_the_last_one_ends_with_the_code(place: Place) -> None:
    place.write("work.yml", steps(1))
    place.records.symlink_to(place.path)
    done = place.play("work.yml", "work.yml")
    assert (done.returncode, done.stdout.count("PLAY RECAP")) == (74, 2)


def test_without_a_journal_the_exit_code_is_that_of_ansible(place: Place) -> None:
    place.write("work.yml", steps(1))
    place.records.symlink_to(place.path)
    assert place.play("work.yml", env={"OPLEVER_JOURNAL": "0"}).returncode == 0
