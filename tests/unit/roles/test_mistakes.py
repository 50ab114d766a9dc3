"""What roles refuse beforehand because it would lock Ansible out, or because options contradict each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml_files
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROOT = Path(__file__).resolve().parents[3]
TASKS = sorted(ROOT.glob("roles/*/tasks/*.yml"))
LOGIN = {"account": "beheer", "groups": ["beheer", "sudo"], "home": "/home/beheer", "remote": True, "port": 22}
ROOT_LOGIN = {**LOGIN, "account": "root", "groups": ["root"]}
LOCAL = {**LOGIN, "remote": False, "port": 0}


def mistakes(role: str, options: dict[str, Any], login: dict[str, Any]) -> list[str]:
    loader = DataLoader()
    variables: dict[str, Any] = {}
    for name in ("defaults", "vars"):
        variables |= loader.load_from_file(str(ROOT / f"roles/{role}/{name}/main.yml"), trusted_as_template=True)
    facts = {"oplever_login": login, "user_id": "root"}
    templar = Templar(loader, {**variables, **options, "ansible_facts": facts})
    return list(templar.template(variables[f"__{role}_mistakes"]))


@pytest.mark.parametrize(
    ("role", "options", "login", "expected"),
    [
        ("sshd", {}, LOGIN, ""),
        ("sshd", {"sshd_allow_users": ["docent"]}, LOGIN, "would lock out beheer"),
        ("sshd", {"sshd_allow_users": ["docent"]}, LOCAL, ""),
        ("sshd", {"sshd_allow_users": ["docent", "beheer"]}, LOGIN, ""),
        ("sshd", {"sshd_allow_users": ["be*"]}, LOGIN, ""),
        ("sshd", {"sshd_allow_groups": ["docenten"]}, LOGIN, "would lock out beheer (groups: beheer, sudo)"),
        ("sshd", {"sshd_allow_groups": ["sudo"]}, LOGIN, ""),
        ("sshd", {"sshd_allow_groups": ["s?do"]}, LOGIN, ""),
        ("sshd", {"sshd_permit_root_login": "no"}, ROOT_LOGIN, "would lock out root"),
        ("sshd", {"sshd_permit_root_login": "no"}, LOGIN, ""),
        ("sshd", {"sshd_options": {"PORT": "2222"}}, LOCAL, "Do not use Include, Match or Port"),
        ("firewall", {}, LOGIN, ""),
        ("firewall", {"firewall_ssh_port": 2222}, LOGIN, "Ansible reaches this machine on port 22"),
        ("firewall", {"firewall_ssh_port": 2222}, LOCAL, ""),
        ("firewall", {"firewall_ssh_port": 2222, "sshd_port": 2222}, LOGIN, ""),
        ("base", {}, LOGIN, ""),
        ("base", {"base_users": [{"name": "beheer", "state": "absent"}]}, LOGIN, "would remove beheer"),
        ("base", {"base_users": [{"name": "root", "state": "absent"}]}, LOGIN, "the account that Ansible uses"),
        ("base", {"base_users": [{"name": "docent", "state": "absent"}]}, LOGIN, ""),
    ],
)
def test_what_locks_ansible_out_is_refused(
    role: str, options: dict[str, Any], login: dict[str, Any], expected: str
) -> None:
    sentences = mistakes(role, options, login)
    assert (len(sentences), expected in " ".join(sentences)) == (bool(expected), True)


@pytest.mark.parametrize(
    ("role", "options", "expected"),
    [
        ("sshd", {"sshd_options": {"allowUsers": "docent"}}, "Do not use AllowUsers or AllowGroups"),
        ("sshd", {"sshd_options": {"x11forwarding": "yes"}}, ""),
        ("base", {"base_users": [{"name": "docent", "sudo": "none", "groups": ["sudo"]}]}, "docent has sudo none"),
        ("base", {"base_users": [{"name": "docent", "groups": ["sudo"]}]}, ""),
        ("php_fpm", {"php_fpm_pools": [{"name": "a", "settings": {"memory_limit": "1G"}}]}, "a follows from memory"),
        ("php_fpm", {"php_fpm_pools": [{"name": "a", "settings": {"x": "1\nuser = root"}}]}, "has a line break"),
        ("php_fpm", {"php_fpm_pools": [{"name": "a", "settings": {"date.timezone": "UTC"}}]}, ""),
        ("postgresql", {"postgresql_settings": {"SSL": "off"}}, "SSL follows from postgresql_tls"),
        ("postgresql", {"postgresql_settings": {"work_mem": "1MB\nport = 1"}}, "has a line break"),
        ("postgresql", {"postgresql_settings": {"max_connections": 40}}, ""),
        ("mariadb", {"mariadb_settings": {"bind-address": "192.0.2.1"}}, "follows from mariadb_bind_address"),
        ("mariadb", {"mariadb_settings": {"max_connections": 40}}, ""),
        ("ca", {"ca_days": 18, "ca_crl_days": 3}, ""),
        ("ca", {"ca_days": 17}, "ca_days 17"),
        ("ca", {"ca_crl_days": 2}, "ca_crl_days 2"),
        ("ca", {"ca_root_days": 90}, "ca_root_days 90"),
    ],
)
def test_options_that_contradict_each_other_are_refused(role: str, options: dict[str, Any], expected: str) -> None:
    sentences = mistakes(role, options, LOCAL)
    assert (len(sentences), expected in " ".join(sentences)) == (bool(expected), True)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        (
            [
                {"name": "a", "path": "/srv/a", "read": ["everybody"]},
                {"name": "b", "path": "/srv/a/b", "read": ["jan"]},
            ],
            "b (/srv/a/b) is in a",
        ),
        ([{"name": "a", "path": "/srv/files", "read": ["everybody"]}], "a (/srv/files) and the homes"),
        ([{"name": "a", "read": ["everybody"]}, {"name": "ab", "read": ["everybody"]}], ""),
    ],
)
def test_a_share_in_another_is_refused(shares: list[dict[str, Any]], expected: str) -> None:
    options = {"files_directory": "dc1", "files_shares": shares, "files_workgroup": "LAB"}
    sentences = mistakes("files", {**options, "inventory_hostname": "srv1", "inventory_hostname_short": "srv1"}, LOCAL)
    assert (len(sentences), expected in " ".join(sentences)) == (bool(expected), True)


IMAGE = {"name": "a", "image": "example.org/a@sha256:00"}
VLAN = {"name": "vlan30", "method": "none", "vlan": 30, "vlan_on": "vlan30"}


@pytest.mark.parametrize(
    ("role", "variables", "expected"),
    [
        ("containers", {"__containers_present": [IMAGE]}, ""),
        ("containers", {"containers_first_id": 1000, "__containers_present": [IMAGE]}, "containers_first_id 1000"),
        ("containers", {"__containers_present": [{**IMAGE, "user": 65536}]}, "user 65536 of container a"),
        ("containers", {"__containers_present": [{**IMAGE, "environment": {"A B": "x"}}]}, "A B is not the name"),
        ("network", {"network_interfaces": [VLAN]}, ""),
        ("network", {"network_interfaces": [{**VLAN, "mac": "52:54:00:12:34:56"}]}, "has a mac and a vlan"),
    ],
)
def test_what_could_never_work_is_refused(role: str, variables: dict[str, Any], expected: str) -> None:
    loader = DataLoader()
    options = loader.load_from_file(str(ROOT / f"roles/{role}/defaults/main.yml"), trusted_as_template=True)
    of_network = {"__network_provider": "networkd", "__network_is_networkd": True, "__network_names": ["vlan30"]}
    of_network |= {"__network_login": {"address": ""}, "ansible_facts": {}}
    template = (ROOT / f"roles/{role}/templates/mistakes.yml.j2").read_text("utf-8")
    text = Templar(loader, {**options, **of_network, **variables}).template(trust_as_template(template)) or ""
    assert expected in text if expected else not text.strip()


@pytest.mark.parametrize("path", TASKS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_preflight_names_variables_of_the_role(path: Path) -> None:
    file = path.parents[1] / "vars/main.yml"
    variables = yaml_files.load(file) if file.exists() else {}
    for task in yaml_files.load(path) or []:
        names = (task.get("oplever.lab.preflight") or {}).get("mistakes", [])
        assert isinstance(names, str) or set(names) <= variables.keys()  # one list is a template
