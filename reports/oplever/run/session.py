"""One run from its start to its record: follows the journal, draws the view, stops what runs when told to."""

from __future__ import annotations

import contextlib
import itertools
import platform
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

import msgspec
from msgspec import Struct
from rich.console import Console

from oplever import store
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.run import estimate, processes, prompts, remote
from oplever.run.playbook import Playbook, executable, runner_modules
from oplever.run.progress import Follower, Progress
from oplever.run.views import LiveView, Plain, View

TICK_SECONDS = 0.1
GRACE_SECONDS = 3.0
"""From the first signal to what runs on the hosts until the next, harder one."""
_RECENT = 10


class Outcome(Struct, frozen=True):
    """`code` is ansible-playbook's own, `played` whether it came to a play, `stopped` whether it was told to stop;
    `record` is None when there is no journal, `going_on` has the addresses where something could not be stopped."""

    code: int
    played: bool
    record: Path | None
    progress: Progress
    output: tuple[str, ...]
    stopped: bool
    going_on: tuple[str, ...] = ()


class _Start(Struct):
    """What the first line of a journal says of the process that writes it."""

    pid: int = 0
    boot_id: str | None = None
    controller: str = ""


class Stop:
    """Ends a run in steps: Ansible itself is asked first, so that it closes its journal."""

    def __init__(self, password: str | None) -> None:
        """`password` is what becoming another user takes, when it was asked here."""
        self.requests = 0
        self._password = password
        self._elsewhere: list[remote.Ending] = []
        self._began: float | None = None
        self._main: processes.Process | None = None
        self._workers: set[processes.Process] = set()

    def begin(self, main: processes.Process) -> None:
        """Take down who works for `main` now: later children of it make the documents and are left alone."""
        self._began, self._main = time.monotonic(), main
        self._workers = processes.descendants([main])
        commands = remote.commands(self._workers)
        processes.send([main], signal.SIGINT)
        self._elsewhere = [remote.Ending(command, self._password) for command in commands]

    @property
    def has_begun(self) -> bool:
        return self._began is not None

    def advance(self) -> None:
        """Called again and again: harder signals as time goes by, at once when asked again."""
        if self._began is None:
            return
        self._workers |= processes.descendants(self._workers)
        waited = time.monotonic() - self._began
        if self.requests > 1 or waited > 2 * GRACE_SECONDS:
            processes.send(self._workers, signal.SIGKILL)
        elif waited > GRACE_SECONDS:
            processes.send(self._workers, signal.SIGTERM)
        if self.requests > 2 and self._main is not None:
            processes.send([self._main], signal.SIGKILL)

    def finish(self) -> tuple[str, ...]:
        """Ansible is gone: so is what still worked for it, but at these addresses."""
        if self.has_begun:
            processes.send(self._workers, signal.SIGKILL)
        for ending in self._elsewhere:
            ending.wait()
        return tuple(sorted({ending.command.address for ending in self._elsewhere if not ending.succeeded}))


def check() -> None:
    """Whether a run can be started here. Raises OpleverError (`ansible-missing`, `extra-missing`)."""
    executable()
    runner_modules()


def run(words: Sequence[str], answers: dict[str, str], console: Console, *, live: bool) -> Outcome:
    """Run ansible-playbook with these arguments. Raises OpleverError (`run-start`) when it cannot be started."""
    password = answers.get(prompts.BECOME.pattern) or answers.get(prompts.CONNECTION.pattern)
    playbook, progress, stop = Playbook(words, answers), Progress(), Stop(password)
    view: View = LiveView(console, progress) if live else Plain(console, progress)
    with _signals(stop):
        try:
            existing = frozenset(_recent())
            playbook.start()
            journal = _follow(playbook, progress, stop, view, existing)
        finally:
            view.close()
            going_on = stop.finish()
            playbook.discard()
    if playbook.problem is not None or playbook.code is None:
        advice = M_("see whether ansible-playbook itself starts; it writes the same record")
        raise OpleverError(
            "run-start", M_("ansible-runner: {problem}", problem=playbook.problem or "no exit code"), advice
        )
    record = journal.parent if journal else None
    return Outcome(
        playbook.code, playbook.pid is not None, record, progress, tuple(playbook.output), stop.requests > 0, going_on
    )


def _follow(playbook: Playbook, progress: Progress, stop: Stop, view: View, existing: frozenset[Path]) -> Path | None:
    """Until the command has ended; the path of its journal, or None. `existing` are records from before."""
    follower: Follower | None = None
    earlier: tuple[estimate.Earlier, ...] | None = None
    journal: Path | None = None
    over = False
    while not over:
        over = playbook.wait(TICK_SECONDS)
        journal = playbook.journal or (_written_by(playbook.pid, existing) if over else None)
        if follower is None and journal is not None:
            follower = Follower(journal)
        for event in follower.events() if follower else ():
            progress.apply(event)
            view.event(event)
        if earlier is None and progress.first_targets and journal is not None:
            directory = journal.parent
            earlier = estimate.similar(directory.parent, directory, progress.playbook, progress.first_targets)
        _stop(playbook, progress, stop, view)
        view.refresh(_seconds_left(earlier or (), progress))
    if follower is not None:
        follower.close()
    return journal


def _seconds_left(earlier: Sequence[estimate.Earlier], progress: Progress) -> float | None:
    if progress.end or progress.task_began is None:
        return None
    spent = time.time() - progress.task_began.timestamp()
    return estimate.seconds_left(earlier, progress.task_key, max(0.0, spent))


def _stop(playbook: Playbook, progress: Progress, stop: Stop, view: View) -> None:
    if not stop.requests:
        return
    if progress.end and not stop.has_begun:
        view.notice("the run is over; its documents are being made")
    elif not stop.has_begun and playbook.process is not None:
        stop.begin(playbook.process)
        view.notice("stopping what runs on the hosts; again to end it at once")
    else:
        stop.advance()


def _recent() -> Iterator[Path]:
    return itertools.islice(store.every(), _RECENT)


def _written_by(pid: int | None, existing: frozenset[Path]) -> Path | None:
    """The journal of a run that was over before it could be seen to write: a new one, of this number on this machine
    since it was started."""
    writer = _Start(pid or 0, processes.boot_id(), platform.node())
    for directory in _recent():
        path = directory / store.JOURNAL
        with contextlib.suppress(msgspec.DecodeError, OSError), path.open("rb") as lines:
            if directory not in existing and msgspec.json.decode(lines.readline(), type=_Start) == writer:
                return path
    return None


@contextlib.contextmanager
def _signals(stop: Stop) -> Iterator[None]:
    """Ctrl-C, a closed terminal and `kill` ask the run to stop instead of ending this process."""

    def ask(number: int, frame: FrameType | None) -> None:
        stop.requests += 1

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, ask) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
