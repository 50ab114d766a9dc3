"""Machines that a finished run left behind though nothing failed on them, and work that did not come to anything."""

from __future__ import annotations

from typing import Any

import pytest
from journals import ZERO, Journal
from oplever.kinds.installation.order import Order
from oplever.record.model import Record

BLOCK = "block-1"


class Play(Journal):
    """A run with one play on these machines, in which every task says whom it is for."""

    def __init__(self, *hosts: str, planned: tuple[str, ...] = (), **start: Any) -> None:
        super().__init__(**start)
        self.lines.pop()
        self.batch(*hosts, planned=planned)

    def batch(self, *hosts: str, planned: tuple[str, ...] = (), play: str = "p") -> Play:
        self.add("play_start", play=play, name=f"Play {play}", hosts="all", targets=list(hosts), planned=list(planned))
        return self

    def step(self, name: str, play: str = "p", start: dict[str, Any] | None = None, **statuses: str) -> Play:
        """A task for all machines, with how it ended on each; `start` are other keys of its first line."""
        keys = {"action": "ansible.builtin.apt", "for_all": True, **(start or {})}
        self.add("task_start", task=name, play=play, name=name, **keys)
        for host, status in statuses.items():
            rescued = {"rescued_by": BLOCK} if status == "rescued" else {}
            self.add("result", task=name, host=host, status="failed" if rescued else status, **rescued)
        return self

    def ended(self, **failed: str) -> Record:
        """The record; `failed` names machines with what the recap counts of them."""
        hosts = ("a", "b", "c")
        self.add("stats", recap={host: {**ZERO, "ok": 1, **{failed.get(host, "ok"): 1}} for host in hosts})
        return self.add("run_end", lines=len(self.lines), reason="finished").record()


def params(record: Record, *codes: str) -> dict[str, Any]:
    return {reason.code: reason.params for reason in record.document.reasons if reason.code in codes}


LEFT = ("hosts_left", "hosts_ended", "hosts_stopped")


def test_a_batch_that_never_began_is_not_reached() -> None:
    record = Play("a", planned=("a", "b", "c")).batch("b").step("install", a="ok", b="ok").ended()
    assert params(record, "hosts_not_reached") == {"hosts_not_reached": {"hosts": ["c"]}}
    assert record.verdict == "not_delivered"
    everyone = Play("a", planned=("a", "b")).batch("b").step("install", a="ok", b="ok").ended()
    assert params(everyone, "hosts_not_reached") == {}


def test_plays_that_did_not_begin_are_in_the_plan_after_those_that_did() -> None:
    journal = Journal()
    journal.lines[1:] = []
    plays = [{"name": name, "hosts": f"hosts of {name}"} for name in ("first", "second", "third")]
    journal.add("playbook_start", playbook="site.yml", plays=plays)
    journal.add("play_start", play="p", name="first", hosts="all", targets=["a"])
    record = journal.task("install", "changed").check("pass").finish(ok=2).record()
    assert params(record, "plays_not_begun") == {"plays_not_begun": {"plays": ["second", "third"]}}
    assert [(step.number, step.name, step.hosts, step.playbook) for step in record.plan] == [
        (1, "first", "all", "site.yml"),
        (2, "second", "hosts of second", "site.yml"),
        (3, "third", "hosts of third", "site.yml"),
    ]
    assert [step.started is None for step in record.plan] == [False, True, True]


@pytest.mark.parametrize("status", ["failed", "unreachable"])
def test_a_fatal_failure_stops_the_others(status: str) -> None:
    play = Play("a", "b", "c").step("prepare", a="ok", b="ok", c="ok")
    play.step("migrate", start={"fatal": True}, a=status, b="ok", c="ok")
    stopped = {"hosts": ["b", "c"], "step": "migrate", "failed": ["a"]}
    assert params(play.ended(a=status), *LEFT) == {"hosts_stopped": stopped}


def test_a_fatal_failure_that_was_rescued_stops_nobody() -> None:
    play = Play("a", "b").step("migrate", start={"fatal": True}, a="rescued", b="ok")
    play.step("repair", start={"rescues": BLOCK}, a="ok", b="ok").step("start", a="ok", b="ok")
    assert params(play.ended(), *LEFT) == {}


def test_a_failure_that_is_not_fatal_stops_nobody() -> None:
    play = Play("a", "b").step("migrate", a="failed", b="ok")
    assert params(play.ended(a="failed"), *LEFT) == {}


