"""Every planted change is named with right before and after, nothing else is, and what was undone is named no more.

Several independent changes at once on both releases; planted over SSH, looked at through the real module.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from oplever.record.causes import causes
from oplever.record.model import BAD, Record

from ..conftest import Lab  # type: ignore[import-not-found]
from .changes import HOSTS, Change, changes, differences, missing, unexpected
from .faults import faults, unnamed
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


@pytest.mark.parametrize(
    "number", [number if number == 1 else pytest.param(number, marks=pytest.mark.truth) for number in (1, 2, 3)]
)
def test_the_first_page_names_causes(servers: Lab, tmp_path: Path, number: int) -> None:
    """Several faults of services at once: each is named as a cause in the program's own words, and little else is."""
    planted = [fault for fault in faults() if fault.round == number]
    hosts = sorted({fault.host for fault in planted})
    wrong = {h: run(servers, tmp_path, h, [(f.id, f.plant) for f in planted if f.host == h]) for h in hosts}
    verify = ("playbooks/verify.yml", "--limit", "servers", "-e", "oplever_audit=false", "-e", "oplever_drift=false")
    try:
        assert servers.ansible(*verify, check=False).returncode == 2
        record = msgspec.convert(servers.latest()[1], Record)
        page = servers.oplever("show", "latest").stdout
    finally:
        undone = {h: run(servers, tmp_path, h, [(f.id, f.undo) for f in planted if f.host == h]) for h in hosts}
    failing = [test for test in record.tests if test.status in BAD]
    named = causes(failing, record.tests, record.systems)
    assert {**wrong, **{f"{host} undo": failed for host, failed in undone.items()}} == {
        name: {} for host in hosts for name in (host, f"{host} undo")
    }
    assert {fault.id: lines for fault in planted if (lines := unnamed(fault, named))} == {}
    assert len(named) <= len(planted), [f"{cause.test.host} {cause.test.id}" for cause in named]
    assert 0 < len(re.findall("(?m)^  ✗ ", page)) <= 8
    servers.ansible(*verify)


HOLDER = "import fcntl, time; lock = open('/var/lib/dpkg/lock-frontend', 'w'); fcntl.lockf(lock, fcntl.LOCK_EX)"


@pytest.mark.truth
def test_who_holds_the_lock_of_apt_is_named(servers: Lab) -> None:
    """apt waits a minute for it, and then only says that it is locked."""
    servers.shell("web1", f'systemd-run --quiet --unit=planted python3 -c "{HOLDER}; time.sleep(600)"')
    pid = servers.shell("web1", "systemctl show --property=MainPID --value planted").split()[-1]
    try:
        extra = '{"base_packages_extra": ["sl"]}'
        assert servers.ansible(
            "playbooks/site.yml", "-l", "web1", "--tags", "base", "-e", extra, check=False
        ).returncode
        record = servers.latest()[1]
    finally:
        servers.shell("web1", "systemctl stop planted")
    (fault,) = [fault for fault in record["faults"] if fault["kind"] == "task_failed"]
    assert f"It is held by process {pid} (python3)" in fault["symptom"]
    assert f"process {pid} (python3)" in servers.oplever("show", "latest").stdout.replace("\n                   ", " ")
