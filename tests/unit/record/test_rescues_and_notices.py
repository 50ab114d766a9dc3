"""Which failures were rescued when the journal does not say by whom, and what a result shows of its task."""

from __future__ import annotations

from typing import Any

import pytest
from journals import ZERO, Journal
from oplever.record.model import Change, HostResult, ItemResult, Recap, Record


def tried(*statuses: str, host: str = "a", play: str = "p", journal: Journal | None = None) -> Journal:
    """Tasks of one play, one after another on one machine."""
    journal = journal or Journal()
    for number, status in enumerate(statuses):
        task = f"{play} {host} {number}"
        journal.add("task_start", task=task, play=play, name=task, action="x.y.z")
        journal.add("result", task=task, host=host, status=status)
    return journal


def statuses(record: Record, host: str = "a") -> list[str]:
    return [result.status for step in record.steps for result in step.results if result.host == host]


def recapped(journal: Journal, **rescued: int) -> Record:
    recap = {host: {**ZERO, "rescued": number} for host, number in rescued.items()}
    return journal.add("stats", recap=recap).record()


@pytest.mark.parametrize(
    ("rescued", "expected"),
    [
        (0, ["failed", "ok", "failed", "ok", "failed"]),
        (1, ["rescued", "ok", "failed", "ok", "failed"]),
        (2, ["rescued", "ok", "rescued", "ok", "failed"]),
        (3, ["rescued", "ok", "rescued", "ok", "rescued"]),
        (9, ["rescued", "ok", "rescued", "ok", "rescued"]),
    ],
)
def test_as_many_as_the_recap_says_the_early_ones_first(rescued: int, expected: list[str]) -> None:
    assert statuses(recapped(tried("failed", "ok", "failed", "ok", "failed"), a=rescued)) == expected


def test_a_failure_after_which_the_machine_went_on_is_rescued_before_one_at_the_end_of_an_earlier_play() -> None:
    journal = tried("failed", "ok", play="q", journal=tried("failed"))
    assert statuses(recapped(journal, a=1)) == ["failed", "rescued", "ok"]


def test_failures_of_every_play_are_counted() -> None:
    journal = tried("failed", "ok", play="q", journal=tried("failed", "ok"))
    assert statuses(recapped(journal, a=2)) == ["rescued", "ok", "rescued", "ok"]


def test_each_machine_has_its_own_number() -> None:
    journal = tried("failed", "ok", host="b", journal=tried("failed", "ok"))
    record = recapped(journal, b=1)
    assert (statuses(record), statuses(record, "b")) == (["failed", "ok"], ["rescued", "ok"])


def test_without_a_recap_a_machine_that_went_on_in_the_same_play_was_rescued() -> None:
    assert statuses(tried("failed", "ok", "failed").record()) == ["rescued", "ok", "failed"]
    assert statuses(tried("ok", play="q", journal=tried("failed")).record()) == ["failed", "ok"]
    assert statuses(tried("ok", host="b", journal=tried("failed")).record()) == ["failed"]


def newer() -> Journal:
    journal = Journal()
    journal.lines[0] = journal.lines[0].replace(b'"version": 1', b'"version": 2')
    return journal


def named(journal: Journal, block: str | None, *, host: str = "a", rescues: str | None = None, **start: Any) -> Journal:
    """One task: it fails inside `block`, or it goes well."""
    task = f"t{len(journal.lines)}"
    journal.add("task_start", task=task, play="p", name=task, action="x.y.z", rescues=rescues, **start)
    return journal.add("result", task=task, host=host, status="failed" if block else "ok", rescued_by=block)


def rescuers(record: Record) -> list[str]:
    return [result.rescued_by for step in record.steps for result in step.results if result.status == "rescued"]


def test_what_is_named_is_not_counted_again_by_the_recap() -> None:
    journal = tried("failed", "ok", journal=named(named(newer(), "B"), None, rescues="B"))
    assert statuses(recapped(journal, a=1)) == ["rescued", "ok", "failed", "ok"]
    assert statuses(recapped(journal, a=2)) == ["rescued", "ok", "rescued", "ok"]


def test_a_rescue_that_was_not_reached_names_nobody() -> None:
    record = named(newer(), "B").record()
    assert (statuses(record), rescuers(record)) == (["rescued"], [""])


