"""The security baseline on booted machines: audited without a trace, hardened without shutting anybody out."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .conftest import BIN, Lab  # type: ignore[import-not-found]

pytestmark = pytest.mark.truth

HOSTS = ("srv1", "web1")
EXCEPTIONS = """
- {id: U-1, control: SUDO-004, hosts: [lab], reason: a key, owner: ICT, approver: M. de Wit, expires: 2099-01-01}
- {id: U-2, control: LOG-007, hosts: [srv1], reason: later, owner: ICT, expires: 2099-01-01}
- {id: U-3, control: SUDO-012, hosts: [lab], reason: a key, owner: ICT, approver: M. de Wit, expires: 2020-01-01}
"""
# What changes by itself on a machine that somebody merely logs in to.
QUIET = ("/proc", "/sys", "/run", "/dev", "/tmp", "/var/tmp", "/var/log", "/var/lib/systemd", "/root/.ansible", "/home")  # noqa: S108
# What the role changes in files, but for what packages that it installs bring.
HARDENED = (
    "/etc/ssh /etc/sudoers /etc/sudoers.d /etc/sysctl.d /etc/modprobe.d /etc/systemd/*.d"
    " /etc/systemd/system/tmp.mount.d"
    " /etc/security/limits.d /etc/security/faillock.conf /etc/login.defs /etc/default/useradd /etc/pam.d/common-auth"
    " /etc/pam.d/common-account /etc/pam.d/su /etc/crontab /etc/cron.* /etc/audit/rules.d /etc/apt/apt.conf.d/52oplever"
    " /etc/nftables.d/50-oplever-forward.nft /usr/share/pam-configs/oplever* /etc/shadow /home"
)
# Files with rights, owner and digest, of those of which the content counts.
LISTING = (
    f"{{ find {HARDENED} -maxdepth 1 -printf '%p %m %u %g\\n';"
    " find /etc/ssh /etc/sudoers* /etc/sysctl.d /etc/security/faillock.conf /etc/login.defs /etc/pam.d/su"
    " /etc/pam.d/common-auth -type f -exec md5sum {} +; } 2>/dev/null | sort"
)


@dataclass(frozen=True)
class Machines:
    """A stock Debian 12 and 13, with exceptions in a file of this test."""

    lab: Lab
    exceptions: Path

    def play(self, playbook: str, *more: str) -> dict[str, Any]:
        """Run a playbook, by path or by its name among ours, under the strict profile and give its record."""
        exceptions = {"oplever_exceptions": [], "oplever_exceptions_file": str(self.exceptions)}
        profile = {"harden_profile": "debian-hoog", "audit_fail": False, **exceptions}
        self.lab.ansible(
            playbook if "/" in playbook else f"playbooks/{playbook}.yml",
            "-l",
            ",".join(HOSTS),
            "-e",
            json.dumps(profile),
            *more,
        )
        record: dict[str, Any] = self.lab.latest()[1]
        return record

    def by_hand(self, command: str) -> None:
        for host in HOSTS:
            self.lab.shell(host, command)

    def let_the_admin_in(self) -> bool:
        """Whether who logs in anew becomes root, on each machine."""
        try:
            return all(self.lab.shell(host, "id -un").strip() == "root" for host in HOSTS)
        except AssertionError:
            return False


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    records, place = tmp_path_factory.mktemp("records"), tmp_path_factory.mktemp("site")
    (place / "exceptions.yml").write_text(EXCEPTIONS, encoding="utf-8")
    env = {
        **os.environ,
        "OPLEVER_LAB": "baseline",
        "OPLEVER_RECORDS": str(records),
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    quiet = Lab(records, {**env, "OPLEVER_JOURNAL": "0"})
    quiet.ansible("playbooks/lab_up.yml")
    yield Machines(Lab(records, env), place / "exceptions.yml")
    quiet.ansible("playbooks/lab_down.yml")


@pytest.fixture(scope="module")
def audited(machines: Machines) -> dict[str, Any]:
    machines.by_hand("touch /run/before-the-audit")
    return machines.play("audit")


@pytest.fixture(scope="module")
def hardened(machines: Machines, audited: dict[str, Any]) -> dict[str, Any]:
    machines.by_hand(f"{LISTING} > /root/before-hardening")
    return machines.play("harden")


def failing(record: dict[str, Any], host: str, *severities: str) -> set[str]:
    return {
        control["id"]
        for control in record["baseline"]["controls"]
        if control["host"] == host and control["after"] in ("fail", "error") and control["severity"] in severities
    }


def test_an_audit_is_one_task_for_each_machine_and_leaves_nothing_behind(
    machines: Machines, audited: dict[str, Any]
) -> None:
    (step,) = audited["steps"]
    assert {result["host"] for result in step["results"]} == set(HOSTS)
    assert all(system["recap"]["changed"] == 0 and system["recap"]["ok"] == 1 for system in audited["systems"])
    pruned = " -o ".join(f"-path {place}" for place in QUIET)
    for host in HOSTS:
        shown = machines.lab.shell(
            host, f"find / \\( {pruned} \\) -prune -o -newer /run/before-the-audit -print; echo end"
        )
        assert [line for line in shown.splitlines() if line.startswith("/")] == [], host


def test_every_control_of_the_profile_was_judged_on_both_releases(audited: dict[str, Any]) -> None:
    assert audited["baseline"]["profile"] == "debian-hoog"
    for host in HOSTS:
        statuses = [c["after"] for c in audited["baseline"]["controls"] if c["host"] == host]
        assert len(statuses) >= 240
        unread = {c["id"] for c in audited["baseline"]["controls"] if c["host"] == host and c["after"] == "error"}
        assert unread <= {f"FW-{n:03d}" for n in range(1, 10)}, "without nft nobody can read its rules, all else can be"
        assert failing(audited, host, "high"), "a stock machine is not hardened"


def test_exceptions_that_do_not_count_are_failures_and_say_why(audited: dict[str, Any]) -> None:
    exceptions = {row["id"]: row for row in audited["baseline"]["exceptions"]}
    assert {key: (row["valid"], row["problem"]) for key, row in exceptions.items()} == {
        "U-1": (True, ""),
        "U-2": (False, "nobody approved it"),
        "U-3": (False, "it expired on 2020-01-01"),
    }
    controls = {c["id"]: c for c in audited["baseline"]["controls"] if c["host"] == "srv1"}
    assert (controls["SUDO-004"]["after"], controls["SUDO-004"]["exception"]) == ("waived", "U-1")
    assert controls["LOG-007"]["after"] == controls["SUDO-012"]["after"] == "fail"
    assert "U-2 does not count" in controls["LOG-007"]["reason"]


def test_hardening_leaves_no_high_control_open(hardened: dict[str, Any]) -> None:
    for host in HOSTS:
        assert failing(hardened, host, "high") == set()
        # What only the site can give: a log server, rules of sudo for the account of the lab, a reachable source of
        # time, and who may ask a time server.
        assert failing(hardened, host, "medium") <= {"LOG-007", "SUDO-012", "TIME-005", "APT-014", "FW-007"}
    for score in hardened["baseline"]["hosts"]:
        assert score["after"]["score"] > 95 > score["before"]["score"]


def test_a_second_hardening_changes_nothing(machines: Machines, hardened: dict[str, Any]) -> None:
    again = machines.play("harden")
    assert {system["name"]: system["recap"]["changed"] for system in again["systems"]} == dict.fromkeys(HOSTS, 0)


def test_the_admin_still_gets_in_also_after_a_restart(machines: Machines, hardened: dict[str, Any]) -> None:
    assert machines.let_the_admin_in()
    machines.by_hand("systemd-run --on-active=1 systemctl poweroff")
    while machines.let_the_admin_in():
        time.sleep(1)
    Lab(machines.lab.records, {**machines.lab.env, "OPLEVER_JOURNAL": "0"}).ansible("playbooks/lab_up.yml")
    assert machines.let_the_admin_in()
    # Five wrong passwords lock an account for passwords, not the way in with a key.
    machines.by_hand("for n in 1 2 3 4 5; do su -s /bin/sh nobody -c 'echo wrong | su beheer -c true' || true; done")
    assert "beheer" in machines.lab.shell("web1", "faillock --user beheer")
    assert machines.let_the_admin_in()


def test_what_got_worse_is_told_with_the_run_that_first_saw_it(machines: Machines, hardened: dict[str, Any]) -> None:
    machines.play("tests/lab/delivery.yml")
    machines.by_hand("echo 'X11Forwarding yes' > /etc/ssh/sshd_config.d/00-a.conf")
    first = machines.play("audit")
    worsened = {(w["control"], w["host"]): w for w in first["baseline"]["worse"]}
    assert {("SSH-015", host) for host in HOSTS} <= worsened.keys()
    worse = worsened["SSH-015", "web1"]
    assert (worse["was"], worse["now"], worse["since"]) == ("pass", "fail", "")
    assert "delivery" in worse["delivered"]  # hardening is none
    second = machines.play("audit")
    again = next(w for w in second["baseline"]["worse"] if (w["control"], w["host"]) == ("SSH-015", "web1"))
    assert again["record"] == first["id"]
    assert again["since"] == first["document"]["started"]


FSTAB = """# what an administrator wrote
UUID=abc-1 /home ext4 defaults,usrquota 0 2
tmpfs /var/tmp tmpfs size=16M,nosuid 0 0
tmpfs /var/log tmpfs defaults 0 0
tmpfs /var/log tmpfs defaults,size=1M 0 0
/dev/sdb1 /srv/with\\\\040space ext4 defaults 0 2
"""
MOUNTS = """
- name: Mount options
  hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: Repair them
      ansible.builtin.include_role: {name: oplever.lab.harden, tasks_from: mounts}
      vars:
        __harden_controls: [MNT-011, MNT-012, MNT-013, MNT-014, MNT-015, MNT-018, MNT-019, MNT-020, MNT-021]
        __harden_failing: [MNT-013, MNT-014, MNT-018, MNT-021]
