"""The results of one step, in little memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import overload

from msgspec import structs

from oplever.record.model.work import HostResult
from oplever.words import TaskStatus


class HostResults(Sequence[HostResult]):
    """What `Step.results` is for a step of a run: a sequence of `HostResult` that makes them as they are asked for.

    A large run has a million, and nearly all of them are plain: host, status, start and duration, with nothing else
    to tell. Those four stand in columns, at less than half the memory of an object for each; a result with more to
    tell stands in `details` as well, by its place.
    """

    __slots__ = ("details", "durations", "hosts", "started", "statuses")

    def __init__(self, results: Iterable[HostResult] = ()) -> None:
        self.hosts: list[str] = []
        self.statuses: list[TaskStatus] = []
        self.started: list[str] = []
        self.durations = array("d")
        self.details: dict[int, HostResult] = {}
        for result in results:
            self.append(result)

    def append(self, result: HostResult) -> None:
        """Only while a journal is read; a record is not changed."""
        self.details[len(self.hosts)] = result
        self.append_plain(result.host, result.status, result.started, result.duration)

    def append_plain(self, host: str, status: TaskStatus, started: str, duration: float) -> None:
        self.hosts.append(host)
        self.statuses.append(status)
        self.started.append(started)
        self.durations.append(duration)

    def with_rescues(self, rescuers: Mapping[int, str]) -> HostResults:
        """The same results, with those at these places rescued, by the task of this name (empty: by none yet)."""
        if not rescuers:
            return self
        results = HostResults()
        results.hosts, results.started, results.durations = self.hosts, self.started, self.durations
        results.statuses, results.details = [*self.statuses], {**self.details}
        for place, rescuer in rescuers.items():
            results.statuses[place] = "rescued"
            results.details[place] = structs.replace(self[place], status="rescued", rescued_by=rescuer)
        return results

    def __len__(self) -> int:
        return len(self.hosts)

    def __iter__(self) -> Iterator[HostResult]:
        plain = map(HostResult, self.hosts, self.statuses, self.started, self.durations)
        if not self.details:
            return plain
        return (self.details.get(place) or result for place, result in enumerate(plain))

    @overload
    def __getitem__(self, index: int) -> HostResult: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[HostResult, ...]: ...

    def __getitem__(self, index: int | slice) -> HostResult | tuple[HostResult, ...]:
        return tuple(self)[index] if isinstance(index, slice) else self._at(range(len(self.hosts))[index])

    def _at(self, place: int) -> HostResult:
        return self.details.get(place) or HostResult(
            self.hosts[place], self.statuses[place], self.started[place], self.durations[place]
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]
