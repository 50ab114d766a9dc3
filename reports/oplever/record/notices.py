"""Which tasks notified which handlers, on each host."""

from __future__ import annotations

from collections import defaultdict

from oplever.journal.events import Result, TaskStart


class Notices:
    """Takes the results of a run in order."""

    def __init__(self) -> None:
        self._by_host: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._handled: dict[tuple[str, str], int] = {}

    def take(self, result: Result, start: TaskStart) -> tuple[str, ...]:
        """One more result, of the task that began with `start`: for a handler the tasks that notified it since it last
        ran on this host, for any other task nothing."""
        notices = self._by_host[result.host]
        names: tuple[str, ...] = ()
        if start.handler:
            since = self._handled.get((result.host, start.task), 0)
            topics = {start.name, *start.listen}
            notifying_tasks = (name for topic, name in notices[since:] if {topic, topic.rpartition(" : ")[2]} & topics)
            names = tuple(dict.fromkeys(notifying_tasks))
        notices += [(topic, start.name) for topic in result.notify]
        if start.handler:
            self._handled[result.host, start.task] = len(notices)
        return names
