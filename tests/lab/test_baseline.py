"""The security baseline on booted machines: audited without a trace, hardened without shutting anybody out, remembered."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import BIN, ROOT, Lab  # type: ignore[import-not-found]

EXCEPTIONS = """
- {id: U-1, control: SUDO-004, hosts: [lab], reason: a key, owner: ICT, approver: M. de Wit, expires: 2099-01-01}
- {id: U-2, control: LOG-007, hosts: [srv1], reason: later, owner: ICT, expires: 2099-01-01}
- {id: U-3, control: SUDO-012, hosts: [lab], reason: a key, owner: ICT, approver: M. de Wit, expires: 2020-01-01}
"""
STATE = "find / -xdev ! -path '/proc/*' ! -path '/sys/*' ! -path '/var/log/*' ! -path '/run/*' ! -path '/tmp/*' -newer /run/audit"


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Two fresh stock machines, Debian 12 and 13, with exceptions in a file of this test."""
    records = tmp_path_factory.mktemp("records")
    exceptions = tmp_path_factory.mktemp("exceptions") / "exceptions.yml"
    exceptions.write_text(EXCEPTIONS, encoding="utf-8")
    env = {**os.environ, "OPLEVER_LAB": "baseline", "OPLEVER_RECORDS": str(records), "OPLEVER_DOCUMENTS": "0"}
    env["PATH"] = f"{BIN}:{env['PATH']}"
    lab, quiet = Lab(records, env), Lab(records, {**env, "OPLEVER_JOURNAL": "0"})
    quiet.ansible("playbooks/lab_up.yml")
    yield lab
    quiet.ansible("playbooks/lab_down.yml")


def play(lab: Lab, playbook: str, *more: str) -> dict[str, Any]:
    """Run a playbook on the two servers and give its record."""
    file = Path(lab.records).parent
    file = next(file.parent.glob("*/exceptions*/exceptions.yml"), None) or next(file.glob("exceptions*/exceptions.yml"))
    lab.ansible(f"playbooks/{playbook}.yml", "-l", "srv1,web1", "-e", f"oplever_exceptions_file={file}", *more)
    directory = (lab.records / "latest").resolve()
    done = subprocess.run(
        [str(BIN / "oplever"), "report", str(directory)],
        cwd=ROOT,
        env=lab.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    record: dict[str, Any] = json.loads((directory / "record.json").read_text(encoding="utf-8"))
    return record


def failing(record: dict[str, Any], host: str, *severities: str) -> set[str]:
    return {
        control["id"]
        for control in record["baseline"]["controls"]
        if control["host"] == host and control["after"] in ("fail", "error") and control["severity"] in severities
    }
