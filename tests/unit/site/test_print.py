"""What a site file with a print server gives: queues on the server, and on each machine the queue of its room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROLE = Path(__file__).resolve().parents[3] / "roles/print"
QUEUES = """
          lokaal101: {uri: "ipp://192.0.2.201/ipp/print", room: "101", duplex: true, color: false}
          hal: {uri: "ipps://192.0.2.202/ipp/print", room: hal-west, paper: ""}
          oud: {state: absent, room: "102"}
"""
SITE = f"""\
plugin: oplever.lab.site
networks: {{lan: {{cidr: 192.0.2.0/24}}}}
rooms:
  "101": {{machines: "pc[1-2]", address: 192.0.2.101}}
  "102": {{machines: pc3, address: 192.0.2.103}}
  hal-west: {{machines: pc4, address: 192.0.2.104}}
servers:
  srv2: {{address: 192.0.2.12}}
  srv1:
    address: 192.0.2.11
    roles:
      print:
        queues: {QUEUES}
"""


def value(name: str, variables: dict[str, Any]) -> Any:
    """A variable of the role with these of the inventory."""
    loader = DataLoader()
    role: dict[str, Any] = {}
    for part in ("defaults", "vars"):
        role |= loader.load_from_file(str(ROLE / part / "main.yml"), trusted_as_template=True)
    return Templar(loader, {**role, **variables}).template((role | variables)[name])


def of(machine: str, inventory: Any) -> dict[str, Any]:
    """The variables of a machine, as Ansible has them."""
    groups = [name for name, members in inventory.members.items() if machine in members]
    everywhere = inventory.groups["all"]
    hostvars = {name: {**everywhere, **own} for name, own in inventory.machines.items()}
    return {**hostvars[machine], "inventory_hostname": machine, "group_names": groups, "hostvars": hostvars}


@pytest.mark.slow
def test_one_server_prints_for_the_rooms(load_site: Any) -> None:
    inventory = load_site(SITE)
    server = inventory.machines["srv1"]
    assert inventory.members["print_servers"] == ["srv1"]
    assert inventory.groups["all"]["print_server"] == "srv1"
    assert [(rule["port"], rule["from"]) for rule in server["firewall_services"]] == [("631", ["192.0.2.0/24"])]
    assert server["print_networks"] == ["192.0.2.0/24"]
    assert server["harden_purposes"] == ["print"]
    assert [row["unit"] for row in server["oplever_monitoring"] if row["role"] == "print" and "unit" in row] == [
        "cups.service"
    ]


@pytest.mark.slow
def test_a_machine_takes_the_queue_of_its_room(load_site: Any) -> None:
    inventory = load_site(SITE)
    machines = ("pc1", "pc2", "pc3", "pc4", "srv2")
    chosen = {machine: value("print_default", of(machine, inventory)) for machine in machines}
    assert chosen == {"pc1": "lokaal101", "pc2": "lokaal101", "pc3": "", "pc4": "hal", "srv2": ""}


@pytest.mark.slow
def test_what_people_say_of_a_queue_becomes_options_of_its_printer(load_site: Any) -> None:
    queues = {queue["name"]: queue for queue in value("__print_wanted", of("srv1", load_site(SITE)))}
    assert queues["lokaal101"]["options"] == {"PageSize": "A4", "Duplex": "DuplexNoTumble", "ColorModel": "Gray"}
    assert (queues["lokaal101"]["location"], queues["lokaal101"]["driver"]) == ("101", "everywhere")
    assert queues["hal"]["options"] == {}
    assert queues["oud"]["state"] == "absent"


@pytest.mark.parametrize(
    ("queues", "expected"),
    [
        ([{"name": "a", "uri": "ipp://192.0.2.9/"}], []),
        ([{"name": "a", "uri": "cups-pdf:/"}], []),
        ([{"name": "a", "state": "absent"}], []),
        ([{"name": "a"}], ["a needs the uri"]),
        ([{"name": "a", "uri": "socket://192.0.2.9"}], ["a needs a driver"]),
        ([{"name": "a", "uri": "socket://192.0.2.9", "driver": "drv:///sample.drv/generpcl.ppd"}], []),
        ([{"name": name, "uri": "ipp://192.0.2.9/", "default": True} for name in "ab"], ["only one queue"]),
    ],
)
def test_queues_that_cannot_be_are_refused(queues: list[dict[str, Any]], expected: list[str]) -> None:
    sentences = value("__print_mistakes", {"print_queues": queues})
    assert len(sentences) == len(expected)
    assert all(words in sentence for words, sentence in zip(expected, sentences, strict=True))
