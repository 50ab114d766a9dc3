"""What one pass over the lines of a journal keeps, also of journals that lack lines or come from other tools."""

from __future__ import annotations

import json
from typing import Any

import pytest
from journals import ZERO, Journal
from oplever.journal.reader import read
from oplever.record.fold import Run, fold
from oplever.record.model import PlanStep, Recap, Record


def run(journal: Journal) -> Run:
    return fold(journal.events())


def test_a_task_that_is_announced_again_is_one_task() -> None:
    journal = Journal().task("both", host="a").task("other").task("both", host="b")
    tasks = run(journal).tasks
    assert [(name, task.number, task.play) for name, task in tasks.items()] == [("both", 1, "All"), ("other", 2, "All")]
    assert [result.host for result in tasks["both"].results] == ["a", "b"]
    assert tasks["both"].results.started == ["2026-11-23T10:00:04.000000Z", "2026-11-23T10:00:10.000000Z"]


def test_a_task_of_a_play_that_was_lost_has_none() -> None:
    journal = Journal().add("task_start", task="t", play="gone", name="t")
    assert run(journal).tasks["t"].play == ""


def test_a_result_whose_task_was_lost_is_kept_without_a_name() -> None:
    journal = Journal().task("one")
    journal.add("host_start", task="lost", host="a").add("include", task="lost", name="x.yml", hosts=["a"])
    journal.add("result", task="lost", host="a", status="changed", data={"checks": [{"id": "x", "status": "pass"}]})
    record = journal.record()
    (step,) = record.steps[1:]
    assert (step.number, step.name, step.play, step.started) == (2, "?", "", "2026-11-23T10:00:08.000000Z")
    assert [result.status for result in step.results] == ["changed"]
    assert [test.id for test in record.tests] == ["x"]


def test_what_began_and_did_not_end_is_running() -> None:
    journal = Journal().task("one")
    journal.add("task_start", task="two", play="p", name="two").add("host_start", task="two", host="a")
    journal.add("host_start", task="two", host="b").add("result", task="two", host="a", status="ok")
    assert run(journal).running == {("two", "b"): "2026-11-23T10:00:08.000000Z"}


def test_each_play_is_a_step_of_the_plan_with_the_playbook_that_holds_it() -> None:
    journal = Journal().add("playbook_start", playbook="two.yml")
    journal.add("play_start", play="q", name="Second", hosts="web", targets=["b"], groups={"b": ["web"]})
    journal.add("play_start", play="q", name="Second", hosts="web", targets=["c"])
    folded = run(journal)
    assert folded.plan["p"] == PlanStep(1, "All", "all", "site.yml", "2026-11-23T10:00:02.000000Z")
    assert folded.plan["q"] == PlanStep(2, "Second", "web", "two.yml", "2026-11-23T10:00:04.000000Z")
    assert [(playbook.name, playbook.begun) for playbook in folded.playbooks] == [("site.yml", 1), ("two.yml", 1)]
    assert folded.groups == {"a": ["web"], "b": ["web"], "c": []}
    assert (list(folded.plays["q"].targets), folded.plays["q"].batch) == (["b", "c"], ("c",))


def test_groups_of_a_machine_are_those_that_were_named_first() -> None:
    journal = Journal()
    for groups in ([], ["db"], ["other"]):
        journal.add("play_start", play="q", targets=["b"], planned=["b", "c"], groups={"b": groups, "c": ["db"]})
    assert run(journal).groups == {"a": ["web"], "b": ["db"], "c": ["db"]}


def test_a_play_before_any_playbook_is_of_none() -> None:
    journal = Journal()
    del journal.lines[1]
    assert [step.playbook for step in fold(read(journal.lines)).plan.values()] == [""]


def test_a_play_without_machines_says_why() -> None:
    journal = Journal().add("play_start", play="q", name="Empty", hosts="none").add("no_hosts", why="no_hosts_matched")
    assert [step.no_hosts for step in run(journal).plan.values()] == ["", "no_hosts_matched"]
    headless = Journal()
    headless.lines[1:] = []
    assert run(headless.add("no_hosts", why="no_hosts_matched")).plan == {}


def recap_of(**counts: int) -> Recap:
    journal = Journal().task("one")
    folded = run(journal.add("stats", recap={"a": counts}))
    assert folded.recap is not None
    return folded.recap["a"]


def test_the_recap_is_kept_as_ansible_counts() -> None:
    counts = {name: number for number, name in enumerate(ZERO, 1)}
    assert recap_of(**counts) == Recap(**counts)
    assert recap_of(ok=3, new_count=9) == Recap(ok=3)


