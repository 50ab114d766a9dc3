"""What was done and tested, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from oplever.record.model.runs import EarlierResult
from oplever.words import CheckStatus, TaskStatus, Text


class PlanStep(Struct, frozen=True):
    """One play in the order it was meant to run. `no_hosts` is why it had no machine to work on: `no_hosts_matched`, or
    `no_hosts_remaining` after failures. `run` is the number of the run that it belongs to, 0 in a record of one."""

    number: int
    name: str
    hosts: str
    playbook: str = ""
    started: str | None = None
    no_hosts: str = ""
    run: int = 0


class ItemResult(Struct, frozen=True):
    item: str
    status: TaskStatus
    message: str = ""


class Change(Struct, frozen=True):
    """How many lines came and went in one file (or other thing with a text), as `--diff` shows. In one record `mark` is
    equal when the text before and the text after are; empty: nobody knows."""

    name: str
    added: int
    removed: int
    mark: str = ""


class HostResult(Struct, frozen=True, gc=False):
    """How one task ended on one host. `rescued_by` names the task that took over, `notified` the handlers that were
    told, `notified_by` (of a handler) the tasks that told it, `retries` holds a message for each attempt that failed,
    `job` identifies work that was left running in the background, `files` are paths that it changed."""

    host: str
    status: TaskStatus
    started: str
    duration: float
    message: str = ""
    attempts: int = 1
    delegated_to: str = ""
    items: tuple[ItemResult, ...] = ()
    items_total: int = 0
    censored: bool = False
    rescued_by: str = ""
    notified: tuple[str, ...] = ()
    notified_by: tuple[str, ...] = ()
    retries: tuple[str, ...] = ()
    job: str = ""
    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class Step(Struct, frozen=True):
    """One task as it was carried out, with its result per host. Manual steps come from entries; `includes`
    are the files and roles that it brought in, `run` is the number of its run, 0 in a record of one."""

    number: int
    name: str
    play: str
    role: str
    action: str
    path: str
    started: str
    results: Sequence[HostResult]
    handler: bool = False
    check_mode: bool = False
    by: str = "machine"
    includes: tuple[str, ...] = ()
    run: int = 0


class DriftAcceptance(Struct, frozen=True):
    """Who accepted that a machine differs from its delivery, and why. It is about `value` alone, the state that was
    seen (empty: it was gone). `until` is the last day it holds (empty: no end), `record` where it was accepted (empty:
    in this record)."""

    value: str
    by: str
    at: str
    reason: str
    until: str = ""
    record: str = ""


class Test(Struct, frozen=True):
    """One expectation about one machine with what was found. `path` is file and line of the task that tested,
    relative to where Ansible ran when it lies below that. `subject` is what the source was asked about, `endpoint`
    where it spoke to or looked for a listener, as `tcp 10.0.0.2 80` (`resolver`: it had no address for the name),
    `builds_on` the tests without which it cannot pass, `differs` the attributes that are not as expected (`exists`: the
    thing is not there; None: its source did not say). `acceptance` is why a difference with the delivery is waived. In
    a record of several runs `run` is the number of the one that gave this result, `earlier` are those before it."""

    id: str
    host: str
    stage: Literal["during", "after"]
    status: CheckStatus
    expected: str
    found: str
    title: Text
    suite: str = ""
    source: str = ""
    reason: str = ""
    evidence: str = ""
    at: str = ""
    duration: float = 0.0
    attempt: int = 1
    by: str = "machine"
    path: str = ""
    subject: str = ""
    endpoint: str = ""
    builds_on: tuple[str, ...] = ()
    acceptance: DriftAcceptance | None = None
    differs: tuple[str, ...] | None = None
    run: int = 0
    earlier: tuple[EarlierResult, ...] = ()


class Fault(Struct, frozen=True):
    """Opened by a failed task, host or test; closed by a passing retest or an entry. In a record of several runs `run`
    is the number of the one in which it was found, `solved_in` that of the one that showed it solved."""

    id: str
    host: str
    kind: Literal["task_failed", "unreachable", "test_failed", "interrupted", "reported"]
    location: str
    symptom: str
    at: str
    status: Literal["open", "solved", "ignored", "escalated"]
    cause: str = ""
    fix: str = ""
    retest: str = ""
    attempts: int = 1
    run: int = 0
    solved_in: int = 0


class Escalation(Struct, frozen=True):
    id: str
    to: str
    at: str
    why: Literal["not_able", "not_allowed", "not_in_time"]
    type: Literal["functional", "hierarchical"]
    fault: str = ""
    message: str = ""
    answer: str = ""
    closed: bool = False
    by: str = ""