def test_a_failure_that_emptied_the_play_stops_those_that_were_still_in_it() -> None:
    play = Play("a", "b").step("migrate", a="failed", b="ok")
    play.add("no_hosts", why="no_hosts_remaining")
    assert params(play.ended(a="failed"), *LEFT) == {
        "hosts_stopped": {"hosts": ["b"], "step": "migrate", "failed": ["a"]}
    }


def test_a_play_without_machines_from_the_start_stops_nobody() -> None:
    play = Play("a", "b").step("migrate", a="failed", b="ok")
    play.add("no_hosts", why="no_hosts_matched")
    assert params(play.ended(a="failed"), *LEFT) == {}


def test_what_the_others_went_through_after_a_failure_shows_that_it_stopped_nobody() -> None:
    play = Play("a", "b").step("migrate", start={"fatal": True}, a="failed", b="ok").step("start", b="ok")
    assert params(play.ended(a="failed"), *LEFT) == {}


def test_a_task_for_some_machines_after_a_failure_shows_nothing() -> None:
    play = Play("a", "b").step("migrate", start={"fatal": True}, a="failed", b="ok")
    play.step("on one", start={"for_all": False}, b="ok")
    assert params(play.ended(a="failed"), *LEFT) == {
        "hosts_stopped": {"hosts": ["b"], "step": "migrate", "failed": ["a"]}
    }


def test_the_last_batch_alone_is_stopped() -> None:
    play = Play("a", planned=("a", "b", "c")).step("migrate", start={"fatal": True}, a="ok")
    play.batch("b", "c")
    play.add("result", task="migrate", host="b", status="failed")
    stopped = {"hosts": ["c"], "step": "migrate", "failed": ["b"]}
    assert params(play.ended(b="failed"), "hosts_stopped") == {"hosts_stopped": stopped}


def test_each_play_tells_of_its_own_stop() -> None:
    play = Play("a", "b").step("one", start={"fatal": True}, a="failed", b="ok")
    play.batch("c", "d", play="q").step("two", play="q", start={"fatal": True}, c="failed", d="ok")
    record = play.ended(a="failed", c="failed")
    stops = [reason.params for reason in record.document.reasons if reason.code == "hosts_stopped"]
    assert [(stop["step"], stop["failed"], stop["hosts"]) for stop in stops] == [
        ("one", ["a"], ["b"]),
        ("two", ["c"], ["d"]),
    ]


def test_a_machine_that_misses_the_end_of_a_play_has_left_it() -> None:
    play = Play("a", "b", "c").step("one", a="ok", b="ok", c="ok").step("two", a="ok", c="ok").step("three", a="ok")
    assert params(play.ended(), *LEFT) == {"hosts_left": {"hosts": ["b", "c"]}}


def test_a_machine_that_took_part_in_nothing_has_left_too() -> None:
    assert params(Play("a", "b").step("one", a="ok").ended(), *LEFT) == {"hosts_left": {"hosts": ["b"]}}


def test_a_machine_of_which_lines_are_missing_is_not_certain_to_have_dropped_out() -> None:
    play = Play("a", "b").step("one", a="ok", b="ok").step("two", a="ok", b="ok")
    play.ended()
    del play.lines[-3]  # the result of the second step on b
    assert params(play.record(), *LEFT) == {"hosts_left": {"hosts": ["b"], "uncertain": True}}


def test_a_machine_that_failed_has_a_reason_to_miss_the_rest() -> None:
    play = Play("a", "b").step("one", a="ok", b="failed").step("two", a="ok")
    assert params(play.ended(b="failed"), *LEFT) == {}


def test_a_machine_on_which_a_task_was_under_way_took_part_in_it() -> None:
    play = Play("a", "b").step("one", a="ok", b="ok").step("two", a="ok")
    play.add("host_start", task="two", host="b")
    assert params(play.ended(), *LEFT) == {}


@pytest.mark.parametrize("start", [{"for_all": False}, {"handler": True}, {"action": "ansible.builtin.setup"}])
def test_a_task_that_is_not_for_everyone_is_missed_by_nobody(start: dict[str, Any]) -> None:
    play = Play("a", "b").step("one", a="ok", b="ok").step("two", start=start, a="ok")
    assert params(play.ended(), *LEFT) == {}


