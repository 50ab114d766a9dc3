"""What the inventory says of a machine that is to be backed up and watched."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.plugin_utils.site import load
from ansible_collections.oplever.lab.plugins.plugin_utils.site.roles import Role, Roles

ROOT = Path(__file__).resolve().parents[3]
ROLES: list[Role] = Roles(load.entries(), [], []).all()
KEEPING = {
    "backup",
    "base",
    "ca",
    "containers",
    "dhcp",
    "directory",
    "dokuwiki",
    "files",
    "harden",
    "mariadb",
    "nginx",
    "oplever_web",
    "postgresql",
    "sshd",
    "wordpress",
}
"""Roles with something that no variable has."""
IN_LISTS = re.compile(r"units: .*?\[(.*)\]")
UNIT = re.compile(r"[\w@.-]+\.(?:service|timer)")


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_role_says_what_is_backed_up_and_watched(role: Role) -> None:
    assert {"backup", "monitoring"} <= role.declaration.keys(), "an empty list says that there is nothing"
    assert bool(role.declaration["backup"]) == (role.name in KEEPING)
    assert all("comment" in item for item in role.declaration["backup"])


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_units_that_a_role_starts_are_watched(role: Role) -> None:
    tasks = (ROOT / "roles" / role.name / "tasks").glob("*.yml")
    lists = [text for path in tasks for text in IN_LISTS.findall(path.read_text(encoding="utf-8"))]
    started = {unit for text in lists for unit in UNIT.findall(text)}
    patterns = [item["unit"] for item in role.declaration["monitoring"] if "unit" in item]
    assert [unit for unit in sorted(started) if not any(fnmatch(unit, pattern) for pattern in patterns)] == []
    assert not (role.declaration.get("ports") and not role.declaration["monitoring"])


def rows(machine: dict[str, Any], key: str, *roles: str) -> list[tuple[str, Any]]:
    """(role, place) of these roles, in the order of the inventory."""
    return [
        (row["role"], next(row[place] for place in ("path", "unit", "port", "url") if place in row))
        for row in machine[f"oplever_{key}"]
        if row["role"] in roles
    ]


SITE = """\
plugin: oplever.lab.site
domain: school.example
networks: {lan: {cidr: 192.0.2.0/24}}
servers:
  srv1: {address: 192.0.2.11, roles: {dns: {}, mariadb: {dump_time: ""}, nginx: {state: absent}}}
  srv2:
    address: 192.0.2.12
    roles:
      mariadb: {}
      nginx: {sites: {a.example: {root: /srv/a}, b.example: {root: /srv/a}, c.example: {proxy: {servers: [x:1]}}}}
"""


@pytest.mark.slow
def test_a_machine_gets_the_rows_of_its_roles_by_its_options(load_site: Any) -> None:
    inventory = load_site(SITE)
    first, second = inventory.machines["srv1"], inventory.machines["srv2"]
    assert rows(first, "backup", "mariadb", "nginx") == []
    assert rows(first, "monitoring", "dns", "mariadb", "nginx") == [
        ("dns", "named.service"), ("dns", 53), ("mariadb", "mariadb.service"),
    ]  # fmt: skip
    assert rows(second, "backup", "mariadb", "nginx") == [
        ("mariadb", "/var/backups/oplever-mariadb"), ("nginx", "/srv/a"),
    ]  # fmt: skip
    assert rows(second, "monitoring", "dns", "mariadb", "nginx") == [
        ("mariadb", "mariadb.service"), ("mariadb", "oplever-mariadb.timer"), ("nginx", "nginx.service"), ("nginx", 80),
    ]  # fmt: skip
    [dump] = [row for row in second["oplever_backup"] if row["role"] == "mariadb"]
    assert dump["dump"] == "oplever-mariadb dump"
    assert {"at", "when"} & {
        key for row in second["oplever_backup"] + second["oplever_monitoring"] for key in row
    } == set()
    assert ("sshd", "ssh.service") in rows(first, "monitoring", "sshd"), "roles that every machine has count too"


WATCHED = """\
plugin: oplever.lab.site
domain: school.example
networks: {lan: {cidr: 192.0.2.0/24}}
rooms:
  "101": {machines: "pc[1-2]", address: 192.0.2.101, roles: {monitoring: ~}}
  "102": {machines: pc3, address: 192.0.2.103}
servers:
  mon1: {address: 192.0.2.11, roles: {monitoring: {}ROLES}}
  srv2: {address: 192.0.2.12, roles: {monitoring: {state: absent}}}
  srv3: {address: 192.0.2.13}
"""


def ports(machine: dict[str, Any]) -> dict[str, list[str]]:
    """Port -> from where the packet filter lets it in."""
    return {rule["port"]: rule["from"] for rule in machine.get("firewall_services", [])}


@pytest.mark.slow
def test_one_line_at_a_server_has_all_machines_watched(load_site: Any) -> None:
    """The port of the measurements is open to that server alone, on every machine that it watches."""
    inventory = load_site(WATCHED.replace("ROLES", ""))
    machines = inventory.machines
    assert inventory.groups["all"]["monitoring_server"] == "mon1"
    assert ports(machines["srv3"]) == ports(machines["pc3"]) == {"9100": ["192.0.2.11"]}
    assert ports(machines["srv2"]) == ports(machines["pc1"]) == {}
    assert machines["pc1"]["oplever_without"] == ["monitoring"]
    assert inventory.members["monitoring_servers"] == ["mon1", "srv2"], "srv2 has to take its part away"
    assert ports(machines["mon1"]) == {"80": ["192.0.2.0/24"]}, "it asks itself without the packet filter"
    assert ("monitoring", "prometheus.service") in rows(machines["mon1"], "monitoring", "monitoring")
    assert rows(machines["srv3"], "monitoring", "monitoring") == [
        ("monitoring", "prometheus-node-exporter.service"), ("monitoring", "oplever-monitoring-probe.timer"),
    ]  # fmt: skip


@pytest.mark.slow
def test_an_authority_in_the_site_makes_the_way_encrypted(load_site: Any) -> None:
    plain, by_ca = (load_site(WATCHED.replace("ROLES", roles)) for roles in ("", ", ca: {}"))
    assert "monitoring_tls" not in plain.groups["all"]
    assert by_ca.groups["all"]["monitoring_tls"] is True
    assert "443" in ports(by_ca.machines["mon1"])
