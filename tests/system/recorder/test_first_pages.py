"""First pages of runs that ended otherwise than planned: what needs attention, sentence by sentence."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from first_page import first_page
from oplever import store
from oplever.record.model import Record
from waiting import wait_for

from system.recorder.runs import BIN, LOCAL, Place
from system.recorder.test_durable import UNSHARE

UNCERTAIN = "Lines are missing: this is not certain."


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.inventory({"web1": LOCAL, "db1": LOCAL})
    place.write("work.yml", [
        {"name": "Install", "hosts": "all", "gather_facts": False, "tasks": [
            {"name": "Write", "ansible.builtin.command": "true", "changed_when": False},
            {"name": "Wait", "ansible.builtin.command": "sleep 30", "when": "inventory_hostname == 'web1'"},
        ]},
        {"name": "Test", "hosts": "all", "gather_facts": False, "tasks": []},
    ])  # fmt: skip
    return place


def stopped(place: Place, number: int) -> Record:
    """The record of a run that got this signal while web1 waited."""
    process = place.start(
        str(BIN / "ansible-playbook"), "-i", "hosts.json", "work.yml",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    journal = place.records / "latest" / "journal.jsonl"
    # The answer of db1, which skips it, comes after the start on web1.
    wait_for(lambda: journal.exists() and b'"status":"skipped"' in journal.read_bytes())
    os.killpg(process.pid, number)
    process.wait(60)
    return place.derived()


def test_a_controller_that_was_killed(place: Place) -> None:
    page = first_page(stopped(place, signal.SIGKILL))
    assert page == {
        "title": "Interrupted",
        "attention": [
            "Work: The run was cut off; the last event recorded is from TIME.",
            "Work: Plays that did not start: Test.",
            "Work: Nothing was tested.",
            "Work: Changes on web1, db1 are unknown: no snapshot before and after.",
            "Open fault: Wait (web1) (run interrupted)",
        ],
        "machines": {"web1": "did not get all of the work", "db1": "did not get all of the work"},
    }


def test_a_run_that_was_stopped_with_ctrl_c(place: Place) -> None:
    page = first_page(stopped(place, signal.SIGINT))
    assert page == {
        "title": "Interrupted",
        "attention": [
            "Work: The run was stopped: before its recap, by somebody or by an error that Ansible reported.",
            "Work: Plays that did not start: Test.",
            "Work: Nothing was tested.",
            "Work: Changes on web1, db1 are unknown: no snapshot before and after.",
            "Open fault: Wait (web1) (run interrupted)",
        ],
        "machines": {"web1": "did not get all of the work", "db1": "did not get all of the work"},
    }


def test_a_run_that_was_stopped_between_its_playbooks(place: Place) -> None:
    place.write("one.yml", [{"name": "One", "hosts": "db1", "gather_facts": False, "tasks": []}])
    place.write("broken.yml", [{"name": "Broken", "hosts": "db1", "nosuch": True}])
    assert place.play("one.yml", "broken.yml").returncode
    page = first_page(place.derived())
    assert (page["title"], page["attention"][0]) == (
        "Interrupted",
        "Work: The run was stopped: after 1 of 2 playbooks.",
    )
    assert place.journal()[-1]["stopped"] == {"code": "between_playbooks", "begun": 1, "playbooks": 2}


def test_a_full_disk_of_the_controller(place: Place) -> None:
    tasks = [{"name": f"step {n}", "ansible.builtin.raw": "true", "changed_when": False} for n in range(30)]
    place.write("work.yml", [{"name": "Install", "hosts": "all", "gather_facts": False, "tasks": tasks}])
    place.records.mkdir()
    command = (
        "mount -t tmpfs -o size=36k none records; code=0; ansible-playbook -i hosts.json work.yml || code=$?; "
        "cp -r records/2* kept; exit $code"
    )
    assert place.run(*UNSHARE, command).returncode == 74
    place.records.rmdir()
    (place.path / "kept").rename(place.records)
    page = first_page(store.load(place.records))
    lines = [re.sub(r"lines: \d+", "lines: N", line) for line in page["attention"]]
    dropped = (
        "Work: These machines dropped out of a play without an error and did not get all of the work: web1, db1. "
        f"{UNCERTAIN}"
    )
    state = "not finished" if lines[0] == dropped else "not tested"
    if lines[0] == dropped:  # which lines are missing depends on how long the others are
        del lines[0]
    assert lines == [
        f"Work: Nothing was tested. {UNCERTAIN}",
        f"Work: Changes on web1, db1 are unknown: no snapshot before and after. {UNCERTAIN}",
        "Work: The journal is not complete, missing lines: N.",
    ]
    assert set(page["machines"].values()) == {state}


def test_a_full_disk_of_the_machine(place: Place) -> None:
    place.write("work.yml", [{"name": "Install", "hosts": "db1,web1", "gather_facts": False, "tasks": [
        {"name": "Fill", "ansible.builtin.shell": "head -c 100000 /dev/zero > small/data", "changed_when": True,
         "args": {"chdir": str(place.path)}, "when": "inventory_hostname == 'web1'"},
    ]}])  # fmt: skip
    (place.path / "small").mkdir()
    done = place.run(*UNSHARE, "mount -t tmpfs -o size=16k none small; exec ansible-playbook -i hosts.json work.yml")
    assert done.returncode == 2
    page = first_page(place.derived())
    assert page["title"] == "Not delivered"
    assert page["attention"][0] == "Work: A step failed on web1."
    assert any("No space left on device" in line for line in page["attention"]), page["attention"]
    assert page["machines"] == {"web1": "not OK", "db1": "not tested"}
