"""One virtual machine: started, reached over SSH on the loopback address, restarted, ended."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernel.image import USER, Image, qemu

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PATIENCE = 1200
"""Seconds that a boot may take; by translation it takes two minutes, and ten on a host with much else to do."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class VirtualMachine:
    """A machine that runs from an image; what it writes is gone when it ends. `place` is a directory for its papers."""

    image: Image
    place: Path
    name: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def console(self) -> Path:
        return self.place / "console.log"

    @property
    def inventory(self) -> Path:
        return self.place / "hosts.yml"

    @property
    def records(self) -> Path:
        return self.place / "records"

    def start(self) -> None:
        self.write_inventory()
        stick = self.place / "stick.img"
        stick.write_bytes(bytes(1 << 20))
        command = [
            *qemu(), "-serial", f"file:{self.console}",
            "-drive", f"file={self.image.disk},if=virtio,format=raw,snapshot=on",
            "-nic", f"user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:{self.port}-:22",
            "-drive", f"file={stick},if=none,id=stick,format=raw",
            "-device", "qemu-xhci", "-device", "usb-storage,drive=stick",
        ]  # fmt: skip
        with (self.place / "qemu.log").open("wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_for_boot("")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def write_inventory(self) -> None:
        ssh = f"-o UserKnownHostsFile={self.place / 'known_hosts'} -o StrictHostKeyChecking=accept-new"
        host = {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.port,
            "ansible_user": USER,
            "ansible_ssh_private_key_file": str(self.image.key),
            "ansible_ssh_common_args": ssh,
            # Every step of Python takes seconds in a machine that is translated.
            "ansible_timeout": 120,
        }
        inventory = {"all": {"hosts": {self.name: host}}}
        self.inventory.write_text(json.dumps(inventory), encoding="utf-8")

    def shell(self, command: str, *, check: bool = True, timeout: int = 300) -> str:
        """Standard output of a command as root, over a connection of its own."""
        argv = [
            "ssh", "-q", "-i", str(self.image.key), "-p", str(self.port), "-o", "BatchMode=yes",
            "-o", f"UserKnownHostsFile={self.place / 'known_hosts'}", "-o", "StrictHostKeyChecking=accept-new",
            "-o", "ConnectTimeout=30", f"{USER}@127.0.0.1", "sudo", "sh", "-s",
        ]  # fmt: skip
        done = subprocess.run(argv, input=command, text=True, capture_output=True, timeout=timeout, check=False)
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}\n{self.last_words()}"
        return done.stdout

    def restart(self) -> None:
        before = self.boot_id()
        self.shell("systemctl reboot", check=False)
        self.wait_for_boot(before)

    def boot_id(self) -> str:
        try:
            return self.shell("cat /proc/sys/kernel/random/boot_id", check=False, timeout=60).strip()
        except subprocess.TimeoutExpired:
            return ""

    def wait_for_boot(self, before: str) -> None:
        """Until the admin gets in, after another boot than `before`, and systemd has started everything."""
        deadline = time.monotonic() + PATIENCE
        while self.boot_id() in ("", before):
            assert self.process is not None
            assert self.process.poll() is None, f"qemu ended: {(self.place / 'qemu.log').read_text(encoding='utf-8')}"
            assert time.monotonic() < deadline, f"{self.name} lets nobody in:\n{self.last_words()}"
            time.sleep(1)
        self.shell("systemctl is-system-running --wait", check=False, timeout=PATIENCE)

    def last_words(self) -> str:
        return "\n".join(self.console.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])

    def play(
        self, playbook: str, variables: dict[str, Any], *more: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a playbook on it, as an admin would; its output is the message when it fails."""
        command = [str(BIN / "ansible-playbook"), "-i", str(self.inventory), f"playbooks/{playbook}.yml"]
        command += ["-e", json.dumps(variables), *more]
        env = {**os.environ, "OPLEVER_RECORDS": str(self.records), "PATH": f"{BIN}:{os.environ['PATH']}"}
        done = subprocess.run(command, cwd=ROOT, env=env, text=True, capture_output=True, timeout=1800, check=False)
        assert not check or done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        return done

    def record(self) -> dict[str, Any]:
        """The record of the latest run."""
        path = self.records / "latest" / "record.json"
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return record
