"""The configuration of the DHCP server Kea from what the role dhcp is told: networks, machines, boot files. Pure.

Every network is one subnet of Kea, with the machines whose address is in it as reservations.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

Network = ipaddress.IPv4Network
Values = Mapping[str, Any]

LEASES = "/var/lib/kea/kea-leases4.csv"
CONTROL = "/run/kea/kea4-ctrl-socket"
INTERFACES = {"service-sockets-max-retries": 30, "service-sockets-retry-wait-time": 2000}
"""At boot an interface may come up after the server: tries, and milliseconds between them."""
ARCHITECTURES = {"bios": (0,), "uefi": (7, 9)}
"""Kind of a machine that boots over the network -> numbers by which it says so (RFC 4578)."""
ADDRESS_LISTS = {"gateway": "routers", "name_servers": "domain-name-servers", "ntp_servers": "ntp-servers"}
"""Our options with addresses -> those of Kea."""


def configuration(variables: Values) -> dict[str, Any]:
    """What kea-dhcp4.conf holds. Raises ValueError for a value that does not fit its network."""
    subnets = [_subnet(values) for values in variables.get("networks") or ()]
    for host in variables.get("hosts") or ():
        _home(host, subnets)["reservations"].append(_reservation(host))
    classes = _boot_classes(variables.get("netboot") or {})
    return {
        "Dhcp4": {
            "authoritative": True,
            # Kea refuses an empty list here.
            **({"client-classes": classes} if classes else {}),
            "control-socket": {"socket-name": CONTROL, "socket-type": "unix"},
            "host-reservation-identifiers": ["hw-address"],
            "interfaces-config": {"dhcp-socket-type": "raw", "interfaces": variables["interfaces"], **INTERFACES},
            "lease-database": {"name": LEASES, "persist": True, "type": "memfile"},
            "option-data": _options(variables),
            "sanity-checks": {"lease-checks": "fix-del"},
            "subnet4": subnets,
            "valid-lifetime": int(variables["lease_seconds"]),
        }
    }


def _subnet(values: Values) -> dict[str, Any]:
    network = ipaddress.IPv4Network(str(values["network"]))
    if values.get("gateway"):
        _inside(network, values["gateway"], "gateway")
    lease = {"valid-lifetime": int(values["lease_seconds"])} if values.get("lease_seconds") else {}
    return {
        # Leases are kept by this number, so it must not depend on the order of the networks.
        "id": int(network.network_address),
        "option-data": _options(values),
        "pools": [{"pool": _pool(network, str(text))} for text in values.get("pools") or ()],
        "reservations": [],
        "subnet": str(network),
        **lease,
    }


def _pool(network: Network, text: str) -> str:
    """`192.0.2.100-192.0.2.199`, as Kea writes it. Raises ValueError."""
    first, dash, last = (part.strip() for part in text.partition("-"))
    if not dash:
        raise ValueError(f"pool {text!r} must be two addresses, as 192.0.2.100-192.0.2.199")
    low, high = _inside(network, first, "pool"), _inside(network, last, "pool")
    if low > high:
        raise ValueError(f"pool {text} ends before it begins")
    return f"{low} - {high}"


def _inside(network: Network, text: Any, what: str) -> ipaddress.IPv4Address:
    address = ipaddress.IPv4Address(str(text))
    if address not in network:
        raise ValueError(f"{what} {address} is not in the network {network}")
    return address


def _options(values: Values) -> list[dict[str, str]]:
    """Options for machines, those of Kea by their own names last."""
    options = {name: _joined(values[key]) for key, name in ADDRESS_LISTS.items() if values.get(key)}
    if values.get("domain"):
        options |= {"domain-name": str(values["domain"]), "domain-search": str(values["domain"])}
    options |= {name: _joined(value) for name, value in (values.get("options") or {}).items()}
    return [{"data": data, "name": name} for name, data in options.items()]


def _joined(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _home(host: Values, subnets: Sequence[dict[str, Any]]) -> dict[str, Any]:
    address = ipaddress.IPv4Address(str(host["address"]))
    for subnet in subnets:
        if address in ipaddress.IPv4Network(subnet["subnet"]):
            return subnet
    raise ValueError(f"{host['name']}: {address} is in none of the networks")


def _reservation(host: Values) -> dict[str, str]:
    mac = str(host["mac"]).lower().replace("-", ":")
    return {"hostname": str(host["name"]), "hw-address": mac, "ip-address": str(host["address"])}


def _boot_classes(netboot: Values) -> list[dict[str, str]]:
    classes = []
    for kind, numbers in ARCHITECTURES.items():
        if netboot.get(kind):
            if not netboot.get("server"):
                raise ValueError(f"netboot has a file for {kind} and no server that has it")
            tests = " or ".join(f"option[93].hex == 0x{number:04x}" for number in numbers)
            server = {"next-server": str(netboot["server"])}
            classes.append({"boot-file-name": str(netboot[kind]), "name": kind, **server, "test": tests})
    return classes
