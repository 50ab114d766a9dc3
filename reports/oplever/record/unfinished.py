"""What a run set going and did not see through: handlers that were told and did not run, and background jobs whose
outcome nobody asked for. Ansible's recap is silent about both. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from oplever.journal.events import Result, TaskStart
from oplever.record.fold import Run


@dataclass(frozen=True)
class Unfinished:
    """Handlers or steps by name, with the machines that it is about."""

    names: tuple[str, ...]
    hosts: tuple[str, ...]


def handlers_not_run(run: Run) -> Unfinished:
    """Topics that a step told after it changed something and that no handler answered there: a second run changes
    nothing, and so never tells them again."""
    answered: dict[tuple[str, str], int] = {}
    for result in run.results:
        start = run.tasks[result.task].start
        if start.handler:
            # One that runs once for all machines of the play answers for each of them.
            hosts = (result.host, *(run.plays[start.play].targets if start.fatal and start.play in run.plays else ()))
            answered.update(((host, name), result.seq) for host in hosts for name in (start.name, *start.listen))
    open_topics = [
        (topic, result.host)
        for result in run.results
        for topic in result.notify
        if max(answered.get((result.host, name), -1) for name in (topic, topic.rpartition(" : ")[2])) < result.seq
    ]
    return _unfinished(open_topics)


def jobs_not_awaited(run: Run) -> Unfinished:
    """Steps that left work running (`poll: 0`) of which no later step saw the end."""
    waiting: dict[tuple[str, str], str] = {}
    for result in run.results:
        if result.job is None:
            continue
        key = (result.host, result.job.id)
        if result.job.finished or _is_outcome(result, run.tasks[result.task].start):
            waiting.pop(key, None)
        else:
            waiting[key] = run.tasks[result.task].start.name
    return _unfinished((step, host) for (host, _), step in waiting.items())


def _is_outcome(result: Result, start: TaskStart) -> bool:
    """Whether somebody looked and gave up: that is a failure of its own."""
    return start.action == "ansible.builtin.async_status" and result.status in ("failed", "ignored")


def _unfinished(pairs: Iterable[tuple[str, str]]) -> Unfinished:
    pairs = tuple(pairs)
    names = tuple(dict.fromkeys(name for name, _ in pairs))
    return Unfinished(names, tuple(sorted({host for _, host in pairs})))
