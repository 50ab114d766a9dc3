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
from .changes import HOSTS, Change, changes, differences, is_update, left, missing, name, unexpected
from .faults import faults, unnamed
from .planting import run

CHANGES = changes()
GROUPS = sorted({change.group for change in CHANGES})

LOOK = "tests/lab/truth/look.yml"
Looks = dict[str, dict[str, Any]]
"""Machine -> what the snapshot says."""


@pytest.fixture(scope="module")
def booted(lab: Lab) -> Lab:
    """The machines of the lab as Debian makes them, and what the changes need to be planted and seen."""
    lab.quiet.ansible("playbooks/lab_up.yml")
    lab.adhoc("servers", "-b", "-m", "ansible.builtin.apt", "-a", "name=nftables update_cache=true")
    return lab


@pytest.fixture(scope="module")
def servers(booted: Lab) -> Lab:
    """The two servers of the lab with their roles on them, hardened."""
    booted.quiet.ansible("playbooks/site.yml", "--limit", "servers", "--skip-tags", "intake,verify,handover")
    booted.adhoc("servers", "-b", "-m", "ansible.builtin.apt", "-a", "name=acl,libcap2-bin,e2fsprogs,openssl,cron")
    return booted


def look(lab: Lab, place: Path) -> Looks:
    place.mkdir()
    lab.quiet.ansible(LOOK, "-e", f"look_to={place}")
    return {host: json.loads((place / f"{host}.json").read_text(encoding="utf-8")) for host in HOSTS.values()}


def test_one_change_of_each_kind_is_named_and_nothing_else(booted: Lab, tmp_path: Path) -> None:
    assert wrong(booted, tmp_path, [change for change in CHANGES if change.sample]) == {}


@pytest.mark.truth
@pytest.mark.parametrize("group", GROUPS)
def test_changes_are_named_and_nothing_else(servers: Lab, tmp_path: Path, group: str) -> None:
    assert wrong(servers, tmp_path, [change for change in CHANGES if change.group == group]) == {}


def wrong(lab: Lab, place: Path, planted: list[Change]) -> dict[str, Any]:
    """What is not as it must be when these changes are prepared, planted and undone: lines by machine and change."""
    applying = plantable(lab, planted)
    untouched = look(lab, place / "untouched")
    lines, before = step(lab, place, applying, "prepare")
    more, after = step(lab, place, applying, "plant")
    lines |= more
    more, undone = step(lab, place, applying, "undo")
    lines |= more
    for host, some in applying.items():
        named = differences(host, before[host], after[host])
        shown = json.dumps(after[host])
        lines |= {f"{host} {change.id}": texts for change in some if (texts := missing(change, named, shown))}
        if alarms := unexpected(some, named):
            lines[f"{host} false alarms"] = alarms
        if still := left(some, differences(host, untouched[host], undone[host])):
            lines[f"{host} after the undo"] = still
    return lines


def plantable(lab: Lab, planted: list[Change]) -> dict[str, list[Change]]:
    """Host -> those of the changes for which it has the program."""
    applying = {host: [change for change in planted if change.on(host)] for host in HOSTS.values()}
    needs = {host: [(c.id, f"command -v {c.needs}") for c in some if c.needs] for host, some in applying.items()}
    lacking = run(lab, needs)
    return {host: [change for change in some if change.id not in lacking[host]] for host, some in applying.items()}


def step(lab: Lab, place: Path, planted: dict[str, list[Change]], name: str) -> tuple[dict[str, Any], Looks]:
    """Run one of the steps of all changes, and look: which of them failed and with what words, and what is seen then.
    The last one planted is the first one undone, since it may have kept what an earlier one made."""
    ordered = {host: some[::-1] if name == "undo" else some for host, some in planted.items()}
    lines = {host: [(change.id, getattr(change, name)) for change in some] for host, some in ordered.items()}
    failed = {
        f"{host} {name} {change}": text
        for host, texts in run(lab, lines).items()
        for change, text in texts.items()
    }  # fmt: skip
    return failed, look(lab, place / name)


ORDINARY = """
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --yes cron logrotate man-db unattended-upgrades >/dev/null
"""
A_DAY = """
apt-get -qq update
unattended-upgrade
logrotate --force /etc/logrotate.conf
journalctl --rotate --vacuum-time=1s --quiet
systemd-tmpfiles --create --clean --remove --exclude-prefix=/run --exclude-prefix=/dev
for job in /etc/cron.daily/*; do "$job" >/dev/null 2>&1 || echo "$job: $?"; done
for timer in $(systemctl list-unit-files --plain --no-legend --type=timer | awk '{ print $1 }'); do
  systemctl start "$(systemctl show --property=Unit --value "$timer")" || true
done
runuser -l beheer -c 'sudo -k; ls -la ~ >/dev/null; vi -c :q 2>/dev/null || true'
runuser -l beheer -c 'echo note > notes.txt; mkdir -p work; cp /bin/true work/tool; echo ls >> ~/.bash_history'
apt-get -qq install --yes hello >/dev/null
apt-get -qq purge --yes hello >/dev/null
systemctl daemon-reload
systemctl try-restart cron ssh 2>/dev/null || true
python3 -c 'import asyncio, http.server, xml.dom.minidom'
python3 -m compileall -q /usr/lib/python3/dist-packages >/dev/null 2>&1 || true
dpkg-reconfigure --frontend=noninteractive tzdata >/dev/null 2>&1
ldconfig
update-ca-certificates >/dev/null 2>&1
date > /tmp/report.txt
echo 'echo hi' > /tmp/script; sh /tmp/script >/dev/null; rm /tmp/script
"""
"""What happens by itself and by ordinary work: a day's timers and jobs, rotated logs, updates, somebody who logs in, a
package that is tried and taken away, services that are restarted, files that are made anew."""


