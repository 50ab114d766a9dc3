"""Where a run comes from: who, on which machine, with which versions, from which commit."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import pwd
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

GIT_TIMEOUT = 3.0
"""Seconds. A repository on a slow file system must not hold up the play."""


def controller() -> str:
    return platform.node()


def account() -> str:
    """Name of the operating-system account that runs Ansible."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def person(operator: str | None) -> str | None:
    """Who is behind the account: the option `operator`, else who called sudo, else nobody is named."""
    return operator or os.environ.get("SUDO_USER") or None


def boot_id() -> str | None:
    """Tells runs before and after a restart of the controller apart, which a process id alone does not."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return None


def collection_version(root: Path) -> str | None:
    """Version of the collection at `root`: MANIFEST.json when installed, galaxy.yml in a checkout."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads((root / "MANIFEST.json").read_text(encoding="utf-8"))["collection_info"]["version"])
    with contextlib.suppress(OSError):
        match = re.search(r"^version:\s*[\"']?([^\s\"']+)", (root / "galaxy.yml").read_text(encoding="utf-8"), re.M)
        return match[1] if match else None
    return None


def collections_in_use() -> dict[str, str | None]:
    """Collections that Ansible has loaded something from so far, with their versions."""
    versions = {}
    for name, module in list(sys.modules.items()):
        parts = name.split(".")
        if len(parts) == 3 and parts[0] == "ansible_collections" and parts[1:] != ["ansible", "builtin"]:
            path = next(iter(getattr(module, "__path__", ())), None)
            versions[".".join(parts[1:])] = collection_version(Path(path)) if path else None
    return dict(sorted(versions.items()))


def commit(directory: str) -> tuple[str | None, bool | None]:
    """(commit, whether anything is changed or new beside it) of the git repository around `directory`; (None, None)
    when there is none, git is missing, or it takes too long."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    command = ["git", "-C", directory, "status", "--porcelain=v2", "--branch"]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=GIT_TIMEOUT, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None, None
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    head = next((line.rpartition(" ")[2] for line in lines if line.startswith("# branch.oid ")), None)
    if head in (None, "(initial)"):
        return None, None
    return head, any(not line.startswith("#") for line in lines)


def run_facts(operator: str | None, playbook_directory: str) -> dict[str, Any]:
    """What the first line says about the process and its surroundings."""
    head, dirty = commit(playbook_directory)
    return {
        "pid": os.getpid(),
        "boot_id": boot_id(),
        "controller": controller(),
        "account": account(),
        "person": person(operator),
        "cwd": os.getcwd(),
        "commit": head,
        "dirty": dirty,
    }
