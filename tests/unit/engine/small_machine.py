"""A small tree that is a machine to the sources of the snapshot, and what they say of it."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Completed, Machine, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import (
    facts,
)
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.collect import Places

MOUNTS = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n23 22 0:5 / /proc rw - proc proc rw\n"


TAC = b"#!tac\n"


class Scripted(Machine):
    """The tree of a test; commands say what `answers` has for the words they begin with."""

    def __init__(self, root: Path, answers: dict[str, str] | None = None) -> None:
        super().__init__(str(root))
        self.answers = answers or {}

    def tool(self, argv: list[str], *more: Any, **named: Any) -> Completed:
        line = " ".join(argv)
        for begin, text in self.answers.items():
            if line.startswith(begin):
                return Completed(0, text)
        raise UnreadableError(f"there is no command {argv[0]}")


@pytest.fixture(autouse=True)
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only root sees everything; of a tree of our own we see everything anyway."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.fixture
def machine(tmp_path: Path) -> Scripted:
    result = Scripted(tmp_path)
    texts = {
        "/proc/self/mountinfo": MOUNTS,
        "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\njan:x:1000:1000::/home/jan:/bin/bash\n",
        "/etc/shadow": "root:*:20000:0:99999:7:::\njan:$y$hash:20000:0:99999:7:::\n",
        "/etc/group": "root:x:0:\njan:x:1000:\nsudo:x:27:jan\n",
        "/etc/machine-id": "0123456789abcdef\n",
        "/etc/ssh/ssh_host_ed25519_key": "PRIVATE",
        "/etc/motd": "hello\n",
        "/var/lib/dpkg/status": "Package: coreutils\nStatus: install ok installed\nVersion: 9.1\nArchitecture: amd64\n"
        f"Conffiles:\n /etc/motd {hashlib.md5(b'hello' + bytes([10]), usedforsecurity=False).hexdigest()}\n\n"
        "Package: dpkg\nStatus: install ok installed\nVersion: 1.21\nArchitecture: amd64\n",
        "/var/lib/dpkg/info/coreutils.list": "/.\n/usr\n/usr/bin\n/usr/bin/tac\n/usr/bin/gone\n/etc/motd\n",
        "/var/lib/dpkg/info/coreutils.md5sums": f"{hashlib.md5(TAC, usedforsecurity=False).hexdigest()}  usr/bin/tac\n",
    }
    for path, text in texts.items():
        put(result, path, text)
    put(result, "/usr/bin/tac", TAC.decode(), 0o755)
    return result


def put(machine: Machine, path: str, text: str = "", mode: int = 0o644) -> Path:
    file = Path(machine.root + path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def pem(content: bytes) -> str:
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    return f"{begin}\n{base64.b64encode(content).decode()}\n{end}\n"


def words_of(source: ModuleType, machine: Machine, **places: Any) -> dict[tuple[str, str], str]:
    """(kind, key) -> words; what was not seen has the key ?."""
    fresh = Scripted(Path(machine.root), getattr(machine, "answers", {}))
    return {
        (fact.kind, "?" if isinstance(fact, facts.Unseen) else fact.key): fact[-1]
        if isinstance(fact, facts.Unseen)
        else fact.words
        for fact in source.collect(fresh, Places(**places))
    }


def texts(source: ModuleType, machine: Machine, **places: Any) -> dict[str, str]:
    fresh = Scripted(Path(machine.root))
    return {fact.key: fact.text for fact in source.collect(fresh, Places(**places)) if getattr(fact, "text", None)}
