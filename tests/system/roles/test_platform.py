"""Every role refuses a release that it does not support and values that cannot be, in check mode too, before it does
anything. It works without gathered facts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
ENTRIES = yaml.safe_load((ROOT / "playbooks/vars/roles.yml").read_text(encoding="utf-8"))["oplever_roles"]
# Entry point -> variables that its argument specification requires.
CLIENT = {
    "dns_client_servers": ["192.0.2.1"],
    **{f"{role}_server": "srv1" for role in ("backup", "monitoring", "logging", "print", "directory", "files")},
}
"""What a client has to know of its servers."""
POINTS: dict[tuple[str, str], dict[str, Any]] = {
    (entry["role"], point): CLIENT if "tasks" in entry else {}
    for entry in ENTRIES
    for point in (entry.get("tasks", "main"), entry.get("tests", "verify"))
    if point  # the baseline itself can be looked at on any system
}
OLD = {"distribution": "Debian", "distribution_release": "bullseye", "distribution_version": "11"}
UBUNTU = {"distribution": "Ubuntu", "distribution_release": "noble", "distribution_version": "24.04"}


BOOKWORM = {"distribution": "Debian", "distribution_release": "bookworm", "distribution_version": "12"}
# Entry point -> a value that cannot be, and what is messages of it.
WRONG: dict[tuple[str, str], tuple[dict[str, Any], str]] = {
    ("apt", "main"): ({"apt_proxy": "cache:3142"}, "apt_proxy is not a web address"),
    ("mail", "main"): ({"mail_root": ["beheer"]}, "mail_root[0] is not a mail address"),
    ("php_fpm", "main"): ({"php_fpm_pools": [{"name": "A"}]}, "php_fpm_pools[0].name is not an account name"),
    ("oplever_web", "main"): ({"oplever_web_port": 70000}, "oplever_web_port is not a whole number from 1 to 65535"),
    ("postgresql", "main"): ({"postgresql_bind_address": "all"}, "postgresql_bind_address is not an address"),
    ("base", "main"): ({"base_timezone": "Mars/Base"}, "base_timezone is not a time zone"),
    ("sshd", "main"): ({"sshd_port": 70000}, "sshd_port is not a whole number from 1 to 65535"),
    ("firewall", "main"): (
        {"firewall_allow": [{"port": "80", "from": ["192.0.2.10/24"]}]},
        "firewall_allow[0].from[0] is an address within a network; the network is 192.0.2.0/24",
    ),
    ("network", "main"): (
        {"network_interfaces": [{"name": "eth0", "method": "static", "addresses": ["192.0.2.0/24"]}]},
        "network_interfaces[0].addresses[0] is the network itself, not an address in it",
    ),
    ("router", "main"): (
        {"router_networks": [{"name": "a", "network": "192.0.2.1/24"}]},
        "router_networks[0].network is an address within a network; the network is 192.0.2.0/24",
    ),
    ("dns", "main"): (
        {"dns_hosts": [{"name": "a", "address": "192.0.2.1"}, {"name": "b", "address": "192.0.2.2", "aliases": ["a"]}]},
        "dns_hosts[1].aliases[0] has the same value as dns_hosts[0].name: a.",
    ),
    ("dns", "client"): ({"dns_client_servers": ["192.0.2.300"]}, "dns_client_servers[0] is not an address"),
    ("dhcp", "main"): ({"dhcp_name_servers": ["192.0.2.300"]}, "dhcp_name_servers[0] is not an address"),
    ("dhcp", "client"): ({"dhcp_client_servers": ["192.0.2.300"]}, "dhcp_client_servers[0] is not an address"),
    ("updates", "main"): ({"updates_time": "25:00"}, "updates_time is not a time"),
    ("timesync", "main"): ({"timesync_servers": ["192.0.2.300"]}, "timesync_servers[0] is not an address such as"),
    ("ca", "main"): ({"ca_hosts": [{"name": "a b"}]}, "ca_hosts[0].name is not a domain name"),
    ("ca", "client"): ({"ca_reload": ["nginx"]}, "ca_reload[0] is not a unit such as nginx.service"),
    ("logging", "main"): ({"logging_keep_size": "10 GB"}, "logging_keep_size is not a size such as 500M"),
    ("logging", "client"): ({"logging_local_size": "0M"}, "logging_local_size is not a size such as 500M"),
    ("monitoring", "main"): ({"monitoring_mail_to": ["beheer"]}, "monitoring_mail_to[0] is not a mail address"),
    ("monitoring", "client"): ({"monitoring_watch": [{"role": "a", "port": 0}]}, "monitoring_watch[0].port is not a"),
    ("containers", "main"): ({"containers_apps": [{"name": "a", "image": "a b"}]}, "containers_apps[0].image is not"),
    ("directory", "main"): ({"directory_users": [{"name": "J. Vries"}]}, "directory_users[0].name is not an account"),
    ("directory", "client"): ({"directory_allow_groups": ["3A"]}, "directory_allow_groups[0] is not a group of a"),
    ("files", "main"): ({"files_shares": [{"name": "a", "path": "/etc/a"}]}, "files_shares[0].path is not a"),
    ("files", "client"): ({"files_test_user": "J. Vries"}, "files_test_user is not an account of a directory"),
    ("print", "main"): ({"print_queues": [{"name": "a", "uri": "192.0.2.9"}]}, "print_queues[0].uri is not the"),
    ("print", "client"): ({"print_default": "a b"}, "print_default is not the name of a queue"),
    ("backup", "main"): ({"backup_time": "2 uur"}, "backup_time is not a time such as 03:00"),
    ("backup", "client"): ({"backup_paths": ["srv"]}, "backup_paths[0] is not a full path"),
    ("mariadb", "main"): ({"mariadb_databases": ["a b"]}, "mariadb_databases[0] is not a name of letters"),
    ("nginx", "main"): (
        {"nginx_sites": [{"server_names": ["a b"], "root": "/srv"}]}, "nginx_sites[0].server_names[0] is not the name",
    ),
    ("dokuwiki", "main"): (
        {"dokuwiki_users": [{"name": "a", "password": "p"}, {"name": "a", "password": "p"}]},
        "dokuwiki_users[1].name has the same value as dokuwiki_users[0].name: a.",
    ),
    ("wordpress", "main"): ({"wordpress_admin_email": "beheer"}, "wordpress_admin_email is not a mail address"),
    ("workstation", "main"): ({"workstation_packages_extra": ["A b"]}, "workstation_packages_extra[0] is not the"),
    ("desktop", "main"): ({"desktop_drives": [{"name": "a", "place": "srv"}]}, "desktop_drives[0].place is neither a"),
    ("classroom", "main"): ({"classroom_off_times": ["18 uur"]}, "classroom_off_times[0] is not a time such as"),
    ("office", "main"): ({"office_locale": "nl"}, "office_locale is not a language with its country"),
    ("browser", "main"): ({"browser_homepage": "school"}, "browser_homepage is not a web address"),
    ("harden", "main"): ({"harden_grub_password": "welkom01"}, "harden_grub_password is not a hash"),
}  # fmt: skip


def play(
    tmp_path: Path, facts: dict[str, str], points: dict[tuple[str, str], dict[str, Any]] = POINTS
) -> dict[str, str]:
    """Run entry points in check mode on this host, with `facts` in place of its own. Gives the message of each."""
    tasks: list[dict[str, Any]] = [{"name": "Pretend", "ansible.builtin.set_fact": {**facts, "cacheable": True}}]
    for (role, point), variables in points.items():
        # As the playbooks do: the role itself validates its argument specification.
        include = {"name": f"oplever.lab.{role}", "tasks_from": point, "rolespec_validate": False}
        tasks.append({
            "name": f"{role} {point}", "vars": {"tried": f"{role} {point}"},
            "block": [{"name": "Run", "ansible.builtin.include_role": include, "vars": variables}],
            "rescue": [{"name": "Keep", "ansible.builtin.set_fact": {
                "messages": "{{ messages | default({}) | combine({tried: ansible_failed_result.msg}) }}",
            }}],
        })  # fmt: skip
    file = tmp_path / "messages.json"
    tasks.append({
        "name": "Write", "ansible.builtin.copy": {"content": "{{ messages | to_json }}", "dest": str(file)},
        "check_mode": False,
    })  # fmt: skip
    playbook = tmp_path / "play.yml"
    head = {"name": "Elsewhere", "hosts": "web1", "connection": "local", "gather_facts": False, "tasks": tasks}
    playbook.write_text(json.dumps([head]), encoding="utf-8")
    env = {**os.environ, "OPLEVER_JOURNAL": "0", "ANSIBLE_NOCOLOR": "1", "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        [str(BIN / "ansible-playbook"), "--check", "-i", "web1,", str(playbook)],
        cwd=ROOT, env=env, text=True, capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    messages: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return messages


@pytest.mark.parametrize(
    ("facts", "name"), [(OLD, "Debian 11 (bullseye)"), (UBUNTU, "Ubuntu 24.04 (noble)")], ids=["old", "ubuntu"]
)
def test_every_role_refuses_what_it_does_not_support(tmp_path: Path, facts: dict[str, str], name: str) -> None:
    expected = {f"{role} {point}": f"Role {role} supports Debian 12 and 13; web1 has {name}." for role, point in POINTS}
    assert play(tmp_path, facts) == expected


def test_every_role_refuses_a_value_that_cannot_be(tmp_path: Path) -> None:
    assert WRONG.keys() == {point for point in POINTS if not point[1].startswith("verify")}
    messages = play(
        tmp_path, BOOKWORM, {point: {**POINTS[point], **variables} for point, (variables, _) in WRONG.items()}
    )
    assert {
        f"{role} {point}" for (role, point), (_, text) in WRONG.items() if text in messages[f"{role} {point}"]
    } == set(messages)
    assert "welkom01" not in str(messages)


MISFITS: dict[str, Any] = {"int": "x", "bool": "maybe", "list": {"a": 1}, "dict": "x"}


def misfit(role: str, point: str) -> dict[str, Any]:
    """An option of this entry point with a value that is not of its type; where all are texts, none of its choices."""
    text = (ROOT / f"roles/{role}/meta/argument_specs.yml").read_text(encoding="utf-8")
    options: dict[str, dict[str, Any]] = yaml.safe_load(text)["argument_specs"][point]["options"]
    misfits = [{name: MISFITS[option["type"]]} for name, option in options.items() if option.get("type") in MISFITS]
    misfits += [{name: "no such choice"} for name, option in options.items() if "choices" in option]
    return misfits[0]


def test_every_role_refuses_a_value_of_another_type(tmp_path: Path) -> None:
    cases = {(role, point): misfit(role, point) for role, point in POINTS if not point.startswith("verify")}
    messages = play(tmp_path, BOOKWORM, {point: {**POINTS[point], **variables} for point, variables in cases.items()})
    assert messages.keys() == {f"{role} {point}" for role, point in cases}
    for (role, point), variables in cases.items():
        message = messages[f"{role} {point}"]
        assert message.startswith("Validation of arguments failed:")
        assert next(iter(variables)) in message
