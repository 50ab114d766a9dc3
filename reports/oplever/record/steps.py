"""Steps carried out, with what became of each failure, and the counts per host."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator

from oplever.journal.events import Result
from oplever.record.fold import Run, Task, relative
from oplever.record.model import Recap, Step

_UNCOUNTED = frozenset({"ansible.builtin.meta"})
_INCLUDES = frozenset({"ansible.builtin.include_tasks", "ansible.builtin.include_role"})
SAYS_WHO_RESCUES = 2
"""The first version of the journal in which a failure names the block that rescues it."""


def counts(run: Run) -> dict[str, Recap]:
    """Ansible's recap; where the run stopped before one, the same counts from the results."""
    if run.recap is not None:
        return run.recap
    saved = rescued(run)
    by_host: dict[str, Counter[str]] = defaultdict(Counter)
    for task in run.tasks.values():
        for host, names in _recap_counts(task, saved):
            by_host[host].update(names)
    for host, number in run.included.items():
        by_host[host]["ok"] += number
    return {host: Recap(**count) for host, count in by_host.items()}


def _recap_counts(task: Task, saved: Collection[int]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """For each result of a task the host, and the counts of Ansible's recap that it adds to."""
    is_counted, is_include = task.start.action not in _UNCOUNTED, task.start.action in _INCLUDES
    for place, (host, status) in enumerate(zip(task.results.hosts, task.results.statuses, strict=True)):
        if result := task.setbacks.get(place):
            yield host, _of_setback(result, saved) if is_counted else ()
        elif not is_counted or (is_include and status != "skipped"):
            yield host, ()  # an include is counted once for each file that came in
        else:
            yield host, ("ok", "changed") if status == "changed" else (status,)


def _of_setback(result: Result, saved: Collection[int]) -> tuple[str, ...]:
    if result.status == "ignored":
        return ("ok", "ignored", "changed") if result.changed else ("ok", "ignored")
    return ("rescued",) if result.seq in saved else (result.status,)


def rescued(run: Run) -> dict[int, Result | None]:
    """Failures that a block rescued: seq of the result -> the result of the task that took over, None when it did not
    get to that. Only complete when all events are folded.

    The journal names the block. Where it does not (version 1, other tools), Ansible's recap says how many there were.
    """
    if run.recap is None and run.start is not None and run.start.version >= SAYS_WHO_RESCUES:
        return run.rescues.named
    return run.rescues.named | run.rescues.guessed(run.recap)


def steps(run: Run, saved: dict[int, Result | None]) -> tuple[Step, ...]:
    return tuple(_step(run, task, saved) for task in run.tasks.values())


def _step(run: Run, task: Task, saved: dict[int, Result | None]) -> Step:
    start = task.start
    rescuers = {place: saved[result.seq] for place, result in task.setbacks.items() if result.seq in saved}
    return Step(
        number=task.number,
        name=start.name,
        play=task.play,
        role=start.role or "",
        action=start.action or next(iter(task.actions), ""),
        path=relative(run, start.path),
        started=start.t,
        results=task.results.with_rescues(
            {place: run.tasks[after.task].start.name if after else "" for place, after in rescuers.items()}
        ),
        handler=start.handler,
        check_mode=bool(start.check_mode) or task.check_mode,
        includes=tuple(task.includes),
    )
