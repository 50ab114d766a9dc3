"""The clock of the controller is set while a run goes on, and the controller sleeps: times and order stay right."""

from __future__ import annotations

import os
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from oplever import store
from oplever.store.filters import Filter
from oplever.store.index import open_index
from oplever.store.machine_history import life
from oplever.store.query import listing

from system.recorder.runs import BIN, LOCAL, Place, invalid, lines

FAKETIME = "libfaketime.so.1"
STEP = 0.4
"""Seconds that each step takes."""
ROUNDING = 0.00001
"""Seconds: times and durations are written with six digits."""
HOUR = 3600


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.inventory({"one": LOCAL})
    return place


SLEEPS = """
import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
"""
"""Python sleeps until a moment of the monotonic clock, which libfaketime gets wrong when it leaves that clock alone."""


def library() -> str:
    libraries = sorted(Path("/usr/lib").glob(f"*/faketime/{FAKETIME}"))
    assert libraries, f"{FAKETIME} is not here: make setup-dev"
    return str(libraries[0])


def play(place: Place, content: list[str], **environment: str) -> tuple[float, float]:
    """A step, then for each text: it is written to the file `clock`, and another step. When it began and ended, by a
    clock that nobody sets."""
    step = {"ansible.builtin.command": f"sleep {STEP}"}
    tasks: list[dict[str, object]] = [{"name": "step 0", **step}]
    for number, text in enumerate(content, 1):
        set_clock = {"ansible.builtin.copy": {"content": text, "dest": "{{ playbook_dir }}/clock", "mode": "0600"}}
        tasks += [{"name": f"set {number}", **set_clock}, {"name": f"step {number}", **step}]
    place.write("work.yml", [{"name": "work", "hosts": "all", "gather_facts": False, "tasks": tasks}])
    began = time.time()
    done = place.play("work.yml", env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return began, time.time()


def faked(place: Place, content: list[str]) -> tuple[float, float]:
    place.write("clock", "+0")
    place.write("sleeps/sitecustomize.py", SLEEPS)
    return play(
        place,
        content,
        LD_PRELOAD=library(),
        FAKETIME_TIMESTAMP_FILE=str(place.path / "clock"),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",  # nobody can set those
        PYTHONPATH=first_on_path(place.path / "sleeps"),
    )


@pytest.mark.parametrize(
    ("content", "shift"),
    [(["+7200"], 7200), (["-86400"], -86400), (["+3600", "-7200", "+0"], -7200)],
    ids=["forward", "back", "and back to what it was"],
)
def test_a_clock_that_is_set_moves_no_line_and_the_record_says_so(place: Place, content: list[str], shift: int) -> None:
    began, ended = faked(place, content)
    times = moments(place)
    assert began <= times[0]
    assert times[-1] <= ended
    assert all(first <= second for first, second in pairwise(times))
    assert invalid(place.record) == []
    assert place.journal()[-1]["clock_shift"] == pytest.approx(shift, abs=0.1)
    durations_are_right(place)
    record = place.derived()
    (reason,) = [reason for reason in record.document.reasons if reason.code == "clock_set"]
    assert reason.params["seconds"] == pytest.approx(shift, abs=0.1)
    assert record.document.duration < ended - began
    order = ["step 0", *(name for n in range(1, len(content) + 1) for name in (f"set {n}", f"step {n}"))]
    assert [step.name for step in record.steps] == order


def test_a_clock_that_nobody_sets_is_no_remark(place: Place) -> None:
    faked(place, ["+0"])
    assert place.journal()[-1]["clock_shift"] == 0
    assert "clock_set" not in {reason.code for reason in place.derived().document.reasons}


ASLEEP = """
import os, time
wall, running = time.time, time.clock_gettime
def slept():
    return 3600 if os.path.exists(os.environ["CLOCK"]) else 0
time.time = lambda: wall() + slept()
time.clock_gettime = lambda which: running(which) + (slept() if which == time.CLOCK_BOOTTIME else 0)
"""
"""What a Python sees of an hour's sleep: the wall clock and the time since boot went on, the monotonic one stood still.
The kernel itself gives no way to have this without sleeping."""


def test_an_hour_asleep_is_time_that_passed_and_nobody_worked(place: Place) -> None:
    place.write("asleep/sitecustomize.py", ASLEEP)
    path = first_on_path(place.path / "asleep")
    began, ended = play(place, ["asleep"], PYTHONPATH=path, CLOCK=str(place.path / "clock"))
    times = moments(place)
    assert all(first <= second for first, second in pairwise(times))
    asleep = max(second - first for first, second in pairwise(times))
    assert HOUR <= asleep < HOUR + ended - began
    durations_are_right(place)
    assert sum(line["duration"] for line in place.journal() if line["kind"] == "result") < ended - began
    record = place.derived()
    assert HOUR < record.document.duration < HOUR + ended - began
    assert "clock_set" not in {reason.code for reason in record.document.reasons}


PAST, FUTURE = "@1970-01-02 03:00:00", "@2038-01-02 03:00:00"
"""Where a clock stands with an empty battery, and with one digit wrong."""


def test_a_record_made_with_a_wrong_clock_is_where_it_was_made(place: Place) -> None:
    tasks = [{"debug": {"msg": "x"}}]  # before 1980 Ansible runs no module
    place.write("work.yml", [{"hosts": "all", "gather_facts": False, "tasks": tasks}])
    place.write("sleeps/sitecustomize.py", SLEEPS)
    made = []
    for clock in (None, PAST, None, FUTURE, None):
        fake = {"LD_PRELOAD": library(), "FAKETIME": clock, "FAKETIME_DONT_FAKE_MONOTONIC": "1"} if clock else {}
        done = place.play("work.yml", env={**fake, "PYTHONPATH": first_on_path(place.path / "sleeps"), "TZ": "UTC"})
        assert done.returncode == 0, done.stdout + done.stderr
        made.append(place.record.name)
        assert invalid(place.record) == []
        assert lines(place.record)[0]["previous"] == (made[-2] if made[:-1] else None)
    assert [name[:4] for name in made if name[:4] in ("1970", "2038")] == ["1970", "2038"]
    assert [path.name for path in store.every(place.records)] == made[::-1]
    with open_index(place.records) as index:
        listed = listing(index, Filter())
        assert [row.name for row in listed] == made[::-1]
        assert [row.clock for row in listed] == [None, "future", None, "past", None]
        assert [visit.record.name for visit in life(index, "one")] == made
    assert place.record.name == made[-1]
    output = place.run(str(BIN / "oplever"), "list").stdout
    assert "clock wrong: in the future" in output
    assert "clock wrong: before Oplever existed" in output


def first_on_path(directory: Path) -> str:
    return os.pathsep.join(filter(None, (str(directory), os.environ.get("PYTHONPATH"))))


def moments(place: Place) -> list[float]:
    return [datetime.fromisoformat(line["t"]).timestamp() for line in place.journal()]


def durations_are_right(place: Place) -> None:
    """Each step took no longer than passed between the line before it and its result, and no less than it slept."""
    journal = place.journal()
    times = moments(place)
    begun = {line["task"]: times[at - 1] for at, line in enumerate(journal) if line["kind"] == "host_start"}
    results = [(line, times[at]) for at, line in enumerate(journal) if line["kind"] == "result"]
    assert len(results) > 1
    for number, (line, ended) in enumerate(results):
        least = STEP if number % 2 == 0 else 0
        assert least < line["duration"] < ended - begun[line["task"]] + ROUNDING, line