def test_facts_that_are_there_already_are_missed_by_nobody() -> None:
    play = Play("a", "b").step("facts", start={"action": "ansible.builtin.gather_facts"}, a="ok")
    assert params(play.step("one", a="ok", b="ok").ended(), *LEFT) == {}


@pytest.mark.parametrize("meta", ["end_host", "end_batch", "end_play"])
def test_a_machine_that_the_playbook_sent_away_has_ended(meta: str) -> None:
    play = Play("a", "b").step("one", a="ok", b="ok")
    play.step("stop here", start={"for_all": False, "meta": meta, "action": "ansible.builtin.meta"})
    record = play.step("two", a="ok").ended()
    assert params(record, *LEFT) == {"hosts_ended": {"hosts": ["b"]}}
    assert record.verdict == "delivered_with_remarks"


def test_another_meta_task_between_does_not_send_machines_away() -> None:
    play = Play("a", "b").step("one", a="ok", b="ok")
    play.step("reset", start={"for_all": False, "meta": "clear_host_errors", "action": "ansible.builtin.meta"})
    assert params(play.step("two", a="ok").ended(), *LEFT) == {}


def test_a_meta_task_after_the_step_that_is_missed_explains_nothing() -> None:
    play = Play("a", "b").step("one", a="ok", b="ok").step("two", a="ok")
    play.step("stop here", start={"for_all": False, "meta": "end_host"})
    assert params(play.ended(), *LEFT) == {"hosts_left": {"hosts": ["b"]}}


def test_a_play_that_is_for_nobody_in_particular_does_not_hide_the_next_one() -> None:
    play = Play("a", "b").step("one", start={"for_all": False}, a="ok").batch("a", "b", play="q")
    assert params(play.step("two", play="q", a="ok").ended(), *LEFT) == {"hosts_left": {"hosts": ["b"]}}


SENT_AWAY = {"for_all": False, "meta": "end_host"}


def test_a_machine_that_the_playbook_sent_away_at_once_has_ended() -> None:
    play = Play("a", "b").step("stop here", start=SENT_AWAY).step("one", a="ok")
    assert params(play.ended(), *LEFT) == {"hosts_ended": {"hosts": ["b"]}}


def test_a_machine_that_went_on_after_a_meta_task_was_not_sent_away_by_it() -> None:
    before = Play("a", "b").step("stop here", start=SENT_AWAY).step("one", a="ok", b="ok").step("two", a="ok")
    assert params(before.ended(), *LEFT) == {"hosts_left": {"hosts": ["b"]}}
    skipped = Play("a", "b").step("stop here", start=SENT_AWAY, b="skipped").step("one", a="ok")
    assert params(skipped.ended(), *LEFT) == {"hosts_left": {"hosts": ["b"]}}


def test_a_meta_task_that_a_machine_missed_did_not_send_it_away() -> None:
    play = Play("a", "b").step("one", a="ok", b="ok").step("stop here", start={"meta": "end_host"}, a="ok")
    assert params(play.ended(), *LEFT) == {"hosts_left": {"hosts": ["b"]}}


def test_who_left_one_play_and_was_sent_away_from_another_has_left() -> None:
    play = Play("a", "b").step("one", a="ok")
    play.batch("a", "b", play="q").step("two", play="q", a="ok", b="ok")
    play.step("stop here", play="q", start={"for_all": False, "meta": "end_host"}).step("three", play="q", a="ok")
    assert params(play.ended(), *LEFT) == {"hosts_left": {"hosts": ["b"]}}


def test_who_was_stopped_is_not_told_twice() -> None:
    play = Play("a", "b").step("one", a="ok", b="ok", c="ok").step("two", start={"fatal": True}, a="failed")
    assert params(play.ended(a="failed"), *LEFT) == {"hosts_stopped": {"hosts": ["b"], "step": "two", "failed": ["a"]}}


def test_a_rescue_of_a_failure_that_stops_everyone_is_for_everyone() -> None:
    """With run_once Ansible loses the machines that the rescue does not take along."""
    once = {"fatal": True, "for_all": False}
    rescue = {"for_all": False, "rescues": BLOCK}
    play = Play("a", "b").step("one", a="ok", b="ok").step("two", start=once, a="rescued")
    assert params(play.step("repair", start=rescue, a="ok").ended(), *LEFT) == {"hosts_left": {"hosts": ["b"]}}
    ordinary = Play("a", "b").step("one", a="ok", b="ok").step("two", start={"for_all": False}, a="rescued")
    assert params(ordinary.step("repair", start=rescue, a="ok").ended(), *LEFT) == {}
    other = Play("a", "b").step("one", a="ok", b="ok").step("two", start=once, a="rescued")
    assert params(other.step("repair", start={**rescue, "rescues": "block-2"}, a="ok").ended(), *LEFT) == {}


