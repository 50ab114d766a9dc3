"""A small site, and what Ansible gets from a site file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.oplever.lab.plugins.plugin_utils.site import load, output, roles

SITE = """\
plugin: oplever.lab.site
organisation: School De Linde
domain: school.example
networks:
  servers: {cidr: 192.0.2.0/26, gateway: 192.0.2.1}
  lokalen:
    cidr: 198.51.100.0/24
users:
  beheer: {groups: [sudo], sudo: password}
roles:
  sshd: {allow_groups: [sudo]}
rooms:
  "101":
    machines: pc-101-[01-03]
    address: 198.51.100.11
  mediatheek:
    network: lokalen
    machines:
      pc-med-1: {address: 198.51.100.31, mac: "52:54:00:00:00:01"}
servers:
  srv1:
    address: 192.0.2.11
    aliases: [ns]
    roles:
      dns: {forwarders: [192.0.2.1]}
      nginx:
        sites:
          www.school.example: {root: /srv/www}
  srv2:
    address: 192.0.2.12
    roles:
      mariadb: {databases: [leerlingen]}
"""
"""The site that tests change; nothing is wrong with it."""

Load = Callable[..., output.Inventory]
_OWN: dict[tuple[Path, str], roles.Role] = {}
_read_role = roles._role


def _role(name: str, directory: Path, *rest: Any) -> roles.Role:
    """As `roles._role`, and of the roles of this collection, which no test changes, once for all tests."""
    if directory.parent != roles.COLLECTION / "roles":
        return _read_role(name, directory, *rest)
    key = (directory, str(rest))
    if key not in _OWN:
        _OWN[key] = _read_role(name, directory, *rest)
    return _OWN[key]


@pytest.fixture(autouse=True)
def _roles_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "_role", _role)


@pytest.fixture
def site_text() -> str:
    return SITE


@pytest.fixture
def load_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads a site from its text, with the files beside it. Raises SiteError."""

    def load_text(text: str, files: dict[str, str] | None = None) -> output.Inventory:
        for name, content in {**(files or {}), "site.yml": text}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        return load.site_file(str(tmp_path / "site.yml"), DataLoader())

    return load_text
