"""Steps carried out, with what became of each failure, and the counts per host."""

from __future__ import annotations

from collections import Counter, defaultdict

from oplever.journal.events import Result
from oplever.record.fold import Run, Task
from oplever.record.model import HostResult, ItemResult, Recap, Step, TaskStatus


def counts(run: Run) -> dict[str, Recap]:
    """Ansible's recap; where the run stopped before one, the same counts from the results."""
    if run.recap is not None:
        return run.recap
    saved = rescued(run)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for result in run.results:
        if result.status == "changed":
            keys: tuple[str, ...] = ("ok", "changed")
        elif result.status == "ignored":
            keys = ("ok", "ignored")
        else:
            keys = ("rescued",) if result.seq in saved else (result.status,)
        found[result.host].update(keys)
    return {host: Recap(**count) for host, count in found.items()}


def rescued(run: Run) -> dict[int, Result | None]:
    """Failures that a block rescued: seq of the result -> the next result of that host in the same play.

    Ansible does not say which failure was rescued, but its recap says how many were not. Those are the ones after which
    the host did least: the last in their play come first. Without a recap, a host that went on was rescued.
    """
    plays: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in run.results:
        plays[result.host, run.tasks[result.task].start.play].append(result)
    failures: dict[str, list[tuple[Result, Result | None]]] = defaultdict(list)
    for (host, _), results in plays.items():
        following: list[Result | None] = [*results[1:], None]
        failures[host] += [
            (result, after) for result, after in zip(results, following, strict=True) if result.status == "failed"
        ]
    found: dict[int, Result | None] = {}
    for host, failed in failures.items():
        went_on: list[tuple[Result, Result | None]] = [pair for pair in failed if pair[1] is not None]
        if run.recap is not None:
            number = run.recap.get(host, Recap()).rescued
            # In order of how surely the host went on: those with work after them, early ones first.
            went_on = sorted(failed, key=lambda pair: (pair[1] is None, pair[0].seq))[:number]
        found.update((result.seq, after) for result, after in went_on)
    return found


def steps(run: Run, saved: dict[int, Result | None]) -> tuple[Step, ...]:
    return tuple(_step(task, saved) for task in run.tasks.values())


def _step(task: Task, saved: dict[int, Result | None]) -> Step:
    start = task.start
    return Step(
        number=task.number,
        name=start.name,
        play=task.play,
        role=start.role or "",
        action=start.action,
        path=start.path or "",
        started=start.t,
        results=tuple(_host_result(result, task, saved) for result in task.results),
        handler=start.handler,
        check_mode=bool(start.check_mode),
    )


def _host_result(result: Result, task: Task, saved: dict[int, Result | None]) -> HostResult:
    status: TaskStatus = "rescued" if result.seq in saved else result.status
    items = tuple(ItemResult(item.item, item.status, item.message or "") for item in result.items or ())
    return HostResult(
        host=result.host,
        status=status,
        started=task.started.get(result.host, result.t),
        duration=result.duration or 0.0,
        message=result.message or "",
        attempts=result.attempts or 1,
        delegated_to=result.delegated_to or "",
        items=items,
        items_total=result.items_total or len(items),
        censored=bool(result.censored),
    )
