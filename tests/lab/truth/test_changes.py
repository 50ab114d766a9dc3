"""Every planted change is named with right before and after, nothing else is, and what was undone is named no more.

Several independent changes at once on both releases; planted over SSH, looked at through the real module.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Lab  # type: ignore[import-not-found]
from .changes import HOSTS, Change, changes, differences, missing, unexpected
from .planting import run

CHANGES = changes()
GROUPS = sorted({change.group for change in CHANGES})
QUICK = ("access", "programs")
"""What `make test` plants; `make truth` plants all."""
LOOK = "tests/lab/truth/look.yml"


@pytest.fixture(scope="module")
def servers(request: pytest.FixtureRequest, lab: Lab) -> Lab:
    """The two servers of the lab, with all their roles on them, or with those that the groups in QUICK are about."""
    everything = any(item.get_closest_marker("truth") for item in request.session.items)
    quiet = Lab(lab.records, {**lab.env, "OPLEVER_JOURNAL": "0"})
    quiet.ansible("playbooks/lab_up.yml")
    part = ("--skip-tags", "intake,verify,handover") if everything else ("--tags", "base,sshd,firewall")
    quiet.ansible("playbooks/site.yml", "--limit", "servers", *part)
    quiet.adhoc("servers", "-b", "-m", "ansible.builtin.apt", "-a", "name=acl,libcap2-bin,e2fsprogs,openssl,cron")
    return quiet


def look(lab: Lab, place: Path) -> dict[str, dict[str, Any]]:
    place.mkdir()
    lab.ansible(LOOK, "-e", f"look_to={place}")
    return {host: json.loads((place / f"{host}.json").read_text(encoding="utf-8")) for host in HOSTS.values()}


def lacks(lab: Lab, host: str, group: list[Change]) -> set[str]:
    """Ids of the changes for which a machine has no program."""
    return set(run(lab, host, [(change.id, f"command -v {change.needs}") for change in group if change.needs]))


@pytest.mark.parametrize(
    "group", [group if group in QUICK else pytest.param(group, marks=pytest.mark.truth) for group in GROUPS]
)
def test_changes_are_named_and_nothing_else(servers: Lab, tmp_path: Path, group: str) -> None:
    planted: dict[str, list[Change]] = {}
    for host in HOSTS.values():
        changes_here = [change for change in CHANGES if change.group == group and change.on(host)]
        lacking = lacks(servers, host, changes_here)
        planted[host] = [change for change in changes_here if change.id not in lacking]
    wrong: dict[str, Any] = {}
    looks: dict[str, dict[str, dict[str, Any]]] = {}
    for step, state in (("prepare", "before"), ("plant", "after"), ("undo", "undone")):
        for host, group_of_host in planted.items():
            failed = run(servers, host, [(change.id, getattr(change, step)) for change in group_of_host])
            wrong |= {f"{host} {step} {change}": text for change, text in failed.items()}
        looks[state] = look(servers, tmp_path / state)
    for host, group_of_host in planted.items():
        named = differences(host, looks["before"][host], looks["after"][host])
        shown = json.dumps(looks["after"][host])
        wrong |= {f"{host} {change.id}": lines for change in group_of_host if (lines := missing(change, named, shown))}
        if alarms := unexpected(group_of_host, named):
            wrong[f"{host} false alarms"] = alarms
        prepared = [change for change in group_of_host if change.prepare]  # these are taken away by their undo
        if still := unexpected(prepared, differences(host, looks["before"][host], looks["undone"][host])):
            wrong[f"{host} after the undo"] = still
    assert wrong == {}
