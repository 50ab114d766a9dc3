"""The configuration of Kea that the role dhcp makes of its variables."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.oplever.lab.plugins.filter.kea import kea

LOKALEN: dict[str, Any] = {"name": "lokalen", "network": "198.51.100.0/25", "gateway": "198.51.100.1"}
SERVERS: dict[str, Any] = {"name": "servers", "network": "192.0.2.0/24"}
PC = {"name": "pc", "mac": "52-54-00-AB-CD-EF", "address": "198.51.100.11"}


def configuration(**variables: Any) -> dict[str, Any]:
    basis = {"interfaces": ["eth0"], "networks": [SERVERS, LOKALEN], "lease_seconds": 3600}
    result: dict[str, Any] = kea({**basis, **variables})["Dhcp4"]
    return result


def option_values(options: list[dict[str, str]]) -> dict[str, str]:
    return {option["name"]: option["data"] for option in options}


def test_a_machine_is_reserved_in_its_network() -> None:
    servers, lokalen = configuration(hosts=[PC])["subnet4"]
    assert lokalen["reservations"] == [
        {"hostname": "pc", "hw-address": "52:54:00:ab:cd:ef", "ip-address": "198.51.100.11"}
    ]
    assert servers["reservations"] == []
    assert option_values(lokalen["option-data"]) == {"routers": "198.51.100.1"}


def test_leases_stay_with_their_network_when_the_order_changes() -> None:
    numbers = {subnet["subnet"]: subnet["id"] for subnet in configuration()["subnet4"]}
    assert numbers == {s["subnet"]: s["id"] for s in configuration(networks=[LOKALEN, SERVERS])["subnet4"]}
    assert len(set(numbers.values())) == 2
    assert all(0 < number < 2**32 - 1 for number in numbers.values())


def test_options_of_a_network_go_with_it() -> None:
    network = {**LOKALEN, "name_servers": ["192.0.2.11", "192.0.2.12"], "options": {"interface-mtu": 1400}}
    result = configuration(networks=[network], domain="school.example", ntp_servers=["192.0.2.11"])
    assert option_values(result["subnet4"][0]["option-data"]) == {
        "routers": "198.51.100.1", "domain-name-servers": "192.0.2.11, 192.0.2.12", "interface-mtu": "1400",
    }  # fmt: skip
    assert option_values(result["option-data"]) == {
        "ntp-servers": "192.0.2.11", "domain-name": "school.example", "domain-search": "school.example",
    }  # fmt: skip


def test_duration_and_pools_of_a_network() -> None:
    network = {
        **LOKALEN,
        "lease_seconds": 600,
        "pools": ["198.51.100.100 - 198.51.100.119", "198.51.100.5-198.51.100.5"],
    }
    (subnet,) = configuration(networks=[network])["subnet4"]
    assert subnet["valid-lifetime"] == 600
    assert [pool["pool"] for pool in subnet["pools"]] == [
        "198.51.100.100 - 198.51.100.119", "198.51.100.5 - 198.51.100.5"
    ]  # fmt: skip
    assert "valid-lifetime" not in configuration()["subnet4"][0]


def test_boot_files_by_kind_of_machine() -> None:
    assert configuration(netboot={"server": "192.0.2.9", "uefi": "bootx64.efi"})["client-classes"] == [
        {
            "name": "uefi",
            "test": "option[93].hex == 0x0007 or option[93].hex == 0x0009",
            "next-server": "192.0.2.9",
            "boot-file-name": "bootx64.efi",
        }
    ]


def test_without_netboot_there_is_no_list_of_classes() -> None:
    assert "client-classes" not in configuration()


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"hosts": [{**PC, "address": "203.0.113.5"}]}, "pc: 203.0.113.5 is in none of the networks"),
        (
            {"networks": [{**LOKALEN, "gateway": "192.0.2.1"}]},
            "gateway 192.0.2.1 is not in the network 198.51.100.0/25",
        ),
        ({"networks": [{**LOKALEN, "pools": ["198.51.100.0/26"]}]}, "pool '198.51.100.0/26' must be two addresses"),
        (
            {"networks": [{**LOKALEN, "pools": ["198.51.100.9-198.51.100.200"]}]},
            "pool 198.51.100.200 is not in the network",
        ),
        ({"networks": [{**LOKALEN, "pools": ["198.51.100.9-198.51.100.8"]}]}, "ends before it begins"),
        ({"netboot": {"bios": "pxelinux.0"}}, "netboot has a file for bios and no server that has it"),
        ({"networks": [{**LOKALEN, "network": "2001:db8::/64"}]}, "2001:db8::"),
    ],
)
def test_what_does_not_fit_is_named(variables: dict[str, Any], problem: str) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        configuration(**variables)
    assert problem in str(refused.value)
