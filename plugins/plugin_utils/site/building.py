"""Makes the model of a site from the values of its file. Everything that is wrong goes to the report."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ansible_collections.oplever.lab.plugins.plugin_utils.shared.values import items, mapping
from ansible_collections.oplever.lab.plugins.plugin_utils.site import addresses, checking, format, levels, table, twins
from ansible_collections.oplever.lab.plugins.plugin_utils.site.model import Level, Machine, Network, Room, Site
from ansible_collections.oplever.lab.plugins.plugin_utils.site.problems import Report, meant
from ansible_collections.oplever.lab.plugins.plugin_utils.site.reading import Path, Place
from ansible_collections.oplever.lab.plugins.plugin_utils.site.roles import Roles

Result = TypeVar("Result")


def build(data: Mapping[Any, Any], roles: Roles, report: Report, read_file: Callable[[str], str]) -> Site:
    """The site in `data`, without the parts that cannot be used.

    `read_file` gives the text of a file beside the site file; it raises OSError or ValueError.
    """
    checking.check_mapping(_structure(data), format.OPTIONS, (), report)
    site = _Builder(data, roles, report, read_file).site()
    twins.report_twins(site, roles, report)
    return site


def _structure(data: Mapping[Any, Any]) -> dict[Any, Any]:
    """The file with the machines of each room as a dictionary, for the check of its keys."""
    rooms = data.get("rooms")
    if not isinstance(rooms, Mapping):
        return dict(data)
    return {**data, "rooms": {name: _room_structure(room) for name, room in rooms.items()}}


def _room_structure(room: Any) -> Any:
    is_short = isinstance(room, Mapping) and isinstance(room.get("machines"), (str, list))
    return {**room, "machines": {}} if is_short else room


@dataclass(frozen=True)
class _Entry:
    """A machine as the file names it. `defaults` come from the table of its room, or are counted from its address."""

    name: str
    values: Mapping[Any, Any]
    path: Path
    place: Place
    defaults: Mapping[str, str] = field(default_factory=dict)
    counted: bool = False
    row_place: Place | None = None


@dataclass
class _Builder:
    data: Mapping[Any, Any]
    roles: Roles
    report: Report
    read_file: Callable[[str], str]
    networks: dict[str, tuple[Network, addresses.Network]] = field(default_factory=dict)

    def site(self) -> Site:
        self._build_networks()
        domain = str(self.data.get("domain") or "")
        if domain:
            self._try(addresses.domain, domain, ("domain",))
        return Site(
            organisation=str(self.data.get("organisation") or ""),
            domain=domain,
            networks={name: network for name, (network, _) in self.networks.items()},
            level=self._level(self.data, ()),
            workstations=self._level(mapping(self.data.get("workstations")), ("workstations",)),
            servers=tuple(self._servers()),
            rooms=tuple(self._rooms()),
        )

    def _build_networks(self) -> None:
        if not self.data.get("networks") and all(key in format.OPTIONS for key in self.data):
            self.report.add((), "networks: is missing; a site has at least one, as {school: {cidr: 192.0.2.0/24}}")
        for name, entry in mapping(self.data.get("networks")).items():
            path = ("networks", name)
            values = mapping(entry)
            if values.get("cidr") is None:
                self.report.add(path, "misses cidr, the network as 192.0.2.0/24")
                continue
            parsed = self._try(addresses.network, str(values["cidr"]), (*path, "cidr"))
            if parsed is None:
                continue
            self._check_gateway(values.get("gateway"), parsed, (*path, "gateway"))
            dns = [str(server) for server in items(values.get("dns"))]
            for index, server in enumerate(dns):
                self._try(addresses.address, server, (*path, "dns", index))
            gateway = str(values["gateway"]) if values.get("gateway") else None
            network = Network(str(name), str(parsed), gateway, tuple(dns))
            self.networks[str(name)] = (network, parsed)
        pairs = [(name, parsed) for name, (_, parsed) in self.networks.items()]
        for name, earlier in addresses.overlapping(pairs):
            other = self.networks[earlier][0].cidr
            self.report.add(("networks", name, "cidr"), f"{self.networks[name][0].cidr} overlaps {other} of {earlier}")

    @property
    def _all_networks(self) -> bool:
        """Whether no network was left out for a mistake in it; else much would seem to be in none."""
        return len(self.networks) > 0 and len(self.networks) == len(mapping(self.data.get("networks")))

    def _check_gateway(self, value: Any, network: addresses.Network, path: Path) -> None:
        if value is None:
            return
        gateway = self._try(addresses.address, str(value), path)
        if gateway is not None and (problem := addresses.usable(gateway, network)):
            self.report.add(path, f"{value} {problem}")

    def _servers(self) -> Iterator[Machine]:
        for name, entry in mapping(self.data.get("servers")).items():
            path = ("servers", name)
            if self._try(addresses.host_name, str(name), path) is not None:
                yield from self._machine(_Entry(str(name), mapping(entry), path, self.report.places.of(path)), None)

    def _rooms(self) -> Iterator[Room]:
        for name, entry in mapping(self.data.get("rooms")).items():
            path, values = ("rooms", name), mapping(entry)
            network = values.get("network")
            if network is not None and str(network) not in self.networks and self._all_networks:
                more = meant(network, self.networks)
                self.report.add((*path, "network"), f'there is no network "{network}" in `networks`{more}')
                continue
            group = addresses.group_name(str(name))
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", group):
                self.report.add(path, "the name of a room needs a letter or a digit")
                continue
            machines = tuple(self._room_machines(values, path, str(network) if network is not None else None))
            common = str(network) if network is not None else _shared({machine.network for machine in machines})
            yield Room(str(name), group, machines, common, self._level(values, path))

    def _room_machines(self, room: Mapping[Any, Any], path: Path, network: str | None) -> Iterator[Machine]:
        rows = {row.name: row for row in self._rows(room.get("csv"), (*path, "csv"))}
        entries = self._named_machines(room.get("machines"), (*path, "machines"))
        names = [entry.name for entry in entries]
        for row in rows.values():
            if not entries:
                continue
            if row.name not in names:
                self.report.add_at(row.place, f'there is no machine "{row.name}" in this room{meant(row.name, names)}')
        entries = entries or [_Entry(row.name, {}, (*path, "csv"), row.place) for row in rows.values()]
        if not entries and not self.report.has(path):
            self.report.add(path, "has no machines; give them as machines: pc[01-20], or a csv")
        first = self._try(addresses.address, str(room["address"]), (*path, "address")) if room.get("address") else None
        for position, entry in enumerate(entries):
            columns = rows[entry.name].values if entry.name in rows else {}
            counted = {} if first is None or "address" in columns else {"address": str(first + position)}
            row_place = rows[entry.name].place if entry.name in rows else None
            defaults = {**counted, **columns}
            yield from self._machine(
                replace(entry, defaults=defaults, counted=bool(counted), row_place=row_place), network
            )

    def _rows(self, value: Any, path: Path) -> list[table.Row]:
        if value is None:
            return []
        try:
            text = self.read_file(str(value))
        except UnicodeDecodeError:
            self.report.add(path, f"{value} is not UTF-8; save it as UTF-8 (in a spreadsheet: CSV UTF-8)")
            return []
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or str(problem)
            self.report.add(path, f"{value} cannot be read: {reason}")
            return []
        file = os.path.join(os.path.dirname(self.report.places.file), os.path.expanduser(str(value)))
        return table.rows(file, text, self.report)

    def _named_machines(self, value: Any, path: Path) -> list[_Entry]:
        """The machines of a room: each name of each range, with what differs."""
        if isinstance(value, Mapping):
            rows = [(str(text), mapping(entry), (*path, text)) for text, entry in value.items()]
        elif isinstance(value, list):
            rows = [(str(text), {}, (*path, index)) for index, text in enumerate(value)]
        else:
            rows = [] if value is None else [(str(value), {}, path)]
        entries = []
        for text, values, item_path in rows:
            place = self.report.places.of(item_path)
            names = self._try(addresses.machine_names, text, item_path) or []
            fixed = {"address", "mac", "aliases"} & values.keys() if len(names) > 1 else set()
            if fixed:
                self.report.add((*item_path, min(fixed)), "a range of machines cannot share this")
            shared = {key: value for key, value in values.items() if key not in fixed}
            entries += [_Entry(name, shared, item_path, place) for name in names]
        return entries

    def _machine(self, entry: _Entry, network: str | None) -> Iterator[Machine]:
        """The machine, unless it has no address that can be used."""
        text = entry.values.get("address") or entry.defaults.get("address")
        place = self._place(entry, "address")
        if not text:
            if not self.report.has(entry.path):
                problem = f"{entry.name} has no address; give the machine an address, or its room one to count from"
                self.report.add_at(place, problem, first_only=True)
            return
        try:
            address = addresses.address(str(text))
        except ValueError as problem:
            self.report.add_at(place, f"{entry.name}: {text} {problem}")
            return
        aliases = [str(alias) for alias in items(entry.values.get("aliases"))]
        for index, alias in enumerate(aliases):
            self._try(addresses.host_name, alias, (*entry.path, "aliases", index))
        yield Machine(
            name=entry.name,
            place=entry.place,
            address=str(address),
            mac=self._mac(entry),
            aliases=tuple(aliases),
            network=self._network_of(entry.name, address, network, place),
            level=self._level(entry.values, entry.path),
        )

    def _mac(self, entry: _Entry) -> str | None:
        text = entry.values.get("mac") or entry.defaults.get("mac")
        if not text:
            return None
        try:
            return addresses.mac(str(text))
        except ValueError as problem:
            self.report.add_at(self._place(entry, "mac"), f"{entry.name}: {text} {problem}")
            return None

    def _place(self, entry: _Entry, key: str) -> Place:
        """Where this value of a machine stands: at the machine, in its room, or in the table."""
        if entry.values.get(key):
            return self.report.places.of((*entry.path, key))
        if key == "address" and entry.counted:
            return self.report.places.of((*entry.path[:2], "address"))
        return entry.row_place if key in entry.defaults and entry.row_place else entry.place

    def _network_of(self, name: str, address: addresses.Address, network: str | None, place: Place) -> str | None:
        """The network that the address is in. Reported is an address that no machine of it can have."""
        homes = [home for home, (_, parsed) in self.networks.items() if address in parsed]
        if network in self.networks and network not in homes:
            problem = addresses.usable(address, self.networks[network][1])
            self.report.add_at(place, f"{name}: {address} {problem} ({network})", first_only=True)
            return network
        if not homes:
            if self._all_networks:
                cidrs = ", ".join(f"{home} {entry.cidr}" for home, (entry, _) in self.networks.items())
                problem = f"{name}: {address} is in none of the networks ({cidrs})"
                self.report.add_at(place, problem, first_only=True)
            return None
        if problem := addresses.usable(address, self.networks[homes[0]][1]):
            self.report.add_at(place, f"{name}: {address} {problem}")
        if str(address) == self.networks[homes[0]][0].gateway:
            self.report.add_at(place, f"{name}: {address} is the gateway of {homes[0]}")
        return homes[0]

    def _level(self, values: Mapping[Any, Any], path: Path) -> Level:
        return levels.read(values, path, self.roles, self.report)

    def _try(self, function: Callable[[str], Result], text: str, path: Path) -> Result | None:
        try:
            return function(text)
        except ValueError as problem:
            self.report.add(path, f"{text} {problem}")
            return None


def _shared(values: set[str | None]) -> str | None:
    return next(iter(values)) if len(values) == 1 else None
