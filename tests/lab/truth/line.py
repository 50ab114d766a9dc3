"""Plant on machines of the lab over SSH, as somebody with the rights of root would, and ask the check engine there.

One connection to each machine stays open: of what is planted, some lets nobody in anew.
"""

from __future__ import annotations

import io
import json
import shlex
import subprocess
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..conftest import ROOT, Lab  # type: ignore[import-not-found]
from .changes import failures, script

PLACE = "/run/engine"
"""Where the engine lies on a machine."""
PACKAGE = "ansible_collections/oplever/lab/plugins/module_utils"
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Line:
    """An SSH connection to a machine that stays open; `sockets` is a directory for its socket."""

    lab: Lab
    host: str
    sockets: Path

    def run(self, *command: str, stdin: bytes = b"", timeout: int = 300) -> str:
        """What a command prints that root runs. Raises AssertionError with its own words when it fails."""
        program, *words = self.lab.ssh(self.host)
        shared = [f"ControlPath={self.sockets}/{self.host}", "ControlMaster=auto", "ControlPersist=600"]
        options = [word for setting in shared for word in ("-o", setting)]
        argv = [program, *options, *words, "sudo -n -H " + shlex.join(command)]
        done = subprocess.run(argv, input=stdin, capture_output=True, timeout=timeout, check=False)
        assert done.returncode == 0, f"{self.host}: {command}\n{done.stderr.decode(errors='replace')[-3000:]}"
        return done.stdout.decode(errors="replace")

    def close(self) -> None:
        program, *words = self.lab.ssh(self.host)
        command = [program, "-o", f"ControlPath={self.sockets}/{self.host}", "-O", "exit", *words]
        subprocess.run(command, capture_output=True, check=False)

    def bring_engine(self) -> None:
        """Put the check engine of this checkout on the machine."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w", dereference=True) as tar:
            tar.add(ROOT / "plugins/module_utils", PACKAGE, filter=_source)
            tar.add(ROOT / "tests/lab/planted/probe.py", "probe.py")
        self.run("sh", "-c", f"mkdir -p {PLACE} && tar -C {PLACE} -xf -", stdin=archive.getvalue())

    def audit(self, controls: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """What the engine says of these controls now: id -> result. It is told that this is no container."""
        answer = self.run("python3", "-B", f"{PLACE}/probe.py", "machine", stdin=json.dumps(controls).encode())
        return {result["id"]: result for result in json.loads(answer)}

    def shell(self, lines: list[tuple[str, str]]) -> dict[str, str]:
        """Run shell lines by id; id -> what went wrong."""
        return failures(self.run("bash", "-s", stdin=script(lines).encode()))


def _source(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in entry.name else entry


def on_each(lines: dict[str, Line], act: Callable[[Line], Answer]) -> dict[str, Answer]:
    """What an act gives on each machine, on all at once."""
    with ThreadPoolExecutor(len(lines)) as pool:
        return dict(zip(lines, pool.map(act, lines.values()), strict=True))
