"""What roles refuse beforehand because it would lock Ansible out, or because options contradict each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml_files
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

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


@pytest.mark.parametrize("path", TASKS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_preflight_names_variables_of_the_role(path: Path) -> None:
    file = path.parents[1] / "vars/main.yml"
    variables = yaml_files.load(file) if file.exists() else {}
    for task in yaml_files.load(path) or []:
        names = (task.get("oplever.lab.preflight") or {}).get("mistakes", [])
        assert isinstance(names, str) or set(names) <= variables.keys()  # one list is a template
