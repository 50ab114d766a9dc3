"""What came of the jobs of `tools/pool`, and how that is told: a line for each job, and a table at the end. Standard
library only."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PARTS = ("check", "lab", "molecule", "system")
LINES = 200
"""How much of the output of a failed job is shown, at most; the end of it."""


@dataclass(frozen=True)
class Job:
    """A program that passes or fails. `report` is the JUnit file in which it counts its tests, if it has any."""

    name: str
    command: tuple[str, ...]
    report: Path | None = None
    env: tuple[tuple[str, str], ...] = ()

    @property
    def part(self) -> str:
        return self.name.partition("/")[0]


@dataclass(frozen=True)
class Outcome:
    """What came of a job: wall-clock seconds, processor seconds of it and its descendants, and of its lab machines,
    counts of tests, and a line for each test that failed or was skipped."""

    job: Job
    code: int
    seconds: float
    processor: float
    machines: float
    output: str
    passed: int
    failed: int
    failures: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def summary(outcome: Outcome) -> str:
    """The line of a job that ended, and its output when it failed."""
    state = "FAILED" if outcome.failed else "ok"
    times = f"{outcome.seconds / 60:5.1f} min {outcome.processor / 60:5.1f} + {outcome.machines / 60:.1f} cpu"
    line = f"{times}  {state:6}  {outcome.job.name:32} {outcome.passed} passed"
    line += f", {outcome.failed} failed" * bool(outcome.failed)
    line += f", {len(outcome.skipped)} skipped" * bool(outcome.skipped)
    if not outcome.failed:
        return line
    lines = outcome.output.splitlines()
    left_out = [f"({len(lines) - LINES} lines before this)"] if len(lines) > LINES else []
    return "\n".join([line, *(f"    | {text}" for text in [*left_out, *lines[-LINES:]])])


@dataclass(frozen=True)
class Cores:
    """Seconds that the cores of this host have worked and waited, all of them added up, since it started."""

    busy: float
    idle: float

    @classmethod
    def now(cls) -> Cores:
        words = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]
        user, nice, system, idle, iowait, irq, softirq, steal = (int(word) / os.sysconf("SC_CLK_TCK") for word in words)
        return cls(user + nice + system + irq + softirq + steal, idle + iowait)

    def since(self, before: Cores) -> Cores:
        return Cores(self.busy - before.busy, self.idle - before.idle)


def table(outcomes: Sequence[Outcome], seconds: float, workers: int, cores: Cores) -> str:
    """Minutes by part, what the cores did, the longest jobs, what was skipped, and the count alone on the last line."""
    rows = [
        f"{'part':10}{'jobs':>6}{'minutes':>9}{'processor':>11}{'machines':>10}{'passed':>8}{'failed':>8}{'skipped':>9}"
    ]
    for part in PARTS:
        if some := [outcome for outcome in outcomes if outcome.job.part == part]:
            rows.append(_row(part, some))
    rows.append(_row("all", outcomes))
    longest = sorted(outcomes, key=lambda outcome: -outcome.seconds)[:8]
    skipped = [reason for outcome in outcomes for reason in outcome.skipped]
    passed, failed = (sum(getattr(outcome, name) for outcome in outcomes) for name in ("passed", "failed"))
    return "\n".join(
        [
            "",
            f"{seconds / 60:.1f} minutes with {workers} jobs at a time. Below, minutes are those of the jobs added up;",
            "processor is the time that the jobs used themselves, and machines what their lab machines used.",
            *rows,
            cores_line(outcomes, cores),
            "longest: " + ", ".join(f"{outcome.job.name} {outcome.seconds / 60:.1f}" for outcome in longest),
            *(f"skipped: {reason}" for reason in skipped),
            *(
                f"failed: {line}"
                for outcome in outcomes
                if outcome.failed
                for line in outcome.failures or [outcome.job.name]
            ),
            f"{passed} passed, {failed} failed" + (f", {len(skipped)} skipped" if skipped else ""),
        ]
    )


def cores_line(outcomes: Sequence[Outcome], cores: Cores) -> str:
    """What the cores did meanwhile. What no job counts is of programs that a job left behind, or of others."""
    counted = sum(outcome.processor + outcome.machines for outcome in outcomes)
    idle = cores.idle / (cores.busy + cores.idle or 1)
    busy, uncounted = cores.busy / 60, (cores.busy - counted) / 60
    return (
        f"cores: {busy:.1f} minutes busy, {uncounted:.1f} of them with what no job counts; idle {idle:.0%} of the time"
    )


def _row(name: str, outcomes: Sequence[Outcome]) -> str:
    keys = ("seconds", "processor", "machines")
    minutes, processor, machines = (sum(getattr(o, key) for o in outcomes) / 60 for key in keys)
    counted = [sum(o.passed for o in outcomes), sum(o.failed for o in outcomes), sum(len(o.skipped) for o in outcomes)]
    times = f"{minutes:9.1f}{processor:11.1f}{machines:10.1f}"
    return f"{name:10}{len(outcomes):6}{times}{counted[0]:8}{counted[1]:8}{counted[2]:9}"
