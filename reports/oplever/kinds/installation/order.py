"""What is known of each machine in the end. Pure.

A machine is in order only when everything that was planned for it was carried out and its last tests passed. `RULES` is
what keeps it from that, the heaviest first; what is not known is never in order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from oplever.record import figures
from oplever.record.model import PlanStep, Reason, Record, System
from oplever.record.start import is_stated

State = Literal[
    "unreachable", "behind", "not_ok", "trial", "not_finished", "not_tested", "stated", "insecure", "remarks", "ok"
]
BEHIND = frozenset({"hosts_stopped", "hosts_left", "hosts_not_reached"})
"""Reasons that name machines which did not get all of the work."""
UNREACHABLE = frozenset({"hosts_unreachable"})
FAILED = frozenset({"hosts_failed", "helpers_unreachable"})
CUT_OFF = frozenset({"interrupted", "stopped", "tool_failed", "runs_unreadable"})
"""Reasons by which nobody knows whether any machine got all of the work."""
OF_ALL = frozenset({"check_mode_unknown", "started_at", "plays_ended", "journal_lines_lost", "journal_lines_differ"})
"""Reasons by which something was left out, or is unsure, of all machines."""
REMARKS = frozenset(
    {"hosts_ended", "handlers_not_run", "jobs_not_awaited", "unreachable_ignored", "runs_beside", "runs_not_ended"}
)
"""Reasons that name machines of which something is open, or unsure."""
_WORD = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class Order:
    """The states of the machines of one record."""

    record: Record

    def state(self, system: System) -> State:
        return next(state for state, holds in RULES if holds(self, system))

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        return self.record.document.reasons

    @cached_property
    def codes(self) -> frozenset[str]:
        return frozenset(reason.code for reason in self.reasons)

    @cached_property
    def certain(self) -> tuple[Reason, ...]:
        """The reasons without those of which nobody is sure, for lines of the journal are missing."""
        return tuple(reason for reason in self.reasons if not reason.params.get("uncertain"))

    @cached_property
    def failing(self) -> frozenset[str]:
        return frozenset(test.host for test in figures.failing_tests(self.record))

    @cached_property
    def faulty(self) -> frozenset[str]:
        return frozenset(fault.host for fault in figures.unsolved_faults(self.record))

    @cached_property
    def tested(self) -> frozenset[str]:
        return figures.tested_hosts(self.record)

    @cached_property
    def insecure(self) -> frozenset[str]:
        failing = figures.failing_controls(self.record)
        return frozenset(control.host for control in failing if control.severity == "high")

    @cached_property
    def unreachable(self) -> frozenset[str]:
        return _machines_of(UNREACHABLE, self.reasons)

    @cached_property
    def behind(self) -> frozenset[str]:
        return _machines_of(BEHIND, self.certain)

    @cached_property
    def perhaps_behind(self) -> frozenset[str]:
        """Those, and machines that may have got all of the work: lines of the journal are missing."""
        return _machines_of(BEHIND, self.reasons)

    @cached_property
    def remarked(self) -> frozenset[str]:
        return _machines_of(REMARKS, self.reasons)

    def has_reason(self, codes: frozenset[str], system: System) -> bool:
        """Whether a reason of these codes holds for the machine: of all machines of its run, when it names none. In a
        record of several runs it does so for those of which no later run did as much."""
        return any(
            reason.code in codes and system.name in reason.params.get("decides_for", (system.name,))
            for reason in self.reasons
        )

    @cached_property
    def bad(self) -> frozenset[str]:
        return _machines_of(FAILED, self.reasons) | self.failing | self.faulty

    def is_behind(self, system: System) -> bool:
        is_certain = any(reason.code == "plays_not_begun" for reason in self.certain)
        return system.name in self.behind or (is_certain and self.misses_a_play(system))

    def is_cut_off(self, system: System) -> bool:
        unsure = system.name in self.perhaps_behind or self.misses_a_play(system)
        return unsure or self.has_reason(CUT_OFF, system)

    def misses_a_play(self, system: System) -> bool:
        return any(is_meant(play.hosts, system) for play in self.unbegun)

    @cached_property
    def unbegun(self) -> tuple[PlanStep, ...]:
        return tuple(play for play in self.record.plan if not play.started) if "plays_not_begun" in self.codes else ()


def _machines_of(codes: frozenset[str], reasons: Iterable[Reason]) -> frozenset[str]:
    """Machines that those of the reasons name that have these codes."""
    return frozenset(host for reason in reasons if reason.code in codes for host in reason.params["hosts"])


def is_meant(pattern: str, system: System) -> bool:
    """Whether a play for these hosts is for the machine. Of a pattern that is more than names nobody knows, and then
    it counts as meant."""
    parts = [part.strip() for part in re.split(r"[,:]", pattern) if part.strip()]
    if not all(_WORD.fullmatch(part) for part in parts):
        return True
    return any(part in ("all", system.name, *system.groups) for part in parts)


RULES: tuple[tuple[State, Callable[[Order, System], bool]], ...] = (
    ("unreachable", lambda order, system: not system.reachable or system.name in order.unreachable),
    ("behind", lambda order, system: order.is_behind(system)),
    ("not_ok", lambda order, system: system.name in order.bad),
    ("not_finished", lambda order, system: order.is_cut_off(system)),
    ("trial", lambda order, _: "check_mode" in order.codes),
    ("not_tested", lambda order, system: system.name not in order.tested),
    ("stated", lambda order, _: is_stated(order.record)),
    ("insecure", lambda order, system: system.name in order.insecure),
    ("remarks", lambda order, system: order.has_reason(OF_ALL, system) or system.name in order.remarked),
    ("ok", lambda _, __: True),
)
"""The first that holds is the state of the machine."""
