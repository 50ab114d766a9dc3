"""Real lock-outs, planted by the roles themselves over SSH: the machine stays reachable, with the state it had before.

Each case is a setting that is valid and cannot be judged beforehand. The timer of the machine is shorter here than in
the roles, so that a case takes less than a minute; three of them run at once, on both releases.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from lab.conftest import BIN, ROOT, Lab

pytestmark = pytest.mark.truth

SECONDS = 20
HOSTS = ("srv1", "web1", "ws1")
KEPT = (
    "/etc/ssh/sshd_config.d/*oplever.conf /etc/issue.net /etc/nftables.conf /etc/passwd /etc/shadow /etc/group"
    " /etc/gshadow /etc/sudoers.d/oplever ~beheer/.ssh/authorized_keys"
)
STATE = f"cat {KEPT}; nft list ruleset; ss -Hltn 'sport = :22'; ls /run/oplever/rollback"
PLAY: dict[str, Any] = {
    "name": "Planted", "hosts": "{{ planted }}", "gather_facts": False,
    "module_defaults": {"oplever.lab.rollback": {"seconds": SECONDS}},
    "tasks": [{
        "name": "Run the roles", "loop": "{{ chosen }}",
        "ansible.builtin.include_role": {"name": "oplever.lab.{{ item }}"},
    }],
}  # fmt: skip
BEHEER = {"name": "beheer", "sudo": "nopassword"}
BASIS: dict[str, Any] = {"base_packages": ["less"], "base_users": [BEHEER]}
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHp1ygh5au83dWGPZ/ci8Me/n9fA7emq05vXj4xypk4m another"


class Machines:
    """The machines of the lab with the three roles on them."""

    def __init__(self, lab: Lab, place: Path) -> None:
        self.lab, self.place = lab, place
        self.env = {**lab.env, "OPLEVER_JOURNAL": "0", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_STDOUT_CALLBACK": "default"}

    def run(self, roles: list[str], variables: dict[str, dict[str, Any]], *options: str) -> dict[str, str]:
        """Run roles with variables for each machine; why it failed, for the machines where it did."""
        inventory, playbook = self.place / "planted.json", self.place / "planted.yml"
        hosts = {host: {**BASIS, **options_of_host} for host, options_of_host in variables.items()}
        inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
        playbook.write_text(json.dumps([PLAY]), encoding="utf-8")
        chosen = json.dumps({"chosen": roles, "planted": list(variables)})
        done = subprocess.run(
            [str(BIN / "ansible-playbook"), "-i", "inventories/lab", "-i", str(inventory), str(playbook), "-e", chosen,
             *options],
            cwd=ROOT, env=self.env, text=True, capture_output=True, timeout=500, check=False,
        )  # fmt: skip
        assert "PLAY RECAP" in done.stdout, done.stdout[-3000:] + done.stderr[-3000:]
        fatal = re.findall(r"(?m)^fatal: \[(\w+)\]: (?:FAILED|UNREACHABLE)! => (\{.*\})$", done.stdout)
        return {host: json.loads(result)["msg"] for host, result in fatal}

    def states(self) -> dict[str, str]:
        return {host: self.lab.shell(host, STATE + " || true") for host in HOSTS}


@pytest.fixture(scope="module")
def machines(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Machines:
    Lab(lab.records, {**lab.env, "OPLEVER_JOURNAL": "0", "OPLEVER_LAB_FRESH": "1"}).ansible("playbooks/lab_up.yml")
    made = Machines(lab, tmp_path_factory.mktemp("planted"))
    assert made.run(["base", "sshd", "firewall"], {host: {} for host in HOSTS}) == {}
    return made


CUT = "table inet planted {{ chain input {{ type filter hook input priority -50; {} tcp dport 22 drop; }}; }}"
CASES: dict[str, tuple[str, dict[str, tuple[dict[str, Any], str, str]]]] = {
    # role, machine -> variables, a command beforehand, why the new connection fails
    "address, account, key": ("sshd", {
        "srv1": ({"sshd_options": {"ListenAddress": "127.0.0.1"}}, "", "Connection refused"),
        "web1": ({"sshd_allow_users": ["*@192.0.2.9"]}, "", "Permission denied"),
        "ws1": ({"sshd_options": {"AuthorizedKeysFile": "/nowhere/%u"}}, "", "Permission denied"),
    }),
    "method, command, group": ("sshd", {
        "srv1": ({"sshd_options": {"PubkeyAuthentication": "no"}}, "", "Permission denied"),
        "web1": ({"sshd_options": {"ForceCommand": "/bin/false"}}, "", ""),
        "ws1": ({"sshd_options": {"DenyGroups": "sudo"}}, "", "Permission denied"),
    }),
    "packet filter": ("firewall", {
        "srv1": ({"firewall_ssh_from": ["192.0.2.0/24"]}, "", "timed out"),
        # This one also drops what belongs to the connection over which the rules are loaded.
        "web1": ({"firewall_ping": False}, CUT.format(""), ""),
        "ws1": ({"firewall_ping": False}, CUT.format("ct state new"), "timed out"),
    }),
    "keys, sudo, shell": ("base", {
        "srv1": ({"base_users": [{**BEHEER, "authorized_keys": [OTHER_KEY]}]}, "", "Permission denied"),
        "web1": ({"base_users": [{"name": "beheer", "sudo": "password"}]}, "", "sudo: "),
        "ws1": ({"base_users": [{**BEHEER, "shell": "/usr/sbin/nologin"}]}, "", ""),
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_who_would_be_locked_out_still_comes_in_and_all_is_as_before(machines: Machines, name: str) -> None:
    role, planted = CASES[name]
    before = machines.states()
    for host, (_, rules, _) in planted.items():
        if rules:
            machines.lab.shell(host, f"echo '{rules}' > /etc/nftables.d/planted.nft")
    variables = {host: {**setting, "base_change_login_account": True} for host, (setting, _, _) in planted.items()}
    messages = machines.run([role], variables)
    for host in planted:
        machines.lab.shell(host, "rm -f /etc/nftables.d/planted.nft")
    assert messages.keys() == planted.keys()
    for host, (_, _, cause) in planted.items():
        assert "After this change Ansible could no longer log in: " in messages[host], host
        assert cause in messages[host]
        assert "went back to the former state, and answers again" in messages[host]
    assert machines.states() == before


def test_hardening_shuts_nobody_out(machines: Machines) -> None:
    """By a group that the account is not in. With SSH, the rules of PAM and sudo come back too."""
    # The list of the role sshd would let the account in as well.
    assert machines.run(["sshd"], {host: {"sshd_allow_groups": []} for host in HOSTS}) == {}
    # Not common-password, which the package libpam-pwquality changes before the way back begins.
    files = "/etc/ssh/sshd_config.d/10-* /etc/pam.d/common-auth /etc/pam.d/su /etc/sudoers.d/* /etc/shadow"
    state = f"cat {files} 2>/dev/null || true"
    before = {host: machines.lab.shell(host, state) for host in HOSTS}
    strict = {"harden_profile": "debian-hoog", "harden_areas": ["SSH", "SUDO", "PAM"]}
    messages = machines.run(["harden"], {host: {**strict, "harden_ssh_allow_groups": ["docenten"]} for host in HOSTS})
    assert messages.keys() == set(HOSTS)
    for message in messages.values():
        assert "After this change Ansible could no longer log in: a new connection failed: " in message
        assert "went back to the former state, and answers again" in message
    assert {host: machines.lab.shell(host, state) for host in HOSTS} == before
    assert machines.run(["sshd"], {host: {} for host in HOSTS}) == {}


WAYS_TO_ROOT: dict[str, dict[str, Any]] = {
    "srv1": {"ansible_become_password": "Geheim-van-metww-1"},
    "web1": {"ansible_become_password": "Geheim-van-metww-1", "ansible_become_flags": "-H -S"},
    "ws1": {
        "ansible_become_method": "su",
        "ansible_become_password": "Geheim-van-root-2",
        "ansible_become_flags": "-l",
    },
}
ACCOUNT = """
id metww >/dev/null 2>&1 || useradd --create-home --shell /bin/bash metww
printf 'metww:Geheim-van-metww-1\nroot:Geheim-van-root-2\n' | chpasswd
echo 'metww ALL=(ALL:ALL) ALL' > /etc/sudoers.d/metww
install -d -o metww -g metww -m 700 /home/metww/.ssh
install -o metww -g metww -m 600 ~beheer/.ssh/authorized_keys /home/metww/.ssh/authorized_keys
"""


def test_the_way_back_works_with_a_password_for_sudo_and_with_su(machines: Machines) -> None:
    for host in HOSTS:
        machines.lab.shell(host, ACCOUNT)
    let_in = {"sshd_allow_groups": ["sudo", "metww"]}
    assert machines.run(["sshd"], dict.fromkeys(HOSTS, let_in)) == {}
    ways = {host: {"ansible_user": "metww", **let_in, **way} for host, way in WAYS_TO_ROOT.items()}
    before = machines.states()
    messages = machines.run(["sshd"], {h: {**w, "sshd_options": {"DenyUsers": "metww"}} for h, w in ways.items()})
    assert messages.keys() == set(HOSTS)
    for host, message in messages.items():
        assert "Permission denied" in message, host
        assert "went back to the former state, and answers again" in message, host
    assert machines.states() == before
    assert machines.run(["sshd", "firewall"], {h: {**w, "firewall_ping": False} for h, w in ways.items()}) == {}
    assert machines.run(["sshd", "firewall"], {host: {} for host in HOSTS}) == {}
    for host in HOSTS:
        machines.lab.shell(host, "userdel --remove metww; rm /etc/sudoers.d/metww; passwd --lock root")


def test_the_lists_take_nothing_away_from_the_login_account(machines: Machines) -> None:
    before = machines.states()
    beheer = {"name": "beheer", "sudo": "password", "shell": "/usr/sbin/nologin", "authorized_keys": []}
    assert machines.run(["base"], {host: {"base_users": [beheer]} for host in HOSTS}) == {}
    assert machines.run(["base"], {host: {"base_users": []} for host in HOSTS}) == {}
    assert machines.states() == before


def test_a_controller_that_is_gone_gives_nothing_up(machines: Machines) -> None:
    """Killed between the change and the confirmation: the machine goes back by itself."""
    before = machines.states()
    arm = {
        "name": "sshd",
        "state": "armed",
        "armed_seconds": 30,
        "restore": "systemctl restart ssh.service",
        "files": ["/etc/ssh/sshd_config.d/00-oplever.conf"],
    }
    machines.lab.adhoc("web1", "-b", "-m", "oplever.lab.rollback", "-a", json.dumps(arm))
    machines.lab.shell(
        "web1", "echo 'DenyUsers beheer' >> /etc/ssh/sshd_config.d/00-oplever.conf; systemctl restart ssh"
    )
    with pytest.raises(AssertionError, match="Permission denied"):
        machines.lab.shell("web1", "true")
    time.sleep(32)
    machines.lab.shell("web1", "test -e /run/oplever/rollback/sshd/restored && rm -r /run/oplever/rollback/sshd")
    assert machines.states() == before


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "not in the list": ("sshd", {"sshd_allow_users": ["docent"]}, "would lock out beheer"),
    "not in the group": ("sshd", {"sshd_allow_groups": ["docenten"]}, "would lock out beheer (groups: beheer, sudo)"),
    "port of the filter": ("firewall", {"firewall_ssh_port": 2222}, "Set firewall_ssh_port to 22 for this machine."),
    "account removed": ("base", {"base_users": [{"name": "beheer", "state": "absent"}]}, "would remove beheer"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_be_told_beforehand_is_refused_in_check_mode_too(machines: Machines, name: str) -> None:
    """The account is the one that SSH used, here from its own configuration: the inventory does not name it."""
    role, variables, message = REFUSED[name]
    no_name = {"ansible_user": None, "ansible_ssh_extra_args": "-o User=beheer"}
    messages = machines.run([role], {"web1": {**variables, **no_name}}, "--check")
    assert message in messages["web1"]


def test_the_server_moves_to_another_port_in_two_runs(machines: Machines) -> None:
    """And back: what Ansible comes in by stays open until it comes in by the other, in server and filter alike."""
    ports = (
        "ss -Hltn | grep -o ':22[0-9]*' | sort -u; nft list chain inet oplever_filter input | grep -o 'dport 22[0-9]*'"
    )
    address = machines.lab.shell("ws1", "echo $SSH_CONNECTION; hostname -I").split()[-1]
    for new, present in ((2222, 22), (22, 2222)):
        for come_in, is_open in ((present, {22, 2222}), (new, {new})):
            # The host key is known by the address without a port.
            alias = {"ansible_port": come_in, "ansible_ssh_extra_args": f"-o HostKeyAlias={address}"}
            assert machines.run(["sshd", "firewall"], {"ws1": {"sshd_port": new, **alias}}) == {}
            way_in = ("-p", str(come_in), "-o", f"HostKeyAlias={address}")
            lines = machines.lab.shell("ws1", ports, *way_in)
            assert {int(port) for port in re.findall(r":(\d+)", lines)} == is_open
            assert {int(port) for port in re.findall(r"dport (\d+)", lines)} == is_open


def test_the_locale_survives_a_reboot(machines: Machines) -> None:
    """Debian 13 replaces /etc/default/locale by a link at every boot."""
    for host in ("srv1", "ws1"):
        machines.lab.adhoc(host, "-b", "-m", "ansible.builtin.reboot", "-a", "reboot_timeout=60")
        assert "LANG=nl_NL.UTF-8" in machines.lab.shell(host, "locale", sudo=False)
        assert "LANG=nl_NL.UTF-8" in machines.lab.shell(host, "cat /etc/default/locale")


DEAD = {
    "proxy": ('echo \'Acquire::http::Proxy "http://192.0.2.1:3142";\' > /etc/apt/apt.conf.d/01planted',
              "The apt proxy http://192.0.2.1:3142 (/etc/apt/apt.conf.d/01planted) does not work"),
    "name": ("sed -i.planted s/deb.debian.org/deb.planted.example/ /etc/apt/sources.list",
             "The mirror http://deb.planted.example (/etc/apt/sources.list) does not work: the name"),
}  # fmt: skip


@pytest.mark.parametrize("name", DEAD)
def test_a_dead_proxy_or_mirror_is_named_within_20_seconds(machines: Machines, name: str) -> None:
    plant, message = DEAD[name]
    machines.lab.shell("ws1", plant)
    try:
        began = time.monotonic()
        messages = machines.run(["base"], {"ws1": {"base_packages": ["less", "sl"]}})
        seconds = time.monotonic() - began
    finally:
        machines.lab.shell(
            "ws1", "rm -f /etc/apt/apt.conf.d/01planted; cd /etc/apt; mv sources.list.planted sources.list || true"
        )
    assert message in messages["ws1"]
    assert seconds < 20
