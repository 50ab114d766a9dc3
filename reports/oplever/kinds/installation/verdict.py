"""The technical verdict with its reasons. Codes are listed in docs/reference/record.md; renderers translate them.

What needs attention on the first page is drawn from the same reasons, so the two cannot contradict each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from oplever.journal.events import RunEnd
from oplever.journal.stops import stop_of
from oplever.record import figures, reach
from oplever.record.fold import Run
from oplever.record.model import Fault, Reason, Record, Step, Test, Verdict
from oplever.record.start import is_stated
from oplever.record.steps import rescued

EFFECTS: dict[str, Verdict] = {
    "interrupted": "interrupted",
    "stopped": "interrupted",
    "no_hosts": "not_delivered",
    "nothing_done": "not_delivered",
    "nothing_stated": "not_delivered",
    "tool_failed": "not_delivered",
    "hosts_unreachable": "not_delivered",
    "helpers_unreachable": "not_delivered",
    "hosts_failed": "not_delivered",
    "hosts_stopped": "not_delivered",
    "hosts_left": "not_delivered",
    "hosts_not_reached": "not_delivered",
    "plays_not_begun": "not_delivered",
    "hand_steps_failed": "not_delivered",
    "tests_failed": "not_delivered",
    "faults_open": "not_delivered",
    "runs_unreadable": "not_delivered",
    "acceptance_rejected": "not_delivered",
    "decision_rejected": "not_delivered",
    "stated": "delivered_with_remarks",
    "check_mode": "delivered_with_remarks",
    "check_mode_unknown": "delivered_with_remarks",
    "changed_in_trial": "delivered_with_remarks",
    "steps_tried": "delivered_with_remarks",
    "started_at": "delivered_with_remarks",
    "hosts_ended": "delivered_with_remarks",
    "plays_ended": "delivered_with_remarks",
    "runs_beside": "delivered_with_remarks",
    "runs_not_ended": "delivered_with_remarks",
    "handlers_not_run": "delivered_with_remarks",
    "jobs_not_awaited": "delivered_with_remarks",
    "unreachable_ignored": "delivered_with_remarks",
    "faults_escalated": "delivered_with_remarks",
    "controls_failed": "delivered_with_remarks",
    "drift_accepted": "delivered_with_remarks",
    "failures_ignored": "delivered_with_remarks",
    "no_tests": "delivered_with_remarks",
    "hosts_untested": "delivered_with_remarks",
    "snapshots_missing": "delivered_with_remarks",
    "rest_points_open": "delivered_with_remarks",
    "accepted_with_rest_points": "delivered_with_remarks",
    "journal_lines_lost": "delivered_with_remarks",
    "journal_lines_differ": "delivered_with_remarks",
    "clock_set": "delivered_with_remarks",
}
"""Every reason with what it makes of the record, the heaviest first: the first reason that there is decides."""

FROM_ABSENCE = frozenset({
    "no_hosts", "nothing_done", "hosts_stopped", "hosts_left", "hosts_not_reached", "plays_not_begun", "hosts_ended",
    "plays_ended", "handlers_not_run", "jobs_not_awaited", "no_tests", "hosts_untested", "snapshots_missing",
})  # fmt: skip
"""Reasons that say what did not happen: with lines missing from the journal it may have happened all the same, and the
reason has `uncertain`."""
REJECTIONS = frozenset({"acceptance_rejected", "decision_rejected"})
"""Reasons that people gave; all others are technical."""
WELL = ("", "successful", "completed")
"""Words of other tools for a run that went well; empty when a tool keeps none."""
BY_HOSTS = range(2, 15, 2)
"""Exit codes that Ansible adds up from failed hosts, unreachable hosts and broken off plays."""


@dataclass(frozen=True)
class Grounds:
    """All that a verdict rests on: the journal and the record with what people added."""

    run: Run
    record: Record

    @cached_property
    def unreachable(self) -> tuple[str, ...]:
        without = self.without_helper
        return tuple(s.name for s in self.record.systems if s.recap.unreachable and s.name not in without)

    @cached_property
    def without_helper(self) -> dict[str, tuple[str, ...]]:
        """By machine that could itself be reached: those that were to do a step for it and did not answer."""
        counted = {system.name for system in self.record.systems if system.recap.unreachable}
        return {host: names for host, names in reach.helpers_unreachable(self.run).items() if host in counted}

    @cached_property
    def not_done(self) -> frozenset[str]:
        """Machines that by Ansible's own recap did not get all of the work."""
        return frozenset((*self.failed, *self.unreachable, *self.without_helper))

    @cached_property
    def failed(self) -> tuple[str, ...]:
        return tuple(system.name for system in self.record.systems if system.recap.failed)

    @cached_property
    def failing(self) -> tuple[Test, ...]:
        return tuple(figures.failing_tests(self.record))

    @cached_property
    def failed_by_tests(self) -> frozenset[str]:
        """Machines on which no step failed but those that say what tests or controls showed: these tell it. Only of a
        run that looked and did nothing else: work stops where a test fails, and what comes after it is not done."""
        if not reach.only_looked(self.run):
            return frozenset()
        failing = {test.host for test in (*self.failing, *figures.accepted_drift(self.record))}
        failing |= {control.host for control in figures.failing_controls(self.record)}
        failed = {result.host for result in self.run.setbacks if result.status == "failed"}
        return frozenset(failing & failed - {fault.host for fault in self.record.faults if fault.kind == "task_failed"})

    @cached_property
    def measured(self) -> frozenset[str]:
        """Machines of which something was tested."""
        return figures.tested_hosts(self.record)


