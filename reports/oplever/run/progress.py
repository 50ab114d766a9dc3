"""How far a run is, from the lines of its journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Literal

import msgspec

from oplever import clock
from oplever.journal.events import HostStart, Line, PlaybookStart, PlayStart, Result, Retry, RunEnd, RunStart, TaskStart
from oplever.words import TaskStatus

HostState = TaskStatus | Literal["waiting", "running", "stopped"]
_CHUNK = 1 << 20

_decode = msgspec.json.Decoder(Line).decode


class Failure(msgspec.Struct, frozen=True):
    host: str
    task: str
    status: str
    message: str


@dataclass
class Host:
    """`tallies` counts results by status, `task` is what runs or ran last."""

    name: str
    state: HostState = "waiting"
    task: str = ""
    note: str = ""
    tallies: dict[str, int] = field(default_factory=dict)

    @property
    def is_bad(self) -> bool:
        return bool(self.tallies.get("failed") or self.tallies.get("unreachable"))


@dataclass
class Progress:
    """Changed by `apply`, read by the views. Times are those of the journal."""

    playbook: str = ""
    play: str = ""
    plays: int = 0
    task: str = ""
    task_key: str = ""
    task_began: datetime | None = None
    role: str = ""
    began: datetime | None = None
    last: datetime | None = None
    hosts: dict[str, Host] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    first_targets: frozenset[str] = frozenset()
    end: str = ""
    """Why the run ended; empty while it goes on."""
    _names: dict[str, str] = field(default_factory=dict)

    def apply(self, event: Line) -> None:
        self.last = clock.moment(event.t)
        match event:
            case RunStart():
                self.began = self.last
            case PlaybookStart():
                self.playbook = event.playbook
            case PlayStart():
                self.play, self.plays = event.name, self.plays + 1
                self.first_targets = self.first_targets or frozenset(event.targets)
                for name in event.targets:
                    self._host(name)
            case TaskStart():
                self._names[event.task] = event.name
                self.task, self.role, self.task_key = event.name, event.role or "", key(event)
                self.task_began = self.last
            case HostStart():
                host = self._host(event.host)
                host.state, host.task, host.note = "running", self._names.get(event.task, ""), ""
            case Retry():
                self._host(event.host).note = f"attempt {event.attempt}"
            case Result():
                self._result(event)
            case RunEnd():
                self.end = event.reason
                for host in self.hosts.values():
                    host.state = "stopped" if host.state == "running" else host.state
            case _:
                pass

    def _host(self, name: str) -> Host:
        return self.hosts.setdefault(name, Host(name))

    def _result(self, event: Result) -> None:
        host = self._host(event.host)
        host.state, host.note = event.status, ""
        host.task = self._names.get(event.task, host.task)
        host.tallies[event.status] = host.tallies.get(event.status, 0) + 1
        if event.status in ("failed", "unreachable", "ignored"):
            message = event.message or ("(hidden by no_log)" if event.censored else "")
            self.failures.append(Failure(event.host, host.task, event.status, message))


def key(task: TaskStart) -> str:
    """What a task is called in every run of the same playbook."""
    return task.path or task.name


class Follower:
    """Reads a journal while it grows; damaged lines are left to the reader of records."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("rb")
        self._partial_line = b""

    def events(self) -> Iterator[Line]:
        """What was added since the last call, as far as its lines are whole."""
        while chunk := self._file.read(_CHUNK):
            *lines, self._partial_line = (self._partial_line + chunk).split(b"\n")
            for line in lines:
                try:
                    yield _decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    continue  # a kind from a newer writer, or damage

    def close(self) -> None:
        self._file.close()
