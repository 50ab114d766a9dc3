"""Whole journeys on booted machines: these tests need root and some minutes (`make test` runs them)."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from programs import program

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
ACCESS = program(ROOT / "tools/lab_access.py")


@dataclass(frozen=True)
class Lab:
    """The lab of these tests: its own name, so that a developer's demo lab keeps running beside it."""

    records: Path
    env: dict[str, str]

    @property
    def quiet(self) -> Lab:
        """The same lab, without records of what is done."""
        return Lab(self.records, {**self.env, "OPLEVER_JOURNAL": "0"})

    def ansible(self, *args: str, check: bool = True, timeout: int = 1200) -> subprocess.CompletedProcess[str]:
        """Run ansible-playbook from the repository root; the output shows when it fails unexpectedly."""
        done = subprocess.run(
            [str(BIN / "ansible-playbook"), *args],
            cwd=ROOT, env=self.env, text=True, capture_output=True, timeout=timeout, check=False,
        )  # fmt: skip
        fatal = "\n".join(line[:2000] for line in done.stdout.splitlines() if line.startswith(("fatal:", "failed:")))
        shown = f"{args}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}\n{fatal}"
        assert not check or done.returncode == 0, shown
        return done

    def demo(self, *, fresh: bool = False) -> subprocess.CompletedProcess[str]:
        """What `make demo` calls, on this lab."""
        env = {**self.env, "OPLEVER_LAB_FRESH": "1"} if fresh else self.env
        return subprocess.run(
            [str(ROOT / "tools/demo")], cwd=ROOT, env=env, text=True, capture_output=True, timeout=1800, check=False
        )

    def oplever(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BIN / "oplever"), *args], cwd=ROOT, env=self.env, text=True, capture_output=True, check=False
        )

    def shell(self, host: str, command: str, *options: str, sudo: bool = True, timeout: int = 120) -> str:
        """Do by hand what somebody might do on a machine, over an SSH connection of its own with these options of ssh;
        what the command prints, errors too. Raises AssertionError, with that text, when it fails."""
        words = [*self.ssh(host), *options, "sudo -n -H " * sudo + "sh -c " + shlex.quote(command)]
        pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
        done = subprocess.run(words, text=True, timeout=timeout, check=False, **pipe)
        assert done.returncode == 0, f"{host}: {command}\n{done.stdout}"
        return done.stdout

    def ssh(self, host: str) -> list[str]:
        """The start of a command that runs on a machine, as its administrator."""
        words: list[str] = ACCESS.ssh(ROOT / ".lab" / self.env["OPLEVER_LAB"], host)
        return words

    def adhoc(self, hosts: str, *args: str) -> str:
        """One module on some machines, outside any record; gives what ansible said."""
        done = subprocess.run(
            [str(BIN / "ansible"), hosts, *args],
            cwd=ROOT, env={**self.env, "OPLEVER_JOURNAL": "0"}, text=True, capture_output=True, timeout=300,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def all(self) -> list[Path]:
        """The records of this lab, oldest first."""
        return sorted(path for path in self.records.iterdir() if not path.is_symlink())

    def latest(self) -> tuple[Path, dict[str, Any]]:
        directory = (self.records / "latest").resolve()
        return directory, json.loads((directory / "record.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Fresh machines for one module of tests, in a lab with the name of that module: two of them can run at once."""
    records = tmp_path_factory.mktemp("records")
    env = {**os.environ, "OPLEVER_LAB": request.path.stem.removeprefix("test_"), "OPLEVER_RECORDS": str(records)}
    env["PATH"] = f"{BIN}:{env['PATH']}"
    yield Lab(records, env)
    Lab(records, env).quiet.ansible("playbooks/lab_down.yml")
