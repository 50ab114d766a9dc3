"""The verdict with its reasons. Codes are listed in docs/reference/record.md; renderers translate them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from oplever.record.fold import Run
from oplever.record.model import Acceptance, Baseline, Fault, Reason, RestPoints, System, Test, Verdict

BAD = ("fail", "error")
WELL = ("", "successful", "completed")
"""Words of other tools for a run that went well; empty when a tool keeps none."""
BY_HOSTS = range(2, 15, 2)
"""Exit codes that Ansible adds up from failed hosts, unreachable hosts and broken off plays."""


def verdict(
    run: Run,
    *,
    systems: Sequence[System],
    tests: Sequence[Test],
    baseline: Baseline,
    faults: Sequence[Fault],
    acceptance: Acceptance,
    rest_points: RestPoints,
) -> tuple[Verdict, tuple[Reason, ...]]:
    stopped = list(_stopped(run))
    blocking = [*_tool(run, systems), *_blocking(systems, tests, acceptance)]
    remarks = list(
        _remarks(
            run,
            systems=systems,
            tests=tests,
            baseline=baseline,
            faults=faults,
            acceptance=acceptance,
            rest_points=rest_points,
        )
    )
    found: Verdict = "delivered"
    if stopped:
        found = "interrupted"
    elif blocking:
        found = "not_delivered"
    elif remarks:
        found = "delivered_with_remarks"
    return found, (*stopped, *blocking, *remarks)


def _stopped(run: Run) -> Iterator[Reason]:
    if run.end is None:
        yield Reason("interrupted", {"at": run.last})
    elif run.end.reason != "finished":
        yield Reason("stopped", {"reason": run.end.reason})


def _tool(run: Run, systems: Sequence[System]) -> Iterator[Reason]:
    """What the tool that recorded the run says of its end, unless the results of the hosts or `stopped` say why."""
    end = run.end
    if end is None or end.reason != "finished" or (end.outcome in WELL and not end.exit_code):
        return
    hosts = any(system.recap.failed or system.recap.unreachable for system in systems)
    if hosts and end.outcome in ("", "failed") and (end.exit_code is None or end.exit_code in BY_HOSTS):
        return
    code = "" if end.exit_code is None else f"exit code {end.exit_code}"
    tool = run.start.imported.tool if run.start and run.start.imported else ""
    yield Reason("tool_failed", {"tool": tool, "outcome": ", ".join(filter(None, (end.outcome, code)))})


def _blocking(systems: Sequence[System], tests: Sequence[Test], acceptance: Acceptance) -> Iterator[Reason]:
    if hosts := [system.name for system in systems if system.recap.unreachable]:
        yield Reason("hosts_unreachable", {"hosts": hosts})
    if hosts := [system.name for system in systems if system.recap.failed]:
        yield Reason("hosts_failed", {"hosts": hosts})
    if not systems:
        yield Reason("no_hosts")
    if failing := _failing(tests):
        ids = list(dict.fromkeys(test.id for test in failing))
        yield Reason("tests_failed", {"count": len(failing), "tests": ids})
    if acceptance.verdict == "rejected":
        yield Reason("acceptance_rejected", {"user": acceptance.user})


def _failing(tests: Sequence[Test]) -> list[Test]:
    return [test for test in last_results(tests) if test.status in BAD]


def last_results(tests: Sequence[Test]) -> list[Test]:
    """Of each test on each machine the last one: what failed during the work and passed after it does not count."""
    last: dict[tuple[str, str], Test] = {}
    for test in tests:
        known = last.get((test.id, test.host))
        if known is None or test.stage == "after" or known.stage == "during":
            last[test.id, test.host] = test
    return list(last.values())


def _remarks(
    run: Run,
    *,
    systems: Sequence[System],
    tests: Sequence[Test],
    baseline: Baseline,
    faults: Sequence[Fault],
    acceptance: Acceptance,
    rest_points: RestPoints,
) -> Iterator[Reason]:
    if failing := Counter(control.severity for control in baseline.controls if control.after in BAD):
        yield Reason("controls_failed", {"high": failing["high"], "medium": failing["medium"], "low": failing["low"]})
    if ignored := sum(fault.status == "ignored" for fault in faults):
        yield Reason("failures_ignored", {"count": ignored})
    if not tests:
        yield Reason("no_tests")
    if hosts := [system.name for system in systems if not (system.snapshot_before and system.snapshot_after)]:
        yield Reason("snapshots_missing", {"hosts": hosts})
    if still := sum(point.status == "open" for point in rest_points.items):
        yield Reason("rest_points_open", {"count": still})
    if acceptance.verdict == "accepted_with_rest_points":
        yield Reason("accepted_with_rest_points", {"user": acceptance.user})
    if run.start is not None and run.start.check_mode:
        yield Reason("check_mode")
    if lost := run.gaps + (run.end.lost if run.end else 0):
        yield Reason("journal_lines_lost", {"count": lost})
    if run.end is not None and run.surplus:
        yield Reason("journal_lines_differ", {"written": run.end.lines, "read": (run.end.lines or 0) + run.surplus})
    if run.end is not None and run.end.clock_shift:
        yield Reason("clock_set", {"seconds": run.end.clock_shift})