def test_a_machine_that_did_not_answer_and_was_ignored_is_named_once() -> None:
    play = Play("a", "b")
    for name in ("one", "two"):
        play.step(name, a="ok")
        play.add("result", task=name, host="b", status="ignored", unreachable=True)
    assert params(play.ended(), "unreachable_ignored") == {"unreachable_ignored": {"hosts": ["b"]}}


UNREACHABLE = ("hosts_unreachable", "helpers_unreachable", "unreachable_ignored", "faults_open")


def test_a_machine_is_not_unreachable_because_its_helper_is() -> None:
    """Ansible counts the machine that a step is for, where another one that carries it out does not answer."""
    play = Play("a", "b", "c").step("one", c="unreachable")
    play.add("result", task="one", host="a", status="unreachable", delegated_to="nas")
    play.add("result", task="one", host="b", status="ignored", unreachable=True, delegated_to="nas2")
    record = play.ended(a="unreachable", c="unreachable")
    assert params(record, *UNREACHABLE) == {
        "hosts_unreachable": {"hosts": ["c"]},
        "helpers_unreachable": {"hosts": ["a"], "helpers": ["nas"]},
        "unreachable_ignored": {"hosts": ["nas2"]},
    }
    assert {system.name: system.reachable for system in record.systems} == {"a": True, "b": True, "c": False}
    assert {fault.host: fault.kind for fault in record.faults} == {
        "a": "task_failed", "b": "task_failed", "c": "unreachable",
    }  # fmt: skip
    states = {system.name: Order(record).state(system) for system in record.systems}
    assert (states["a"], states["c"]) == ("not_ok", "unreachable")


def test_of_a_loop_the_items_say_which_machines_did_not_answer() -> None:
    play = Play("a", "b").step("one")
    for host, other in (("a", {"delegated_to": "nas"}), ("b", {"delegated_to": "nas"}), ("b", {})):
        play.add("item", task="one", host=host, status="unreachable", item="x", **other)
    play.add("result", task="one", host="a", status="unreachable").add(
        "result", task="one", host="b", status="unreachable"
    )
    assert params(play.ended(a="unreachable", b="unreachable"), *UNREACHABLE) == {
        "hosts_unreachable": {"hosts": ["b"]},
        "helpers_unreachable": {"hosts": ["a"], "helpers": ["nas"]},
    }


def test_a_machine_that_did_not_answer_itself_is_unreachable_with_helper_or_without() -> None:
    play = Play("a").step("one", a="unreachable")
    play.add("result", task="one", host="a", status="unreachable", delegated_to="nas")
    assert params(play.ended(a="unreachable"), *UNREACHABLE) == {"hosts_unreachable": {"hosts": ["a"]}}


FACTS = ["ansible.builtin.gather_facts", "ansible.builtin.setup", "ansible.builtin.meta"]
INCLUDES = ["ansible.builtin.include_tasks", "ansible.builtin.include_role"]


@pytest.mark.parametrize("action", [*FACTS, *INCLUDES])
def test_asking_what_a_machine_is_and_bringing_in_tasks_is_no_work(action: str) -> None:
    assert "nothing_done" in params(Play("a").step("look", start={"action": action}, a="ok").ended(), "nothing_done")
    for status in ("failed", "unreachable", "ignored"):
        tried = Play("a").step("look", start={"action": action}, a=status).ended()
        assert params(tried, "nothing_done") == {}


@pytest.mark.parametrize(("status", "is_work"), [("ok", True), ("changed", True), ("skipped", False)])
def test_what_was_skipped_is_no_work(status: str, is_work: bool) -> None:
    assert params(Play("a").step("install", a=status).ended(), "nothing_done") == (
        {} if is_work else {"nothing_done": {}}
    )


def test_the_action_may_come_with_the_result() -> None:
    play = Play("a").step("look", start={"action": ""})
    play.add("result", task="look", host="a", status="ok", action="ansible.builtin.setup")
    assert "nothing_done" in params(play.ended(), "nothing_done")