def test_a_block_rescues_the_failures_of_its_own_machine_alone() -> None:
    journal = named(named(newer(), "B"), "B", host="b")
    record = named(named(journal, None, rescues="B"), None, host="b", rescues="C").record()
    assert rescuers(record) == ["t7", ""]


def test_the_first_task_of_a_rescue_is_what_took_over() -> None:
    journal = named(named(named(newer(), "B"), None, rescues="B"), None, rescues="B")
    assert rescuers(journal.record()) == ["t5"]


def test_a_block_that_fails_twice_is_rescued_twice() -> None:
    """In a loop over an included file the same block comes again."""
    journal = named(named(named(newer(), "B"), None, rescues="B"), "B")
    record = named(journal, None, rescues="B").record()
    assert rescuers(record) == ["t5", "t9"]


def test_a_handler_is_rescued_once() -> None:
    journal = named(newer(), None)
    journal.add("task_start", task="h", play="p", name="h", action="x.y.z", handler=True)
    journal.add("result", task="h", host="a", status="failed")
    named(named(journal, None, rescues="B"), None, rescues="C")
    assert statuses(journal.record()) == ["ok", "rescued", "ok", "ok"]
    assert rescuers(journal.record()) == ["t7"]


@pytest.mark.parametrize(
    ("status", "changed", "counts"),
    [
        ("ok", False, {"ok": 1}),
        ("changed", True, {"ok": 1, "changed": 1}),
        ("changed", False, {"ok": 1, "changed": 1}),
        ("failed", False, {"failed": 1}),
        ("unreachable", False, {"unreachable": 1}),
        ("skipped", False, {"skipped": 1}),
        ("ignored", False, {"ok": 1, "ignored": 1}),
        ("ignored", True, {"ok": 1, "ignored": 1, "changed": 1}),
    ],
)
def test_counts_without_a_recap_are_those_that_ansible_would_give(
    status: str, changed: bool, counts: dict[str, int]
) -> None:
    record = newer().task("one", status, changed=changed).record()
    assert record.systems[0].recap == Recap(**counts)


@pytest.mark.parametrize(
    ("action", "status", "counts"),
    [
        ("ansible.builtin.meta", "ok", {}),
        ("ansible.builtin.include_tasks", "ok", {}),
        ("ansible.builtin.include_role", "changed", {}),
        ("ansible.builtin.include_tasks", "skipped", {"skipped": 1}),
        ("ansible.builtin.include_role", "failed", {"failed": 1}),
    ],
)
def test_what_ansible_counts_in_another_way(action: str, status: str, counts: dict[str, int]) -> None:
    journal = newer().add("task_start", task="t", play="p", name="t", action=action)
    assert journal.add("result", task="t", host="a", status=status).record().systems[0].recap == Recap(**counts)


def test_files_that_came_in_count_as_ok_for_each_machine() -> None:
    journal = (
        newer().task("one").add("include", name="x.yml", hosts=["a", "b"]).add("include", name="y.yml", hosts=["b"])
    )
    journal.add("play_start", play="q", targets=["b"])
    assert [system.recap.ok for system in journal.record().systems] == [2, 2]


def test_a_result_shows_all_that_the_journal_holds_of_it() -> None:
    journal = newer().add("task_start", task="t", play="p", name="t", action="x.y.z")
    journal.add("host_start", task="t", host="a")
    journal.add(
        "result", task="t", host="a", status="changed", duration=2.5, message="done", attempts=3, delegated_to="b",
        items=[{"item": "one", "status": "ok", "message": None}, {"item": "two", "status": "failed", "message": "no"}],
        items_total=5, censored=True, notify=["restart"], job={"id": "j1", "finished": False}, warnings=["old"],
        diff=[{"name": "/etc/x", "added": 1, "removed": 2}],
    )  # fmt: skip
    journal.add("result", task="t", host="b", status="ok", items=[{"item": "one"}], job={"id": "j2", "finished": True})
    full, plain = journal.record().steps[0].results
    assert full == HostResult(
        "a", "changed", "2026-11-23T10:00:04.000000Z", 2.5, "done", 3, "b",
        (ItemResult("one", "ok"), ItemResult("two", "failed", "no")), 5, True, "", ("restart",), (), (), "j1",
        (Change("/etc/x", 1, 2),), ("old",),
    )  # fmt: skip
    assert plain == HostResult(
        "b", "ok", "2026-11-23T10:00:06.000000Z", 0.0, items=(ItemResult("one", "ok"),), items_total=1
    )