@pytest.mark.truth
def test_a_day_of_ordinary_life_and_a_reboot_are_named_by_nobody(servers: Lab, tmp_path: Path) -> None:
    """Updates are told apart from drift, so packages may differ; nothing else may, in two looks."""
    for host in HOSTS.values():
        servers.shell(host, ORDINARY, timeout=600)
    before = look(servers, tmp_path / "before")
    for host in HOSTS.values():
        servers.shell(host, A_DAY, timeout=600)
    after_a_day = look(servers, tmp_path / "day")
    servers.adhoc("servers", "-b", "-m", "ansible.builtin.reboot", "-a", "reboot_timeout=120")
    for host in HOSTS.values():
        servers.shell(host, "systemctl is-system-running --wait || true", timeout=300)
    after_a_reboot = look(servers, tmp_path / "reboot")
    named = {
        f"{host} {state}": [name(test) for test in differences(host, before[host], seen[host]) if not is_update(test)]
        for host in HOSTS.values()
        for state, seen in (("day", after_a_day), ("reboot", after_a_reboot))
    }
    assert {key: names for key, names in named.items() if names} == {}


@pytest.fixture
def recorded(servers: Lab) -> Lab:
    """The same lab, with a record of each run."""
    return Lab(servers.records, {**servers.env, "OPLEVER_JOURNAL": "1"})


@pytest.mark.truth
@pytest.mark.parametrize("number", sorted({fault.round for fault in faults()}))
def test_the_first_page_names_causes(recorded: Lab, number: int) -> None:
    """Several faults of services at once: each is named as a cause in the program's own words, and little else is."""
    planted = [fault for fault in faults() if fault.round == number]
    hosts = sorted({fault.host for fault in planted})
    wrong = run(
        recorded, {host: [(fault.id, fault.plant) for fault in planted if fault.host == host] for host in hosts}
    )
    verify = ("playbooks/verify.yml", "--limit", "servers", "-e", "oplever_audit=false", "-e", "oplever_drift=false")
    try:
        assert recorded.ansible(*verify, check=False).returncode == 2
        record = msgspec.convert(recorded.latest()[1], Record)
        page = recorded.oplever("show", "latest").stdout
    finally:
        undo = {host: [(fault.id, fault.undo) for fault in planted if fault.host == host] for host in hosts}
        undone = run(recorded, undo)
    failing = [test for test in record.tests if test.status in BAD]
    named = causes(failing, record.tests, record.systems)
    assert {**wrong, **{f"{host} undo": failed for host, failed in undone.items()}} == {
        name: {} for host in hosts for name in (host, f"{host} undo")
    }
    assert {fault.id: lines for fault in planted if (lines := unnamed(fault, named))} == {}
    assert len(named) <= len(planted), [f"{cause.test.host} {cause.test.id}" for cause in named]
    assert 0 < len(re.findall("(?m)^  ✗ ", page)) <= 8
    recorded.ansible(*verify)


HOLDER = "import fcntl, time; lock = open('/var/lib/dpkg/lock-frontend', 'w'); fcntl.lockf(lock, fcntl.LOCK_EX)"


@pytest.mark.truth
def test_who_holds_the_lock_of_apt_is_named(recorded: Lab) -> None:
    """apt waits a minute for it, and then only says that it is locked."""
    recorded.shell("web1", f'systemd-run --quiet --unit=planted python3 -c "{HOLDER}; time.sleep(600)"')
    pid = recorded.shell("web1", "systemctl show --property=MainPID --value planted").split()[-1]
    try:
        extra = '{"base_packages_extra": ["sl"]}'
        assert recorded.ansible(
            "playbooks/site.yml", "-l", "web1", "--tags", "base", "-e", extra, check=False
        ).returncode
        record = recorded.latest()[1]
    finally:
        recorded.shell("web1", "systemctl stop planted")
    (fault,) = [fault for fault in record["faults"] if fault["kind"] == "task_failed"]
    assert f"It is held by process {pid} (python3)" in fault["symptom"]
    assert f"process {pid} (python3)" in recorded.oplever("show", "latest").stdout.replace("\n                   ", " ")
