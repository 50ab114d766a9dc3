"""Start a real Ansible command with the recorder in an empty place, and read what came of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
from oplever import store
from oplever.journal.reader import read
from oplever.kinds.derive import derive
from oplever.record.model import Recap, Record

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
SCHEMA = json.loads((ROOT / "docs/reference/journal.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
KEPT = ("ANSIBLE_CALLBACK_PLUGINS",)
"""With which `tools/pool` has the archives of modules kept."""
GONE = {"ansible_host": "127.0.0.9", "ansible_port": 9, "ansible_ssh_retries": 0}
"""A machine that does not answer: nobody listens on that port of the loopback."""


@dataclass
class Place:
    """A directory for one test: inventory and playbooks in it, records below it."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def records(self) -> Path:
        return self.path / "records"

    @property
    def record(self) -> Path:
        return (self.records / "latest").resolve()

    def write(self, name: str, content: Any) -> Path:
        """A file; anything but text is written as JSON, which YAML includes."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
        return path

    def inventory(self, hosts: dict[str, dict[str, Any]], **groups: list[str]) -> Path:
        children = {group: {"hosts": {name: {} for name in members}} for group, members in groups.items()}
        return self.write("hosts.json", {"all": {"hosts": hosts, "children": children}})

    def env(self, **more: str) -> dict[str, str]:
        settings = {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
            "ANSIBLE_CALLBACKS_ENABLED": "oplever.lab.journal",
            "ANSIBLE_LOCAL_TEMP": str(self.path / "tmp"),
            "OPLEVER_RECORDS": str(self.records),
            "OPLEVER_DOCUMENTS": "0",
            "PATH": f"{BIN}:{os.environ['PATH']}",
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "OPLEVER_")) or k in KEPT}
        return {**inherited, **settings, **self.environment, **more}

    def start(self, *argv: str, **options: Any) -> subprocess.Popen[str]:
        env = self.env(**options.pop("env", {}))
        return subprocess.Popen([*argv], cwd=self.path, env=env, text=True, **options)

    def play(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """`ansible-playbook` with the inventory of this place."""
        return self.run(str(BIN / "ansible-playbook"), "-i", "hosts.json", *arguments, **options)

    def run(self, *argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
        env = self.env(**options.pop("env", {}))
        return subprocess.run(
            [*argv], cwd=self.path, env=env, capture_output=True, text=True, timeout=170, check=False, **options
        )

    def journal(self) -> list[dict[str, Any]]:
        return lines(self.record)

    def derived(self) -> Record:
        return store.load(self.record)


def lines(record: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (record / "journal.jsonl").read_bytes().splitlines()]


def recap(stdout: str) -> dict[str, dict[str, int]]:
    """The last PLAY RECAP as Ansible printed it."""
    stdout = re.sub(r"\x1b\[[0-9;]*m", "", stdout)
    rows = [line for line in stdout.rsplit("PLAY RECAP", 1)[1].splitlines() if " : ok=" in line]
    pairs = (row.split(" : ", 1) for row in rows)
    return {host.strip(): {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", counts)} for host, counts in pairs}


def recaps(record: Record) -> dict[str, dict[str, int]]:
    """The counts in a record, of hosts that Ansible's recap has too."""
    counts = {
        system.name: {key: getattr(system.recap, key) for key in Recap.__struct_fields__} for system in record.systems
    }
    return {host: row for host, row in counts.items() if any(row.values())}


def without_recap(record: Path) -> Record:
    """The record as if the run had been cut off just before Ansible counted."""
    lines = (record / "journal.jsonl").read_bytes().splitlines(keepends=True)
    return derive(read(line for line in lines if b'"kind":"stats"' not in line and b'"kind":"run_end"' not in line))


def invalid(record: Path) -> list[str]:
    """What the JSON Schema has against the journal, and jumps in its numbering."""
    journal = lines(record)
    problems = [f"line {n}: {error.message}" for n, line in enumerate(journal) for error in VALIDATOR.iter_errors(line)]
    return problems + [f"line {n} has seq {line['seq']}" for n, line in enumerate(journal) if line["seq"] != n]
