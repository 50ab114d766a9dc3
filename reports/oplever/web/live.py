"""A run under way, as a page follows it: every message holds all that a reader needs to know up to one line.

A message is about the journal up to line `seq`, which is also its id. A browser that lost the connection says the last
id it has, and gets what came after it: the journal is read again from its start, so nothing is lost and nothing is
kept for anybody. Past `MOST_HOSTS` machines a message has counts and the machines that fail, and no lines.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from oplever.journal.events import Result
from oplever.run.progress import Follower, Host, Progress
from oplever.text import clean_text

MOST_HOSTS = 200
_MOST_FAILURES = 100
_PAUSE_SECONDS = 0.25
"""Between two looks at the journal: so often a page changes at most."""
_BEAT_SECONDS = 15.0
"""After which something is sent in any case, and it is looked whether the reader may still read."""
LONGEST_SECONDS = 3600.0
"""After which a connection ends; the browser opens another one."""


class Run:
    """The journal of a record, read as far as it is written. `seq` is its last line that was read, -1 before any."""

    def __init__(self, journal: Path) -> None:
        self._follower = Follower(journal)
        self.progress = Progress()
        self.seq = -1
        self._lines: list[list[Any]] = []

    def read(self, until: int | None = None) -> bool:
        """Read what was added; whether there was anything. What is up to line `until` makes no lines to send."""
        before = self.seq
        for event in self._follower.events():
            self.progress.apply(event)
            self.seq = event.seq
            if isinstance(event, Result) and (until is None or event.seq > until):
                task = self.progress.hosts[event.host].task
                self._lines.append([event.seq, clean_text(event.host), clean_text(task), event.status])
        return self.seq > before

    def message(self) -> dict[str, Any]:
        """All that is known now, and the lines since the last message."""
        hosts = list(self.progress.hosts.values())
        is_many = len(hosts) > MOST_HOSTS
        lines, self._lines = ([] if is_many else self._lines), []
        return {
            "seq": self.seq,
            "ended": self.progress.end,
            "play": clean_text(self.progress.play),
            "task": clean_text(self.progress.task),
            "results": sum(sum(host.tallies.values()) for host in hosts),
            "hosts": len(hosts),
            "counts": dict(Counter(host.state for host in hosts)),
            "shown": [_row(host) for host in hosts if not is_many or host.is_bad][:MOST_HOSTS],
            "failures": [
                [clean_text(text) for text in (failure.host, failure.task, failure.status, failure.message[:500])]
                for failure in self.progress.failures[-_MOST_FAILURES:]
            ],
            "lines": lines,
        }

    def close(self) -> None:
        self._follower.close()


def _row(host: Host) -> list[Any]:
    done = sum(host.tallies.values())
    return [clean_text(host.name), host.state, clean_text(host.task), done, host.tallies.get("failed", 0)]


def now(journal: Path) -> dict[str, Any]:
    """The state of a run at this moment. Raises OSError."""
    run = Run(journal)
    try:
        run.read()
        return run.message() | {"lines": []}
    finally:
        run.close()


async def messages(
    journal: Path,
    after: int,
    may_go_on: Callable[[], bool],
    *,
    is_stopping: Callable[[], bool] = lambda: False,
    pause: float = _PAUSE_SECONDS,
) -> AsyncIterator[bytes]:
    """Server-sent events of what comes after line `after`, until the run ends, the desk stops, or the reader
    may not read any more."""
    run = Run(journal)
    begun = beat = time.monotonic()
    try:
        await asyncio.to_thread(run.read, after)
        yield b"retry: 1000\n\n"
        if run.seq > after or run.progress.end:
            yield _event(run)
        while not (run.progress.end or is_stopping()) and time.monotonic() - begun < LONGEST_SECONDS:
            await asyncio.sleep(pause)
            if await asyncio.to_thread(run.read):
                yield _event(run)
            elif time.monotonic() - beat > _BEAT_SECONDS:
                yield b": still here\n\n"
            else:
                continue
            if time.monotonic() - beat > _BEAT_SECONDS:
                beat = time.monotonic()
                if not await asyncio.to_thread(may_go_on):
                    return
    finally:
        run.close()


def _event(run: Run) -> bytes:
    """One message; JSON has no line end in it, whatever a machine said."""
    message = run.message()
    return f"id: {message['seq']}\ndata: {json.dumps(message, ensure_ascii=True)}\n\n".encode()
