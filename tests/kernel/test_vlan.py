"""A VLAN on a virtual machine: the kernel of the lab's host has none. The cable is a pair of virtual interfaces, with a
machine of the VLAN in a network namespace at its other end; the interface that Ansible comes in through stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from kernel.image import image
from kernel.machine import VirtualMachine

NEAR, FAR = "198.51.100.2", "198.51.100.1"
# Only VLAN 20 and 30 lead to the other machine; without a tag nobody answers there.
CABLE = f"""
ip netns add far && ip link add trunk0 type veth peer name far0 netns far && ip -n far link set far0 up
for id in 20 30; do ip -n far link add link far0 name far.$id type vlan id $id && ip -n far link set far.$id up; done
ip -n far address add {FAR}/24 dev far.20
"""
TO_30 = f"ip -n far address del {FAR}/24 dev far.20 && ip -n far address add {FAR}/24 dev far.30"
DETAILS = "ip -details -json link show type vlan"
# A port that nobody listens on is refused by who has the address: an answer, without a program that may not be there.
ASK = f"""python3 -c '
import errno, socket
asking = socket.socket()
asking.settimeout(10)
print("answers" if asking.connect_ex(("{FAR}", 9)) == errno.ECONNREFUSED else "nothing")
'"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualMachine]:
    vm = VirtualMachine(image("debian13"), tmp_path_factory.mktemp("vlan"), "debian13")
    try:
        vm.start()
        vm.shell(CABLE)
        hosts = {vm.name: {"ansible_become": True}}
        groups = {"all": {"children": {"networked_machines": {"hosts": hosts}}}}
        (vm.place / "groups.yml").write_text(json.dumps(groups), encoding="utf-8")
        yield vm
    finally:
        vm.stop()


def play(vm: VirtualMachine, vlan: int, *, state: str = "present") -> str:
    """The role on the interface of Ansible, the cable, and a VLAN on it; the recap."""
    first = vm.shell('ip -json route show default | grep -o \'"dev":"[^"]*\' | cut -d\'"\' -f4').strip()
    interfaces: list[dict[str, Any]] = [
        {"name": first, "method": "dhcp"},
        {"name": "trunk0", "method": "none"},
        {"name": "school", "method": "static", "addresses": [f"{NEAR}/24"], "vlan": vlan, "vlan_on": "trunk0"},
    ]
    variables = {"network_interfaces": interfaces, "network_state": state, "oplever_audit": False}
    done = vm.play("site", variables, "-i", str(vm.place / "groups.yml"), "--tags", "network")
    return done.stdout.partition("PLAY RECAP")[2]


def vlans(vm: VirtualMachine) -> dict[str, int]:
    """Name -> id of the VLANs on the machine."""
    links = json.loads(vm.shell(DETAILS).strip() or "[]")
    return {link["ifname"]: link["linkinfo"]["info_data"]["id"] for link in links if link}


def test_a_vlan_is_made_used_changed_and_taken_away(machine: VirtualMachine) -> None:
    assert machine.shell(ASK).strip() == "nothing"
    play(machine, 20)
    failed = [test for test in machine.record()["tests"] if test["status"] not in ("pass", "not_applicable")]
    assert failed == []
    assert vlans(machine) == {"school": 20}
    assert machine.shell(ASK).strip() == "answers"
    assert "changed=0 " in play(machine, 20)
    machine.shell(TO_30)
    assert machine.shell(ASK).strip() == "nothing", "the answer did not come through the VLAN"
    play(machine, 30)
    assert vlans(machine) == {"school": 30}
    assert machine.shell(ASK).strip() == "answers"
    machine.shell("ip link delete school")
    assert "changed=0 " not in play(machine, 30)
    assert machine.shell(ASK).strip() == "answers"
    play(machine, 30, state="absent")
    assert vlans(machine) == {}
    assert machine.shell("ls /etc/systemd/network | grep oplever || true").strip() == ""