def test_work_after_a_recap_makes_it_old() -> None:
    journal = Journal().task("one").add("stats", recap={"a": {"ok": 1}}).task("two", "changed")
    assert run(journal).recap is None
    assert journal.record().systems[0].recap == Recap(ok=2, changed=1)


def test_every_machine_that_was_targeted_answered_or_counted_is_there_once() -> None:
    journal = Journal().task("one", host="b").task("two", host="a")
    journal.add("stats", recap={"c": {"ok": 1}, "b": {"ok": 1}})
    assert run(journal).hosts == ["a", "b", "c"]


def test_what_an_item_returned_counts_once() -> None:
    data = {"checks": [{"id": "x.y", "status": "fail"}]}
    journal = Journal().add("task_start", task="t", play="p", name="t")
    journal.add("item", task="t", host="a", data=data).add("item", task="t", host="a", data={"rc": 0})
    journal.add("result", task="t", host="a", status="failed", data=data)
    journal.add("result", task="t", host="b", status="failed", data=data)
    assert [(call.host, call.t) for call in run(journal).checks] == [
        ("a", "2026-11-23T10:00:04.000000Z"),
        ("b", "2026-11-23T10:00:07.000000Z"),
    ]


@pytest.mark.parametrize("data", [None, "x", {}, {"checks": {}}, {"snapshot": []}, {"checks": "x", "snapshot": 1}])
def test_what_other_modules_return_is_not_kept(data: Any) -> None:
    folded = run(Journal().task("one", data=data))
    assert (folded.checks, folded.snapshots) == ([], [])


def test_what_our_modules_return_is_kept() -> None:
    folded = run(Journal().task("one", data={"checks": []}).task("two", data={"snapshot": {}}))
    assert [call.data for call in folded.checks] == [{"checks": []}]
    assert [call.data for call in folded.snapshots] == [{"snapshot": {}}]


def test_retries_without_a_message_are_counted_too() -> None:
    journal = Journal().add("task_start", task="t", play="p", name="t")
    for message in ("not yet", None):
        journal.add("retry", task="t", host="a", message=message)
    assert run(journal).retries == {("t", "a"): ["not yet", ""]}


def test_files_that_come_in_are_counted_for_each_machine_and_named_once() -> None:
    journal = Journal().add("task_start", task="t", play="p", name="t")
    for name in ("x.yml", "y.yml", "x.yml"):
        journal.add("include", task="t", name=name, hosts=["a", "b"])
    folded = run(journal)
    assert (dict(folded.included), list(folded.tasks["t"].includes)) == ({"a": 3, "b": 3}, ["x.yml", "y.yml"])


def notified(*handlers: str, named: tuple[str, ...] = ()) -> tuple[str, ...]:
    journal = Journal().add("task_start", task="t", play="p", name="t")
    for handler in handlers:
        journal.add("notify", host="a", handler=handler)
    journal.add("result", task="t", host="b", status="changed")
    journal.add("result", task="t", host="a", status="changed", notify=list(named))
    journal.add("result", task="t", host="a", status="changed")
    first, second, third = run(journal).tasks["t"].results
    assert (first.notified, third.notified) == ((), ())
    return second.notified


def test_handlers_that_another_tool_tells_of_by_themselves_are_of_the_next_result_of_that_machine() -> None:
    assert notified("restart", "reload", "restart") == ("restart", "reload")
    assert notified(named=("restart",)) == ("restart",)
    assert notified("reload", named=("restart",)) == ("restart",)


def lines(**end: Any) -> Record:
    journal = Journal().task("one")
    return journal.add("run_end", **{"lines": len(journal.lines), **end}).record()


def params(record: Record, code: str) -> list[Any]:
    return [reason.params for reason in record.document.reasons if reason.code == code]


def test_lines_that_the_last_one_does_not_count_are_told() -> None:
    assert params(lines(), "journal_lines_differ") == []
    assert params(lines(lines=None), "journal_lines_differ") == []
    assert params(lines(lines=4), "journal_lines_differ") == [{"written": 4, "read": 6}]
    assert params(lines(lines=9), "journal_lines_differ") == [{"written": 9, "read": 6}]
    assert not lines(lines=4).completeness.journal_complete


def test_lines_that_are_gone_are_lost_and_not_counted_twice() -> None:
    journal = Journal().task("one").task("two")
    journal.add("run_end", lines=len(journal.lines))
    del journal.lines[5]
    record = journal.record()
    assert params(record, "journal_lines_lost") == [{"count": 1}]
    assert params(record, "journal_lines_differ") == []
    assert (record.completeness.journal_complete, record.completeness.lines) == (False, 9)


