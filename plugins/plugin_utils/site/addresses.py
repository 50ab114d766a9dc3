"""Names, ranges and addresses. All functions raise ValueError with the end of a sentence that begins with the value."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from ansible_collections.oplever.lab.plugins.plugin_utils.kinds_of_values import LABEL

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LARGEST_RANGE = 4096  # machines; more is a typing error
_RANGE = re.compile(r"([^\[\]]*)\[([^\[\]]*)\]([^\[\]]*)")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
ROOM = "lokaal"
"""Stands before the name of a room that begins with a digit, for a group of Ansible cannot."""


def machine_names(text: str) -> list[str]:
    """`pc[01-20]` or `pc[01:20]` as twenty names; a name without brackets as itself."""
    if "[" not in text and "]" not in text:
        return [host_name(text)]
    match = _RANGE.fullmatch(text)
    ends = re.fullmatch(r"([0-9]+)[-:]([0-9]+)", match[2]) if match else None
    if match is None or ends is None:
        raise ValueError("is not a range such as pc[01-20]")
    first, last = int(ends[1]), int(ends[2])
    if last < first:
        raise ValueError(f"is a range that ends before it begins; did you mean [{ends[2]}-{ends[1]}]?")
    if last - first >= LARGEST_RANGE:
        raise ValueError(f"is a range of more than {LARGEST_RANGE} machines")
    width = len(ends[1])
    return [host_name(f"{match[1]}{number:0{width}d}{match[3]}") for number in range(first, last + 1)]


def host_name(text: str) -> str:
    if re.fullmatch(LABEL, text):
        return text
    if "." in text and all(re.fullmatch(LABEL, label) for label in text.split(".")):
        raise ValueError(f"has a domain, which `domain` gives; write {text.partition('.')[0]}")
    if "_" in text:
        raise ValueError(f"is not a host name, for it has an underscore; did you mean {text.replace('_', '-')}?")
    raise ValueError("is not a host name: letters, digits and hyphens, at most 63")


def domain(text: str) -> str:
    if not all(re.fullmatch(LABEL, label) for label in text.split(".")) or len(text) > 253:
        raise ValueError("is not a domain such as school.example")
    return text


def address(text: str) -> Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        if "/" in text:
            raise ValueError(f"is not one address; without the /{text.split('/')[1]} it is") from None
        raise ValueError("is not an address such as 192.0.2.10") from None


def network(text: str) -> Network:
    if "/" not in text:
        raise ValueError(f"has no length; did you mean {text}/24?")
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        pass
    try:
        meant = ipaddress.ip_interface(text).network
    except ValueError:
        raise ValueError("is not a network such as 192.0.2.0/24") from None
    raise ValueError(f"has bits of a machine; did you mean {meant}?")


def mac(text: str) -> str:
    """Lower case with colons."""
    plain = re.sub(r"[-.:]", "", text.lower())
    colons = ":".join(plain[index : index + 2] for index in range(0, len(plain), 2))
    if not _MAC.fullmatch(colons):
        raise ValueError("is not a MAC address such as 52:54:00:12:34:56")
    return colons


def usable(candidate: Address, networks: Network) -> str:
    """What is wrong with giving this address of the network to a machine; empty when nothing is."""
    if candidate not in networks:
        return f"is not in the network {networks}"
    if candidate.version == 4 and networks.num_addresses > 2:
        if candidate == networks.network_address:
            return f"is the network {networks} itself"
        if candidate == networks.broadcast_address:
            return f"is the broadcast address of {networks}"
    return ""


def overlapping(networks: Sequence[tuple[str, Network]]) -> list[tuple[str, str]]:
    """Pairs of names whose networks have addresses in common, the later one first."""
    return [
        (name, earlier)
        for index, (name, value) in enumerate(networks)
        for earlier, other in networks[:index]
        if value.version == other.version and value.overlaps(other)
    ]


def group_name(name: str) -> str:
    """The group of Ansible for a room: `101` is `lokaal_101`, `hal-west` is `hal_west`."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return f"{ROOM}_{plain}" if plain[:1].isdigit() else plain
