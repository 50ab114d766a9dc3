"""Which machines a finished run left behind though nothing failed on them, by name. Pure.

Machines are named in the order of the play or of the record, never in the order in which they happened to answer.

Ansible's recap is silent about them: a batch of `serial` that never began, machines that were stopped because another
one failed, and those that drop out of a play when a `run_once` task fails and is rescued.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from oplever._shared.values import at_key, rows
from oplever.journal.events import Result
from oplever.record.fold import FACTS, NO_WORK, Play, Run, Task
from oplever.record.model import PlanStep

_LOOKING = NO_WORK | {
    "ansible.builtin.assert",
    "ansible.builtin.debug",
    "ansible.builtin.set_fact",
    "ansible.builtin.validate_argument_spec",
    "oplever.lab.checks",
    "oplever.lab.preflight",
    "oplever.lab.reference",
    "oplever.lab.snapshot",
}
"""What changes nothing on a machine and is no work on it."""
_ENDS = frozenset({"end_host", "end_batch", "end_play"})


@dataclass(frozen=True)
class Stop:
    """Machines that got nothing after a step, because it failed on `failed`."""

    step: str
    failed: tuple[str, ...]
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Behind:
    """`left` dropped out without a reason in the playbook, `ended` by a `meta` task of it (`end_host` and the like)."""

    left: tuple[str, ...]
    ended: tuple[str, ...]


def not_reached(run: Run) -> tuple[str, ...]:
    """Machines of plays with `serial` whose batch never began."""
    return _unique(host for play in run.plays.values() for host in play.planned if host not in play.targets)


def plays_not_begun(run: Run) -> tuple[PlanStep, ...]:
    """Plays that come after those that began, numbered on."""
    waiting = [(book.name, play) for book in run.playbooks for play in book.plays[book.begun :]]
    return tuple(
        PlanStep(number, play.name, play.hosts, playbook)
        for number, (playbook, play) in enumerate(waiting, len(run.plan) + 1)
    )


def stops(run: Run, saved: Collection[int], failed: frozenset[str]) -> tuple[Stop, ...]:
    """Where a failure on some machines ended the play for the others; `saved` are the failures that were rescued."""
    return tuple(stop for key, play in run.plays.items() if (stop := _stop(run, key, play, saved, failed)))


def _stop(run: Run, key: str, play: Play, saved: Collection[int], failed: frozenset[str]) -> Stop | None:
    tasks = _tasks(run, key)
    remaining_hosts = tuple(host for host in play.batch if host not in failed)
    is_emptied = run.plan[key].no_hosts == "no_hosts_remaining"
    for task in reversed(tasks):
        setbacks = task.setbacks.values()
        failing = {result.host for result in setbacks if _is_failure(result) and result.seq not in saved}
        culprits = tuple(host for host in play.targets if host in failing)
        if culprits and remaining_hosts and (task.start.fatal or is_emptied):
            return Stop(task.start.name, culprits, remaining_hosts)
        if task.start.for_all and not culprits:
            return None
    return None


def behind(run: Run, failed: frozenset[str]) -> Behind:
    """Machines without `failed` ones that miss the end of a play which others went through."""
    left: list[str] = []
    ended: list[str] = []
    for key, play in run.plays.items():
        tasks = _tasks(run, key)
        owed = [task.number for task in tasks if _is_owed(task, tasks)]
        if not owed:
            continue
        last = _last_taken(run, tasks)
        for host in play.targets:
            missed = bisect_right(owed, last.get(host, 0))
            if host in failed or missed == len(owed):
                continue
            between = (task for task in tasks if last.get(host, 0) < task.number < owed[missed])
            metas = {task.start.meta for task in between if task.start.meta}
            if not metas:
                left.append(host)
            elif metas & _ENDS:
                ended.append(host)
    return Behind(_unique(left), _unique(host for host in ended if host not in left))


def _last_taken(run: Run, tasks: Iterable[Task]) -> dict[str, int]:
    """For each machine the number of the last task that it took part in."""
    last: dict[str, int] = {}
    begun: dict[str, list[str]] = {}
    for task_id, host in run.running:
        begun.setdefault(task_id, []).append(host)
    for task in tasks:
        last.update(dict.fromkeys(begun.get(task.start.task, ()), task.number))
        last.update(dict.fromkeys(task.results.hosts, task.number))
    return last


def _is_owed(task: Task, tasks: Iterable[Task]) -> bool:
    """Whether every machine of the play should meet it. A rescue of a failure that stops the others takes all of them
    along, or else Ansible has lost them."""
    if task.start.for_all:
        return task.start.action not in FACTS
    block = task.start.rescues
    return block is not None and any(
        other.start.fatal and any(result.rescued_by == block for result in other.setbacks.values()) for other in tasks
    )


def unanswered(run: Run) -> tuple[str, ...]:
    """Machines that did not answer at a step, which the playbook said to ignore."""
    return _unique((*(host for host in run.hosts if host in run.unanswered), *run.unanswered))


def helpers_unreachable(run: Run) -> dict[str, tuple[str, ...]]:
    """By machine that could itself be reached: the machines that were to do a step for it (`delegate_to`) and did not
    answer. Ansible counts as unreachable the machine that the step was for."""
    return {host: tuple(run.silent[host]) for host in run.hosts if host not in run.silent.get(host, (host,))}


@dataclass(frozen=True)
class OtherRun:
    """Another run on machines of this one. `is_certain`: both were there at once; otherwise it had begun before and
    nobody saw it end."""

    name: str
    controller: str
    hosts: tuple[str, ...]
    is_certain: bool


def other_runs(run: Run) -> tuple[OtherRun, ...]:
    """As the machines told at their snapshots."""
    hosts: dict[tuple[str, str], dict[str, bool]] = {}
    for call in run.snapshots:
        for row in rows(call.data.get("runs")):
            machines = hosts.setdefault((at_key(row, "run"), at_key(row, "controller")), {})
            machines[call.host] = machines.get(call.host, False) or row.get("certain") is True
    return tuple(
        OtherRun(name, controller, tuple(host for host, certain in machines.items() if certain is sure), sure)
        for (name, controller), machines in hosts.items()
        for sure in sorted(set(machines.values()), reverse=True)
    )


def has_work(run: Run) -> bool:
    """Whether anything was done or tried, more than asking what the machine is and bringing in files of tasks."""
    return bool(run.setbacks) or any(task.has_work for task in run.tasks.values())


def only_looked(run: Run) -> bool:
    """Whether every step that was carried out was a test, a snapshot or what such a step needs."""
    return all(
        (task.start.action or "") in _LOOKING or all(result.status == "skipped" for result in task.results)
        for task in run.tasks.values()
    )


def changed_in_trial(run: Run) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Steps of a trial run that really changed something, and where: tasks with `check_mode: false`."""
    if run.start is None or not run.start.check_mode or run.start.imported:
        return (), ()  # what other tools keep does not say which tasks really ran
    return _unique(step for step, _ in run.changed_in_trial), tuple(sorted({host for _, host in run.changed_in_trial}))


def is_trial(run: Run) -> bool:
    """Whether all of it was only tried: the run was started so, or every step that did anything says `check_mode: true`
    itself."""
    if run.start is None:
        return False
    work = [task for task in run.tasks.values() if task.has_work]
    return bool(run.start.check_mode or (work and all(task.start.check_mode or task.check_mode for task in work)))


def tried(run: Run) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Steps of a real run that only said what they would change, and where: tasks with `check_mode: true`."""
    if is_trial(run):
        return (), ()
    return _unique(step for step, _ in run.tried), tuple(sorted({host for _, host in run.tried}))


def plays_ended(run: Run) -> tuple[str, ...]:
    """Plays that a `meta: end_play` ended for all their machines."""
    ended = []
    for key, play in run.plays.items():
        tasks = _tasks(run, key)
        if tasks and tasks[-1].start.meta == "end_play" and not tasks[-1].results:
            ended.append(play.name)
    return tuple(ended)


def _tasks(run: Run, play: str) -> list[Task]:
    """The tasks of a play in order, without handlers: who runs those depends on what changed."""
    return [task for task in run.tasks.values() if task.start.play == play and not task.start.handler]


def _is_failure(result: Result) -> bool:
    return result.status in ("failed", "unreachable")


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
