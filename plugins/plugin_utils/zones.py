"""The zones of a name server from what the role dns is told: machines, records of the admin, networks. Pure.

A name in the value of a record is within the zone when it has no dot, and is a full name when it has one.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

TYPES = ("A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT")
TARGETS = {"CNAME": 1, "NS": 1, "PTR": 1, "MX": 2, "SRV": 4}
"""Words of a value whose last one is a name; those before it are numbers."""
TEXT = 255
"""Bytes of one string of a TXT record; a longer text is several."""
UNLISTED = "oplever-test"
"""The name that tests ask for where a record is for all names."""

Hosts = Sequence[Mapping[str, Any]]
Record = dict[str, str]
"""`name` within the zone, `type`, `value` as in the file of a zone; for tests `full`, a name that can be asked for, the
`answer` to it, and `test`, a name of its own."""
Zone = dict[str, Any]
"""`name` and `records`."""


def zones(
    domain: str, hosts: Hosts, own: Sequence[Mapping[str, Any]], networks: Sequence[str], servers: Sequence[str]
) -> list[Zone]:
    """The zone of the machines, those of the admin, and the reverse zones of networks and machines, each with the name
    servers at `servers` (addresses). Raises ValueError for a value that is not of its type."""
    domain = _bare(domain)
    names = _server_names(hosts, servers)
    records: dict[str, list[Record]] = {domain: []}
    for zone in own:
        records.setdefault(_bare(zone["name"]), [])
    for name in _reverse_zones(networks, hosts):
        records.setdefault(name, [])
    for zone, zone_records in records.items():
        zone_records += [_record(zone, "@", "NS", f"{name}.{domain}.") for name in names]
    records[domain] += [row for name, address in names.items() if address for row in [_address(domain, name, address)]]
    records[domain] += _of_hosts(domain, hosts)
    for zone in own:
        records[_bare(zone["name"])] += _of_admin(zone)
    for address, name in _names(hosts).items():
        pointer = ipaddress.ip_address(address).reverse_pointer
        zone = _within(pointer, records)
        records[zone].append(_record(zone, pointer[: -len(zone) - 1], "PTR", f"{name}.{domain}."))
    return [{"name": name, "records": _numbered(zone_records)} for name, zone_records in records.items()]


def _numbered(records: Iterable[Record]) -> list[Record]:
    """With a `test` for each record, the name of its test: www.school.example.A, then www.school.example.A.2."""
    counts: Counter[str] = Counter()
    numbered = []
    for record in records:
        name = f"{record['full']}.{record['type']}"
        counts[name] += 1
        numbered.append({**record, "test": name if counts[name] == 1 else f"{name}.{counts[name]}"})
    return numbered


def _names(hosts: Hosts) -> dict[str, str]:
    """Address -> the first machine that has it."""
    return {address: str(host["name"]) for host in reversed(hosts) for address in reversed(_addresses(host))}


def _server_names(hosts: Hosts, servers: Sequence[str]) -> dict[str, str]:
    """Name within the domain of each server -> its address, empty where the machines have it already."""
    machines, taken = _names(hosts), {name for host in hosts for name in _host_names(host)}
    names: dict[str, str] = {}
    for server in map(_canonical, servers):
        free = (f"ns{number}" for number in range(1, len(servers) + len(taken) + 1))
        name = machines.get(server) or next(name for name in free if name not in taken | names.keys())
        names[name] = "" if server in machines else server
    return names


def _reverse_zones(networks: Sequence[str], hosts: Hosts) -> Iterator[str]:
    """In whole labels: of 192.0.2.0/26 that of 192.0.2.0/24, of 10.0.0.0/22 those of its four /24."""
    for text in networks:
        network = ipaddress.ip_network(text)
        largest, step = (24, 8) if network.version == 4 else (64, 4)
        prefix = min(largest, -(-network.prefixlen // step) * step)
        if network.prefixlen > prefix:
            yield _zone_of(network.network_address, prefix)
        else:
            yield from (_zone_of(part.network_address, prefix) for part in network.subnets(new_prefix=prefix))
    for host in hosts:
        for address in map(ipaddress.ip_address, _addresses(host)):
            if not any(address in ipaddress.ip_network(text) for text in networks):
                yield _zone_of(address, 24 if address.version == 4 else 64)


def _zone_of(address: ipaddress.IPv4Address | ipaddress.IPv6Address, prefix: int) -> str:
    labels = address.reverse_pointer.split(".")
    bits = address.max_prefixlen // (len(labels) - 2)
    return ".".join(labels[(address.max_prefixlen - prefix) // bits :])


def _within(pointer: str, names: Iterable[str]) -> str:
    """The narrowest zone that a reverse name is in."""
    return max((name for name in names if pointer.endswith(f".{name}")), key=len)


def _of_hosts(domain: str, hosts: Hosts) -> Iterator[Record]:
    for host in hosts:
        for name in _host_names(host):
            for address in _addresses(host):
                yield _address(domain, name, address)


def _address(domain: str, name: str, address: str) -> Record:
    return _record(domain, name, "AAAA" if ":" in address else "A", address)


def _of_admin(zone: Mapping[str, Any]) -> Iterator[Record]:
    name = _bare(zone["name"])
    for entry in zone.get("records") or ():
        for kind in TYPES:
            values = entry.get(kind.lower())
            for value in values if isinstance(values, list) else [] if values is None else [values]:
                try:
                    yield _record(name, str(entry["name"]), kind, str(value))
                except ValueError as problem:
                    raise ValueError(f"zone {name}, {kind} of {entry['name']}: {problem}") from None


def _record(zone: str, name: str, kind: str, value: str) -> Record:
    """One record of a zone. Raises ValueError with what is wrong with its value."""
    within = name.removesuffix(".").removesuffix(zone).removesuffix(".") if name.endswith(f".{zone}.") else name
    if within in ("", "@", f"{zone}."):
        within, full = "@", zone
    else:
        full = f"{within}.{zone}"
    if re.search(r"[\s;()\"]", within):
        raise ValueError("a name has no spaces, quotes, semicolons or parentheses")
    written, answer = _value(zone, kind, value)
    question = UNLISTED + full[1:] if full.startswith("*.") else full
    return {"name": within, "type": kind, "value": written, "full": question, "answer": answer}


def _value(zone: str, kind: str, value: str) -> tuple[str, str]:
    """(as the file of a zone has it, as the server answers)."""
    if kind == "TXT":
        return _text(value), value
    if kind in ("A", "AAAA"):
        address = ipaddress.ip_address(value)
        if (address.version == 6) != (kind == "AAAA"):
            raise ValueError(f"{value} is an address for {'AAAA' if address.version == 6 else 'A'}")
        return str(address), str(address)
    words = value.split()
    if len(words) != TARGETS[kind] or not all(re.fullmatch(r"[0-9]{1,5}", word) for word in words[:-1]):
        shapes = {1: "one name", 2: "a preference and a name, as 10 mail", 4: "priority, weight, port and a name"}
        raise ValueError(f"{value!r} must be {shapes[TARGETS[kind]]}")
    target = words[-1]
    if re.search(r"[;()\"\\]", target):
        raise ValueError(f"{target!r} is not a name")
    if target == "@":
        target = f"{zone}."
    full = _bare(target) if "." in target else f"{target}.{zone}"
    return " ".join([*words[:-1], f"{full}."]), " ".join([*words[:-1], full])


def _text(value: str) -> str:
    data = value.encode()
    if "\n" in value:
        raise ValueError("a text has no line breaks")
    parts = [data[start : start + TEXT] for start in range(0, len(data), TEXT)] or [b""]
    return " ".join(f'"{"".join(map(_character, part))}"' for part in parts)


def _character(byte: int) -> str:
    if byte in b'"\\' or not 32 <= byte < 127:
        return f"\\{byte:03d}"
    return chr(byte)


def _host_names(host: Mapping[str, Any]) -> list[str]:
    return [str(name) for name in (host["name"], *(host.get("aliases") or ()))]


def _addresses(host: Mapping[str, Any]) -> list[str]:
    values = host["address"] if isinstance(host["address"], list) else [host["address"]]
    return [_canonical(value) for value in values]


def _canonical(address: Any) -> str:
    return str(ipaddress.ip_address(str(address)))


def _bare(name: Any) -> str:
    return str(name).removesuffix(".").lower()