def verdict(grounds: Grounds) -> tuple[Verdict, tuple[Reason, ...]]:
    """The verdict and all reasons for it, the heaviest first; none when it is `delivered`."""
    run, order = grounds.run, list(EFFECTS)
    about = chain(*_carried_out(grounds), _proof(grounds), _people(grounds), _reservations(run))
    reasons = sorted(about, key=lambda reason: order.index(reason.code))
    if run.lost or run.surplus < 0:
        reasons = [_uncertain(reason) if reason.code in FROM_ABSENCE else reason for reason in reasons]
    return EFFECTS[reasons[0].code] if reasons else "delivered", tuple(reasons)


def _uncertain(reason: Reason) -> Reason:
    return Reason(reason.code, {**reason.params, "uncertain": True})


def _carried_out(grounds: Grounds) -> tuple[Iterator[Reason], ...]:
    run = grounds.run
    if run.start:
        return _end(run), _work(grounds), _set_going(run), _tool(grounds), _machines(grounds)
    return (_runs(grounds),) if grounds.record.runs else (_hand_work(grounds),)


def _runs(grounds: Grounds) -> Iterator[Reason]:
    """What the runs of a record of several leave to be said. A rejection of one holds until somebody says something of
    all of it."""
    record = grounds.record
    if unreadable := [run.record for run in record.runs if run.problem]:
        yield Reason("runs_unreadable", {"runs": unreadable})
    by_hand = [step for step in record.steps if step.by != "machine"]
    if not record.systems:
        yield Reason("no_hosts")
    elif all(run.stage == "nothing_done" for run in record.runs) and not by_hand:
        yield Reason("nothing_done")
    if failed := _failed_by_hand(by_hand):
        yield Reason("hand_steps_failed", {"steps": failed})
    for reason in chain.from_iterable(run.reasons for run in record.runs):
        is_answered = {
            "acceptance_rejected": record.acceptance.verdict is not None,
            "decision_rejected": record.accountability.decision is not None,
        }
        if not is_answered.get(reason.code, False):
            yield reason


def _hand_work(grounds: Grounds) -> Iterator[Reason]:
    """What people say was done, without a journal. A machine did not measure it, so it is never without remark."""
    if not grounds.record.systems:
        yield Reason("no_hosts", {"stated": True})
    elif not (grounds.record.steps or grounds.record.tests or grounds.record.components):
        yield Reason("nothing_stated")
    else:
        yield Reason("stated")
    if failed := _failed_by_hand(grounds.record.steps):
        yield Reason("hand_steps_failed", {"steps": failed})


def _end(run: Run) -> Iterator[Reason]:
    """How the run ended, when that was not by itself."""
    if run.end is None:
        yield Reason("interrupted", {"at": run.last})
    elif run.end.reason != "finished":
        yield Reason("stopped", {"reason": run.end.reason, **_stop(run, run.end)})


