"""What a run started and did not finish: handlers that were notified and did not run, and background jobs whose outcome
was not awaited. Ansible's recap shows neither."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

from oplever.journal.events import Result, TaskStart


@dataclass(frozen=True)
class Unfinished:
    """Handlers or steps by name, with the machines that it is about."""

    names: tuple[str, ...]
    hosts: tuple[str, ...]


class LooseEnds:
    """Takes the results of a run in order."""

    def __init__(self) -> None:
        self._topics: dict[str, dict[str, None]] = defaultdict(dict)
        self._jobs: dict[tuple[str, str], str] = {}

    def take(self, result: Result, start: TaskStart, targets: Iterable[str]) -> None:
        """One more result, of the task that began with `start` in a play for `targets`."""
        # Before the handler answers: tools that keep notices apart give the last one with the handler itself.
        self._topics[result.host].update(dict.fromkeys(result.notify))
        if start.handler:
            # One that runs once for all machines of the play answers for each of them.
            names = {start.name, *start.listen}
            for host in (result.host, *(targets if start.fatal else ())):
                topics = self._topics[host]
                for topic in [topic for topic in topics if {topic, topic.rpartition(" : ")[2]} & names]:
                    del topics[topic]
        if result.job is not None:
            job = (result.host, result.job.id)
            if result.job.finished or _is_outcome(result, start):
                self._jobs.pop(job, None)
            else:
                self._jobs[job] = start.name

    def handlers_not_run(self) -> Unfinished:
        """Topics that a step notified after it changed something and that no handler answered there: a second run
        changes nothing, and so never notifies them again."""
        return _unfinished((topic, host) for host, topics in self._topics.items() for topic in topics)

    def jobs_not_awaited(self) -> Unfinished:
        """Steps that left work running (`poll: 0`) of which no later step saw the end."""
        return _unfinished((step, host) for (host, _), step in self._jobs.items())


def _is_outcome(result: Result, start: TaskStart) -> bool:
    """Whether somebody looked and gave up: that is a failure of its own."""
    return start.action == "ansible.builtin.async_status" and result.status in ("failed", "ignored")


def _unfinished(pairs: Iterable[tuple[str, str]]) -> Unfinished:
    pairs = sorted(pairs, key=itemgetter(1))  # not in the order in which machines happened to answer
    names = tuple(dict.fromkeys(name for name, _ in pairs))
    return Unfinished(names, tuple(sorted({host for _, host in pairs})))
