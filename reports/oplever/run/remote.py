"""What a run started on other machines, ended over the SSH connections that Ansible keeps open.

With pipelining Ansible sends a module to the standard input of a Python on the machine, without a terminal. When its
connection goes, such a command stays and goes on. To end it the local command line of ssh is used once more, word for
word: that gives the same connection, the same user and the same rights, with another program on standard input.
That program ends commands that the same connection was told to run with the same words, and only those that are proven
to be of this run (docs/decisions/0048): by the random key in their words, or by when they were started.
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from oplever import extras
from oplever.run.processes import PROC, TICK_SECONDS, Process, alive, living, now

_ANSWER_SECONDS = 10.0
_OPTIONS = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=5")
_KEY = re.compile(r"BECOME-SUCCESS-\w+")
_PROMPT = r"\[sudo via ansible, key=\w+\] password:"
_PROGRAM = (Path(__file__).parent / "remote_kill.py").read_text(encoding="utf-8")
_SHOWN = r"commands (\[[\d\[\]., ]*\])\r?\n"
_ENDED = r"ended (\d+), left (\d+)"


class Command(Struct, frozen=True):
    """A Python on another machine, by the words of the local ssh.

    `clients` are the processes of that ssh, `local` they and the workers that they answer to. `alone_at` is a moment
    (seconds since boot) at which no other run used the connection; None when one did.
    """

    words: tuple[str, ...]
    clients: frozenset[Process]
    local: frozenset[Process]
    alone_at: float | None

    @property
    def address(self) -> str:
        return self.words[-2]

    @property
    def key(self) -> str | None:
        """What no other command has in its words: only who becomes another user has one."""
        match = _KEY.search(self.words[-1])
        return match[0] if match else None


class Remote(Struct, frozen=True, array_like=True):
    """A command as the other machine sees it: number, start in its clock ticks, and age in seconds."""

    pid: int
    started: int
    age: float


def commands(workers: Iterable[Process]) -> tuple[Command, ...]:
    """What these processes run elsewhere and would go on without them."""
    moment = now()
    ours = {worker.pid: worker for worker in workers}
    clients: dict[tuple[str, ...], set[Process]] = {}
    for worker in ours.values():
        if words := _words(worker.pid):
            clients.setdefault(words, set()).add(worker)
    shared = {_connection(words) for pid in alive().keys() - ours.keys() if (words := _words(pid))}
    return tuple(
        Command(
            words,
            frozenset(processes),
            frozenset(processes | {ours.get(process.parent, process) for process in processes}),
            None if _connection(words) in shared else moment,
        )
        for words, processes in clients.items()
    )


def _connection(words: tuple[str, ...]) -> str:
    """The socket of the connection, which all runs of one person to one machine share; empty without."""
    return next((word for word in words if word.startswith("ControlPath=")), "")


def _words(pid: int) -> tuple[str, ...]:
    """Its command line when it is such an ssh, else nothing."""
    try:
        words = (PROC / str(pid) / "cmdline").read_text(encoding="utf-8", errors="surrogateescape").split("\0")[:-1]
    except OSError:
        return ()
    # With a terminal (-tt) it gets the hang-up of its connection, and file transfers end by themselves.
    is_command = len(words) > 2 and Path(words[0]).name == "ssh" and "-tt" not in words and "python" in words[-1]
    return tuple(words) if is_command else ()


def proven(command: Command, processes: Iterable[Remote], received: float) -> tuple[Remote, ...]:
    """Those that can only be of our run, as the machine told at most until `received` (seconds since boot): not older
    than our ssh, and started before the moment at which no other run used the connection. None when there are more of
    them than we started: then one is left of a run whose ssh is gone."""
    if command.alone_at is None:
        return ()
    oldest = received - min(client.started for client in command.clients) * TICK_SECONDS
    youngest = received - command.alone_at
    ours = tuple(row for row in processes if youngest + TICK_SECONDS <= row.age <= oldest + TICK_SECONDS)
    return ours if len(ours) <= len(command.clients) else ()


class Ending:
    """Ends one command in the background; `succeeded` is known when `wait` returned."""

    def __init__(self, command: Command, password: str | None) -> None:
        self.command = command
        self.succeeded = False
        self._password = password
        self._thread = threading.Thread(target=self._run, name=f"end on {command.address}", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        self._thread.join(4 * _ANSWER_SECONDS)

    def _run(self) -> None:
        pexpect = extras.load("pexpect", "run")  # ansible-runner, which started all this, needs it too
        try:
            self.succeeded = self._end_all() if self.command.key else self._end_proven()
        except (pexpect.ExceptionPexpect, OSError, subprocess.SubprocessError):
            self.succeeded = False  # no answer, or no connection any more

    def _end_all(self) -> bool:
        self._wait_for_worker()
        return self._end("end_all()")

    def _end_proven(self) -> bool:
        """At once, while little time went by in which another run can have started something: which ones are ours."""
        if self.command.alone_at is None:
            return False
        answer = self._ask("show()", _SHOWN)
        if answer is None:
            return False
        shown = tuple(Remote(*row) for row in json.loads(answer[1]))
        ours = proven(self.command, shown, now())
        self._wait_for_worker()
        chosen = [(process.pid, process.started) for process in ours]
        return self._end(f"end({chosen!r})") and len(ours) == len(shown)

    def _wait_for_worker(self) -> None:
        """A worker that is still there takes the end of its command for a lost connection, and starts it once more."""
        deadline = time.monotonic() + _ANSWER_SECONDS
        while living(self.command.local) and time.monotonic() < deadline:
            time.sleep(0.05)

    def _end(self, call: str) -> bool:
        """Whether nothing is left of it."""
        answer = self._ask(call, _ENDED)
        return answer is not None and int(answer[2]) == 0

    def _ask(self, call: str, expected: str) -> re.Match[str] | None:
        """What the program says to one call; None when the connection is not kept open, or a password is missing.

        Raises ExceptionPexpect, OSError, SubprocessError.
        """
        ssh, *options = self.command.words
        check = [ssh, "-O", "check", *options[:-1]]
        if subprocess.run(check, capture_output=True, check=False, timeout=_ANSWER_SECONDS).returncode:
            return None  # another connection would not see what this one was told to run
        spawn = extras.load("pexpect.popen_spawn", "run").PopenSpawn
        session = spawn([ssh, *_OPTIONS, *options], timeout=_ANSWER_SECONDS, encoding="utf-8", codec_errors="replace")
        try:
            key = self.command.key
            if key and session.expect([_PROMPT, key]) == 0:
                if self._password is None:
                    return None
                session.sendline(self._password)
                session.expect(key)
            session.send(f"{_PROGRAM}\n{call}\n")
            session.sendeof()
            session.expect(expected)
            match: re.Match[str] = session.match
            return match
        finally:
            session.proc.kill()
            session.expect(extras.load("pexpect", "run").EOF)  # its thread reads no more
            session.proc.stdout.close()
            session.proc.wait()