def test_what_really_changed_in_a_trial_is_named() -> None:
    play = Play("a", "b", check_mode=True)
    play.step("tidy up").step("look")
    play.add("result", task="tidy up", host="b", status="changed", changed=True, check_mode=False)
    play.add("result", task="tidy up", host="a", status="changed", changed=True, check_mode=False)
    play.add("result", task="look", host="a", status="ok", check_mode=False)
    play.add("result", task="look", host="b", status="changed", changed=True, check_mode=True)
    changed = {"steps": ["tidy up"], "hosts": ["a", "b"]}
    assert params(play.ended(), "changed_in_trial", "check_mode") == {"check_mode": {}, "changed_in_trial": changed}


@pytest.mark.parametrize("start", [{}, {"check_mode": True, "imported": {"tool": "awx"}}])
def test_changes_of_a_real_run_and_of_another_tool_are_not_changes_in_a_trial(start: dict[str, Any]) -> None:
    play = Play("a", **start).step("tidy up")
    play.add("result", task="tidy up", host="a", status="changed", changed=True)
    assert params(play.ended(), "changed_in_trial") == {}


def test_steps_of_a_real_run_that_were_only_tried_are_named() -> None:
    play = Play("a", "b").step("install", a="ok", b="ok").step("try").step("compare")
    play.add("result", task="try", host="b", status="changed", changed=True, check_mode=True)
    play.add("result", task="try", host="a", status="changed", changed=True, check_mode=True)
    play.add("result", task="compare", host="a", status="ok", check_mode=True)
    record = play.ended()
    assert params(record, "steps_tried", "check_mode") == {"steps_tried": {"steps": ["try"], "hosts": ["a", "b"]}}
    assert not record.document.check_mode


def test_a_run_of_which_every_step_was_only_tried_is_a_trial_run() -> None:
    play = Play("a").step("look", start={"action": "ansible.builtin.setup"}, a="ok").step("try")
    play.add("result", task="try", host="a", status="changed", changed=True, check_mode=True)
    record = play.ended()
    assert params(record, "steps_tried", "check_mode") == {"check_mode": {}}
    assert (record.document.check_mode, record.stage) == (True, "trial")
    play = Play("a").step("try", start={"check_mode": True}, a="ok").ended()
    assert (play.document.check_mode, play.stage) == (True, "trial")


def test_a_play_that_the_playbook_ended_for_all_is_named() -> None:
    meta = {"meta": "end_play", "action": "ansible.builtin.meta", "for_all": False}
    record = Play("a").step("one", a="ok").step("stop here", start=meta).ended()
    assert params(record, "plays_ended") == {"plays_ended": {"plays": ["Play p"]}}
    went_on = Play("a").step("stop here", start=meta).step("one", a="ok").ended()
    assert params(went_on, "plays_ended") == {}
    skipped = Play("a").step("one", a="ok").step("two").step("stop here", start=meta, a="skipped").ended()
    assert params(skipped, "plays_ended") == {}
    other = Play("a").step("one", a="ok").step("stop here", start={**meta, "meta": "end_host"}).ended()
    assert params(other, "plays_ended") == {}


def test_a_run_that_was_stopped_leaves_nobody_behind_by_name() -> None:
    play = Play("a", "b").step("one", a="ok")
    play.add("run_end", lines=len(play.lines), reason="stopped")
    assert params(play.record(), *LEFT) == {}
    assert params(Play("a", "b").step("one", a="ok").record(), *LEFT) == {}


def test_other_runs_on_a_machine_are_named_once_each_with_how_sure_that_is() -> None:
    def row(name: str, certain: object) -> dict[str, object]:
        return {"run": name, "controller": "control2", "begun": "2026-11-23T09:59:00Z", "certain": certain}

    journal = Journal().snapshot("before")
    journal.task("1", host="a", data={"stage": "before", "snapshot": {}, "runs": [row("r2", False), row("r3", False)]})
    journal.task("2", host="b", data={"stage": "before", "snapshot": {}, "runs": [row("r2", False), 1, None]})
    journal.task("3", host="a", data={"stage": "after", "snapshot": {}, "runs": [row("r2", True), row("r3", False)]})
    reasons = {(r.code, r.params["run"]): r.params["hosts"] for r in journal.finish(ok=3).record().document.reasons
               if r.code.startswith("runs_")}  # fmt: skip
    assert reasons == {
        ("runs_beside", "r2"): ["a"],
        ("runs_not_ended", "r2"): ["b"],
        ("runs_not_ended", "r3"): ["a"],
    }
