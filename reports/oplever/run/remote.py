"""What a run started on other machines, ended over the SSH connections that Ansible keeps open.

With pipelining Ansible sends a module to the standard input of a Python on the machine, without a terminal. When its
connection goes, such a command stays and goes on. To end it the local command line of ssh is used once more, word for
word: that gives the same connection, the same user and the same rights, with another program on standard input.
That program ends its twins: what the same connection was told to run with the same words.
"""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from oplever import extras
from oplever.run.processes import PROC, Process, alive, living

_ANSWER_SECONDS = 10.0
_OPTIONS = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=5")
_KEY = re.compile(r"BECOME-SUCCESS-\w+")
_PROMPT = r"\[sudo via ansible, key=\w+\] password:"
_PROGRAM = (Path(__file__).parent / "twins.py").read_text(encoding="utf-8")


class Command(Struct, frozen=True):
    """A Python on another machine, by the words of the local ssh. `is_known` is whether its words tell it from the
    commands of another run, `local` the processes here that it answers to."""

    words: tuple[str, ...]
    is_known: bool
    local: frozenset[Process]

    @property
    def address(self) -> str:
        return self.words[-2]


def commands(workers: Iterable[Process]) -> tuple[Command, ...]:
    """What these processes run elsewhere and would go on without them."""
    ours = {worker.pid: worker for worker in workers}
    found: dict[tuple[str, ...], set[Process]] = {}
    for worker in ours.values():
        if words := _words(worker.pid):
            found.setdefault(words, set()).update({worker, ours.get(worker.parent, worker)})
    others = {_connection(words) for pid in alive().keys() - ours.keys() if (words := _words(pid))}
    return tuple(
        # Only who becomes another user has a random key in its words.
        Command(words, bool(_KEY.search(words[-1])) or _connection(words) not in others, frozenset(local))
        for words, local in found.items()
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
    is_one = len(words) > 2 and Path(words[0]).name == "ssh" and "-tt" not in words and "python" in words[-1]
    return tuple(words) if is_one else ()


class Ending:
    """Ends one command in the background; `succeeded` is known when `wait` returned."""

    def __init__(self, command: Command, password: str | None) -> None:
        self.command = command
        self.succeeded = False
        self._password = password
        self._thread = threading.Thread(target=self._run, name=f"end on {command.address}", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        self._thread.join(3 * _ANSWER_SECONDS)

    def _run(self) -> None:
        # A worker that is still there would take the end of its command for a lost connection, and start it once more.
        deadline = time.monotonic() + _ANSWER_SECONDS
        while living(self.command.local) and time.monotonic() < deadline:
            time.sleep(0.05)
        pexpect = extras.load("pexpect", "run")  # ansible-runner, which started all this, needs it too
        try:
            self.succeeded = self.command.is_known and _end(self.command, self._password)
        except (pexpect.ExceptionPexpect, OSError, subprocess.SubprocessError):
            self.succeeded = False  # no answer, or no connection any more


def _end(command: Command, password: str | None) -> bool:
    """Whether nothing is left of it. Raises ExceptionPexpect, OSError, SubprocessError."""
    ssh, *rest = command.words
    kept = subprocess.run([ssh, "-O", "check", *rest[:-1]], capture_output=True, check=False, timeout=_ANSWER_SECONDS)
    if kept.returncode:
        return False  # another connection would not see what this one was told to run
    spawn = extras.load("pexpect.popen_spawn", "run").PopenSpawn
    there = spawn([ssh, *_OPTIONS, *rest], timeout=_ANSWER_SECONDS, encoding="utf-8", codec_errors="replace")
    try:
        key = _KEY.search(command.words[-1])
        if key and there.expect([_PROMPT, key[0]]) == 0:
            if password is None:
                return False
            there.sendline(password)
            there.expect(key[0])
        there.send(_PROGRAM)
        there.sendeof()
        there.expect(r"ended (\d+), left (\d+)")
        return int(there.match[2]) == 0
    finally:
        there.proc.kill()
        there.proc.wait()
