"""What a site file with shares gives: a server that knows the directory, and rooms that know the server."""

from __future__ import annotations

import re
from typing import Any

SITE = """\
plugin: oplever.lab.site
domain: school.example
networks: {lan: {cidr: 192.0.2.0/24}}
rooms:
  "101": {machines: "pc[1-2]", address: 192.0.2.101}
servers:
  srv1: {address: 192.0.2.11, roles: {directory: {users: {bakker: {groups: [docenten]}}}}}
  srv2:
    address: 192.0.2.12
    roles:
      files: {shares: {docs: {read: [everybody], write: ["%docenten"]}, staf: {path: /data/staf, write: [bakker]}}}
  srv3: {address: 192.0.2.13}
"""


def test_one_server_shares_files_and_rooms_use_them(load_site: Any) -> None:
    inventory = load_site(SITE)
    server = inventory.machines["srv2"]
    assert inventory.members["files_servers"] == ["srv2"]
    assert inventory.groups["all"]["files_server"] == "srv2"
    assert inventory.groups["all"]["files_domain"] == "school.example"
    assert [share["name"] for share in server["files_shares"]] == ["docs", "staf"]
    assert server["harden_purposes"] == ["file"]
    assert [rule["port"] for rule in server["firewall_services"]] == ["445"]


def test_the_directory_lets_file_servers_in_where_there_are_any(load_site: Any) -> None:
    directory = load_site(SITE).machines["srv1"]
    assert directory["directory_file_servers"] is True
    rpc = {"135", "445", "1025-1029"}
    assert rpc <= {rule["port"] for rule in directory["firewall_services"]}
    without = load_site(re.sub(r"    roles:\n      files: .*\n", "", SITE))
    assert rpc & {rule["port"] for rule in without.machines["srv1"]["firewall_services"]} == set()


def test_shares_and_homes_are_backed_up_and_the_server_is_watched(load_site: Any) -> None:
    machines = load_site(SITE).machines
    paths = {name: [row["path"] for row in machine.get("oplever_backup", []) if row["role"] == "files"]
             for name, machine in machines.items()}  # fmt: skip
    assert paths["srv2"] == ["/srv/files", "/data/staf", "/srv/files/homes"]
    assert [name for name, found in paths.items() if found] == ["srv2"]
    units = {name: [row.get("unit") for row in machine["oplever_monitoring"]] for name, machine in machines.items()}
    assert [name for name, watched in units.items() if "smbd.service" in watched] == ["srv2"]