def _stop(run: Run, end: RunEnd) -> dict[str, Any]:
    """The code of how a run was stopped, with what its sentence is filled in with; nothing when it has none."""
    stop = stop_of(end)
    if stop is None:
        return {}
    counts = {"begun": stop.begun, "playbooks": stop.playbooks}
    tool = _tool_and_outcome(run, end) if stop.code == "data_end" else {}
    return {"code": stop.code, **{name: count for name, count in counts.items() if count is not None}, **tool}


def _tool_and_outcome(run: Run, end: RunEnd) -> dict[str, Any]:
    """The tool that recorded an imported run, and its own words for the end of it."""
    code = "" if end.exit_code is None else f"exit code {end.exit_code}"
    tool = run.start.imported.tool if run.start and run.start.imported else ""
    return {"tool": tool, "outcome": ", ".join(filter(None, (end.outcome, code)))}


def _work(grounds: Grounds) -> Iterator[Reason]:
    """What was done, by the run as a whole."""
    run = grounds.run
    by_hand = [step for step in grounds.record.steps if step.by != "machine"]
    if not grounds.record.systems:
        yield Reason("no_hosts")
    elif not reach.has_work(run) and not by_hand and not grounds.record.tests:
        yield Reason("nothing_done")
    if plays := reach.plays_not_begun(run):
        yield Reason("plays_not_begun", {"plays": [play.name for play in plays]})
    if failed := _failed_by_hand(by_hand):
        yield Reason("hand_steps_failed", {"steps": failed})
    if reach.is_trial(run):
        yield Reason("check_mode")
    elif run.start is not None and run.start.imported and run.start.check_mode is None:
        yield Reason("check_mode_unknown", {"tool": run.start.imported.tool})
    steps, hosts = reach.changed_in_trial(run)
    if steps:
        yield Reason("changed_in_trial", {"steps": list(steps), "hosts": list(hosts)})
    steps, hosts = reach.tried(run)
    if steps:
        yield Reason("steps_tried", {"steps": list(steps), "hosts": list(hosts)})
    if run.start is not None and run.start.start_at:
        yield Reason("started_at", {"step": run.start.start_at})
    if plays_ended := reach.plays_ended(run):
        yield Reason("plays_ended", {"plays": list(plays_ended)})


def _set_going(run: Run) -> Iterator[Reason]:
    """What the run started and did not see the end of."""
    handlers, jobs = run.loose_ends.handlers_not_run(), run.loose_ends.jobs_not_awaited()
    if handlers.names:
        yield Reason("handlers_not_run", {"handlers": list(handlers.names), "hosts": list(handlers.hosts)})
    if jobs.names:
        yield Reason("jobs_not_awaited", {"steps": list(jobs.names), "hosts": list(jobs.hosts)})


def _tool(grounds: Grounds) -> Iterator[Reason]:
    """What the tool that recorded the run says of its end, unless the results of the hosts or `stopped` say why."""
    run, end = grounds.run, grounds.run.end
    if end is None or end.reason != "finished" or (end.outcome in WELL and not end.exit_code):
        return
    by_hosts = end.outcome in ("", "failed") and (end.exit_code is None or end.exit_code in BY_HOSTS)
    if by_hosts and grounds.not_done:
        return
    yield Reason("tool_failed", _tool_and_outcome(run, end))


def _failed_by_hand(steps: Sequence[Step]) -> list[str]:
    """Manual steps whose last attempt on a machine failed."""
    last = {(result.host, step.name): result.status for step in steps for result in step.results}
    return [f"{name} ({host})" for (host, name), status in last.items() if status == "failed"]