def test_a_step_shows_all_that_the_journal_holds_of_its_task() -> None:
    journal = newer().add("task_start", task="h", play="p", name="h", role="x.y.web", path="a.yml:3", handler=True)
    journal.add("result", task="h", host="a", status="ok")
    journal.add("result", task="h", host="b", status="ok", action="x.y.z", check_mode=True)
    journal.add("task_start", task="t", play="p", name="t", action="a.b.c", check_mode=True)
    journal.task("plain")
    first, second, plain = journal.record().steps
    assert (first.number, first.play, first.role, first.action, first.path, first.started, first.handler) == (
        1, "All", "x.y.web", "x.y.z", "a.yml:3", "2026-11-23T10:00:03.000000Z", True,
    )  # fmt: skip
    assert (first.check_mode, second.check_mode, plain.check_mode) == (True, True, False)
    assert (second.number, second.role, second.path, second.action, second.handler) == (2, "", "", "a.b.c", False)


def test_retries_are_shown_with_the_machine_they_were_on() -> None:
    journal = newer().add("task_start", task="t", play="p", name="t")
    journal.add("retry", task="t", host="b", message="not yet")
    for host in ("a", "b"):
        journal.add("result", task="t", host=host, status="ok")
    assert [result.retries for result in journal.record().steps[0].results] == [(), ("not yet",)]


def handler(journal: Journal, host: str = "a", **start: Any) -> Journal:
    if b'"task": "h"' not in b"".join(journal.lines):
        journal.add("task_start", task="h", play="p", name="restart", handler=True, **start)
    return journal.add("result", task="h", host=host, status="changed")


def notices(*topics: str, host: str = "a", journal: Journal | None = None) -> Journal:
    journal = journal or newer()
    for topic in topics:
        task = f"tells {topic}"
        journal.add("task_start", task=task, play="p", name=task)
        journal.add("result", task=task, host=host, status="changed", notify=[topic])
    return journal


def notified_by(journal: Journal) -> list[tuple[str, ...]]:
    return [result.notified_by for step in journal.record().steps if step.handler for result in step.results]


def test_a_handler_is_told_by_its_name_its_topics_and_either_with_the_role() -> None:
    journal = notices("restart", "web", "x.y.web : restart", "x.y.web : web", "other")
    params = ("tells restart", "tells web", "tells x.y.web : restart", "tells x.y.web : web")
    assert notified_by(handler(journal, listen=["web"])) == [params]


def test_a_handler_that_runs_again_is_told_by_what_came_in_between() -> None:
    journal = handler(notices("restart"))
    journal.add("task_start", task="again", play="p", name="again")
    journal.add("result", task="again", host="a", status="changed", notify=["restart"])
    assert notified_by(handler(journal)) == [("tells restart",), ("again",)]


def test_a_handler_is_told_on_its_own_machine_and_before_it_runs() -> None:
    assert notified_by(notices("restart", journal=handler(newer()))) == [()]
    assert notified_by(handler(notices("restart", host="b"))) == [()]
    itself = newer().add("task_start", task="h", play="p", name="restart", handler=True)
    assert notified_by(itself.add("result", task="h", host="a", status="changed", notify=["restart"])) == [()]
    assert notified_by(handler(handler(notices("restart")), host="b")) == [("tells restart",), ()]


def test_a_task_that_tells_twice_is_named_once_and_a_task_that_is_no_handler_is_told_by_nobody() -> None:
    journal = newer().add("task_start", task="t", play="p", name="t")
    journal.add("result", task="t", host="a", status="changed", notify=["restart"])
    journal.add("result", task="t", host="a", status="changed", notify=["restart"])
    assert notified_by(handler(journal)) == [("t",)]
    plain = notices("restart").add("task_start", task="x", play="p", name="restart")
    plain.add("result", task="x", host="a", status="ok")
    assert plain.record().steps[-1].results[0].notified_by == ()
