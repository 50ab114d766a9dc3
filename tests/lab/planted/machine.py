"""One machine of a lab, entered by its namespaces: what is planted may well break logging in and sudo."""

from __future__ import annotations

import hashlib
import io
import json
import shlex
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
ENGINE = ROOT / "plugins/module_utils"
PACKAGE = "ansible_collections/oplever/lab/plugins/module_utils"
PLACE = "/root/engine"
"""Where the engine lies on the machine."""
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

    def run(self, *argv: str, stdin: bytes = b"", timeout: int = 300) -> subprocess.CompletedProcess[bytes]:
        """Run a command as root on the machine, with none of the environment here."""
        nspawn = int((self.place / "pid").read_text(encoding="utf-8"))
        init = Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text(encoding="utf-8").split()[0]
        enter = ["nsenter", f"--target={init}", "--all", "--root", "--wd", "env", "--ignore-environment"]
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
            for name in ("probe.py", "package.sh"):
                tar.add(Path(__file__).with_name(name), name)
        self.run("mkdir", "-p", PLACE)
        done = self.run("tar", "-C", PLACE, "-xf", "-", stdin=archive.getvalue())
        assert done.returncode == 0, done.stderr.decode()

    def audit(self, controls: list[dict[str, Any]], *view: str) -> dict[str, dict[str, Any]]:
        """What the engine says of these controls now: id -> result. `view` is the argument of probe.py."""
        done = self.run("python3", "-B", f"{PLACE}/probe.py", *view, stdin=json.dumps(controls).encode())
        assert done.returncode == 0, done.stderr.decode()[-3000:]
        return {result["id"]: result for result in json.loads(done.stdout)}
