"""Which failures a block rescued, worked out while the results of a run come in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from oplever.journal.events import Result, TaskStart
from oplever.record.model import Recap


@dataclass
class _Failure:
    """A failed result, and the next one of that machine in the same play."""

    result: Result
    after: Result | None = None


class Rescues:
    """Takes the results of a run in order; `named` and `guessed` give seq of a failure -> the result of the task that
    took over, None when it did not get to that."""

    def __init__(self) -> None:
        self.named: dict[int, Result | None] = {}
        """What the journal says itself: a failure names the block that rescues it, and its tasks name it too."""
        self._waiting: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._handlers: dict[str, int] = {}
        self._inside: dict[str, str] = {}
        self._failures: list[_Failure] = []
        self._last: dict[tuple[str, str], _Failure] = {}

    def take(self, result: Result, start: TaskStart) -> None:
        """One more result, of the task that began with `start`."""
        if self._last and (failure := self._last.pop((result.host, start.play), None)):
            failure.after = result
        if start.rescues:
            self._enter(result, start.rescues)
        elif self._inside:
            self._inside.pop(result.host, None)
        if result.status == "failed":
            self._fail(result, start)

    def _enter(self, result: Result, block: str) -> None:
        host = result.host
        if block != self._inside.get(host):
            failures = self._waiting.pop((host, block), [])
            # A handler has no block of its own; the one that flushed it rescues it, and only what follows shows that.
            if not failures and host in self._handlers:
                failures = [self._handlers.pop(host)]
            self.named.update(dict.fromkeys(failures, result))
        self._inside[host] = block

    def _fail(self, result: Result, start: TaskStart) -> None:
        failure = self._last[result.host, start.play] = _Failure(result)
        self._failures.append(failure)
        if result.rescued_by:
            self.named[result.seq] = None
            self._waiting[result.host, result.rescued_by].append(result.seq)
        elif start.handler:
            self._handlers[result.host] = result.seq

    def guessed(self, recap: Mapping[str, Recap] | None) -> dict[int, Result | None]:
        """As many failures as the recap says are rescued beyond those that are named: those after which the host did
        most are the last to be taken for final. Without a recap, a host that went on in the same play was rescued."""
        unnamed: dict[str, list[_Failure]] = defaultdict(list)
        for failure in self._failures:
            if failure.result.seq not in self.named:
                unnamed[failure.result.host].append(failure)
        named = Counter(f.result.host for f in self._failures if f.result.seq in self.named)
        rescued: dict[int, Result | None] = {}
        for host, failures in unnamed.items():
            went_on = [failure for failure in failures if failure.after is not None]
            if recap is not None:
                number = max(0, recap.get(host, Recap()).rescued - named[host])
                # In order of how surely the host went on: those with work after them, early ones first.
                went_on = sorted(failures, key=lambda f: (f.after is None, f.result.seq))[:number]
            rescued.update((failure.result.seq, failure.after) for failure in went_on)
        return rescued
