"""ansible-playbook as a child of ansible-runner, in a thread. What happens on hosts is read in the journal."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from oplever import extras
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.run import processes

_PROGRAM = "ansible-playbook"
_OUTPUT_LINES = 2000
_POLL_SECONDS = 0.2


class Playbook:
    """One ansible-playbook command. Raises OpleverError (`ansible-missing`, `extra-missing`).

    `pid` is there once it has started to play, and `process` and `journal` with it unless it has ended by then; `code`
    is its exit code when it has ended. `output` holds the last lines that were not about a play: syntax errors,
    warnings, what `--list-tasks` prints.
    """

    def __init__(self, words: Sequence[str], answers: Mapping[str, str]) -> None:
        self._executable = executable()
        self._runner, self._command = runner_modules()
        self._words = list(words)
        self._answers = dict(answers)
        self._mark = secrets.token_hex(16)
        self._private = tempfile.mkdtemp(prefix="oplever-run-")
        self._thread = threading.Thread(target=self._run, name="ansible-playbook", daemon=True)
        self._ended = threading.Event()
        self.code: int | None = None
        self.pid: int | None = None
        self.process: processes.Process | None = None
        self.journal: Path | None = None
        self.output: deque[str] = deque(maxlen=_OUTPUT_LINES)
        self.problem: Exception | None = None

    def start(self) -> None:
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended, after at most that long."""
        return self._ended.wait(seconds)

    def discard(self) -> None:
        """Remove what ansible-runner put on disk."""
        shutil.rmtree(self._private, ignore_errors=True)

    def _run(self) -> None:
        try:
            self.code = self._play()
        except Exception as problem:  # a thread has nobody to raise to; the session reports it
            self.problem = problem
        finally:
            self.discard()
            self._ended.set()

    def _play(self) -> int:
        config = self._command.CommandConfig(
            private_data_dir=self._private,
            quiet=True,
            passwords=self._answers,
            suppress_env_files=True,
            fact_cache_type="",  # else facts of all hosts are written to disk, and the user's cache is not used
            # The journal tells what happened, redacted. Without this every result would be written to disk in full.
            envvars={"RUNNER_OMIT_EVENTS": "true", processes.MARK: self._mark},
        )
        config.prepare_run_command(self._executable, cmdline_args=self._words)
        # Set afterwards: without a file env/settings, ansible-runner forgets the settings it was given.
        config.suppress_output_file = True  # Ansible prints the errors of tasks with no_log
        config.pexpect_timeout = _POLL_SECONDS
        if "ANSIBLE_HOST_KEY_CHECKING" not in os.environ:
            config.env.pop("ANSIBLE_HOST_KEY_CHECKING", None)  # ansible-runner would turn it off
        runner = self._runner.Runner(
            config,
            cancel_callback=lambda: False,
            event_handler=self._event,
            status_handler=self._status,
        )
        runner.run()
        return int(runner.rc)

    def _status(self, status: Mapping[str, Any], runner_config: Any) -> None:
        if status["status"] == "running":  # written just before: the whole environment and command line
            (Path(runner_config.artifact_dir) / "command").unlink(missing_ok=True)

    def _event(self, event: Mapping[str, Any]) -> bool:
        """Called in the thread for each event; False: no file of it is kept."""
        kind = event.get("event")
        if kind in ("verbose", "error", "warning", "system_warning", "deprecated"):
            self.output.extend(str(event.get("stdout") or "").splitlines())
        elif self.journal is None and isinstance(event.get("pid"), int):
            self.pid = event["pid"]
            self.process = processes.marked(self.pid, self._mark)
            self.journal = processes.open_journal(self.process) if self.process else None
        return False


def runner_modules() -> tuple[Any, Any]:
    """ansible-runner and its module for the configuration of a command. Raises OpleverError (`extra-missing`)."""
    return extras.load("ansible_runner", "run"), extras.load("ansible_runner.config.command", "run")


def executable() -> str:
    """The ansible-playbook beside this Python, whose environment has the package too; else the one on PATH.

    Raises OpleverError (`ansible-missing`).
    """
    sibling = Path(sys.executable).with_name(_PROGRAM)
    path = str(sibling) if sibling.exists() else shutil.which(_PROGRAM)
    if path is None:
        raise OpleverError(
            "ansible-missing",
            M_("{program} is neither beside {executable} nor on PATH", program=_PROGRAM, executable=sys.executable),
            M_("pip install ansible-core, or put the directory of your ansible-playbook on PATH"),
        )
    return path
