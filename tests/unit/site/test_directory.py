"""What a site file with a directory gives: accounts on the server, and rooms that join its domain."""

from __future__ import annotations

from typing import Any

import pytest

SITE = """\
plugin: oplever.lab.site
domain: school.example
networks: {lan: {cidr: 192.0.2.0/24}}
workstations: {roles: {directory: {sudo: {"%docenten": {commands: [/usr/bin/id]}}}}}
rooms:
  "101": {machines: "pc[1-2]", address: 192.0.2.101}
  staf: {machines: pc3, address: 192.0.2.103, roles: {directory: {allow_groups: [docenten]}}}
servers:
  srv2: {address: 192.0.2.12}
  srv1:
    address: 192.0.2.11
    roles:
      directory: {tables: [leerlingen.csv], users: {bakker: {groups: [docenten]}}, groups: {docenten: {description: D}}}
"""


@pytest.mark.slow
def test_one_server_serves_the_accounts_and_rooms_join(load_site: Any) -> None:
    inventory = load_site(SITE)
    server = inventory.machines["srv1"]
    assert inventory.members["directory_servers"] == ["srv1"]
    assert inventory.groups["all"]["directory_server"] == "srv1"
    assert inventory.groups["all"]["directory_domain"] == "school.example"
    assert server["directory_users"] == [{"name": "bakker", "groups": ["docenten"]}]
    assert server["directory_tables"] == ["leerlingen.csv"]
    assert server["harden_purposes"] == ["directory"]
    ports = [(rule["port"], rule.get("protocol", "tcp")) for rule in server["firewall_services"]]
    both = [(port, protocol) for port in ("88", "389", "464") for protocol in ("tcp", "udp")]
    assert ports == both
    assert "directory_file_servers" not in server


@pytest.mark.slow
def test_what_the_server_keeps_is_backed_up_and_watched(load_site: Any) -> None:
    machines = load_site(SITE).machines
    rows = {row["path"]: row for row in machines["srv1"]["oplever_backup"] if row["role"] == "directory"}
    assert rows["/var/backups/oplever-directory"]["dump"] == "oplever-directory dump"
    units = {name: [row.get("unit") for row in machine["oplever_monitoring"]] for name, machine in machines.items()}
    assert {name for name, watched in units.items() if "samba-ad-dc.service" in watched} == {"srv1"}
    assert {name for name, watched in units.items() if "sssd.service" in watched} == {"pc1", "pc2", "pc3"}
    assert [row for row in machines["srv2"].get("oplever_backup", []) if row["role"] == "directory"] == []


@pytest.mark.slow
def test_a_room_says_who_may_log_in_and_use_sudo(load_site: Any) -> None:
    inventory = load_site(SITE)
    assert inventory.groups["workstations"]["directory_sudo"] == [{"who": "%docenten", "commands": ["/usr/bin/id"]}]
    assert inventory.groups["staf"]["directory_allow_groups"] == ["docenten"]