def _machines(grounds: Grounds) -> Iterator[Reason]:
    """Machines that did not get all of the work, by name."""
    run, failed = grounds.run, grounds.not_done
    if grounds.unreachable:
        yield Reason("hosts_unreachable", {"hosts": list(grounds.unreachable)})
    if grounds.without_helper:
        helpers = list(dict.fromkeys(chain.from_iterable(grounds.without_helper.values())))
        yield Reason("helpers_unreachable", {"hosts": list(grounds.without_helper), "helpers": helpers})
    if hosts := tuple(host for host in grounds.failed if host not in grounds.failed_by_tests):
        yield Reason("hosts_failed", {"hosts": list(hosts)})
    if hosts := reach.not_reached(run):
        yield Reason("hosts_not_reached", {"hosts": list(hosts)})
    for other in reach.other_runs(run):
        params = {"run": other.name, "controller": other.controller, "hosts": list(other.hosts)}
        yield Reason("runs_beside", params) if other.is_certain else Reason("runs_not_ended", params)
    if hosts := reach.unanswered(run):
        yield Reason("unreachable_ignored", {"hosts": list(hosts)})
    if run.end is None or run.end.reason != "finished":
        return  # nobody got all of it
    stops = reach.stops(run, rescued(run), failed)
    for stop in stops:
        params = {"hosts": list(stop.hosts), "step": stop.step, "failed": list(stop.failed)}
        yield Reason("hosts_stopped", params)
    stopped = {host for stop in stops for host in stop.hosts}
    behind = reach.behind(run, failed)
    if left := [host for host in behind.left if host not in stopped]:
        yield Reason("hosts_left", {"hosts": left})
    if ended := [host for host in behind.ended if host not in stopped]:
        yield Reason("hosts_ended", {"hosts": ended})


def _proof(grounds: Grounds) -> Iterator[Reason]:
    """What tests, controls, snapshots and faults show."""
    if failing := grounds.failing:
        ids = list(dict.fromkeys(test.id for test in failing))
        yield Reason("tests_failed", {"count": len(failing), "tests": ids})
    faults = grounds.record.faults
    if still_open := [fault.id for fault in faults if fault.status == "open" and not _is_explained(fault, grounds)]:
        yield Reason("faults_open", {"faults": still_open})
    if escalated := [fault.id for fault in faults if fault.status == "escalated"]:
        yield Reason("faults_escalated", {"faults": escalated})
    if failed := Counter(control.severity for control in figures.failing_controls(grounds.record)):
        yield Reason("controls_failed", {"high": failed["high"], "medium": failed["medium"], "low": failed["low"]})
    if accepted := len(figures.accepted_drift(grounds.record)):
        yield Reason("drift_accepted", {"count": accepted})
    if ignored := sum(fault.status == "ignored" for fault in faults):
        yield Reason("failures_ignored", {"count": ignored})
    if not grounds.measured:
        yield Reason("no_tests")
    elif hosts := [system.name for system in grounds.record.systems if system.name not in grounds.measured]:
        yield Reason("hosts_untested", {"hosts": hosts})
    if is_stated(grounds.record):
        return  # `stated` says that nobody knows what else changed
    if hosts := [
        system.name for system in grounds.record.systems if not (system.snapshot_before and system.snapshot_after)
    ]:
        yield Reason("snapshots_missing", {"hosts": hosts})


def _is_explained(fault: Fault, grounds: Grounds) -> bool:
    """Whether another reason names what the fault is about."""
    match fault.kind:
        case "task_failed":
            return fault.host in grounds.failed or fault.host in grounds.without_helper
        case "unreachable":
            return fault.host in grounds.unreachable
        case "test_failed":
            return any((test.host, test.id) == (fault.host, fault.location) for test in grounds.failing)
        case "interrupted":
            return True
        case "reported":
            return False


def _people(grounds: Grounds) -> Iterator[Reason]:
    """What the user and the supervisor said, and what they still wait for."""
    acceptance, accountability = grounds.record.acceptance, grounds.record.accountability
    if acceptance.verdict == "rejected":
        yield Reason("acceptance_rejected", {"user": acceptance.user})
    if accountability.decision == "rejected":
        yield Reason("decision_rejected", {"by": accountability.decided_by})
    if still := len(figures.open_points(grounds.record)):
        yield Reason("rest_points_open", {"count": still})
    if acceptance.verdict == "accepted_with_rest_points":
        yield Reason("accepted_with_rest_points", {"user": acceptance.user})


def _reservations(run: Run) -> Iterator[Reason]:
    """Why what the journal says can be incomplete: lines are missing, or the clock was set."""
    if run.lost:
        yield Reason("journal_lines_lost", {"count": run.lost})
    if run.end is not None and run.surplus:
        yield Reason("journal_lines_differ", {"written": run.end.lines, "read": (run.end.lines or 0) + run.surplus})
    if run.end is not None and run.end.clock_shift:
        yield Reason("clock_set", {"seconds": run.end.clock_shift})
