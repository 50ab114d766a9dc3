"""One machine of a lab, entered by its namespaces: what is planted may well break logging in and sudo."""

from __future__ import annotations

import hashlib
import io
import json
import shlex
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
ENGINE = ROOT / "plugins/module_utils"
PACKAGE = "ansible_collections/oplever/lab/plugins/module_utils"
PLACE = "/root/engine"
"""Where the engine lies on the machine."""
ATTACH = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def must(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
OPEN_TREE, MOVE_MOUNT, HERE, CLONE, EMPTY_PATH = 428, 429, -100, 1, 4
tree = must(libc.syscall(OPEN_TREE, HERE, sys.argv[1].encode(), CLONE))
must(libc.setns(os.open("/proc/%s/ns/mnt" % sys.argv[2], os.O_RDONLY), 0))
must(libc.syscall(MOVE_MOUNT, tree, b"", HERE, sys.argv[3].encode(), EMPTY_PATH))
"""
"""Mounts a directory of this host in the mount namespace of a process: what to mount, process, where."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class LabMachine:
    """A booted machine by its name in the inventory, in the lab of this checkout that is called `lab`."""

    lab: str
    name: str

    @property
    def place(self) -> Path:
        lab_id = hashlib.sha256(f"{ROOT}:{self.lab}".encode()).hexdigest()[:6]
        return Path("/var/lib/oplever") / lab_id / self.name

    @property
    def init(self) -> str:
        """The number on this host of the first process of the machine."""
        nspawn = int((self.place / "pid").read_text(encoding="utf-8"))
        return Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text(encoding="utf-8").split()[0]

    def attach(self, target: str) -> None:
        """Mount an empty directory of this host's disk there; the root of a machine is an overlay, on no device."""
        source = self.place / "disk"
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir()
        command = [sys.executable, "-c", ATTACH, str(source), self.init, target]
        done = subprocess.run(command, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr

    def run(self, *argv: str, stdin: bytes = b"", timeout: int = 300) -> subprocess.CompletedProcess[bytes]:
        """Run a command as root on the machine, with none of the environment here."""
        enter = ["nsenter", f"--target={self.init}", "--all", "--root", "--wd", "env", "--ignore-environment"]
        command = [*enter, f"PATH={PATH}", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *argv]
        return subprocess.run(command, input=stdin, capture_output=True, timeout=timeout, check=False)

    def shell(self, scripts: dict[str, str]) -> dict[str, str]:
        """Run shell lines by name in one round trip; name -> what went wrong, of those that failed."""
        lines = [
            f"bash -euo pipefail -c {shlex.quote(script)} </dev/null >/run/planted.out 2>&1 || "
            f'{{ echo "== {name}"; tail -n 5 /run/planted.out; }}'
            for name, script in scripts.items()
        ]
        done = self.run("bash", "-s", stdin="\n".join(lines).encode())
        parts = done.stdout.decode(errors="replace").split("== ")[1:]
        return {name.strip(): text.strip() for name, _, text in (part.partition("\n") for part in parts)}

    def bring_engine(self) -> None:
        """Put the check engine of this checkout on the machine."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(ENGINE, PACKAGE, filter=lambda entry: None if "__pycache__" in entry.name else entry)
            for name in ("probe.py", "package.sh", "merge.sh"):
                tar.add(Path(__file__).with_name(name), name)
        self.run("mkdir", "-p", PLACE)
        done = self.run("tar", "-C", PLACE, "-xf", "-", stdin=archive.getvalue())
        assert done.returncode == 0, done.stderr.decode()

    def audit(self, controls: list[dict[str, Any]], *view: str) -> dict[str, dict[str, Any]]:
        """What the engine says of these controls now: id -> result. `view` is the argument of probe.py."""
        done = self.run("python3", "-B", f"{PLACE}/probe.py", *view, stdin=json.dumps(controls).encode())
        assert done.returncode == 0, done.stderr.decode()[-3000:]
        return {result["id"]: result for result in json.loads(done.stdout)}
