"""What a demonstration is made of (`tools/demo`, `tools/demo-school`): parts that say what they do and how long they
took, and where to look when one fails. Standard library only: it runs before anything is installed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv/bin"
QUIET = {"ANSIBLE_DISPLAY_OK_HOSTS": "0", "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "0"}


class PartError(Exception):
    """One part did not succeed; the message says what to do next."""


@dataclass
class Demonstration:
    """The parts of one demonstration: `make` target, number of parts, and the seconds that each took so far."""

    target: str
    parts: int
    seconds: dict[str, float] = field(default_factory=dict)

    def heading(self, name: str) -> None:
        print(f"\n=== {len(self.seconds) + 1}/{self.parts} {name}", flush=True)

    def part(self, name: str, *command: str, hint: str = "", **env: str) -> None:
        """Run one part with its output in sight. Raises PartError when the command fails."""
        with self.timed(name):
            code = execute(command, env)
        if code:
            raise PartError(f"{name.lower()} stopped with code {code}" + (f": {hint}" if hint else ""))

    def play(self, name: str, playbook: str, *options: str, **env: str) -> None:
        """A part that is a run of Ansible."""
        again = f".venv/bin/ansible-playbook playbooks/{playbook}.yml -v"
        hint = f"the message is above; `make {self.target}` goes on from here, `{again}` tells more"
        self.part(name, *ansible(playbook, *options), hint=hint, **env)

    @contextlib.contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Say what begins, and how long it took when it has come to its end."""
        self.heading(name)
        start = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - start
        print(f"--- {name}: {self.seconds[name]:.0f} s", flush=True)

    def time(self) -> str:
        return "Time: " + ", ".join(f"{name.split(':')[0].lower()} {took:.0f} s" for name, took in self.seconds.items())


def ansible(playbook: str, *options: str) -> list[str]:
    return [str(BIN / "ansible-playbook"), *options, f"playbooks/{playbook}.yml"]


def execute(command: Sequence[str], env: Mapping[str, str]) -> int:
    """The exit code of a command that runs with its output in sight."""
    return subprocess.run(command, env={**os.environ, **QUIET, **env}, check=False).returncode


def run(target: str, lab_down: str, journey: Callable[[], int]) -> int:
    """The exit code of a demonstration: its own, 2 when it could not go on, 130 when it was stopped."""
    os.chdir(ROOT)
    try:
        return journey()
    except PartError as problem:
        print(f"\ndemo: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\ndemo: stopped. `make {target}` goes on from here; `{lab_down}` takes the lab away.", file=sys.stderr)
        return 130


def privileged() -> bool:
    """Whether this user can do what booting machines needs."""
    if not shutil.which("apt-get"):
        return False
    if os.geteuid() == 0:
        return True
    sudo = shutil.which("sudo")
    return bool(sudo) and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0


def records() -> Path:
    return Path(os.environ.get("OPLEVER_RECORDS") or ROOT / "records")


def newest_record() -> Path:
    latest = (records() / "latest").resolve()
    if not (latest / "record.json").is_file():
        raise PartError(f"no record in {latest}: the run did not finish it; `.venv/bin/oplever report` tries again")
    return latest


def changes(record: Path) -> list[str]:
    """`host: task` for every task that changed something in that run."""
    steps = json.loads((record / "record.json").read_text(encoding="utf-8"))["steps"]
    return [f"{r['host']}: {step['name']}" for step in steps for r in step["results"] if r["status"] == "changed"]