"""


def test_mount_options_are_added_and_nothing_else_in_fstab_changes(machines: Machines, tmp_path: Path) -> None:
    """In a container the audit leaves mounts to the host, so the tasks are called directly. They can mount here."""
    machines.by_hand(f"cp -p /etc/fstab /root/fstab; printf '{FSTAB}' > /etc/fstab; chmod 640 /etc/fstab")
    machines.by_hand("mount -t tmpfs -o size=16M,nosuid tmpfs /var/tmp")
    playbook = tmp_path / "mounts.yml"
    playbook.write_text(MOUNTS, encoding="utf-8")
    try:
        done = machines.lab.ansible(str(playbook), "-l", ",".join(HOSTS))
        again = machines.lab.ansible(str(playbook), "-l", ",".join(HOSTS))
        for host in HOSTS:
            written = machines.lab.shell(host, "cat /etc/fstab")
            expected = FSTAB.replace("\\\\", "\\").replace("usrquota", "usrquota,nodev,nosuid")
            expected = expected.replace("16M,nosuid", "16M,nosuid,nodev,noexec")
            assert f"{expected}tmpfs /dev/shm tmpfs defaults,nosuid,nodev,noexec 0 0" in written
            assert "640" in machines.lab.shell(host, "stat --format %a /etc/fstab")
            before = machines.lab.shell(host, "cat /etc/fstab.*~")
            assert FSTAB.replace("\\\\", "\\").strip() in before
            for target, kept in (("/var/tmp", "size=16384k"), ("/dev/shm", "nodev")):  # noqa: S108
                options = machines.lab.shell(host, f"findmnt --noheadings --output OPTIONS {target}")
                assert {"nosuid", "nodev", "noexec", kept} <= set(options.split("\n")[-2].split(",")), options
        assert "/var/log: has more than one line" in done.stdout
        assert again.stdout.count("changed=0") == len(HOSTS)
    finally:
        machines.by_hand(
            "umount /var/tmp; mount -o remount,exec /dev/shm; rm -f /etc/fstab.*~; mv /root/fstab /etc/fstab"
        )


def test_hardening_is_undone_but_not_what_somebody_changed_since(machines: Machines, hardened: dict[str, Any]) -> None:
    machines.by_hand("rm -f /etc/ssh/sshd_config.d/00-a.conf")
    machines.play("tests/lab/delivery.yml")
    machines.by_hand("echo '# mine' >> /etc/security/faillock.conf")
    kept = {host: machines.lab.shell(host, f"{LISTING} | diff /root/before-hardening - || true") for host in HOSTS}
    assert all("10-oplever-harden.conf" in lines for lines in kept.values()), "there is nothing to undo"
    record = machines.play("harden", "-e", "oplever_harden_undo=true")
    for host in HOSTS:
        lines = machines.lab.shell(host, f"{LISTING} | diff /root/before-hardening - || true").splitlines()
        changed = {word for line in lines if line[0] in "<>" for word in line.split() if word.startswith("/")}
        assert changed == {"/etc/security/faillock.conf"}, lines
        assert "# mine" in machines.lab.shell(host, "cat /etc/security/faillock.conf")
        assert failing(record, host, "high"), "the audit after it shows what fails again"
    (remark,) = [step for step in record["steps"] if step["name"].endswith("Report what stays as it is")]
    assert "/etc/security/faillock.conf: it was changed after the role" in json.dumps(remark)
    again = machines.play("harden", "-e", "oplever_harden_undo=true")
    assert {system["name"]: system["recap"]["changed"] for system in again["systems"]} == dict.fromkeys(HOSTS, 0)
    worse = machines.play("audit")["baseline"]["worse"]
    assert worse
    assert all("delivery" in row["delivered"] for row in worse), "an undoing is no delivery"
