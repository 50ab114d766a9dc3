"""The results of a step as a sequence, and what a large run costs in memory."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from journals import Journal
from oplever.journal.reader import read
from oplever.kinds.derive import derive
from oplever.record.model import HostResult, HostResults, Record
from oplever.text import clean, to_json

HOSTS, TASKS = 100, 100
BYTES_EACH = 200
"""For a result, half of which is its start as text. It was 700 when every event was kept until the end."""
PLAIN = HostResult("a", "ok", "10:00", 0.5)
TOLD = HostResult("b", "failed", "10:01", 1.5, message="No space left")
RESULTS = (PLAIN, TOLD, HostResult("c", "changed", "10:02", 2.0))


def of(results: tuple[HostResult, ...] = RESULTS) -> HostResults:
    columns = HostResults()
    for result in results:
        if result.message:
            columns.append(result)
        else:
            columns.append_plain(result.host, result.status, result.started, result.duration)
    return columns


def test_results_are_a_sequence() -> None:
    results = of()
    assert (len(results), tuple(results), results[1], results[-1]) == (3, RESULTS, TOLD, RESULTS[2])
    assert (results[:2], results[::-1]) == (RESULTS[:2], RESULTS[::-1])
    assert (tuple(reversed(results)), results.index(TOLD), TOLD in results) == (RESULTS[::-1], 1, True)
    with pytest.raises(IndexError):
        results[3]


def test_results_are_equal_to_others_with_the_same_in_that_order() -> None:
    assert of() == HostResults(RESULTS) == RESULTS
    assert of() == [*RESULTS]
    assert of() != RESULTS[:2]
    assert of() != (*RESULTS[:2], PLAIN)
    assert of() != {}


def test_a_rescue_changes_the_result_and_not_the_results_it_was_made_of() -> None:
    results = of()
    rescued = results.with_rescues({1: "Clean up", 2: ""})
    assert [(r.host, r.status, r.rescued_by, r.message) for r in rescued] == [
        ("a", "ok", "", ""),
        ("b", "rescued", "Clean up", "No space left"),
        ("c", "rescued", "", ""),
    ]
    assert rescued.statuses == ["ok", "rescued", "rescued"]
    assert (results, results.statuses) == (RESULTS, ["ok", "failed", "changed"])
    assert results.with_rescues({}) is results


def test_results_are_written_as_a_list_and_read_as_the_same() -> None:
    assert to_json(of()) == msgspec.json.encode(RESULTS)
    assert msgspec.json.decode(to_json(of()), type=list[HostResult]) == of()
    with pytest.raises(NotImplementedError, match="object has no form in JSON"):
        to_json(object())


def test_hostile_text_of_a_result_is_made_harmless() -> None:
    assert [r.message for r in clean(of((PLAIN, HostResult("b", "ok", "", 0.0, message="a\u202eb"))))] == [
        "",
        "a\N{MATHEMATICAL LEFT ANGLE BRACKET}U+202E\N{MATHEMATICAL RIGHT ANGLE BRACKET}b",
    ]
    assert clean(of()) == RESULTS


@pytest.mark.parametrize(
    "more",
    [
        {"message": "m"},
        {"items": [{"item": "i", "status": "ok"}]},
        {"items_total": 3},
        {"censored": True},
        {"notify": ["h"]},
        {"warnings": ["w"]},
        {"diff": [{"name": "/etc/motd", "added": 1}]},
        {"job": {"id": "7"}},
        {"delegated_to": "b"},
        {"attempts": 2},
    ],
)
def test_what_a_result_has_to_tell_is_kept(more: dict[str, Any]) -> None:
    journal = Journal().add("task_start", task="t", play="p", name="t")
    journal.add("result", task="t", host="a", status="ok").add("result", task="t", host="b", status="ok", **more)
    results = journal.record().steps[0].results
    assert isinstance(results, HostResults)
    assert list(results.details) == [1]
    assert results[1] != HostResult("b", "ok", results[1].started, 0.0)


def test_a_task_that_runs_twice_on_a_machine_has_each_time_its_own_start_and_retries() -> None:
    journal = Journal().add("task_start", task="t", play="p", name="t")
    for message in ("not yet", None):
        journal.add("host_start", task="t", host="a")
        if message:
            journal.add("retry", task="t", host="a", message=message)
        journal.add("result", task="t", host="a", status="ok")
    first, second = journal.record().steps[0].results
    assert (first.retries, second.retries) == (("not yet",), ())
    assert (first.started[-11:], second.started[-11:]) == (":04.000000Z", ":07.000000Z")


def lines() -> Iterator[bytes]:
    """A run as the callback writes it: one result in ten has a message."""
    number = -1

    def line(kind: str, **keys: Any) -> bytes:
        nonlocal number
        number += 1
        t = f"2026-11-23T10:{number // 6000 % 60:02}:{number // 100 % 60:02}.{number % 100:06}Z"
        return json.dumps({"seq": number, "t": t, "kind": kind, **keys}).encode() + b"\n"

    hosts = [f"machine-{place:03}.school.example" for place in range(HOSTS)]
    yield line("run_start", format="oplever-journal", version=2, id="large", command=[])
    yield line("play_start", play="p", name="All", hosts="all", targets=hosts)
    for task in range(TASKS):
        yield line("task_start", task=f"t{task}", play="p", name=f"Task {task}", action="ansible.builtin.copy")
        for host in hosts:
            yield line("host_start", task=f"t{task}", host=host)
        for place, host in enumerate(hosts):
            message = {"message": f"All is well with {place}"} if (task + place) % 10 == 0 else {}
            yield line("result", task=f"t{task}", host=host, status="ok", duration=0.5, **message)


@pytest.mark.slow
def test_a_result_of_a_large_run_takes_little_memory() -> None:
    tracemalloc.start()
    try:
        record: Record = derive(read(lines()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(len(step.results) for step in record.steps) == HOSTS * TASKS
    assert peak / (HOSTS * TASKS) < BYTES_EACH, f"{peak / (HOSTS * TASKS):.0f} bytes for a result"
