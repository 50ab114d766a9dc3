"""The description of one lab, and what every part needs: running a command, an error in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CACHE = Path("/var/cache/oplever")
STATE = Path("/var/lib/oplever")


class LabError(Exception):
    """What is wrong, and what to do about it, in one line."""


class BusyError(LabError):
    """Somebody else works on the same thing: try again in a moment."""


@dataclass(frozen=True)
class Machine:
    name: str
    release: str
    address: str


@dataclass
class Spec:
    """One lab: `id` is in every name; `subnet` is the first three octets; `checkout` says whose it is; `usage` is a
    file that gets the processor time of its machines, or empty; `anew` are the machines that are thrown away first."""

    id: str
    name: str
    checkout: str
    subnet: str
    domain: str
    user: str
    public_key: str
    fresh: bool
    timeout: int
    machines: list[Machine]
    host_keys: dict[str, str]
    bytecode: bool = False
    usage: str = ""
    anew: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)

    @property
    def bridge(self) -> str:
        return f"opl{self.id}"

    @property
    def table(self) -> str:
        return f"oplever_{self.id}"

    @property
    def directory(self) -> Path:
        return STATE / self.id

    def full_name(self, machine: Machine) -> str:
        return f"opl{self.id}-{machine.name}"

    def did(self, what: str) -> None:
        self.actions.append(what)


def read_spec() -> Spec:
    data: dict[str, Any] = json.load(sys.stdin)
    machines = [
        Machine(m["name"], m["release"], f"{data['subnet']}.{m['address']}") for m in data["machines"]
    ]  # fmt: skip
    return Spec(**{**data, "machines": machines})


def run(*argv: str, check: bool = True, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(argv, text=True, capture_output=True, input=stdin, check=False)
    if check and done.returncode:
        tail = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no output"]
        raise LabError(f"{' '.join(argv[:3])} failed: {tail[0]}")
    return done