def test_a_line_that_cannot_be_read_is_a_line_of_the_file() -> None:
    journal = Journal().task("one").task("two")
    journal.add("run_end", lines=len(journal.lines), lost=2)
    journal.lines[5] = b"{\n"
    record = journal.record()
    assert params(record, "journal_lines_lost") == [{"count": 3}]
    assert params(record, "journal_lines_differ") == []
    assert record.completeness.lines == 10


def test_the_last_moment_is_the_latest_whatever_the_clock_did() -> None:
    journal = Journal().task("one").task("two")
    journal.lines[-1] = journal.lines[-1].replace(b"T10:", b"T08:")
    assert run(journal).last == "2026-11-23T10:00:07.000000Z"


def test_collections_are_versions_beside_the_others() -> None:
    journal = Journal(versions={"ansible": "2.19.3", "a.b": "1"}).add("playbook_start", collections={"a.b": "2"})
    record = journal.add("run_end", lines=4, collections={"c.d": "3"}).record()
    assert record.document.tool_versions == {"ansible": "2.19.3", "a.b": "2", "c.d": "3"}


def test_an_empty_run_has_no_start() -> None:
    assert (Run().started, Run().surplus, Run().hosts) == ("", 0, [])


@pytest.mark.parametrize(
    ("cwd", "path", "shown"),
    [
        ("/srv/play", "/srv/play/roles/x.yml:3", "roles/x.yml:3"),
        ("/srv/play/", "/srv/play/roles/x.yml:3", "roles/x.yml:3"),
        ("/srv/X", "/srv/X/site.yml:3", "site.yml:3"),
        ("/srv/play", "/srv/player/site.yml:3", "/srv/player/site.yml:3"),
        (None, "/srv/play/site.yml:3", "/srv/play/site.yml:3"),
        ("/srv/play", None, ""),
    ],
)
def test_a_check_is_where_its_task_stands_below_where_ansible_ran(
    cwd: str | None, path: str | None, shown: str
) -> None:
    journal = Journal(cwd=cwd).add("task_start", task="t", play="p", name="t", path=path)
    journal.add("result", task="t", host="a", status="ok", data={"checks": []})
    assert [call.path for call in run(journal).checks] == [shown]


def test_tests_that_run_in_a_task_of_a_playbook_belong_to_the_role_that_declares_them() -> None:
    def data(role: str, suite: str) -> dict[str, Any]:
        checks = [{"id": f"{suite}.answers", "status": "pass"}]
        return {"checks": checks, "suite": suite, "stage": "after", "role": role, "path": f"roles/{suite}/verify.yml:6"}

    journal = Journal().add("task_start", task="t", play="p", name="Test the roles", path="tests.yml:3")
    journal.add("host_start", task="t", host="a")
    for suite in ("dns", "nginx"):
        journal.add("item", task="t", host="a", status="ok", data=data(f"oplever.lab.{suite}", suite))
    record = journal.add("result", task="t", host="a", status="ok").record()
    assert [(test.suite, test.path) for test in record.tests] == [
        ("dns", "roles/dns/verify.yml:6"),
        ("nginx", "roles/nginx/verify.yml:6"),
    ]
    assert [system.roles for system in record.systems] == [("oplever.lab.dns", "oplever.lab.nginx")]


@pytest.mark.parametrize("moment", ["zzz", "", "9999-12-31T23:59:59.000000Z", "0001-01-01T00:00:00+14:00"])
def test_a_line_of_an_unknown_kind_at_no_moment_has_none(moment: str) -> None:
    journal = Journal().task("one")
    journal.lines.append(json.dumps({"seq": len(journal.lines), "kind": "to_come", "t": moment}).encode() + b"\n")
    assert run(journal).last == "2026-11-23T10:00:05.000000Z"
    assert journal.record().document.created == "2026-11-23T10:00:05.000000Z"


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59.000000Z", "0001-01-01T00:00:00.000000Z"])
def test_a_line_of_a_time_at_which_nothing_can_be_recorded_is_damaged(moment: str) -> None:
    journal = Journal().task("one")
    journal.lines.append(json.dumps({"seq": len(journal.lines), "kind": "no_hosts", "t": moment}).encode() + b"\n")
    assert (run(journal).damaged, run(journal).gaps) == (1, 1)
    assert journal.record().document.duration == 5.0
