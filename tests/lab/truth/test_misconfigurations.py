"""Every planted misconfiguration is named by its control on a machine that runs, and no longer when it is undone.

Planted over SSH on both releases, those together that do not meet; audited through the real module.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Lab  # type: ignore[import-not-found]
from .changes import HOSTS
from .misconfigurations import misconfigurations, named, rounds
from .planting import run

pytestmark = pytest.mark.truth
ROUNDS = rounds(misconfigurations())
PLACES = "/etc /opt /usr/local $(ls -d /var/spool/cron 2>/dev/null)"
FILES = f"find {PLACES} -xdev -type f -exec md5sum {{}} + 2>/dev/null | sort -k 2"
Results = dict[str, dict[str, dict[str, Any]]]
"""Machine -> control -> result."""


@pytest.fixture(scope="module")
def servers(lab: Lab) -> Lab:
    """The two servers of the lab, delivered and hardened."""
    lab.ansible("playbooks/lab_up.yml")
    lab.ansible("playbooks/site.yml", "--limit", "servers", "-e", "oplever_audit=false")
    return lab


def files(lab: Lab) -> dict[str, set[str]]:
    """Machine -> its settings, each file with its digest."""
    return {host: set(lab.shell(host, FILES).splitlines()) for host in HOSTS.values()}


def audit(lab: Lab, place: Path, controls: set[str]) -> Results:
    place.mkdir()
    variables = json.dumps({"audit_controls": sorted(controls), "audit_to": str(place)})
    lab.ansible("tests/lab/truth/audit.yml", "-e", variables)
    read = {host: json.loads((place / f"{host}.json").read_text(encoding="utf-8")) for host in HOSTS.values()}
    return {host: {result["id"]: result for result in results} for host, results in read.items()}


@pytest.mark.parametrize("number", range(len(ROUNDS)))
def test_it_is_named_and_no_longer_when_it_is_undone(servers: Lab, tmp_path: Path, number: int) -> None:
    planted = {host: [entry for entry in ROUNDS[number] if entry.on(host)] for host in HOSTS.values()}
    controls = {control for entry in ROUNDS[number] for control in entry.controls}
    before = audit(servers, tmp_path / "before", controls)
    files_before = files(servers)
    wrong: dict[str, Any] = {}
    lines = {host: [(entry.id, entry.plant) for entry in entries] for host, entries in planted.items()}
    for host, failed in run(servers, lines).items():
        wrong |= {f"{host} plant {entry}": text for entry, text in failed.items()}
    during = audit(servers, tmp_path / "during", controls)
    lines = {host: [(entry.id, entry.undo) for entry in entries] for host, entries in planted.items()}
    for host, failed in run(servers, lines).items():
        wrong |= {f"{host} undo {entry}": text for entry, text in failed.items()}
    after = audit(servers, tmp_path / "after", controls)
    files_after = files(servers)
    for host, entries in planted.items():
        wrong |= {f"{host} {entry.id}": lines for entry in entries if (lines := named(entry, during[host]))}
        was, came_back = before[host], after[host]
        changed = [name for name in controls if (was[name]["status"], was[name]["found"])
                   != (came_back[name]["status"], came_back[name]["found"])]  # fmt: skip
        changed += sorted(files_before[host] ^ files_after[host])
        wrong |= {f"{host} after the undo": changed} if changed else {}
    assert wrong == {}
