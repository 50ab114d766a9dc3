"""Steps carried out, with what became of each failure, and the counts per host."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from oplever.journal.events import Result
from oplever.record.fold import Run, Task
from oplever.record.model import Change, HostResult, ItemResult, Recap, Step, TaskStatus

_UNCOUNTED = frozenset({"ansible.builtin.meta"})
_INCLUDES = frozenset({"ansible.builtin.include_tasks", "ansible.builtin.include_role"})
SAYS_WHO_RESCUES = 2
"""The first version of the journal in which a failure names the block that rescues it."""


def counts(run: Run) -> dict[str, Recap]:
    """Ansible's recap; where the run stopped before one, the same counts from the results."""
    if run.recap is not None:
        return run.recap
    saved = rescued(run)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for result in run.results:
        found[result.host].update(_counted_as(result, run.tasks[result.task], is_saved=result.seq in saved))
    for host, number in run.included.items():
        found[host]["ok"] += number
    return {host: Recap(**count) for host, count in found.items()}


def _counted_as(result: Result, task: Task, *, is_saved: bool) -> tuple[str, ...]:
    """The counts of Ansible's recap that one result adds to."""
    if task.start.action in _UNCOUNTED:
        return ()
    if task.start.action in _INCLUDES and result.status in ("ok", "changed"):
        return ()  # counted once for each file that came in
    changed = ("changed",) if result.changed else ()
    match result.status:
        case "changed":
            return ("ok", "changed")
        case "ignored":
            return ("ok", "ignored", *changed)
        case _:
            return ("rescued",) if is_saved else (result.status,)


def rescued(run: Run) -> dict[int, Result | None]:
    """Failures that a block rescued: seq of the result -> the result of the task that took over, None when it did not
    get to that. Worked out once for a run, when all of its events are in.

    The journal names the block. Where it does not (version 1, other tools), Ansible's recap says how many there were.
    """
    if run.rescues is None:
        run.rescues = dict(_named(run))
        if run.recap is not None or run.start is None or run.start.version < SAYS_WHO_RESCUES:
            run.rescues |= _guessed(run, run.rescues)
    return run.rescues


def _named(run: Run) -> Iterator[tuple[int, Result | None]]:
    waiting: dict[tuple[str, str], list[int]] = defaultdict(list)
    handlers: dict[str, int] = {}
    inside: dict[str, str | None] = {}
    found: dict[int, Result | None] = {}
    for result in run.results:
        host, start = result.host, run.tasks[result.task].start
        if start.rescues and start.rescues != inside.get(host):
            failures = waiting.pop((host, start.rescues), [])
            # A handler has no block of its own; the one that flushed it rescues it, and only what follows shows that.
            if not failures and host in handlers:
                failures = [handlers.pop(host)]
            found.update(dict.fromkeys(failures, result))
        inside[host] = start.rescues
        if result.status == "failed" and result.rescued_by:
            found[result.seq] = None
            waiting[host, result.rescued_by].append(result.seq)
        elif result.status == "failed" and start.handler:
            handlers[host] = result.seq
    yield from found.items()


def _guessed(run: Run, named: dict[int, Result | None]) -> dict[int, Result | None]:
    """As many failures as the recap says are rescued beyond those that are named: those after which the host did most
    are the last to be taken for final. Without a recap, a host that went on in the same play was rescued."""
    plays: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in run.results:
        plays[result.host, run.tasks[result.task].start.play].append(result)
    failures: dict[str, list[tuple[Result, Result | None]]] = defaultdict(list)
    for (host, _), results in plays.items():
        following: list[Result | None] = [*results[1:], None]
        failures[host] += [
            (result, after)
            for result, after in zip(results, following, strict=True)
            if result.status == "failed" and result.seq not in named
        ]
    known = Counter(result.host for result in run.results if result.seq in named)
    found: dict[int, Result | None] = {}
    for host, failed in failures.items():
        went_on: list[tuple[Result, Result | None]] = [pair for pair in failed if pair[1] is not None]
        if run.recap is not None:
            number = max(0, run.recap.get(host, Recap()).rescued - known[host])
            # In order of how surely the host went on: those with work after them, early ones first.
            went_on = sorted(failed, key=lambda pair: (pair[1] is None, pair[0].seq))[:number]
        found.update((result.seq, after) for result, after in went_on)
    return found


class Notices:
    """Which tasks told which handlers, on each host."""

    def __init__(self, run: Run) -> None:
        self._told: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
        self._until: dict[tuple[str, str], int] = {}
        for result in run.results:
            for topic in result.notify:
                self._told[result.host].append((result.seq, topic, run.tasks[result.task].start.name))

    def of(self, result: Result, task: Task) -> tuple[str, ...]:
        """Tasks that told this handler since it last ran here. Ask for handlers alone, in the order of results."""
        start = task.start
        since = self._until.get((result.host, start.task), -1)
        self._until[result.host, start.task] = result.seq
        names = {start.name, *start.listen}
        return tuple(
            dict.fromkeys(
                name
                for seq, topic, name in self._told[result.host]
                if since < seq < result.seq and (topic in names or topic.rpartition(" : ")[2] in names)
            )
        )


def steps(run: Run, saved: dict[int, Result | None]) -> tuple[Step, ...]:
    notices = Notices(run)
    return tuple(_step(run, task, saved, notices) for task in run.tasks.values())


def _step(run: Run, task: Task, saved: dict[int, Result | None], notices: Notices) -> Step:
    start = task.start
    return Step(
        number=task.number,
        name=start.name,
        play=task.play,
        role=start.role or "",
        action=start.action or next((result.action for result in task.results if result.action), ""),
        path=start.path or "",
        started=start.t,
        results=tuple(_host_result(run, result, task, saved, notices) for result in task.results),
        handler=start.handler,
        check_mode=bool(start.check_mode) or any(result.check_mode for result in task.results),
        includes=tuple(task.includes),
    )


def _host_result(run: Run, result: Result, task: Task, saved: dict[int, Result | None], notices: Notices) -> HostResult:
    """One of perhaps a million, nearly all of them plain: what a plain one has not is not gone through."""
    status: TaskStatus = "rescued" if result.seq in saved else result.status
    items = tuple(ItemResult(i.item, i.status, i.message or "") for i in result.items) if result.items else ()
    rescuer = saved.get(result.seq)
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
        rescued_by=run.tasks[rescuer.task].start.name if rescuer else "",
        notified=result.notify,
        notified_by=notices.of(result, task) if task.start.handler else (),
        retries=tuple(run.retries.get((result.task, result.host), ())) if run.retries else (),
        job=result.job.id if result.job and not result.job.finished else "",
        changes=tuple(Change(c.name, c.added, c.removed) for c in result.diff) if result.diff else (),
        warnings=result.warnings,
    )
